// A message on its way into the queue: its bytes are nobody else's while they are being written, whatever fails beside that; and a retry does not write
// them once more.
import { createHash } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { MailroomError } from '../../../src/domain/errors.ts';
import {
  buildMessage,
  type IngestDeps,
  type Item,
  ingest,
  type Ready,
  receivedAt,
  type Target,
} from '../../../src/inbound/ingest-message.ts';
import { createLimits } from '../../../src/inbound/limits.ts';
import { bounded, MAX_JOB_BYTES } from '../../../src/mime/bounds.ts';
import type { Tracing } from '../../../src/telemetry/tracing.ts';
import { parseNothing, parsingBy } from '../../support/inbound.ts';

const target: Target = {
  server: {
    host: 'imap.example.com',
    name: 'in',
    user: 'u@contoso.example',
    folder: 'INBOX',
    emailFlow: 'Support',
    maxMessageSize: 1_000,
  },
  mailboxId: '0123456789abcdef',
  meta: { uidValidity: '7', era: '' },
};
const item = (fields: Partial<Item> = {}): Item => ({
  uid: 1,
  internalDate: new Date('2026-11-23T10:00:00Z'),
  size: 20,
  source: Buffer.from('Message-ID: <a@b>\r\n\r\nx'),
  ...fields,
});

function deps(fields: Partial<IngestDeps> = {}) {
  const written: string[] = [];
  const erased = new Set<string>();
  const refer = (bytes: Uint8Array) => {
    written.push(Buffer.from(bytes).toString());
    return { blob: `${written.length}`, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  };
  const made: IngestDeps = {
    blobs: {
      putBatch: async (list: readonly Uint8Array[]) => ({ references: list.map(refer), durable: Promise.resolve() }),
      has: async (blob: string) => !erased.has(blob),
    } as unknown as IngestDeps['blobs'],
    ...parsingBy(parseNothing),
    relate: async () => ({ conversation: { id: 'c', matchedBy: 'new' } }),
    learn: async () => {},
    ledgers: { siblings: async (hashes) => hashes.map(() => []) },
    emit: () => {},
    now: () => Date.parse('2026-11-24T00:00:00Z'),
    limits: createLimits(),
    ...fields,
  };
  return { made, written, erased };
}

test('reports an error only after the bytes are written', async () => {
  let written: (() => void) | undefined;
  const durable = new Promise<void>((resolve) => {
    written = resolve;
  });
  const { made } = deps({
    blobs: { putBatch: async () => ({ references: [], durable }) } as unknown as IngestDeps['blobs'],
    ledgers: { siblings: () => Promise.reject(new Error('Redis is away')) },
  });
  let told = false;
  const failing = ingest(made, target, [item()], async () => {}).catch((error: unknown) => {
    told = true;
    throw error;
  });
  failing.catch(() => {});
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toBe(false);
  written?.();
  await expect(failing).rejects.toThrow('Redis is away');
});

describe('a retry', () => {
  it('reuses what was stored when the commit failed, and stores other mails', async () => {
    const { made, written } = deps();
    const refused = ingest(made, target, [item(), item({ uid: 2, source: Buffer.from('two') })], async () => {
      throw new Error('LEASE_LOST');
    });
    await expect(refused).rejects.toThrow('LEASE_LOST');
    expect(written).toHaveLength(2);
    let blobs: string[] = [];
    await ingest(made, target, [item(), item({ uid: 3, source: Buffer.from('three') })], async (ready) => {
      blobs = ready.map(({ raw }) => raw.blob);
    });
    expect(written).toHaveLength(3);
    expect(blobs).toEqual(['1', '3']);
    // Committed: the same mail, sent once more, is another mail.
    await ingest(made, target, [item()], async () => {});
    expect(written).toHaveLength(4);
  });

  it('stores again what was swept or erased meanwhile', async () => {
    const { made, written, erased } = deps();
    const refused = ingest(made, target, [item()], async () => {
      throw new Error('LEASE_LOST');
    });
    await expect(refused).rejects.toThrow('LEASE_LOST');
    erased.add('1');
    let blobs: string[] = [];
    await ingest(made, target, [item()], async (ready) => {
      blobs = ready.map(({ raw }) => raw.blob);
    });
    expect([written.length, blobs]).toEqual([2, ['2']]);
  });

  it('stores again what never became durable', async () => {
    const { made, written } = deps();
    const { putBatch } = made.blobs;
    made.blobs.putBatch = async (list) => ({
      ...(await putBatch(list)),
      durable: Promise.reject(new Error('disk full')),
    });
    const failing = ingest(made, target, [item()], async (_ready, durable) => durable);
    await expect(failing).rejects.toThrow('disk full');
    made.blobs.putBatch = putBatch;
    await ingest(made, target, [item()], async () => {});
    expect(written).toHaveLength(2);
  });
});

describe('jobs that exceed one commit', () => {
  const parse = parsingBy((raw) => ({ ...parseNothing(raw), subject: 'x'.repeat(900_000) }));
  const many = (count: number) =>
    Array.from({ length: count }, (_, k) => item({ uid: k + 1, source: Buffer.from(`Subject: ${k}\r\n\r\nx`) }));

  it('are committed in groups, in order', async () => {
    const { made } = deps(parse);
    const groups: number[][] = [];
    await ingest(made, target, many(10), async (ready) => void groups.push(ready.map(({ uid }) => uid)));
    expect(groups).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ]);
  });

  it('keep only the mails of a failed group, and those after it, for a retry', async () => {
    const { made, written } = deps(parse);
    let commits = 0;
    const failing = ingest(made, target, many(10), async () => {
      if (++commits === 2) throw new Error('Redis is away');
    });
    await expect(failing).rejects.toThrow('Redis is away');
    expect(commits).toBe(2);
    expect(written).toHaveLength(10);
    // The first four are committed: should they come once more, they are mails of their own.
    await ingest(made, target, many(10), async () => {});
    expect(written).toHaveLength(14);
  });
});

test('stay within the size limit of a job with everything that inbound adds', () => {
  const long = '😀'.repeat(100);
  const big: Target = {
    server: { host: 'imap.example.com', name: long, user: long, folder: long, emailFlow: long, maxMessageSize: 1 },
    mailboxId: '0123456789abcdef',
    meta: { uidValidity: '4294967295', era: '.1000' },
  };
  const key = `m-0123456789abcdef-4294967295.1000-4294967295`;
  const parsed = bounded({
    ...parseNothing(Buffer.alloc(0)),
    html: { value: '\u0001'.repeat(1 << 20), length: 1 << 20, truncated: false },
    text: { value: '"'.repeat(1 << 20), length: 1 << 20, truncated: false },
    replyText: '😀'.repeat(1 << 19),
    deliveryStatus: { recipients: [{ recipient: 'a@b.example', permanent: true }] },
  });
  const message = buildMessage(
    big,
    item({
      raw: { blob: 'b'.repeat(300), size: 1, sha256: '0'.repeat(64) },
      parsed,
      related: {
        conversation: { id: long.repeat(2), matchedBy: 'in-reply-to', proof: 'signed', related: long.repeat(2) },
        deliveryStatus: {
          ...(parsed.deliveryStatus as NonNullable<typeof parsed.deliveryStatus>),
          reply: { replyId: long.repeat(2), messageId: `<${'m'.repeat(995)}>`, proof: 'recipient-matches' },
        },
        siblings: Array(20).fill(key),
      },
    }) as Ready,
    Date.now(),
  );
  const bytes = Buffer.byteLength(JSON.stringify(message));
  expect(bytes).toBeGreaterThan(980_000);
  expect(bytes).toBeLessThanOrEqual(MAX_JOB_BYTES);
});

describe('an item that the server leaves out', () => {
  const now = Date.parse('2026-11-24T00:00:00Z');
  const dated = (date: string | undefined) => ({
    ...parseNothing(Buffer.alloc(0)),
    ...(date === undefined ? {} : { date }),
  });
  it.each<[name: string, internalDate: Date | undefined, date: string | undefined, want: string]>([
    ['INTERNALDATE', new Date('2026-11-23T10:00:00Z'), '2026-11-01T00:00:00.000Z', '2026-11-23T10:00:00.000Z'],
    ['the Date header if INTERNALDATE is missing', undefined, '2026-11-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'],
    ['a Date header of tomorrow', undefined, '2026-11-25T00:00:00.000Z', '2026-11-24T00:00:00.000Z'],
    ['a Date header of 1970', undefined, '1970-01-01T00:00:00.000Z', '2026-11-24T00:00:00.000Z'],
    ['neither', undefined, undefined, '2026-11-24T00:00:00.000Z'],
  ])('%s', (_name, internalDate, date, want) => {
    expect(receivedAt({ internalDate, parsed: dated(date) }, now).toISOString()).toBe(want);
  });

  it('a mail that the server never returned is quarantined with its headers and its size', async () => {
    let ready: readonly Ready[] = [];
    const unread = item({ size: 4_711, unreadable: { reason: 'connection-closed', headers: true } });
    await ingest(deps().made, target, [unread], async (list) => {
      ready = list.map((one) => ({ ...one }));
    });
    expect(ready[0]?.message).toMatchObject({
      parse: 'failed',
      threading: { messageId: '<a@b>' },
      automatic: { mayAutoRespond: false },
      warnings: [{ code: 'connection-closed', detail: 'RFC822.SIZE 4711' }],
    });
  });
});

test('one mailbox feeds several flows, each with its own conversations', async () => {
  const related: unknown[] = [];
  const { made } = deps({
    parse: async (raws, mailbox) =>
      raws.map((raw) => {
        const to = String(raw);
        expect(mailbox?.addresses).toEqual(['u@contoso.example', 'orders@contoso.example']);
        return { ...parseNothing(raw), addressedTo: to === '' ? [] : [{ address: to, header: 'To' }] };
      }),
    relate: async (_parsed, to) => {
      related.push(to.emailFlow);
      return { conversation: { id: 'c', matchedBy: 'new' } };
    },
  });
  const server = {
    ...target.server,
    aliases: ['orders@contoso.example'],
    flowByRecipient: { 'orders@contoso.example': 'Orders' },
  };
  const mails = ['orders@contoso.example', 'u@contoso.example', ''];
  const flows: string[] = [];
  await ingest(
    made,
    { ...target, server },
    mails.map((to, i) => item({ uid: i + 1, source: Buffer.from(to) })),
    async (ready) => void flows.push(...ready.map(({ message }) => message.emailFlow)),
  );
  expect([flows, related]).toEqual([
    ['Orders', 'Support', 'Support'],
    ['Orders', 'Support', 'Support'],
  ]);
});

describe('traces', () => {
  /** Spans as they end: `name < parent: how`. */
  function recorder() {
    const begun: string[] = [];
    const ended: string[] = [];
    const tracing: Tracing = {
      start(name, { parent } = {}) {
        const above = typeof parent === 'object' ? parent.traceparent.replace(/#.*/, '') : 'nothing';
        const traceparent = `${name}#${begun.push(name)}`;
        return { traceparent, end: (failed) => void ended.push(`${name} < ${above}: ${failed ?? 'well'}`) };
      },
      within: (_span, work) => work(),
    };
    return { tracing, begun, ended };
  }
  const fetched = (uid: number, fields: Partial<Item> = {}) => item({ uid, seenAt: performance.now(), ...fields });

  it('end with the job, or with the reason of the quarantine', async () => {
    const { tracing, begun, ended } = recorder();
    const carried: (string | undefined)[] = [];
    const batch = [fetched(1), fetched(2, { unreadable: { reason: 'parser-crashed' } })];
    await ingest(deps({ tracing }).made, target, batch, async (ready) => {
      carried.push(...ready.map(({ message }) => message.traceparent));
    });
    const queue = 'send email-flow.Support';
    expect(carried.map((traceparent) => traceparent?.replace(/#.*/, ''))).toEqual([queue, queue]);
    expect(new Set(carried).size).toBe(2);
    const steps = ['fetch', 'parse', 'relate', queue, 'store'].map((name) => `${name} < ingest in: well`);
    expect(ended.toSorted()).toEqual(
      [...steps, ...steps, 'ingest in < nothing: parser-crashed', 'ingest in < nothing: well'].sort(),
    );
    expect(ended).toHaveLength(begun.length);
  });

  it.each<[string, Partial<IngestDeps>, string[]]>([
    ['the commit', {}, ['send email-flow.Support < ingest in: LEASE_LOST', 'ingest in < nothing: LEASE_LOST']],
    [
      'a step',
      { ledgers: { siblings: () => Promise.reject(new TypeError('away')) } },
      ['relate < ingest in: TypeError', 'ingest in < nothing: TypeError'],
    ],
  ])('end with the code when %s fails', async (_what, fields, failed) => {
    const { tracing, begun, ended } = recorder();
    const refuse = async () => {
      throw new MailroomError('LEASE_LOST');
    };
    await expect(ingest(deps({ tracing, ...fields }).made, target, [fetched(1)], refuse)).rejects.toThrow();
    expect(ended.filter((line) => !line.endsWith(': well'))).toEqual(failed);
    expect(ended).toHaveLength(begun.length);
  });
});
