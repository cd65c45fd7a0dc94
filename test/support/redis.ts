// A thrown-away redis-server on a free loopback port (MAILROOM_TEST_REDIS: another program, such as valkey-server). The data folder outlives kill9() and restart(), and goes with stop().
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { beforeAll, beforeEach } from 'vitest';
import { fixture } from './fixture.ts';
import { type StartedProcess, startProcess, tail } from './processes.ts';
import { freePort, tempDir, waitFor } from './temp.ts';

interface TestRedisOptions {
  /** fsync policy of the append-only file; false (default) keeps nothing over a restart. */
  aof?: 'everysec' | 'always' | false;
  /** As in redis.conf, e.g. 64mb. The policy is always noeviction. */
  maxmemory?: string;
  port?: number;
  /** Further options of the command line. */
  args?: string[];
}

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  readonly pid: number;
  /** A client that waits for a server that is away; stop() disconnects it. */
  client(): Redis;
  /** Ends it without a chance to write. */
  kill9(): Promise<void>;
  /** Starts it again (after kill9(), or stopping it first) on the same port and data. */
  restart(): Promise<void>;
  /** Stops the process for a while (SIGSTOP) and lets it continue. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

export async function startRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const dir = tempDir('redis');
  const port = options.port ?? (await freePort());
  const log = join(dir.path, 'redis.log');
  const aof = options.aof ?? false;
  const own = options.args ?? [];
  // The bus of a cluster would listen 10,000 above the port, where another server or a client may be.
  const bus = own.includes('--cluster-enabled') && !own.includes('--cluster-port');
  const args = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir.path, '--save', '', '--daemonize', 'no'],
    ...['--appendonly', aof === false ? 'no' : 'yes', '--appendfsync', aof === false ? 'no' : aof],
    ...['--maxmemory-policy', 'noeviction', '--maxmemory', options.maxmemory ?? '0'],
    ...(bus ? ['--cluster-port', String(await freePort())] : []),
    ...own,
  ];
  const start = async (): Promise<StartedProcess> => {
    const redis = startProcess('redis-server', process.env.MAILROOM_TEST_REDIS ?? 'redis-server', args, {
      logFile: log,
    });
    try {
      await waitFor(() => ping(port), {
        hopeless: () => !redis.running(),
        describe: () => `redis-server on port ${port}\n${tail(log)}`,
      });
    } catch (error) {
      await redis.stop();
      throw error;
    }
    return redis;
  };
  let redis = await start();
  const clients: Redis[] = [];
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir: dir.path,
    get pid() {
      return redis.pid;
    },
    client() {
      const client = new Redis(port, { maxRetriesPerRequest: null, replyMapping: 'legacy', retryStrategy: () => 50 });
      client.on('error', () => {});
      clients.push(client);
      return client;
    },
    kill9: () => redis.kill9(),
    restart: async () => {
      await redis.stop();
      redis = await start();
    },
    freeze: () => redis.signal('SIGSTOP'),
    thaw: () => redis.signal('SIGCONT'),
    stop: async () => {
      for (const client of clients) client.disconnect();
      redis.signal('SIGCONT');
      await redis.stop();
      dir.remove();
    },
  };
}

interface RedisRoom extends Pick<TestRedis, 'url' | 'client'> {
  readonly server: TestRedis;
  /** A client for the whole file. */
  readonly redis: Redis;
}

/** Registers the hooks of the calling file: one Redis for all its tests, emptied before each of them unless `flush` is false. */
export function redisRoom({ flush = true, ...options }: TestRedisOptions & { flush?: boolean } = {}): RedisRoom {
  const server = fixture(() => startRedis(options));
  let redis: Redis;
  beforeAll(() => {
    redis = server.client();
  });
  if (flush) beforeEach(async () => void (await redis.flushall()));
  return {
    get redis() {
      return redis;
    },
    get url() {
      return server.url;
    },
    client: () => server.client(),
    server,
  };
}

/** One inline PING: true at +PONG, false while it is still loading its data or not there. */
function ping(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'));
    const done = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('data', (bytes) => done(bytes.toString().startsWith('+PONG')));
    socket.once('error', () => done(false));
    socket.setTimeout(1_000, () => done(false));
  });
}
