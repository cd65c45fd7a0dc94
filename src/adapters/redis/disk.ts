// Waits for Redis' disk, on a connection of its own, because WAITAOF blocks the later commands of its connection, with appendfsync everysec for up to a
// second. WAITAOF waits for the writes of its own connection, so a write precedes it. The append-only file keeps the order: once that write is on disk,
// so is every write that Redis had answered before.
import type { Redis } from 'ioredis';
import { diskKey } from '../../domain/keys.ts';
import { siblingOf } from './client.ts';

/** `unknowable`: Redis before 7.2, or without an append-only file. `not-yet`: the disk is slow, or the connection broke. */
type DiskAnswer = 'written' | 'not-yet' | 'unknowable';

/** Resolves with the state of everything that Redis had answered before the call. */
export type AskDisk = () => Promise<DiskAnswer>;

/** Opens its connection with the first call; it is closed with the given one. Calls during a wait share the next wait. */
export function openDisk(redis: Redis, timeoutMs = 5_000): AskDisk {
  let connection: Redis | undefined;
  let unknowable = false;
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<DiskAnswer> | undefined;

  // The next primary may have WAITAOF or an append-only file.
  redis.on('close', () => {
    unknowable = false;
  });

  async function ask(): Promise<DiskAnswer> {
    next = undefined;
    if (unknowable) return 'unknowable';
    connection ??= siblingOf(redis);
    try {
      // A pipeline: ioredis never repeats its second command alone on another connection, where it would have nothing to wait for.
      const answers = await connection
        .pipeline()
        .set(diskKey(connection), '1', 'PX', 60_000)
        .call('WAITAOF', '1', '0', String(timeoutMs))
        .exec();
      for (const [error] of answers ?? []) if (error !== null) throw error;
      const onDisk = answers?.[1]?.[1] as [local: number, replicas: number] | undefined;
      return onDisk !== undefined && onDisk[0] >= 1 ? 'written' : 'not-yet';
    } catch (error) {
      // "unknown command" (before 7.2) or "WAITAOF cannot be used when … appendonly" is a settled fact; anything else is not.
      unknowable = /unknown command|appendonly/i.test(error instanceof Error ? error.message : '');
      if (unknowable) {
        connection.disconnect();
        connection = undefined;
      }
      return unknowable ? 'unknowable' : 'not-yet';
    }
  }

  return () => {
    next ??= last.then(ask);
    last = next;
    return next;
  };
}
