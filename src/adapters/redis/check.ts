// Whether this Redis is fit for Mailroom. At the start: its settings (fitness.ts), the sign-in, the database; later: whether it takes a write now.
import type { Redis } from 'ioredis';
import { catalogue } from '../../domain/catalogue/index.ts';
import { type ErrorCode, MailroomError } from '../../domain/errors.ts';
import { redisError } from '../../domain/redis-errors.ts';
import { within } from '../../lib/within.ts';
import { addressOf, probeWrite } from './client.ts';
import { type Fitness, fitnessIn } from './fitness.ts';
import { isClusterClient } from './place.ts';

export interface RedisCheck {
  /** The demo's Redis, which keeps nothing, is good enough. */
  embedded?: boolean;
  /** How long to wait for a Redis that cannot be reached or is loading, ms; default for ever. */
  waitMs?: number;
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
  /** A process that serves waits until Redis takes writes; a command that only reads does not. */
  writes?: boolean;
  /** Called with the reason each time it waits. */
  onWait?: ((error: MailroomError) => void) | undefined;
}

/** Pause between two checks of a Redis that is not ready, ms. */
const RETRY_MS = 200;
/** A connected Redis that does not answer for this long counts as unreachable, ms. */
const ANSWER_MS = 4_000;

/**
 * Waits for Redis, and refuses one that would lose or evict jobs or refuses the sign-in.
 * @throws MailroomError REDIS_UNFIT (too old, maxmemory-policy other than noeviction) and the other Redis codes with action stop; when `waitMs` are over
 * or `signal` aborts, the reason of the wait, or the signal's own if it is a MailroomError
 */
export async function checkRedis(
  client: Redis,
  { embedded = false, waitMs = Number.POSITIVE_INFINITY, signal, writes = false, onWait = () => {} }: RedisCheck = {},
): Promise<Fitness> {
  const until = performance.now() + waitMs;
  let last = unavailable(client, 'REDIS_UNREACHABLE');
  let connected = 0;
  const note = (error: unknown) => {
    last = redisError(error, addressOf(client)) ?? last;
    // One node of a cluster, at the address of a single Redis: it will not follow the slot.
    if (last.code === 'REDIS_SLOT_MOVED' && !isClusterClient(client))
      last = unavailable(client, 'REDIS_CLUSTER_REFUSED');
    if (catalogue[last.code].action === 'stop') throw last;
  };
  // What prevents a connection from becoming ready is reported only by its event.
  const events: Error[] = [];
  const onError = (error: Error) => void events.push(error);
  client.on('error', onError);
  try {
    for (;;) {
      for (const error of events.splice(0)) note(error);
      if (client.status === 'ready') {
        try {
          const left = Math.max(RETRY_MS, Math.min(ANSWER_MS, until - performance.now()));
          const info = await inTime(client, client.info(), left);
          if (writes) await inTime(client, probeWrite(client), left);
          const found = fitnessIn(info, embedded);
          if (found.unfit !== undefined) throw found.unfit;
          return found;
        } catch (error) {
          if (error instanceof MailroomError && error.code === 'REDIS_UNFIT') throw error;
          note(error);
        }
      }
      // Connected, but not ready: ioredis waits until the data is loaded.
      connected = client.status === 'connect' ? connected + 1 : 0;
      if (connected > 5) last = unavailable(client, 'REDIS_LOADING');
      onWait(last);
      if (signal?.reason instanceof MailroomError) throw signal.reason;
      if (signal?.aborted || performance.now() >= until || client.status === 'end') throw last;
      await readyWithin(client, Math.min(RETRY_MS, until - performance.now()));
    }
  } finally {
    client.off('error', onError);
  }
}

/** Resolves when the client becomes ready, after this many ms at the latest. */
const readyWithin = (client: Redis, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      client.off('ready', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    client.once('ready', done);
  });

/** Why Redis takes no write now; undefined after a successful one. Waits no longer than `timeoutMs`. */
export async function writeFault(client: Redis, timeoutMs: number): Promise<MailroomError | undefined> {
  if (client.status !== 'ready') return unavailable(client, 'REDIS_UNREACHABLE');
  return inTime(client, probeWrite(client), timeoutMs).then(
    () => undefined,
    (error: unknown) => redisError(error, addressOf(client)) ?? unavailable(client, 'REDIS_UNREACHABLE'),
  );
}

/** An error for a Redis that gives none itself, with its address. */
export const unavailable = (client: Redis, code: ErrorCode): MailroomError =>
  new MailroomError(code, { message: `${catalogue[code].message} (${addressOf(client)})`, field: 'redis.url' });

/** Without a bound, commands wait for ever while Redis is away. */
const inTime = <T>(client: Redis, command: Promise<T>, ms: number): Promise<T> =>
  within(command, ms, () => {
    throw unavailable(client, 'REDIS_UNREACHABLE');
  });
