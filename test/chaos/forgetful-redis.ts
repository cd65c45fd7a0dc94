// A machine that dies between two fsyncs: Redis is killed and started again with what its append-only file held a moment ago.
import { statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { startRedis, type TestRedis } from '../support/redis.ts';

/** Milliseconds between two looks at the file, and how many are remembered. */
const EVERY_MS = 25;
const REMEMBERED = 200;

interface ForgetfulRedis extends TestRedis {
  /** Kills it and starts it again with what its file held this many ms ago. */
  setBack(ms: number): Promise<void>;
}

export async function startForgetfulRedis(): Promise<ForgetfulRedis> {
  const redis = await startRedis({ aof: 'everysec', args: ['--auto-aof-rewrite-percentage', '0'] });
  // The part that grows (Redis 7: several parts; Valkey too).
  const file = join(redis.dir, 'appendonlydir', 'appendonly.aof.1.incr.aof');
  const sizes: { at: number; size: number }[] = [];
  const timer = setInterval(() => {
    sizes.push({ at: Date.now(), size: statSync(file).size });
    if (sizes.length > REMEMBERED) sizes.shift();
  }, EVERY_MS);
  timer.unref();
  const { stop } = redis;
  return Object.assign(redis, {
    async setBack(ms: number) {
      const until = Date.now() - ms;
      const then = sizes.findLast(({ at }) => at <= until)?.size;
      await redis.kill9();
      // A command cut in two is left out by Redis itself (aof-load-truncated).
      if (then !== undefined) truncateSync(file, then);
      sizes.length = 0;
      await redis.restart();
    },
    async stop() {
      clearInterval(timer);
      await stop();
    },
  });
}
