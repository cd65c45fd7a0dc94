// A proxy as companies have them: HTTP CONNECT (RFC 9110 §9.3.6) or SOCKS5 (RFC 1928) without sign-in; it notes who is asked for.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

interface TestProxy {
  url: string;
  /** `host:port` of each tunnel, in order. */
  asked: string[];
  stop(): Promise<void>;
}

/** @param reach where tunnels lead, whatever host they ask for */
export async function startProxy(kind: 'http' | 'socks5', reach = '127.0.0.1'): Promise<TestProxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const tunnel = (client: Socket, host: string, port: number, ready: Buffer | string) => {
    asked.push(`${host}:${port}`);
    const target = connect(port, reach, () => {
      client.write(ready);
      client.pipe(target).pipe(client);
    });
    open.add(target);
    target.on('error', () => client.destroy());
    target.on('close', () => client.destroy());
  };
  const server = createServer((client) => {
    open.add(client);
    client.on('error', () => client.destroy());
    client.once('data', (first) => {
      if (kind === 'http') {
        const [, host = '', port] = /^CONNECT (\S+):(\d+) /.exec(first.toString()) ?? [];
        return tunnel(client, host, Number(port), 'HTTP/1.1 200 OK\r\n\r\n');
      }
      client.write(Buffer.from([5, 0]));
      client.once('data', (request) => {
        const port = request.readUInt16BE(request.length - 2);
        const named = request[3] === 3;
        const host = named ? request.subarray(5, request.length - 2).toString() : `address type ${request[3]}`;
        tunnel(client, host, port, Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${kind}://127.0.0.1:${port}`,
    asked,
    stop() {
      for (const socket of open) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
