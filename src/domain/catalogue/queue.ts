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
  LEDGER_DAMAGED: {
    class: 'permanent',
    action: 'back-off',
    message: 'The ledger of this mailbox in Redis cannot be read; the mailbox is not touched',
    hint: {
      en: 'Look at the named key. Restore Redis from its backup, or delete the ledger and start the mailbox since a date.',
      de: 'Sehen Sie sich den genannten Schlüssel an. Stellen Sie Redis wieder her, oder löschen Sie das Verzeichnis und beginnen Sie ab einem Datum.',
    },
  },
  REDIS_MEMORY_LOW: {
    class: 'throttle',
    action: 'back-off',
    message: 'Redis is near its memory limit; fetching pauses until there is room',
    hint: {
      en: 'Let the backend consume the backlog, or raise maxmemory. Mail is safe in the mailbox meanwhile.',
      de: 'Lassen Sie das Backend den Rückstand abarbeiten, oder erhöhen Sie maxmemory. Die Mails liegen solange sicher im Postfach.',
    },
  },
  EMAIL_FLOW_BACKLOG: {
    class: 'throttle',
    action: 'back-off',
    message: 'The backlog of this email flow is over its bound; fetching for it pauses',
    hint: {
      en: 'Look at the backend that consumes this queue. Fetching resumes by itself.',
      de: 'Prüfen Sie das Backend, das diese Warteschlange liest. Der Abruf geht von selbst weiter.',
    },
  },
});
