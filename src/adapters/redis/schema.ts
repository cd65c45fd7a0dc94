// The version of what an installation keeps in Redis. A process compares it with its own before it touches anything else; older data are migrated
// once, by one process while the others wait.
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { MailroomError } from '../../domain/errors.ts';
import { schemaKey, schemaLockKey } from '../../domain/keys.ts';
import { every } from '../../lib/every.ts';
import type { Emit } from '../../telemetry/events.ts';
import { EXTEND_IF_MINE, script } from './script.ts';

export interface Migration {
  /** Version of the data when it is done. */
  to: number;
  /**
   * The lowest version that a process must know to work with the data from then on. Lower than `to`: replicas of the version before may run beside
   * the new ones, and an upgrade can be undone. Never raise it in the release that stops writing the old way: first read both, a release later write.
   */
  readers: number;
  /** May be interrupted, and is then run again from its beginning. */
  run(redis: Redis): Promise<void>;
}

/** What this version writes. Version 1: all that was written before the version was recorded. */
export const SCHEMA_VERSION = 1;
const MIGRATIONS: readonly Migration[] = [];

interface SchemaSettings {
  emit: Emit;
  /** A process that serves: it migrates, and records the version. A command that only reads does not. */
  migrates: boolean;
  migrations?: readonly Migration[];
  /** Milliseconds that a migration may be silent before another process takes it over. */
  lockMs?: number;
}

/** Records the version if the lock is still ours, and releases it. KEYS: schema, lock. ARGV: owner, version, readers. */
const RECORD = script(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'readers', ARGV[3])
redis.call('DEL', KEYS[2])
return 1`);

/**
 * Brings the data to the version of this process, or refuses them.
 * @throws MailroomError REDIS_SCHEMA_TOO_NEW: written by a newer Mailroom, in a way that this one does not know; nothing was written
 */
export async function openSchema(
  redis: Redis,
  { emit, migrates, migrations = MIGRATIONS, lockMs = 30_000 }: SchemaSettings,
): Promise<void> {
  const own = migrations.at(-1)?.to ?? SCHEMA_VERSION;
  const [key, lock, mine] = [schemaKey(redis), schemaLockKey(redis), randomUUID()];
  for (;;) {
    const stored = await redis.hgetall(key);
    const [version, readers] = [Number(stored.version ?? 1), Number(stored.readers ?? 1)];
    if (readers > own) {
      throw new MailroomError('REDIS_SCHEMA_TOO_NEW', {
        message: `The data in Redis have version ${version} and need a Mailroom that knows version ${readers}; this one knows ${own}. Nothing was written`,
        field: 'redis.prefix',
      });
    }
    if (!migrates || (version >= own && stored.version !== undefined)) return;
    if ((await redis.set(lock, mine, 'PX', lockMs, 'NX')) === null) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      continue;
    }
    const endExtending = every(lockMs / 3, () => EXTEND_IF_MINE(redis, [lock], [mine, lockMs]));
    try {
      const started = performance.now();
      const due = migrations.filter(({ to }) => to > version);
      for (const { run } of due) await run(redis);
      const needed = Math.max(readers, ...due.map((one) => one.readers));
      const recorded = await RECORD(redis, [key, lock], [mine, Math.max(own, version), needed]);
      // Another process took over meanwhile, and does the same.
      if (recorded !== 1) continue;
      if (due.length > 0)
        emit('RedisSchemaMigrated', {
          durationMs: Math.round(performance.now() - started),
          detail: { from: version, to: own },
        });
      return;
    } finally {
      void endExtending();
    }
  }
}
