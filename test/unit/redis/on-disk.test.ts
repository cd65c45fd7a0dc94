// What WAITAOF of Redis 7.2 may answer, by a server that speaks as much RESP as the journal asks here.
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connectRedis } from '../../../src/adapters/redis/client.ts';
import { createJournal } from '../../../src/adapters/redis/journal.ts';

const releases: (() => void)[] = [];
afterEach(() => {
  for (const release of releases.splice(0).reverse()) release();
});

/** @param answers to WAITAOF, in order; the last one again and again */
async function scripted(answers: string[]) {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let buffer = '';
    socket.on('data', (chunk) => {
      buffer += chunk.toString('latin1');
      for (;;) {
        const command = /^\*(\d+)\r\n((?:\$\d+\r\n[^\r\n]*\r\n)*)/.exec(buffer);
        const words = command?.[2]?.split('\r\n').filter((_, i) => i % 2 === 1) ?? [];
        if (command === null || words.length < Number(command[1])) return;
        buffer = buffer.slice(command[0].length);
        const name = words[0]?.toUpperCase();
        if (name === 'WAITAOF') {
          asked.push(words.join(' '));
          socket.write(answers.length > 1 ? (answers.shift() ?? '') : (answers[0] ?? ''));
        } else if (name === 'INFO') {
          const info = '# Server\r\nredis_version:7.2.4\r\nloading:0\r\n';
          socket.write(`$${info.length}\r\n${info}\r\n`);
        } else if (name === 'HELLO') {
          socket.write("-ERR unknown command 'HELLO'\r\n");
        } else {
          socket.write('+OK\r\n');
        }
      }
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const client = connectRedis({ url: `redis://127.0.0.1:${port}` }, () => {}, { protocol: 2 } as never);
  releases.push(() => {
    client.disconnect();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { journal: createJournal(client, { keepMs: 1_000, durableTimeoutMs: 250 }), asked };
}

const TOO_OLD = "-ERR unknown command 'WAITAOF', with args beginning with: '1' '0' \r\n";
const NO_AOF = '-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n';

describe('on disk', () => {
  it.each([
    ['fsynced', ['*2\r\n:1\r\n:0\r\n'], [true, true], 2],
    ['the disk took longer than we wait, then not', ['*2\r\n:0\r\n:0\r\n', '*2\r\n:1\r\n:0\r\n'], [false, true], 2],
    ['Redis is too old: it is not asked again', [TOO_OLD], [false, false], 1],
    ['there is no append-only file: it is not asked again', [NO_AOF], [false, false], 1],
    [
      'it was a replica for a moment',
      ['-ERR WAITAOF cannot be used with replica instances.\r\n', '*2\r\n:1\r\n:0\r\n'],
      [false, true],
      2,
    ],
  ])('%s', async (_what, answers, known, times) => {
    const { journal, asked } = await scripted(answers);
    expect([await journal.onDisk(), await journal.onDisk()]).toEqual(known);
    expect(asked).toEqual(Array.from({ length: times }, () => 'WAITAOF 1 0 250'));
  });
});
