// How this Redis keeps what it is given: version, eviction, append-only file. Looked at before anything begins (check.ts), and again with each
// connection and every few seconds: a failover promotes a node with settings of its own, and settings change while a server runs.
import type { Redis } from 'ioredis';
import { MailroomError } from '../../domain/errors.ts';
import type { Emit } from '../../telemetry/events.ts';
import { lastingState } from '../../telemetry/lasting-state.ts';

export interface Fitness {
  /** Why it may throw jobs away or lacks what we need; undefined: it does not. */
  unfit: MailroomError | undefined;
  /** What a crash of it may cost, and why; undefined: at most what is not on disk yet, and we know when it is. */
  limited: 'appendonly is no' | 'no WAITAOF before Redis 7.2' | undefined;
}

/** @param info of INFO @param embedded the demo's Redis, which keeps nothing, is good enough */
export function fitnessIn(info: string, embedded: boolean): Fitness {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = field('redis_version') ?? '0';
  const limited =
    field('aof_enabled') !== '1'
      ? 'appendonly is no'
      : Number.parseFloat(version) < 7.2
        ? 'no WAITAOF before Redis 7.2'
        : undefined;
  return { unfit: unfitFor(field, version, embedded), limited };
}

function unfitFor(
  field: (name: string) => string | undefined,
  version: string,
  embedded: boolean,
): MailroomError | undefined {
  const unfit = (message: string) => new MailroomError('REDIS_UNFIT', { message, field: 'redis.url' });
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) return unfit(`Redis ${version} is too old; 6.2 or newer is needed`);
  if (embedded) return undefined;
  if (field('os') === 'mocked redis')
    return unfit('this is the embedded Redis of the demo; it keeps nothing over a restart, and mode is production');
  const policy = field('maxmemory_policy');
  return policy === undefined || policy === 'noeviction'
    ? undefined
    : unfit(`Redis has maxmemory-policy ${policy}; under memory pressure it would throw jobs away`);
}

/** The higher, the more a crash may cost. */
const rank = (limited: Fitness['limited']): number =>
  [undefined, 'no WAITAOF before Redis 7.2', 'appendonly is no'].indexOf(limited);

export interface FitnessWatch {
  /** What became worse than it was at the start. */
  current(): { unfit: boolean; durabilityLost: boolean };
  stop(): void;
}

/** Milliseconds between looks at a connection that lasts. */
const LOOK_MS = 15_000;

/**
 * Nothing is stopped by what it finds: mail that is fetched already has to get on, and eviction begins only where maxmemory is reached, before which
 * fetching pauses (pressure.ts).
 * @param first the state found at startup, which has been reported
 */
export function watchFitness(
  redis: Redis,
  first: Fitness,
  { embedded, emit, lookMs = LOOK_MS }: { embedded: boolean; emit: Emit; lookMs?: number },
): FitnessWatch {
  const unfit = lastingState<MailroomError>(
    (err) => emit('RedisFoundUnfit', { err }),
    (lasted) => emit('RedisFoundFit', lasted),
  );
  let limited: Fitness['limited'];
  const note = (found: Fitness) => {
    if (found.unfit === undefined) unfit.over();
    else unfit.seen(found.unfit);
    // Neither stops anything: message jobs and ledger rewind together, and that DATA began is marked in the blob store as well. What Redis
    // forgets of replies taken a moment ago is gone, though: their backend has to ask and add them again.
    const reason = found.limited === undefined ? {} : { reason: found.limited };
    if (rank(found.limited) > rank(limited)) emit('RedisDurabilityLimited', reason);
    if (rank(found.limited) < rank(limited)) emit('RedisDurabilityRestored', reason);
    limited = found.limited;
  };
  note(first);

  // Redis is away, or refuses INFO: their own events say that.
  const look = () =>
    void redis.info().then(
      (info) => note(fitnessIn(info, embedded)),
      () => {},
    );
  redis.on('ready', look);
  const timer = setInterval(() => redis.status === 'ready' && look(), lookMs);
  return {
    current: () => ({ unfit: unfit.lasts, durabilityLost: rank(limited) > rank(first.limited) }),
    stop() {
      clearInterval(timer);
      redis.off('ready', look);
    },
  };
}
