// Reads ledgers, pending UIDs and fingerprints. Writing is the commit script's alone (adapters/queue/commit.ts).
import type { Redis } from 'ioredis';
import { MailroomError } from '../../domain/errors.ts';
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
import { script } from './script.ts';

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
  /** State as the watcher last wrote it. */
  readState(mailboxId: string): Promise<Record<string, string>>;
  writeState(mailboxId: string, state: Record<string, string | number>): Promise<void>;
}

/** @throws MailroomError LEDGER_DAMAGED naming the key and field, when Redis holds something else than a ledger */
export function createLedgers(redis: Redis, disk: AskDisk = openDisk(redis)): Ledgers {
  const damaged = (key: string, cause: unknown) =>
    new MailroomError('LEDGER_DAMAGED', { message: `${key} does not hold a readable ledger`, field: key, cause });

  return {
    async load(id) {
      const [meta, uids, pending] = await Promise.all([
        redis.hgetall(ledgerKey(id)),
        redis.hgetall(ledgerUidsKey(id)),
        redis.hgetall(ledgerPendingKey(id)),
      ]);
      if (meta.version === undefined) return emptyLedger();
      const ledger = emptyLedger();
      ledger.version = Number(meta.version);
      try {
        ledger.meta = JSON.parse(meta.meta ?? 'null') as LedgerMeta;
        ledger.sets = setsFromChunks(uids);
        ledger.pending = new Map(
          Object.entries(pending).map(([uid, text]) => [Number(uid), JSON.parse(text) as Pending]),
        );
      } catch (error) {
        throw damaged(ledgerKey(id), error);
      }
      if (!Number.isSafeInteger(ledger.version) || ledger.meta === null) throw damaged(ledgerKey(id), undefined);
      return ledger;
    },
    async version(id) {
      const version = Number((await redis.hget(ledgerKey(id), 'version')) ?? 0);
      if (!Number.isSafeInteger(version)) throw damaged(ledgerKey(id), undefined);
      return version;
    },
    async fingerprints(id) {
      // Members are "<fingerprint>" for the first and "<fingerprint>.<n>" for further messages with the same one.
      const counts = new Map<string, number>();
      for (const member of await redis.zrange(fingerprintsKey(id), 0, '-1')) {
        const base = member.slice(0, 16);
        counts.set(base, (counts.get(base) ?? 0) + 1);
      }
      return counts;
    },
    async knownFingerprints(id, values) {
      if (values.length === 0) return [];
      const scores = await redis.zmscore(fingerprintsKey(id), ...values);
      return scores.map((score) => score !== null);
    },
    async siblings(hashes) {
      return hashes.length === 0 ? [] : ((await SIBLINGS(redis, hashes.map(siblingsKey), [])) as string[][]);
    },
    async parsing(id, begun) {
      await redis.hset(parsingKey(id), begun);
    },
    async unfinished(id) {
      const notes = await redis.hgetall(parsingKey(id));
      return new Map(Object.entries(notes).map(([uid, count]) => [Number(uid), Number(count)]));
    },
    async afterCare(id) {
      return (await redis.smembers(afterCareKey(id))).map(Number).sort((a, b) => a - b);
    },
    async afterCareDone(id, uids) {
      if (uids.length > 0) await redis.srem(afterCareKey(id), ...uids.map(String));
    },
    async durable() {
      const answer = await disk();
      // Everysec syncs each second, and two of them is the longest that Redis itself tolerates.
      if (answer === 'unknowable') await new Promise((resolve) => setTimeout(resolve, 2_000));
      return answer !== 'not-yet';
    },
    mailboxIds: () => redis.smembers(mailboxesKey()),
    readState: (id) => redis.hgetall(mailboxStateKey(id)),
    async writeState(id, state) {
      await redis.hset(mailboxStateKey(id), state);
    },
  };
}
