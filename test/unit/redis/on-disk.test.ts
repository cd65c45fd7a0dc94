// What WAITAOF of Redis 7.2 may answer, and how it is asked, by a server that speaks as much RESP as is needed here. Like Redis it continues with
// a connection only when that one's WAITAOF is answered.
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connectRedis } from '../../../src/adapters/redis/client.ts';
import { openDisk } from '../../../src/adapters/redis/disk.ts';
import { createJournal, journalDefaults } from '../../../src/adapters/redis/journal.ts';
import { createLedgers } from '../../../src/adapters/redis/ledgers.ts';
import { waitFor } from '../../support/temp.ts';

const releases: (() => void)[] = [];
afterEach(() => {
  for (const release of releases.splice(0).reverse()) release();
});

const INFO = '# Server\r\nredis_version:7.2.4\r\nloading:0\r\n';
const ANSWERS: Readonly<Record<string, string>> = {
  INFO: `$${INFO.length}\r\n${INFO}\r\n`,
  HELLO: "-ERR unknown command 'HELLO'\r\n",
};

/** @param answers to WAITAOF, in order; the last one again and again; `cut`: the connection ends instead */
async function scripted(answers: string[]) {
  /** Commands as they came, with the number of their connection; without what a client says at the start. */
  const asked: string[] = [];
  const sockets: Socket[] = [];
  /** Answers that the disk still owes. */
  const owed: (() => void)[] = [];
  let slow = false;
  const server = createServer((socket) => {
    const number = sockets.push(socket);
    let buffer = '';
    let blocked = false;
    const read = () => {
      while (!blocked) {
        const command = /^\*(\d+)\r\n((?:\$\d+\r\n[^\r\n]*\r\n)*)/.exec(buffer);
        const words = command?.[2]?.split('\r\n').filter((_, i) => i % 2 === 1) ?? [];
        if (command === null || words.length < Number(command[1])) return;
        buffer = buffer.slice(command[0].length);
        const name = words[0]?.toUpperCase() ?? '';
        if (!['INFO', 'HELLO', 'CLIENT'].includes(name)) asked.push(`${number} ${words.join(' ')}`);
        if (name !== 'WAITAOF') {
          socket.write(ANSWERS[name] ?? '+OK\r\n');
          continue;
        }
        blocked = true;
        const answer = answers.length > 1 ? (answers.shift() ?? '') : (answers[0] ?? '');
        owed.push(() => {
          if (answer === 'cut') return void socket.destroy();
          socket.write(answer);
          blocked = false;
          read();
        });
        if (!slow) owed.pop()?.();
      }
    };
    socket.on('data', (chunk) => {
      buffer += chunk.toString('latin1');
      read();
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
  const disk = openDisk(client, 250);
  return {
    client,
    disk,
    journal: createJournal(client, journalDefaults, disk),
    ledgers: createLedgers(client, disk),
    asked,
    sockets,
    slow(yes: boolean) {
      slow = yes;
      if (!yes) for (const answer of owed.splice(0)) answer();
    },
    owed,
  };
}

const WRITTEN = '*2\r\n:1\r\n:0\r\n';
const NOT_YET = '*2\r\n:0\r\n:0\r\n';
const TOO_OLD = "-ERR unknown command 'WAITAOF', with args beginning with: '1' '0' \r\n";
const NO_AOF = '-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n';

describe('waiting for the disk', () => {
  it.each([
    ['fsynced', [WRITTEN], [true, true], 2],
    ['the disk took longer than the time limit, then not', [NOT_YET, WRITTEN], [false, true], 2],
    ['Redis is too old: the command is not repeated', [TOO_OLD], [false, false], 1],
    ['there is no append-only file: the command is not repeated', [NO_AOF], [false, false], 1],
    [
      'it was a replica for a moment',
      ['-ERR WAITAOF cannot be used with replica instances.\r\n', WRITTEN],
      [false, true],
      2,
    ],
    ['the connection broke before the answer: not repeated without the write', ['cut', WRITTEN], [false, true], 2],
  ])('%s', async (_what, answers, known, times) => {
    const { journal, asked } = await scripted(answers);
    expect([await journal.onDisk(), await journal.onDisk()]).toEqual(known);
    // Each is asked after a write on the same connection: what it waits for.
    const own = asked.filter((command) => !command.startsWith('1 ')).map((command) => command.replace(/^\d+ /, ''));
    expect(own.map((command) => command.toUpperCase())).toEqual(
      Array.from({ length: times }, () => ['SET {MAILROOM}:DISK 1 PX 60000', 'WAITAOF 1 0 250']).flat(),
    );
    expect(asked.filter((command) => /^1 WAITAOF/i.test(command))).toEqual([]);
  });

  it('delays no other command while the disk is busy', async () => {
    const { client, journal, owed, slow } = await scripted([WRITTEN]);
    slow(true);
    let known: boolean | undefined;
    const asking = journal.onDisk().then((answer) => {
      known = answer;
    });
    await waitFor(() => owed.length === 1);
    expect(await client.set('another', '1')).toBe('OK');
    expect(known).toBeUndefined();
    slow(false);
    await asking;
    expect(known).toBe(true);
  });

  it('runs once for all concurrent callers', async () => {
    const { journal, ledgers, asked, owed, slow } = await scripted([WRITTEN]);
    slow(true);
    const first = journal.onDisk();
    await waitFor(() => owed.length === 1);
    const others = Promise.all([journal.onDisk(), ledgers.durable(), journal.onDisk()]);
    slow(false);
    expect([await first, ...(await others)]).toEqual([true, true, true, true]);
    expect(asked.filter((command) => command.includes('WAITAOF'))).toHaveLength(2);
  });

  it('reports an unknown state to the ledgers', async () => {
    const { ledgers } = await scripted([NOT_YET, WRITTEN]);
    expect([await ledgers.durable(), await ledgers.durable()]).toEqual([false, true]);
  });

  it('ends with the connection it belongs to', async () => {
    const { client, journal, sockets } = await scripted([WRITTEN]);
    await journal.onDisk();
    expect(sockets).toHaveLength(2);
    client.disconnect();
    await waitFor(() => sockets.every((socket) => socket.destroyed));
  });
});
