// Postfix's socketmap protocol (socketmap_table(5)): netstrings `name SPACE key` asked, `OK value` or `NOTFOUND ` answered.
import { createServer, type Socket } from 'node:net';

interface Socketmap {
  stop(): Promise<void>;
}

/** Answers every key by a function, so that a test can change the answer between two mails. */
export function startSocketmap(port: number, lookup: (key: string) => string | undefined): Promise<Socketmap> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        const colon = pending.indexOf(':');
        if (colon < 0) return;
        const end = colon + 1 + Number(pending.subarray(0, colon).toString());
        if (pending.length <= end) return;
        const request = pending.subarray(colon + 1, end).toString();
        pending = pending.subarray(end + 1);
        const value = lookup(request.slice(request.indexOf(' ') + 1));
        const answer = value === undefined || value === '' ? 'NOTFOUND ' : `OK ${value}`;
        socket.write(`${Buffer.byteLength(answer)}:${answer},`);
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () =>
      resolve({
        stop: () =>
          new Promise((stopped) => {
            server.close(() => stopped());
            for (const socket of sockets) socket.destroy();
          }),
      }),
    );
  });
}
