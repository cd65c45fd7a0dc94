// Reads ledgers, pending UIDs and fingerprints. Only the commit script writes them (adapters/queue/commit.ts).
import type { Redis } from 'ioredis';
import { asError, MailroomError } from '../../domain/errors.ts';
import {
  afterCareKey,
  fingerprintsKey,
  ledgerKey,
  ledgerPendingKey,
  ledgerUidsKey,
  mailboxesKey,
  mailboxStateKey,
  parsingKey,
  siblingsKey,
} from '../../domain/keys.ts';
import { emptyLedger, type LedgerMeta, type Pending, setsFromChunks } from '../../domain/ledger.ts';
import type { InboundPorts } from '../../inbound/ports.ts';
import { pipelined } from '../../lib/pipelined.ts';
import { type AskDisk, openDisk } from './disk.ts';
import { noteDamaged, soundFields, soundMembers } from './guard.ts';
import { script } from './script.ts';
import { objectIn } from './structures.ts';

/** KEYS: fingerprints. ARGV: fingerprints. */
const COPIES = script(`
local counts = {}
for i, value in ipairs(ARGV) do
  local n, member = 0, value
  while redis.call('ZSCORE', KEYS[1], member) do
    n = n + 1
    member = value .. '.' .. (n + 1)
  end
  counts[i] = n
end
return counts`);

/** KEYS: sets. One call for a batch: many small commands cost the client more than Redis. */
const SIBLINGS = script(`
local found = {}
for i, key in ipairs(KEYS) do found[i] = redis.call('SMEMBERS', key) end
return found`);

export type Ledgers = InboundPorts['ledgers'] & {
  mailboxIds(): Promise<string[]>;
  /** Every email flow that a message was ever put into, as the ledgers record them. */
  emailFlows(): Promise<string[]>;
  /** State as the watcher last wrote it. */
  readState(mailboxId: string): Promise<Record<string, string>>;
};

/** @throws MailroomError LEDGER_DAMAGED naming the key and field, when Redis holds something else than a ledger */
export function createLedgers(redis: Redis, disk: AskDisk = openDisk(redis)): Ledgers {
  async function damaged(key: string, cause: unknown): Promise<MailroomError> {
    const reason = asError(cause).message;
    await noteDamaged(redis, key, reason);
    return new MailroomError('LEDGER_DAMAGED', {
      message: `${key} does not hold a readable ledger: ${reason}`,
      field: key,
      cause,
    });
  }

  return {
    async load(id) {
      const [meta, uids, pending] = await Promise.all([
        redis.hgetall(ledgerKey(redis, id)),
        redis.hgetall(ledgerUidsKey(redis, id)),
        redis.hgetall(ledgerPendingKey(redis, id)),
      ]);
      const ledger = emptyLedger();
      // Nothing at all is a folder that was never watched; with a part of a ledger it must not begin again from nothing.
      if (Object.keys(meta).length + Object.keys(uids).length === 0) return ledger;
      ledger.version = Number(meta.version);
      try {
        if (String(ledger.version) !== meta.version) throw new RangeError('the version is no number');
        ledger.meta = metaIn(meta.meta);
        if (!Number.isSafeInteger(ledger.version)) throw new RangeError('the version is no number');
      } catch (error) {
        throw await damaged(ledgerKey(redis, id), error);
      }
      try {
        ledger.sets = setsFromChunks(uids);
      } catch (error) {
        throw await damaged(ledgerUidsKey(redis, id), error);
      }
      // The UID of a note that cannot be read has no outcome then, and is fetched again.
      const notes = await soundFields(redis, ledgerPendingKey(redis, id), pending);
      ledger.pending = new Map(notes.map(([uid, text]) => [Number(uid), JSON.parse(text) as Pending]));
      return ledger;
    },
    async version(id) {
      const version = Number((await redis.hget(ledgerKey(redis, id), 'version')) ?? 0);
      if (!Number.isSafeInteger(version))
        throw await damaged(ledgerKey(redis, id), new RangeError('the version is no number'));
      return version;
    },
    async fingerprints(id) {
      // Members are "<fingerprint>" for the first and "<fingerprint>.<n>" for further messages with the same one.
      const counts = new Map<string, number>();
      for (const member of await redis.zrange(fingerprintsKey(redis, id), 0, '-1')) {
        const base = member.slice(0, 16);
        counts.set(base, (counts.get(base) ?? 0) + 1);
      }
      return counts;
    },
    async knownCopies(id, values) {
      if (values.length === 0) return [];
      return (await COPIES(redis, [fingerprintsKey(redis, id)], values)) as number[];
    },
    async siblings(hashes) {
      if (hashes.length === 0) return [];
      const keys = hashes.map((hash) => siblingsKey(redis, hash));
      return (await SIBLINGS(redis, keys)) as string[][];
    },
    async parsing(id, counts) {
      const key = parsingKey(redis, id);
      const { some = [], none = [] } = Object.groupBy(counts, ([, count]) => (count === 0 ? 'none' : 'some'));
      if (some.length > 0) await redis.hset(key, new Map(some));
      if (none.length > 0) await redis.hdel(key, ...none.map(([uid]) => String(uid)));
    },
    async unfinished(id) {
      const key = parsingKey(redis, id);
      const found = await soundFields(redis, key, await redis.hgetall(key));
      return new Map(found.map(([uid, count]) => [Number(uid), Number(count)]));
    },
    async afterCare(id) {
      const key = afterCareKey(redis, id);
      const uids = await soundMembers(redis, key, await redis.smembers(key));
      return uids.map(Number).sort((a, b) => a - b);
    },
    async afterCareDone(id, uids) {
      if (uids.length > 0) await redis.srem(afterCareKey(redis, id), ...uids.map(String));
    },
    async durable() {
      const answer = await disk();
      // appendfsync everysec syncs each second; Redis itself tolerates two at most.
      if (answer === 'unknowable') await new Promise((resolve) => setTimeout(resolve, 2_000));
      return answer !== 'not-yet';
    },
    mailboxIds: () => redis.smembers(mailboxesKey(redis)),
    async emailFlows() {
      const metas = await pipelined(redis.pipeline(), await redis.smembers(mailboxesKey(redis)), (pipeline, id) =>
        pipeline.hget(ledgerKey(redis, id), 'meta'),
      );
      const names = metas
        .flatMap((text) => objectIn(String(text))?.emailFlows)
        .filter((name) => typeof name === 'string');
      return [...new Set(names)].sort((left, right) => left.localeCompare(right, 'en'));
    },
    readState: (id) => redis.hgetall(mailboxStateKey(redis, id)),
    async writeState(id, state) {
      await redis.hset(mailboxStateKey(redis, id), state);
    },
  };
}

const META_TEXTS = ['uidValidity', 'era', 'start', 'user', 'host', 'folder'] as const;

/** @throws RangeError that says which field is wrong */
function metaIn(text: string | undefined): LedgerMeta {
  const meta = objectIn(text ?? '');
  if (meta === undefined) throw new RangeError('meta is not there, or no JSON');
  for (const name of META_TEXTS) if (typeof meta[name] !== 'string') throw new RangeError(`meta.${name} is no text`);
  if (!/^\d+$/.test(meta.uidValidity as string)) throw new RangeError('meta.uidValidity is no number');
  if (!Number.isFinite(meta.startedAt)) throw new RangeError('meta.startedAt is no time');
  const flows = meta.emailFlows;
  if (!Array.isArray(flows) || !flows.every((flow) => typeof flow === 'string'))
    throw new RangeError('meta.emailFlows is no list of names');
  return meta as unknown as LedgerMeta;
}
