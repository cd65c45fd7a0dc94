// The notes on quarantined messages, as the commit script writes them beside the ledger: read here, and taken away when a person has dealt
// with one. The ledger itself keeps the UID as quarantined: that is its outcome for good.
import type { Redis } from 'ioredis';
import { mailboxOfMessageKey } from '../../contract/names.ts';
import { quarantineKey } from '../../domain/keys.ts';
import { setAsideItem } from './guard.ts';
import { isQuarantineNote } from './structures.ts';

export interface QuarantineNote {
  messageKey: string;
  mailboxId: string;
  uid: number;
  /** parser-failed, parse-timeout, parse-memory, parser-crashed, no-data, replacement-text … */
  reason: string;
  /** ISO 8601. */
  at: string;
}

export interface Quarantine {
  list(mailboxId: string): Promise<QuarantineNote[]>;
  read(messageKey: string): Promise<QuarantineNote | undefined>;
  /** False when somebody else was faster. */
  remove(note: QuarantineNote): Promise<boolean>;
}

export function createQuarantine(redis: Redis): Quarantine {
  async function list(mailboxId: string): Promise<QuarantineNote[]> {
    const notes: QuarantineNote[] = [];
    for (const [uid, text] of Object.entries(await redis.hgetall(quarantineKey(redis, mailboxId)))) {
      if (/^\d+$/.test(uid) && isQuarantineNote(text))
        notes.push({ ...(JSON.parse(text) as QuarantineNote), mailboxId, uid: Number(uid) });
      else await setAsideItem(redis, quarantineKey(redis, mailboxId), uid, 'is no note of a quarantined message');
    }
    return notes;
  }
  return {
    list,
    async read(messageKey) {
      const mailboxId = mailboxOfMessageKey(messageKey);
      const notes = mailboxId === undefined ? [] : await list(mailboxId);
      return notes.find((note) => note.messageKey === messageKey);
    },
    remove: async ({ mailboxId, uid }) => (await redis.hdel(quarantineKey(redis, mailboxId), String(uid))) === 1,
  };
}
