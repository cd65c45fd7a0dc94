// Redis connections: one for commands, further ones by duplicate(). Checks at boot that this Redis keeps jobs safely.
import type { Socket } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import { asError, MailroomError } from '../../domain/errors.ts';
import type { Emit } from '../../telemetry/events.ts';

export type { Redis };

export interface RedisSettings {
  /** redis:// or rediss://, never logged: it may hold a password. */
  url: string;
  /** PEM of a private CA. */
  ca?: string | undefined;
  /** Name to expect in the certificate when it is not the host of the URL. */
  serverName?: string | undefined;
}

/**
 * A connection that reconnects for ever, with capped back-off. Commands issued while it is down wait; callers that must not wait pass a
 * time-out of their own.
 */
export function connectRedis(settings: RedisSettings, emit: Emit, options: RedisOptions = {}): Redis {
  const all: RedisOptions = {
    maxRetriesPerRequest: null, // BullMQ's condition for workers; waiting is what we want: mail is safe in the mailbox
    enableReadyCheck: true,
    retryStrategy: (attempt: number) => Math.min(2_000, 50 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2),
    ...options,
  };
  if (settings.ca !== undefined || settings.serverName !== undefined) {
    all.tls = {
      ...(settings.ca === undefined ? {} : { ca: settings.ca }),
      ...(settings.serverName === undefined ? {} : { servername: settings.serverName }),
    };
  }
  const client = new Redis(settings.url, { ...all, replyMapping: 'legacy' });
  let said = false;
  client.on('error', (error: Error & { code?: string }) => {
    // ioredis repeats the error at each attempt; the fact is one.
    if (!said) emit('RedisDisconnected', { code: error.code ?? error.name, err: asError(error) });
    said = true;
  });
  client.on('connect', () => commandsOfOneTurn((client as unknown as { stream: Socket }).stream));
  client.on('ready', () => {
    if (said) emit('RedisConnected');
    said = false;
  });
  return client;
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

/**
 * Refuses a Redis that would lose or evict jobs.
 * @throws MailroomError REDIS_UNFIT (too old, maxmemory-policy other than noeviction), REDIS_UNREACHABLE
 */
export async function checkRedis(
  client: Redis,
  { embedded = false } = {},
): Promise<{ version: string; appendOnly: boolean }> {
  let info: string;
  try {
    info = await client.info();
  } catch (error) {
    throw new MailroomError('REDIS_UNREACHABLE', { cause: error });
  }
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = field('redis_version') ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) {
    throw new MailroomError('REDIS_UNFIT', {
      message: `Redis ${version} is too old; 6.2 or newer is needed`,
      field: 'redis.url',
    });
  }
  if (field('os') === 'mocked redis' && !embedded) {
    throw new MailroomError('REDIS_UNFIT', {
      message: 'this is the embedded Redis of the demo; it keeps nothing over a restart, and mode is production',
      field: 'redis.url',
    });
  }
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction' && !embedded) {
    throw new MailroomError('REDIS_UNFIT', {
      message: `Redis has maxmemory-policy ${policy}; under memory pressure it would throw jobs away`,
      field: 'redis.url',
    });
  }
  return { version, appendOnly: field('aof_enabled') === '1' };
}
