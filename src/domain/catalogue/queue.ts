// Error catalogue, section queue: Redis, BullMQ and the ledger commit.
import { entry, section } from './entry.ts';

const freeMemory = [
  'Let the backend consume the backlog, or raise maxmemory. Mail is safe in the mailbox meanwhile.',
  'Lassen Sie das Backend den Rückstand abarbeiten, oder erhöhen Sie maxmemory. Die E-Mails liegen solange sicher im Postfach.',
] as const;

export const queueErrors = section({
  REDIS_UNREACHABLE: entry('transient', 'retry')(
    'Redis does not answer; fetching and sending wait for it',
    'Check that Redis runs and that redis.url, redis.sentinels or redis.cluster is right: rediss:// (or redis.tls.enabled) for a port with TLS, and only for that; a private CA belongs into redis.tls.ca. Mail is safe in the mailbox meanwhile.',
    'Prüfen Sie, ob Redis läuft und redis.url, redis.sentinels oder redis.cluster stimmt: rediss:// (oder redis.tls.enabled) für einen Port mit TLS, und nur dafür; eine eigene CA gehört in redis.tls.ca. Die E-Mails liegen solange sicher im Postfach.',
  ),
  REDIS_PASSWORD_WRONG: entry('auth', 'stop')(
    'Redis refuses the user name or password',
    'Correct user and password in redis.url: redis://user:password@host:port, with special characters percent-encoded, or redis.user and redis.password, or those of redis.sentinel. A running gateway keeps trying.',
    'Korrigieren Sie Benutzer und Kennwort in redis.url (redis://benutzer:kennwort@host:port, Sonderzeichen prozentkodiert) oder in redis.user und redis.password oder die von redis.sentinel. Ein laufendes Gateway versucht es weiter.',
  ),
  REDIS_PASSWORD_MISSING: entry('auth', 'stop')(
    'Redis requires a password and redis.url has none',
    'Put the password into redis.url: redis://:password@host:port, or redis://user:password@host:port for an ACL user. With redis.sentinels or redis.cluster, set redis.password (or redis.sentinel.password).',
    'Tragen Sie das Kennwort in redis.url ein: redis://:kennwort@host:port, bei einem ACL-Benutzer redis://benutzer:kennwort@host:port. Mit redis.sentinels oder redis.cluster dient redis.password (oder redis.sentinel.password).',
  ),
  REDIS_PERMISSION_MISSING: entry('permission', 'stop')(
    'The Redis user lacks a permission that Mailroom needs',
    'Give the ACL user the permissions in docs/operator.md (Redis, ACL user). The error text from Redis names the command, key or channel.',
    'Geben Sie dem ACL-Benutzer die Rechte aus docs/operator.md (Redis, ACL user). Redis nennt den Befehl, Schlüssel oder Kanal.',
  ),
  REDIS_CLUSTER_REFUSED: entry('permanent', 'stop')(
    'The settings and this Redis do not agree on whether it is a Redis Cluster',
    'Name the nodes of a Redis Cluster in redis.cluster instead of redis.url. For a Redis without cluster mode, use redis.url or redis.sentinels.',
    'Tragen Sie die Knoten eines Redis-Clusters in redis.cluster statt redis.url ein. Für ein Redis ohne Cluster-Modus dient redis.url oder redis.sentinels.',
  ),
  REDIS_SLOT_MOVED: entry('transient', 'retry')(
    'The hash slot of Mailroom is being moved within the Redis Cluster, or has no primary; Mailroom follows it',
    'This is normal for some seconds during a resharding or a failover. If it lasts, look at redis-cli cluster info, and finish or undo the move of the slot (redis-cli --cluster fix). Mail is safe in the mailbox meanwhile.',
    'Während einer Umverteilung oder eines Failovers sekundenlang normal. Hält es an, prüfen Sie redis-cli cluster info, und beenden oder widerrufen Sie den Umzug des Slots (redis-cli --cluster fix). Die E-Mails liegen solange sicher im Postfach.',
  ),
  REDIS_READ_ONLY: entry('transient', 'retry')(
    'This Redis is a replica and refuses writes; Mailroom reconnects until it reaches the primary',
    'This is normal for some seconds during a failover. If it lasts, redis.url names a replica, or the failover did not finish. Mail is safe in the mailbox meanwhile.',
    'Während eines Failovers sekundenlang normal. Hält es an, nennt redis.url ein Replikat, oder der Failover wurde nicht beendet. Die E-Mails liegen solange sicher im Postfach.',
  ),
  REDIS_OUT_OF_MEMORY: entry('throttle', 'back-off')('Redis has reached maxmemory and refuses writes', ...freeMemory),
  REDIS_DISK_FAILED: entry('transient', 'back-off')(
    'Redis cannot write to its disk and refuses writes',
    'Look at the log and the disk of Redis: the disk may be full, read-only or without write permission. Mailroom resumes automatically.',
    'Prüfen Sie Log und Festplatte von Redis: voll, schreibgeschützt oder ohne Berechtigung. Mailroom fährt automatisch fort.',
  ),
  REDIS_REPLICAS_MISSING: entry('transient', 'back-off')(
    'Redis has too few replicas (min-replicas-to-write) and refuses writes',
    'Bring the replicas of Redis back, or lower min-replicas-to-write.',
    'Bringen Sie die Replikate von Redis zurück, oder senken Sie min-replicas-to-write.',
  ),
  REDIS_LOADING: entry('transient', 'retry')(
    'Redis is still loading its data, or is busy with a script',
    'Wait until Redis has loaded its data; Mailroom retries.',
    'Warten Sie, bis Redis seine Daten geladen hat; Mailroom versucht es erneut.',
  ),
  REDIS_DATABASE_UNKNOWN: entry('permanent', 'stop')(
    'Redis does not have the database that redis.url names',
    'Correct the number at the end of redis.url (redis://host:port/0), or raise `databases` in redis.conf. A Redis Cluster has database 0 only.',
    'Korrigieren Sie die Nummer am Ende von redis.url (redis://host:port/0), oder erhöhen Sie `databases` in redis.conf. Ein Redis Cluster hat nur Datenbank 0.',
  ),
  REDIS_SCHEMA_TOO_NEW: entry('permanent', 'stop')(
    'The data in Redis were written by a newer Mailroom, in a way that this one does not know',
    'Start the newer version again (`mailroom version --json` shows what a version knows), or restore the Redis backup from before the upgrade as docs/operator.md describes. This process has written nothing.',
    'Starten Sie wieder die neuere Version (`mailroom version --json` zeigt, was eine Version kennt), oder stellen Sie die Redis-Sicherung von vor dem Update wieder her, wie es docs/operator.md beschreibt. Dieser Prozess hat nichts geschrieben.',
  ),
  REDIS_UNFIT: entry('permanent', 'stop')(
    'This Redis is not set up to keep jobs safely',
    'Set maxmemory-policy noeviction and appendonly yes, and use Redis 6.2 or newer.',
    'Setzen Sie maxmemory-policy noeviction und appendonly yes, und verwenden Sie Redis 6.2 oder neuer.',
  ),
  BULLMQ_SCRIPTS_CHANGED: entry('permanent', 'stop')(
    'The scripts of the installed BullMQ differ from those that the commit script was written for',
    'Run the released image; do not change the bullmq version without running the contract test.',
    'Verwenden Sie das veröffentlichte Image; ändern Sie die BullMQ-Version nicht ohne den Vertragstest.',
  ),
  REDIS_KEY_DAMAGED: entry('permanent', 'back-off')(
    'A key in Redis holds an unexpected value',
    'Look at the named key (`mailroom audit` lists all of them), and find out what else writes to this Redis.',
    'Sehen Sie sich den genannten Schlüssel an (`mailroom audit` zeigt alle), und wer sonst noch in dieses Redis schreibt.',
  ),
  LEASE_LOST: entry('transient', 'retry')(
    'This replica no longer holds the lease of this mailbox; nothing was written',
    'This is normal when replicas start and stop. If it repeats, look for a process that was paused for a long time, or a Redis that loses data.',
    'Normal, wenn Instanzen kommen und gehen. Wiederholt es sich, suchen Sie einen lange angehaltenen Prozess oder ein Redis, das Daten verliert.',
  ),
  LEDGER_SET_BACK: entry('transient', 'retry')(
    'Redis lost commits that it had confirmed; the ledger is reloaded',
    'Redis crashed before the last writes reached the disk, or a lagging replica became primary. Jobs and ledger were rolled back together, so Mailroom fetches the messages again. Check appendfsync and the failover.',
    'Redis ist abgestürzt, bevor seine Platte die letzten Schreibvorgänge hatte, oder ein zurückliegendes Replikat wurde Primärserver. Nachrichten und Ledger sind gemeinsam zurückgegangen, die Nachrichten werden also erneut geholt; prüfen Sie appendfsync und die Umschaltung.',
  ),
  LEDGER_STALE: entry('transient', 'retry')(
    'The ledger changed unexpectedly (Redis lost its last writes or was restored); Mailroom reloads it and fetches the mail again',
    'Nothing to do if it happens once. If it repeats, check the persistence of Redis (AOF).',
    'Einmalig ist nichts zu tun. Wiederholt es sich, prüfen Sie die Persistenz von Redis (AOF).',
  ),
  LEDGER_DAMAGED: entry('permanent', 'back-off')(
    'The ledger of this mailbox in Redis cannot be read; Mailroom leaves the mailbox alone',
    'Look at the named key. Restore Redis from its backup, or delete the ledger and set startFrom to a date.',
    'Sehen Sie sich den genannten Schlüssel an. Stellen Sie Redis wieder her, oder löschen Sie das Verzeichnis der Nachrichten und beginnen Sie ab einem Datum.',
  ),
  REDIS_MEMORY_LOW: entry('throttle', 'back-off')(
    'Redis is near its memory limit; fetching is paused until memory is free',
    ...freeMemory,
  ),
  EMAIL_FLOW_BACKLOG: entry('throttle', 'back-off')(
    'The backlog of this email flow exceeds its limit; fetching for it is paused',
    'Look at the backend that consumes this queue. Fetching resumes automatically.',
    'Prüfen Sie das Backend, das diese Warteschlange liest. Der Abruf wird automatisch fortgesetzt.',
  ),
});
