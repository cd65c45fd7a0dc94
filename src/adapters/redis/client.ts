// Redis connections: one for commands, further ones by duplicate(). What happens to them is told by one event when it begins and one when it ends.
import type { Socket } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import type { ErrorCode, MailroomError } from '../../domain/errors.ts';
import { writeProbeKey } from '../../domain/keys.ts';
import { classifyRedisError, redisError, refusesWrites } from '../../domain/redis-errors.ts';
import type { Emit } from '../../telemetry/events.ts';
import { lastingState } from '../../telemetry/lasting-state.ts';
import { type OwnOptions, placeOf, type RedisSettings } from './place.ts';

export type { Redis };

/** Where a client looks for Redis. */
export function addressOf(client: Redis): string {
  const { host, port, path, place } = client.options as OwnOptions;
  return place ?? path ?? `${host ?? 'localhost'}:${port ?? 6379}`;
}

/** Milliseconds between reconnects while this Redis takes no writes: the next connection may reach another one, but not each moment. */
const REFUSED_RETRY_MS = 500;
/** Milliseconds without any answer to a command after which a connection counts as dead: its host may be gone without a word. */
const SILENCE_MS = 6_000;
/** Milliseconds between tries whether Redis takes writes again. */
const WRITE_PROBE_MS = 1_000;

/**
 * A connection that reconnects for ever, with capped back-off. Commands issued while it is down wait; callers that must not wait pass a
 * time-out of their own.
 *
 * A failover may demote a primary in place: its connections stay, and everything but reading answers READONLY (blocked commands UNBLOCKED).
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
    maxRetriesPerRequest: null, // BullMQ's condition for workers; waiting is what we want: mail is safe in the mailbox
    enableReadyCheck: true,
    disconnectTimeout: 200, // ms; else a connection that is gone already keeps the process for two seconds
    retryStrategy: (attempt: number) =>
      Math.max(backoffMs(attempt), refused.lasts ? REFUSED_RETRY_MS : 0) * (0.5 + Math.random() / 2),
    // Called for every error that Redis answers, on every connection that was duplicated from this one.
    reconnectOnError: (error: Error) => {
      const code = classifyRedisError(error);
      if (code === undefined || !refusesWrites.has(code) || ended) return false;
      const err = redisError(error, addressOf(client));
      if (err !== undefined) refused.seen({ code, err });
      if (!isElsewhere(code, error)) return false;
      slot?.moved(error.message);
      client.emit(DEMOTED);
      return 1; // the command is rejected: nothing of it has run, and its caller knows whether to repeat it
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
    // ioredis would take database 0 then, which may be another program's.
    if (err.code === 'REDIS_DATABASE_UNKNOWN') client.disconnect(true);
  });
  // A connection that the other side ends in peace gives no error.
  client.on('reconnecting', () => {
    if (!refused.lasts && !away.lasts) away.seen({ code: 'CLOSED' });
    client.emit(DEMOTED); // a host that is gone says nothing to those that only wait
  });
  client.on('connect', () => commandsOfOneTurn((client as unknown as { stream: Socket }).stream));
  client.on('ready', () => away.over());
  client.on('end', () => {
    ended = true;
    for (const one of others) closeRedis(one);
  });
  // Also those that BullMQ makes for its blocking reads: they end with this one, and follow it to the new primary (a subscription, or a read
  // that waits, may get no error of its own).
  const others = new Set<Redis>();
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (override) => {
    // What blocks or subscribes is silent for long; it is cut with the others.
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

/** Would another connection reach a Redis that takes the command? While a slot is being moved, its old holder keeps it until the end. */
const isElsewhere = (code: ErrorCode, error: Error): boolean =>
  code === 'REDIS_READ_ONLY' || (code === 'REDIS_SLOT_MOVED' && /^(?:MOVED|CLUSTERDOWN)\b/.test(error.message));

/** Tries a write each second until one is taken, or the client is closed. */
function probeWrites(client: Redis, taken: () => void): void {
  const probe = () => {
    if (client.status === 'end') return;
    if (client.status !== 'ready') return again();
    client.set(writeProbeKey(client), '1', 'PX', 60_000).then(taken, again);
  };
  const again = () => void setTimeout(probe, WRITE_PROBE_MS).unref();
  again();
}

/** A connection of its own, for what holds one up or subscribes. Its errors are the given one's, which says them. */
export function siblingOf(client: Redis): Redis {
  const own = client.duplicate();
  own.on('error', () => {});
  return own;
}

/** What of ioredis 6 is not public: the commands that wait for the next connection, and those that the last one was asked and did not answer. */
interface Inner {
  setStatus(status: 'end'): void;
  flushQueue(error: Error): void;
  prevCommandQueue?: { shift(): { command: { reject(error: Error): void } } | undefined } | null;
}

/**
 * Closes a connection at once; every command that waits is rejected. Between two connections disconnect() of ioredis 6 only stops the timer:
 * no `end`, and anyone who waits for an answer waits for ever.
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

/** What is asked of Redis in one turn of the event loop leaves in one write: that costs more than making and reading the commands together. */
function commandsOfOneTurn(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    return write(...args);
  };
}
