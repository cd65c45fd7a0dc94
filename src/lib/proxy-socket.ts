// TCP connections, directly or through a proxy: HTTP CONNECT (RFC 9110 §9.3.6) or SOCKS5 (RFC 1928, RFC 1929), which resolves names itself.
import { request } from 'node:http';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { SocksClient } from 'socks';
import { percentDecoded } from './text.ts';

interface Target {
  host: string;
  port: number;
  /** http://[user:password@]host:port or socks5://… */
  proxy?: string | undefined;
}

/** Refuses addresses that must not be connected to (domain/connect-guard.ts). */
interface Guard {
  checkAddress(host: string): void;
  lookup: LookupFunction;
}

/**
 * Resolves with a connected socket that has an error listener, so that a late error does not end the process.
 * @param signal ends the attempt
 * @throws Error with `code`: errno, ETIMEDOUT when the signal aborts, EPROXY when the proxy refuses
 */
export async function openSocket({ host, port, proxy }: Target, signal: AbortSignal, guard?: Guard): Promise<Socket> {
  // Behind a proxy it is the proxy that resolves the name; an address is refused here all the same.
  guard?.checkAddress(host);
  if (proxy === undefined) return dial(host, port, signal, guard);
  const via = new URL(proxy);
  const socks = via.protocol.startsWith('socks');
  const proxyAt = { host: via.hostname.replace(/^\[|\]$/g, ''), port: Number(via.port || (socks ? 1080 : 80)) };
  const [user, password] = [percentDecoded(via.username), percentDecoded(via.password)];
  const socket = await dial(proxyAt.host, proxyAt.port, signal, guard);
  const stop = () => void socket.destroy(timedOut());
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (!socks) return await tunnel(socket, host, port, user === '' ? undefined : `${user}:${password}`);
    await SocksClient.createConnection({
      proxy: { ...proxyAt, type: 5, ...(user === '' ? {} : { userId: user, password }) },
      destination: { host, port },
      command: 'connect',
      existing_socket: socket,
      timeout: 600_000, // the signal comes first
    }).catch((error: Error) => {
      throw coded('EPROXY', error.message); // the library's error contains the password
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? timedOut() : error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });
const timedOut = () => coded('ETIMEDOUT', 'Connection timeout');

function dial(host: string, port: number, signal: AbortSignal, guard: Guard | undefined): Promise<Socket> {
  guard?.checkAddress(host);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      ...(guard === undefined ? {} : { lookup: guard.lookup }),
      ...(isIP(host) ? {} : { autoSelectFamily: true }),
    });
    const stop = () => void socket.destroy(timedOut());
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    socket.on('error', reject); // also the listener for late errors
    socket.once('connect', () => resolve(socket));
    socket.once('connect', () => signal.removeEventListener('abort', stop));
  });
}

function tunnel(socket: Socket, host: string, port: number, login: string | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    const proof =
      login === undefined ? {} : { 'Proxy-Authorization': `Basic ${Buffer.from(login).toString('base64')}` };
    const ask = request({
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...proof },
      createConnection: () => socket,
    });
    ask.once('connect', ({ statusCode }, tunnelled, first) => {
      if (statusCode !== 200) return reject(coded('EPROXY', `the proxy answered ${statusCode}`));
      if (first.length > 0) tunnelled.unshift(first);
      resolve(tunnelled as Socket);
    });
    ask.once('error', reject);
    ask.end();
  });
}
