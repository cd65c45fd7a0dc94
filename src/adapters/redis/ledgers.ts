// Reads ledgers, pending UIDs and fingerprints. Writing is the commit script's alone (adapters/queue/commit.ts).
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
import { emptyLedger, type Ledger, type LedgerMeta, type Pending, setsFromChunks } from '../../domain/ledger.ts';
import { type AskDisk, openDisk } from './disk.ts';
import { noteDamaged, setAsideItem } from './guard.ts';
import { script } from './script.ts';
import { isPending, objectIn } from './structures.ts';

// One call for a batch: many small commands cost the client more than Redis.
const SIBLINGS = script(`
local found = {}
for i, key in ipairs(KEYS) do found[i] = redis.call('SMEMBERS', key) end
return found`);

export interface Ledgers {
  load(mailboxId: string): Promise<Ledger>;
  /** Version of the ledger; 0 = never written. */
  version(mailboxId: string): Promise<number>;
  /** Fingerprint → how often it was seen. */
  fingerprints(mailboxId: string): Promise<Map<string, number>>;
  /** Which of the fingerprints are known. */
  knownFingerprints(mailboxId: string, values: readonly string[]): Promise<boolean[]>;
  /** messageKeys seen with each of the Message-ID hashes. */
  siblings(messageIdHashes: readonly string[]): Promise<string[][]>;
  /** Notes that these are about to be parsed, and by how many processes in a row without an end, this one included. */
  parsing(mailboxId: string, begun: ReadonlyMap<number, number>): Promise<void>;
  /** UIDs of which a parsing was begun and not noted as ended, with the count noted: an earlier process may have died over one of them. */
  unfinished(mailboxId: string): Promise<Map<number, number>>;
  /** UIDs that are queued and still to be flagged or moved. */
  afterCare(mailboxId: string): Promise<number[]>;
  afterCareDone(mailboxId: string, uids: readonly number[]): Promise<void>;
  /** True when everything written so far survives a crash of Redis: WAITAOF from 7.2, else twice the fsync interval of everysec. */
  durable(): Promise<boolean>;
  mailboxIds(): Promise<string[]>;
  /** Every email flow that a message was ever put into, as the ledgers remember them. */
  emailFlows(): Promise<string[]>;
  /** State as the watcher last wrote it. */
  readState(mailboxId: string): Promise<Record<string, string>>;
  writeState(mailboxId: string, state: Record<string, string | number>): Promise<void>;
}

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

  /** A note that cannot be read is set aside: its UID has no outcome then, and is fetched again. */
  async function pendingIn(id: string, notes: Record<string, string>): Promise<Map<number, Pending>> {
    const found = new Map<number, Pending>();
    for (const [uid, text] of Object.entries(notes)) {
      if (/^\d+$/.test(uid) && isPending(text)) found.set(Number(uid), JSON.parse(text) as Pending);
      else await setAsideItem(redis, ledgerPendingKey(redis, id), uid, 'is no note of a pending UID');
    }
    return found;
  }

  /** UIDs in a structure beside the ledger; what is none is set aside. */
  async function uidsOnly<T>(key: string, items: Iterable<[item: string, value: T]>, fits: (value: T) => boolean) {
    const found: [uid: number, value: T][] = [];
    for (const [item, value] of items) {
      if (/^\d{1,10}$/.test(item) && fits(value)) found.push([Number(item), value]);
      else await setAsideItem(redis, key, item, 'is no UID, or has no readable value');
    }
    return found;
  }

  return {
    async load(id) {
      const [meta, uids, pending] = await Promise.all([
        redis.hgetall(ledgerKey(redis, id)),
        redis.hgetall(ledgerUidsKey(redis, id)),
        redis.hgetall(ledgerPendingKey(redis, id)),
      ]);
      // Nothing at all is a folder that was never watched; a part of a ledger is one that must not begin again from nothing.
      if (Object.keys(meta).length + Object.keys(uids).length === 0) return emptyLedger();
      const ledger = emptyLedger();
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
      ledger.pending = await pendingIn(id, pending);
      return ledger;
    },
    async version(id) {
      const version = Number((await redis.hget(ledgerKey(redis, id), 'version')) ?? 0);
      if (!Number.isSafeInteger(version)) throw await damaged(ledgerKey(redis, id), new RangeError('the version is no number'));
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
    async knownFingerprints(id, values) {
      if (values.length === 0) return [];
      const scores = await redis.zmscore(fingerprintsKey(redis, id), ...values);
      return scores.map((score) => score !== null);
    },
    async siblings(hashes) {
      return hashes.length === 0
        ? []
        : ((await SIBLINGS(
            redis,
            hashes.map((hash) => siblingsKey(redis, hash)),
            [],
          )) as string[][]);
    },
    async parsing(id, begun) {
      await redis.hset(parsingKey(redis, id), begun);
    },
    async unfinished(id) {
      const notes = await redis.hgetall(parsingKey(redis, id));
      const found = await uidsOnly(parsingKey(redis, id), Object.entries(notes), (count) => /^\d{1,9}$/.test(count));
      return new Map(found.map(([uid, count]) => [uid, Number(count)]));
    },
    async afterCare(id) {
      const members = (await redis.smembers(afterCareKey(redis, id))).map((uid): [string, boolean] => [uid, true]);
      const found = await uidsOnly(afterCareKey(redis, id), members, () => true);
      return found.map(([uid]) => uid).sort((a, b) => a - b);
    },
    async afterCareDone(id, uids) {
      if (uids.length > 0) await redis.srem(afterCareKey(redis, id), ...uids.map(String));
    },
    async durable() {
      const answer = await disk();
      // Everysec syncs each second, and two of them is the longest that Redis itself tolerates.
      if (answer === 'unknowable') await new Promise((resolve) => setTimeout(resolve, 2_000));
      return answer !== 'not-yet';
    },
    mailboxIds: () => redis.smembers(mailboxesKey(redis)),
    async emailFlows() {
      const pipeline = redis.pipeline();
      for (const id of await redis.smembers(mailboxesKey(redis))) pipeline.hget(ledgerKey(redis, id), 'meta');
      const metas = ((await pipeline.exec()) ?? []).map(([, text]) => objectIn(String(text ?? ''))?.emailFlows);
      const names = metas.flat().filter((name) => typeof name === 'string');
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
