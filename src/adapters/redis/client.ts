// Redis connections: one for commands, others by duplicate(). One event reports when a disturbance begins, one when it ends.
import type { Socket } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import type { ErrorCode, MailroomError } from '../../domain/errors.ts';
import { writeProbeKey } from '../../domain/keys.ts';
import { classifyRedisError, redisError, refusesWrites } from '../../domain/redis-errors.ts';
import type { Emit } from '../../telemetry/events.ts';
import { lastingState } from '../../telemetry/lasting-state.ts';
import { type OwnOptions, placeOf, type RedisSettings } from './place.ts';

export type { Redis };

/** Where a client connects to. */
export function addressOf(client: Redis): string {
  const { host, port, path, place } = client.options as OwnOptions;
  return place ?? path ?? `${host ?? 'localhost'}:${port ?? 6379}`;
}

/** Pause between reconnects while this Redis takes no writes, ms: the next connection may reach another Redis, but not at once. */
const REFUSED_RETRY_MS = 500;
/** A connection on which no command is answered for this long counts as dead, ms: its host may be gone without closing it. */
const SILENCE_MS = 6_000;
/** Pause between two attempts to write while Redis refuses writes, ms. */
const WRITE_PROBE_MS = 1_000;

/**
 * A connection that reconnects for ever, with capped back-off. Commands issued while it is down wait; callers that must not wait have a time-out of
 * their own.
 *
 * A failover may demote a primary in place: its connections stay, and everything but reads is answered with READONLY (blocked commands with UNBLOCKED).
 * Such an answer on this connection, or on any made from it by duplicate(), reconnects: the name of a managed Redis leads to the new primary.
 */
export function connectRedis(settings: RedisSettings, emit: Emit, options: RedisOptions = {}): Redis {
  const refused = lastingState<{ code: ErrorCode; err: MailroomError }>(
    ({ code, err }) => {
      emit('RedisWritesRefused', { code, err });
      probeWrites(client, () => refused.over());
    },
    (lasted) => emit('RedisWritesAccepted', lasted),
  );
  const backoffMs = (attempt: number) => Math.min(2_000, 50 * 2 ** Math.min(attempt, 6));
  const { slot, options: where } = placeOf(settings);
  const all: OwnOptions = {
    ...(settings.prefix === undefined ? {} : { installationPrefix: settings.prefix }),
    socketTimeout: SILENCE_MS,
    ...where,
    maxRetriesPerRequest: null, // required by BullMQ's workers, and commands may wait: mail is safe in the mailbox
    enableReadyCheck: true,
    disconnectTimeout: 200, // ms; otherwise a lost connection delays the end of the process by two seconds
    retryStrategy: (attempt: number) =>
      Math.max(backoffMs(attempt), refused.lasts ? REFUSED_RETRY_MS : 0) * (0.5 + Math.random() / 2),
    // Called for every error answer of Redis, also on connections that were duplicated from this one.
    reconnectOnError: (error: Error) => {
      const code = classifyRedisError(error);
      if (code === undefined || !refusesWrites.has(code) || ended) return false;
      const err = redisError(error, addressOf(client));
      if (err !== undefined) refused.seen({ code, err });
      if (!isElsewhere(code, error)) return false;
      slot?.moved(error.message);
      client.emit(DEMOTED);
      return 1; // the command is rejected: nothing of it has run, and its caller decides whether to repeat it
    },
    ...options,
  };
  const every = { ...all, replyMapping: 'legacy' } as const;
  const client = settings.url === undefined ? new Redis(every) : new Redis(settings.url, every);
  let ended = false;
  const away = lastingState<{ code: string; err?: MailroomError | Error }>(
    (fields) => emit('RedisDisconnected', fields),
    (lasted) => emit('RedisConnected', lasted),
  );
  client.on('error', (error: Error & { code?: string }) => {
    const err = redisError(error, addressOf(client)) ?? error;
    away.seen({ code: err.code ?? err.name, err });
    // ioredis would use database 0 instead, which may be another program's.
    if (err.code === 'REDIS_DATABASE_UNKNOWN') client.disconnect(true);
  });
  // A connection that the other side closes normally gives no error.
  client.on('reconnecting', () => {
    if (!refused.lasts && !away.lasts) away.seen({ code: 'CLOSED' });
    client.emit(DEMOTED); // connections that only wait do not notice that the host is gone
  });
  client.on('connect', () => corkTurns((client as unknown as { stream: Socket }).stream));
  client.on('ready', () => away.over());
  client.on('end', () => {
    ended = true;
    for (const one of others) closeRedis(one);
  });
  // Also those that BullMQ makes for its blocking reads: they end with this one, and follow it to the new primary, because a subscription or a blocked
  // read may get no error itself.
  const others = new Set<Redis>();
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (override) => {
    // A blocked read or subscription may be silent for long; it is reconnected together with this one.
    const one = duplicate({ ...override, socketTimeout: undefined });
    others.add(one);
    one.once('end', () => others.delete(one));
    return one;
  };
  client.on(DEMOTED, () => {
    for (const one of others) if (one.status === 'ready') one.disconnect(true);
  });
  return client;
}

const DEMOTED = 'demoted';

/** Whether another connection would reach a Redis that takes the command. While a slot is being moved, its old node keeps it until the end. */
const isElsewhere = (code: ErrorCode, error: Error): boolean =>
  code === 'REDIS_READ_ONLY' || (code === 'REDIS_SLOT_MOVED' && /^(?:MOVED|CLUSTERDOWN)\b/.test(error.message));

/** A write without effect. */
export const probeWrite = (client: Redis): Promise<unknown> => client.set(writeProbeKey(client), '1', 'PX', 60_000);

/** Tries a write each second until one succeeds, or the client is closed. */
function probeWrites(client: Redis, taken: () => void): void {
  const probe = () => {
    if (client.status === 'end') return;
    if (client.status !== 'ready') return again();
    probeWrite(client).then(taken, again);
  };
  const again = () => void setTimeout(probe, WRITE_PROBE_MS).unref();
  again();
}

/** A connection of its own, for blocking commands and subscriptions. Its errors are those of the given one, which reports them. */
export function siblingOf(client: Redis): Redis {
  const own = client.duplicate();
  own.on('error', () => {});
  return own;
}

/** Members of ioredis 6 that are not public: the commands that wait for the next connection, and those that the last one did not answer. */
interface Inner {
  setStatus(status: 'end'): void;
  flushQueue(error: Error): void;
  prevCommandQueue?: { shift(): { command: { reject(error: Error): void } } | undefined } | null;
}

/**
 * Closes a connection at once; every waiting command is rejected. Between two connections, disconnect() of ioredis 6 only stops the timer: it emits no
 * `end`, and waiting commands would wait for ever.
 */
export function closeRedis(client: Redis): void {
  const between = client.status === 'reconnecting';
  client.disconnect();
  if (!between) return;
  const inner = client as unknown as Inner;
  const closed = new Error('Connection is closed.');
  inner.setStatus('end');
  inner.flushQueue(closed);
  for (let item = inner.prevCommandQueue?.shift(); item !== undefined; item = inner.prevCommandQueue?.shift())
    item.command.reject(closed);
}

/** The commands of one turn of the event loop leave in one write: a write costs 50–60 µs, more than building and reading the commands (docs/performance.md). */
function corkTurns(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    return write(...args);
  };
}
