// Error catalogue, section queue: Redis, BullMQ and the ledger commit.
import { section } from './entry.ts';

export const queueErrors = section({
  REDIS_UNREACHABLE: {
    class: 'transient',
    action: 'retry',
    message: 'Redis does not answer; fetching and sending wait for it',
    hint: {
      en: 'Check that Redis runs and that redis.url, redis.sentinels or redis.cluster is right. Mail is safe in the mailbox meanwhile.',
      de: 'Prüfen Sie, ob Redis läuft und redis.url, redis.sentinels oder redis.cluster stimmt. Die E-Mails liegen solange sicher im Postfach.',
    },
  },
  REDIS_PASSWORD_WRONG: {
    class: 'auth',
    action: 'stop',
    message: 'Redis refuses the user name or password',
    hint: {
      en: 'Correct user and password in redis.url: redis://user:password@host:port, with special characters percent-encoded, or redis.user and redis.password, or those of redis.sentinel. A running gateway keeps trying.',
      de: 'Korrigieren Sie Benutzer und Kennwort in redis.url (redis://benutzer:kennwort@host:port, Sonderzeichen prozentkodiert) oder in redis.user und redis.password oder die von redis.sentinel. Ein laufendes Gateway versucht es weiter.',
    },
  },
  REDIS_PASSWORD_MISSING: {
    class: 'auth',
    action: 'stop',
    message: 'Redis requires a password and redis.url has none',
    hint: {
      en: 'Put the password into redis.url: redis://:password@host:port, or redis://user:password@host:port for an ACL user. With redis.sentinels or redis.cluster, set redis.password (or redis.sentinel.password).',
      de: 'Tragen Sie das Kennwort in redis.url ein: redis://:kennwort@host:port, bei einem ACL-Benutzer redis://benutzer:kennwort@host:port. Mit redis.sentinels oder redis.cluster dient redis.password (oder redis.sentinel.password).',
    },
  },
  REDIS_PERMISSION_MISSING: {
    class: 'permission',
    action: 'stop',
    message: 'The Redis user lacks a permission that Mailroom needs',
    hint: {
      en: 'Give the ACL user the permissions in docs/operator.md (Redis, ACL user). The error text from Redis names the command, key or channel.',
      de: 'Geben Sie dem ACL-Benutzer die Rechte aus docs/operator.md (Redis, ACL user). Redis nennt den Befehl, Schlüssel oder Kanal.',
    },
  },
  REDIS_CLUSTER_REFUSED: {
    class: 'permanent',
    action: 'stop',
    message: 'The settings and this Redis do not agree on whether it is a Redis Cluster',
    hint: {
      en: 'Name the nodes of a Redis Cluster in redis.cluster instead of redis.url. For a Redis without cluster mode, use redis.url or redis.sentinels.',
      de: 'Tragen Sie die Knoten eines Redis-Clusters in redis.cluster statt redis.url ein. Für ein Redis ohne Cluster-Modus dient redis.url oder redis.sentinels.',
    },
  },
  REDIS_SLOT_MOVED: {
    class: 'transient',
    action: 'retry',
    message:
      'The hash slot of Mailroom is being moved within the Redis Cluster, or has no primary; Mailroom follows it',
    hint: {
      en: 'This is normal for some seconds during a resharding or a failover. If it lasts, look at redis-cli cluster info, and finish or undo the move of the slot (redis-cli --cluster fix). Mail is safe in the mailbox meanwhile.',
      de: 'Während einer Umverteilung oder eines Failovers sekundenlang normal. Hält es an, prüfen Sie redis-cli cluster info, und beenden oder widerrufen Sie den Umzug des Slots (redis-cli --cluster fix). Die E-Mails liegen solange sicher im Postfach.',
    },
  },
  REDIS_READ_ONLY: {
    class: 'transient',
    action: 'retry',
    message: 'This Redis is a replica and refuses writes; Mailroom reconnects until it reaches the primary',
    hint: {
      en: 'This is normal for some seconds during a failover. If it lasts, redis.url names a replica, or the failover did not finish. Mail is safe in the mailbox meanwhile.',
      de: 'Während eines Failovers sekundenlang normal. Hält es an, nennt redis.url ein Replikat, oder der Failover wurde nicht beendet. Die E-Mails liegen solange sicher im Postfach.',
    },
  },
  REDIS_OUT_OF_MEMORY: {
    class: 'throttle',
    action: 'back-off',
    message: 'Redis has reached maxmemory and refuses writes',
    hint: {
      en: 'Let the backend consume the backlog, or raise maxmemory. Mail is safe in the mailbox meanwhile.',
      de: 'Lassen Sie das Backend den Rückstand abarbeiten, oder erhöhen Sie maxmemory. Die E-Mails liegen solange sicher im Postfach.',
    },
  },
  REDIS_DISK_FAILED: {
    class: 'transient',
    action: 'back-off',
    message: 'Redis cannot write to its disk and refuses writes',
    hint: {
      en: 'Look at the log and the disk of Redis: the disk may be full, read-only or without write permission. Mailroom resumes automatically.',
      de: 'Prüfen Sie Log und Festplatte von Redis: voll, schreibgeschützt oder ohne Berechtigung. Mailroom fährt automatisch fort.',
    },
  },
  REDIS_REPLICAS_MISSING: {
    class: 'transient',
    action: 'back-off',
    message: 'Redis has too few replicas (min-replicas-to-write) and refuses writes',
    hint: {
      en: 'Bring the replicas of Redis back, or lower min-replicas-to-write.',
      de: 'Bringen Sie die Replikate von Redis zurück, oder senken Sie min-replicas-to-write.',
    },
  },
  REDIS_LOADING: {
    class: 'transient',
    action: 'retry',
    message: 'Redis is still loading its data, or is busy with a script',
    hint: {
      en: 'Wait until Redis has loaded its data; Mailroom retries.',
      de: 'Warten Sie, bis Redis seine Daten geladen hat; Mailroom versucht es erneut.',
    },
  },
  REDIS_DATABASE_UNKNOWN: {
    class: 'permanent',
    action: 'stop',
    message: 'Redis does not have the database that redis.url names',
    hint: {
      en: 'Correct the number at the end of redis.url (redis://host:port/0), or raise `databases` in redis.conf. A Redis Cluster has database 0 only.',
      de: 'Korrigieren Sie die Nummer am Ende von redis.url (redis://host:port/0), oder erhöhen Sie `databases` in redis.conf. Ein Redis Cluster hat nur Datenbank 0.',
    },
  },
  REDIS_SCHEMA_TOO_NEW: {
    class: 'permanent',
    action: 'stop',
    message: 'The data in Redis were written by a newer Mailroom, in a way that this one does not know',
    hint: {
      en: 'Start the newer version again (`mailroom version --json` shows what a version knows), or restore the Redis backup from before the upgrade as docs/operator.md describes. This process has written nothing.',
      de: 'Starten Sie wieder die neuere Version (`mailroom version --json` zeigt, was eine Version kennt), oder stellen Sie die Redis-Sicherung von vor dem Update wieder her, wie es docs/operator.md beschreibt. Dieser Prozess hat nichts geschrieben.',
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
    message: 'The scripts of the installed BullMQ differ from those that the commit script was written for',
    hint: {
      en: 'Run the released image; do not change the bullmq version without running the contract test.',
      de: 'Verwenden Sie das veröffentlichte Image; ändern Sie die BullMQ-Version nicht ohne den Vertragstest.',
    },
  },
  REDIS_KEY_DAMAGED: {
    class: 'permanent',
    action: 'back-off',
    message: 'A key in Redis holds an unexpected value',
    hint: {
      en: 'Look at the named key (`mailroom audit` lists all of them), and find out what else writes to this Redis.',
      de: 'Sehen Sie sich den genannten Schlüssel an (`mailroom audit` zeigt alle), und wer sonst noch in dieses Redis schreibt.',
    },
  },
  LEASE_LOST: {
    class: 'transient',
    action: 'retry',
    message: 'This replica no longer holds the lease of this mailbox; nothing was written',
    hint: {
      en: 'This is normal when replicas start and stop. If it repeats, look for a process that was paused for a long time, or a Redis that loses data.',
      de: 'Normal, wenn Instanzen kommen und gehen. Wiederholt es sich, suchen Sie einen lange angehaltenen Prozess oder ein Redis, das Daten verliert.',
    },
  },
  LEDGER_SET_BACK: {
    class: 'transient',
    action: 'retry',
    message: 'Redis lost commits that it had confirmed; the ledger is reloaded',
    hint: {
      en: 'Redis crashed before the last writes reached the disk, or a lagging replica became primary. Jobs and ledger were rolled back together, so Mailroom fetches the messages again. Check appendfsync and the failover.',
      de: 'Redis ist abgestürzt, bevor seine Platte die letzten Schreibvorgänge hatte, oder ein zurückliegendes Replikat wurde Primärserver. Nachrichten und Ledger sind gemeinsam zurückgegangen, die Nachrichten werden also erneut geholt; prüfen Sie appendfsync und die Umschaltung.',
    },
  },
  LEDGER_STALE: {
    class: 'transient',
    action: 'retry',
    message:
      'The ledger changed unexpectedly (Redis lost its last writes or was restored); Mailroom reloads it and fetches the mail again',
    hint: {
      en: 'Nothing to do if it happens once. If it repeats, check the persistence of Redis (AOF).',
      de: 'Einmalig ist nichts zu tun. Wiederholt es sich, prüfen Sie die Persistenz von Redis (AOF).',
    },
  },
  LEDGER_DAMAGED: {
    class: 'permanent',
    action: 'back-off',
    message: 'The ledger of this mailbox in Redis cannot be read; Mailroom leaves the mailbox alone',
    hint: {
      en: 'Look at the named key. Restore Redis from its backup, or delete the ledger and set startFrom to a date.',
      de: 'Sehen Sie sich den genannten Schlüssel an. Stellen Sie Redis wieder her, oder löschen Sie das Verzeichnis der Nachrichten und beginnen Sie ab einem Datum.',
    },
  },
  REDIS_MEMORY_LOW: {
    class: 'throttle',
    action: 'back-off',
    message: 'Redis is near its memory limit; fetching is paused until memory is free',
    hint: {
      en: 'Let the backend consume the backlog, or raise maxmemory. Mail is safe in the mailbox meanwhile.',
      de: 'Lassen Sie das Backend den Rückstand abarbeiten, oder erhöhen Sie maxmemory. Die E-Mails liegen solange sicher im Postfach.',
    },
  },
  EMAIL_FLOW_BACKLOG: {
    class: 'throttle',
    action: 'back-off',
    message: 'The backlog of this email flow exceeds its limit; fetching for it is paused',
    hint: {
      en: 'Look at the backend that consumes this queue. Fetching resumes automatically.',
      de: 'Prüfen Sie das Backend, das diese Warteschlange liest. Der Abruf wird automatisch fortgesetzt.',
    },
  },
});
