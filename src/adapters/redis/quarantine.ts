// The notes on quarantined messages, as the commit script writes them beside the ledger: read here, and removed when a person has dealt with one.
// The ledger keeps the UID as quarantined: that is its final outcome.
import type { Redis } from 'ioredis';
import { mailboxOfMessageKey } from '../../contract/names.ts';
import { quarantineKey } from '../../domain/keys.ts';
import { soundFields } from './guard.ts';

export interface QuarantineNote {
  messageKey: string;
  mailboxId: string;
  uid: number;
  /** parser-failed, parse-timeout, parse-memory, parser-crashed, no-data, replacement-text … */
  reason: string;
  /** ISO 8601. */
  at: string;
}

export type Quarantine = ReturnType<typeof createQuarantine>;

export function createQuarantine(redis: Redis) {
  async function list(mailboxId: string): Promise<QuarantineNote[]> {
    const key = quarantineKey(redis, mailboxId);
    const notes = await soundFields(redis, key, await redis.hgetall(key));
    return notes.map(([uid, text]) => ({ ...(JSON.parse(text) as QuarantineNote), mailboxId, uid: Number(uid) }));
  }
  return {
    list,
    async read(messageKey: string): Promise<QuarantineNote | undefined> {
      const mailboxId = mailboxOfMessageKey(messageKey);
      const notes = mailboxId === undefined ? [] : await list(mailboxId);
      return notes.find((note) => note.messageKey === messageKey);
    },
    /** False when somebody else was faster. */
    remove: async ({ mailboxId, uid }: QuarantineNote): Promise<boolean> =>
      (await redis.hdel(quarantineKey(redis, mailboxId), String(uid))) === 1,
  };
}
