// Error catalogue, section queue: Redis, BullMQ and the ledger commit.
import { section } from './entry.ts';

export const queueErrors = section({
  REDIS_UNREACHABLE: {
    class: 'transient',
    action: 'retry',
    message: 'Redis does not answer; fetching and sending wait for it',
    hint: {
      en: 'Check that Redis runs and that redis.url is right. Mail is safe in the mailbox meanwhile.',
      de: 'Prüfen Sie, ob Redis läuft und redis.url stimmt. Die Mails liegen solange sicher im Postfach.',
    },
  },
  REDIS_UNFIT: {
    class: 'permanent',
    action: 'stop',
    message: 'This Redis is not set up to keep jobs safely',
    hint: {
      en: 'Set maxmemory-policy noeviction and appendonly yes, and use Redis 6.2 or newer.',
      de: 'Setzen Sie maxmemory-policy noeviction und appendonly yes, und verwenden Sie Redis 6.2 oder neuer.',
    },
  },
  BULLMQ_SCRIPTS_CHANGED: {
    class: 'permanent',
    action: 'stop',
    message: 'The scripts of the installed BullMQ are not the ones that the one-script commit was written against',
    hint: {
      en: 'Run the released image; do not change the bullmq version without the contract test.',
      de: 'Verwenden Sie das veröffentlichte Image; ändern Sie die BullMQ-Version nicht ohne den Vertragstest.',
    },
  },
  LEASE_LOST: {
    class: 'transient',
    action: 'retry',
    message: 'Another replica holds the lease of this mailbox; nothing was written',
    hint: {
      en: 'Normal when replicas come and go. If it repeats, look for a process that was paused for long.',
      de: 'Normal, wenn Replikate kommen und gehen. Wiederholt es sich, suchen Sie einen lange angehaltenen Prozess.',
    },
  },
  LEDGER_STALE: {
    class: 'transient',
    action: 'retry',
    message:
      'The ledger changed under us (Redis lost its tail or was restored); it is read again and the mail fetched again',
    hint: {
      en: 'Nothing to do once. If it repeats, check the persistence of Redis (AOF).',
      de: 'Einmalig ist nichts zu tun. Wiederholt es sich, prüfen Sie die Persistenz von Redis (AOF).',
    },
  },
});
