// Listening and TLS for the mail servers: plain sockets are wrapped by hand, so that a fault can reset the TCP connection beneath TLS
// and SMTP can upgrade in the middle (STARTTLS).
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Certificates } from './certificate.ts';

export interface Listener {
  port: number;
  stop(): Promise<void>;
}

/** Listens, with room for 1024 connections not yet accepted. @returns the port @throws when it is taken */
export async function listening(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host, 1024);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Opens a TCP server. Nagle's algorithm is off, so that pushed data leaves at once. */
export async function listen(port: number, host: string, onConnection: (socket: Socket) => void): Promise<Listener> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
    onConnection(socket);
  });
  return {
    port: await listening(server, port, host),
    async stop() {
      for (const socket of open) socket.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The server's side of TLS over an accepted socket, with one shared context. */
export function createTlsWrapper(certificates: Certificates): (raw: Socket) => TLSSocket {
  const secureContext = createSecureContext({ key: certificates.key, cert: certificates.certificate });
  return (raw) => {
    const socket = new TLSSocket(raw, { isServer: true, secureContext });
    socket.on('error', () => raw.destroy());
    return socket;
  };
}
