// SIGTERM at random moments, start included, with mail and replies under way (the short form of `npm run soak -- --stops 50`).
import { expect, it } from 'vitest';
import { leakWatch } from '../support/leak-watch.ts';
import { startRedis } from '../support/redis.ts';
import { stopsAtRandom } from '../support/stops.ts';

leakWatch();

it('ends with exit code 0 at any moment, with nothing lost or duplicated', async () => {
  const redis = await startRedis({ aof: 'everysec' });
  try {
    const seed = Number(process.env.MAILROOM_TEST_SEED ?? Math.floor(Math.random() * 1e9));
    const result = await stopsAtRandom({ redis, stops: 6, seed });
    process.stdout.write(`stops: ${JSON.stringify(result)}\n`);
    expect(result).toMatchObject({ stops: 6, lost: 0, doubled: 0, repliesDoubled: 0, repliesMissing: 0 });
    expect(result.mails).toBeGreaterThan(20);
    expect(result.accepted).toBeGreaterThan(0);
  } finally {
    await redis.stop();
  }
}, 180_000);
