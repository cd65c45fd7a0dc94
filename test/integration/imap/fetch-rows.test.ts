// Messages past imapflow's parser, over a real Dovecot: the same rows as by imapflow alone, bounded while nobody takes them, and the connection
// is in order afterwards. Fails when a new imapflow is built differently: then rows come the slow way.
import { type FetchMessageObject, ImapFlow } from 'imapflow';
import { beforeAll, describe, expect, test } from 'vitest';
import { fetchRows } from '../../../src/adapters/imap/fast-fetch/fetch-rows.ts';
import { createReadBudget, type ReadBudget } from '../../../src/adapters/imap/fast-fetch/read-budget.ts';
import { sharedRead } from '../../../src/adapters/imap/fast-fetch/tap.ts';
import type { FetchedMessage } from '../../../src/inbound/ports.ts';
import { startDovecot } from '../../support/dovecot.ts';
import { fixture } from '../../support/fixture.ts';
import { mails } from '../../support/mails.ts';
import { waitFor } from '../../support/temp.ts';

const USER = 'rows@contoso.example';
const PASSWORD = 'rows-password';
const COUNT = 120;
const ITEMS = { uid: true, internalDate: true, size: true, source: { start: 0, maxLength: 8_388_608 } };

const dovecot = fixture(() => startDovecot({ users: [{ user: USER, password: PASSWORD }] }));
beforeAll(async () => {
  dovecot.writeMaildir(
    USER,
    [...mails({ count: COUNT, seed: 3, to: USER })].map(({ raw }) => raw),
  );
});

/** How the sockets read: into one buffer, as all of ours do, or each read with a buffer of its own, as behind a proxy and with STARTTLS. */
let reading: object = {};
async function withClient(work: (client: ImapFlow) => Promise<void>): Promise<void> {
  const client = new ImapFlow({
    host: dovecot.host,
    port: dovecot.port,
    secure: true,
    tls: { ca: dovecot.caPem, ...reading },
    auth: { user: USER, pass: PASSWORD },
    logger: false,
  });
  client.on('error', () => {});
  await client.connect();
  await client.mailboxOpen('INBOX');
  try {
    await work(client);
  } finally {
    await client.logout();
  }
}
const never = () => {
  throw new Error('this row came by imapflow');
};

const releaseAll = (batch: readonly FetchedMessage[] | undefined) => {
  for (const row of batch ?? []) row.release?.();
};
async function* mailsOf(batches: AsyncGenerator<FetchedMessage[]>): AsyncGenerator<FetchedMessage> {
  for await (const batch of batches) {
    try {
      yield* batch;
    } finally {
      releaseAll(batch);
    }
  }
}
/** As the product does it: the next batch is fetched while the one before is still held. */
async function takeAll(client: ImapFlow, budget: ReadBudget, watch: () => void): Promise<number> {
  let count = 0;
  for await (const batch of fetchRows(client, '1:*', ITEMS, 8_388_608, never, { budget })) {
    watch();
    count += batch.length;
    setTimeout(releaseAll, 2, batch);
  }
  return count;
}

describe.each([
  ['one buffer for all reads', { onread: sharedRead }],
  ['a buffer for each read', {}],
] as const)('%s', (_, how) => {
  beforeAll(() => {
    reading = how;
  });

  test('connections share the read budget: none waits forever, and the limit is never exceeded', async () => {
    const budget = createReadBudget(400_000);
    let most = 0;
    const watch = () => {
      most = Math.max(most, budget.held());
    };
    const take = () => withClient(async (client) => expect(await takeAll(client, budget, watch)).toBe(COUNT));
    await Promise.all([take(), take(), take(), take()]);
    await waitFor(() => budget.held() === 0);
    // A mail larger than the room is let in alone.
    expect(most).toBeLessThan(2_500_000);
  });

  test('a reader that stops or is cut off while it waits for or holds budget leaves nothing behind', async () => {
    const budget = createReadBudget(150_000);
    const holder = budget.ask(149_000); // hardly a mail fits beside
    await withClient(async (client) => {
      // Empty batches come again and again, so that nobody takes the wait for a silence of the server.
      let empty = 0;
      for await (const batch of fetchRows(client, '1:*', ITEMS, 8_388_608, never, { budget })) {
        if (batch.length === 0 && ++empty === 4) break;
        releaseAll(batch);
      }
      expect(await client.search({ all: true }, { uid: true })).toHaveLength(COUNT);
    });
    expect(budget.held()).toBe(149_000);
    await withClient(async (client) => {
      await expect(
        (async () => {
          for await (const batch of fetchRows(client, '1:*', ITEMS, 8_388_608, never, { budget })) {
            if (batch.length === 0) client.close();
            releaseAll(batch);
          }
        })(),
      ).rejects.toThrow();
    }).catch((error: unknown) => {
      if (!/connection/i.test(String(error))) throw error;
    });
    await waitFor(() => budget.held() === 149_000);
    holder.give();
    expect(budget.held()).toBe(0);
  });

  test('yields the same rows as imapflow, and none by the slow path', async () => {
    await withClient(async (client) => {
      const seen = new Map<number, { source: Buffer; size: number; date: string }>();
      for await (const row of mailsOf(fetchRows(client, '1:*', ITEMS, 8_388_608, never))) {
        seen.set(row.uid, {
          source: Buffer.from(row.source as Buffer),
          size: row.size ?? 0,
          date: row.internalDate?.toISOString() ?? '',
        });
      }
      expect(seen.size).toBe(COUNT);
      for await (const message of client.fetch('1:*', ITEMS, { uid: true })) {
        const row = seen.get(message.uid);
        expect(row?.source.equals(message.source as Buffer)).toBe(true);
        expect(row?.size).toBe(message.size);
        expect(row?.date).toBe(new Date(message.internalDate as Date).toISOString());
      }
    });
  });

  test('messages over the limit come through imapflow', async () => {
    await withClient(async (client) => {
      let slow = 0;
      let count = 0;
      const rows = fetchRows(client, '1:*', ITEMS, 20_000, (message) => {
        slow++;
        return { uid: message.uid, internalDate: new Date(0), size: 0, source: message.source };
      });
      for await (const row of mailsOf(rows)) {
        count++;
        expect(row.source?.length).toBeGreaterThan(0);
      }
      expect(count).toBe(COUNT);
      expect(slow).toBeGreaterThan(0);
      expect(slow).toBeLessThan(COUNT);
    });
  });

  test.each([
    ['switched off', false, 0],
    ['not made for this imapflow', true, 1],
  ])('the fast path is %s: every row comes through imapflow', async (_, fast, asides) => {
    await withClient(async (client) => {
      const other = new Proxy(client, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key);
          return key === 'streamer' ? {} : typeof value === 'function' ? value.bind(target) : value;
        },
      });
      let slow = 0;
      let aside = 0;
      const row = (message: FetchMessageObject) => {
        slow++;
        return { uid: message.uid, internalDate: undefined, size: 0, flags: new Set<string>(), source: message.source };
      };
      const rows = fetchRows(other, '1:*', ITEMS, 8_388_608, row, { fast, aside: () => aside++ });
      for await (const one of mailsOf(rows)) expect(one.source?.length).toBeGreaterThan(0);
      expect([slow, aside]).toEqual([COUNT, asides]);
    });
  });

  test('makes the server wait while no row is taken, and yields all rows in the end', async () => {
    await withClient(async (client) => {
      const rows = fetchRows(client, '1:*', ITEMS, 8_388_608, never);
      const first: FetchedMessage[] = (await rows.next()).value;
      releaseAll(first);
      const paused = () => (client as unknown as { _processingResponse: boolean })._processingResponse;
      await waitFor(() => paused(), { describe: 'the reader waits' });
      let count = first.length;
      for await (const row of mailsOf(rows)) count += row.uid > 0 ? 1 : 0;
      expect(count).toBe(COUNT);
      expect(paused()).toBe(false);
    });
  });

  test('a reader that stops early can run other commands on the connection', async () => {
    await withClient(async (client) => {
      for await (const row of mailsOf(fetchRows(client, '1:*', ITEMS, 8_388_608, never))) {
        expect(row.uid).toBe(1);
        break;
      }
      expect(await client.search({ all: true }, { uid: true })).toHaveLength(COUNT);
      let count = 0;
      for await (const row of mailsOf(fetchRows(client, '5:9', ITEMS, 8_388_608, never))) count += row.uid > 0 ? 1 : 0;
      expect(count).toBe(5);
    });
  });

  test('when the connection is lost, yields what came before and then throws', async () => {
    await withClient(async (client) => {
      const budget = createReadBudget(8_000_000);
      const batch = { count: 5, bytes: 8_000_000 };
      const rows = fetchRows(client, '1:*', ITEMS, 8_388_608, never, { budget, batch });
      const uids: number[] = [];
      await expect(
        (async () => {
          for await (const one of rows) {
            expect(one.length).toBeLessThanOrEqual(5);
            uids.push(...one.map(({ uid }) => uid));
            releaseAll(one);
            if (uids.length === 5) {
              // More is in hand, and comes before the error does.
              await waitFor(() => budget.held() > 0);
              client.close();
            }
          }
        })(),
      ).rejects.toThrow();
      expect(uids.length).toBeGreaterThan(5);
      expect(uids).toEqual(uids.map((_, k) => k + 1));
      expect(budget.held()).toBe(0);
    }).catch((error: unknown) => {
      // Logging out of a closed connection.
      if (!/connection/i.test(String(error))) throw error;
    });
  });
});
