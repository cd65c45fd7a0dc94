// The audit log: a stream in Redis for each kind, kept by time and bounded in count. Its values are already masked.
import type { Redis } from 'ioredis';
import { type AuditEntry, type AuditKind, type AuditLog, type AuditQuery, auditKindOf } from '../../domain/audit.ts';
import { prefixOf, type Scope } from '../../domain/keys.ts';
import { objectIn } from './structures.ts';

const STREAMS: Readonly<Record<AuditKind, string>> = { changes: 'portal:audit', 'sign-ins': 'portal:sign-ins' };

const streamKey = (of: Scope, kind: AuditKind) => `${prefixOf(of)}:${STREAMS[kind]}`;

/** Whether the key, without its prefix, is one of the streams. */
export const isAuditStream = (rest: string): boolean => Object.values(STREAMS).includes(rest);

/** Entries of one kind at most, approximately, so that a stream never fills Redis: about 15 MB with small changes. */
const MOST = 50_000;
/** Entries read at once. */
const AT_ONCE = 500;

interface Row {
  /** As the stream has it: ms of Redis' clock, and a counter. */
  id: string;
  /** Value of its only field. */
  text: string;
}

interface AuditSettings {
  /** Entries of one kind, approximately. */
  most?: number;
  now?: () => number;
  /** Called with each entry once it is written. */
  onWritten?: ((entry: AuditEntry) => void) | undefined;
}

export function createPortalAudit(redis: Redis, settings: AuditSettings = {}): AuditLog {
  const { most = MOST, now = Date.now, onWritten } = settings;
  return {
    async write(record) {
      const entry: AuditEntry = { at: new Date(now()).toISOString(), ...record };
      const key = streamKey(redis, auditKindOf(entry.action));
      await redis.xadd(key, 'MAXLEN', '~', most, '*', 'entry', JSON.stringify(entry));
      onWritten?.(entry);
    },
    async *entries({ kind, ...query }) {
      const kinds: readonly AuditKind[] = kind === undefined ? ['changes', 'sign-ins'] : [kind];
      const streams = kinds.map((one) => rowsOf(redis, streamKey(redis, one), query));
      for await (const { text } of merged(streams, query.order)) {
        const entry = recordIn(text);
        if (entry !== undefined) yield entry;
      }
    },
    removeBefore: (kind, before) => redis.xtrim(streamKey(redis, kind), 'MINID', before),
  };
}

async function* rowsOf(
  redis: Redis,
  key: string,
  { from, to, order = 'newest' }: Omit<AuditQuery, 'kind'>,
): AsyncGenerator<Row> {
  let first = from === undefined ? '-' : String(from);
  let last = to === undefined ? '+' : String(to);
  for (;;) {
    const page =
      order === 'newest'
        ? await redis.xrevrange(key, last, first, 'COUNT', AT_ONCE)
        : await redis.xrange(key, first, last, 'COUNT', AT_ONCE);
    for (const [id, fields] of page) yield { id, text: fields[1] ?? '' };
    const end = page.at(-1)?.[0];
    if (end === undefined || page.length < AT_ONCE) return;
    if (order === 'newest') last = `(${end}`;
    else first = `(${end}`;
  }
}

/** The rows of all streams in order; each stream is read only as far as needed. */
async function* merged(streams: readonly AsyncGenerator<Row>[], order: AuditQuery['order']): AsyncGenerator<Row> {
  const heads = await Promise.all(streams.map((stream) => stream.next()));
  for (;;) {
    let chosen = -1;
    for (const [i, { value }] of heads.entries()) {
      if (value === undefined) continue;
      const best: Row | undefined = heads[chosen]?.value;
      if (best === undefined || isBefore(value, best) === (order === 'oldest')) chosen = i;
    }
    const next: Row | undefined = heads[chosen]?.value;
    if (next === undefined) return;
    yield next;
    heads[chosen] = (await streams[chosen]?.next()) ?? { done: true, value: undefined };
  }
}

function isBefore({ id: left }: Row, { id: right }: Row): boolean {
  const [leftMs = 0, leftCount = 0] = left.split('-').map(Number);
  const [rightMs = 0, rightCount = 0] = right.split('-').map(Number);
  return leftMs === rightMs ? leftCount < rightCount : leftMs < rightMs;
}

/** Undefined for something else; the other entries are shown. */
function recordIn(text: string): AuditEntry | undefined {
  const record = objectIn(text) as Partial<AuditEntry> | undefined;
  if (record === undefined || !Number.isFinite(Date.parse(String(record.at)))) return undefined;
  const { at, by = '', action = '', server = '', changes, revision } = record;
  return {
    at: String(at),
    by: String(by),
    action: String(action),
    server: String(server),
    changes: Array.isArray(changes) ? changes : [],
    ...(typeof revision === 'string' ? { revision } : {}),
  };
}
