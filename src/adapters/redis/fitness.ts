// Whether this Redis keeps its data: version, eviction, append-only file. Checked before anything begins (check.ts), and again with each connection and
// every few seconds: a failover promotes a node with its own settings, and settings change while a server runs.
import type { Redis } from 'ioredis';
import { MailroomError } from '../../domain/errors.ts';
import type { Emit } from '../../telemetry/events.ts';
import { lastingState } from '../../telemetry/lasting-state.ts';

export interface Fitness {
  /** Why it may throw jobs away, or what it lacks; undefined: it is fit. */
  unfit: MailroomError | undefined;
  /** Why a crash may lose more than what is known not to be on disk yet. */
  limited: 'appendonly is no' | 'no WAITAOF before Redis 7.2' | undefined;
}

/** @param info answer of INFO @param embedded the demo's Redis, which keeps nothing, is good enough */
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

/** The higher, the more a crash may lose. */
const rank = (limited: Fitness['limited']): number =>
  [undefined, 'no WAITAOF before Redis 7.2', 'appendonly is no'].indexOf(limited);

/** Pause between two checks, ms. */
const CHECK_MS = 15_000;

/**
 * A finding stops nothing: mail that was already fetched must proceed, and eviction begins only when maxmemory is reached, before which fetching
 * pauses (pressure.ts).
 * @param first the state found at startup, which has been reported
 */
export function watchFitness(
  redis: Redis,
  first: Fitness,
  { embedded, emit, lookMs = CHECK_MS }: { embedded: boolean; emit: Emit; lookMs?: number },
) {
  const unfit = lastingState<MailroomError>(
    (err) => emit('RedisFoundUnfit', { err }),
    (lasted) => emit('RedisFoundFit', lasted),
  );
  let limited: Fitness['limited'];
  const note = (found: Fitness) => {
    if (found.unfit === undefined) unfit.over();
    else unfit.seen(found.unfit);
    // Limited durability stops nothing either: message jobs and ledger are lost together, and the blob store has the markers of DATA. Replies that were
    // accepted a moment before a crash may be lost; their backend has to ask for them and add them again.
    const reason = found.limited === undefined ? {} : { reason: found.limited };
    if (rank(found.limited) > rank(limited)) emit('RedisDurabilityLimited', reason);
    if (rank(found.limited) < rank(limited)) emit('RedisDurabilityRestored', reason);
    limited = found.limited;
  };
  note(first);

  // When Redis is away or refuses INFO, other events report it.
  const check = () =>
    void redis.info().then(
      (info) => note(fitnessIn(info, embedded)),
      () => {},
    );
  redis.on('ready', check);
  const timer = setInterval(() => redis.status === 'ready' && check(), lookMs);
  return {
    /** What got worse since the start. */
    current: () => ({ unfit: unfit.lasts, durabilityLost: rank(limited) > rank(first.limited) }),
    stop(): void {
      clearInterval(timer);
      redis.off('ready', check);
    },
  };
}
