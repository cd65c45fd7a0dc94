// The connection to Redis as all adapters share it.
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { connectRedis, type Redis } from '../../../src/adapters/redis/client.ts';
import { fixture } from '../../support/fixture.ts';
import { startRedis } from '../../support/redis.ts';
import { waitFor } from '../../support/temp.ts';

let client: Redis;
const server = fixture(startRedis);
beforeAll(async () => {
  client = connectRedis({ url: server.url }, () => {});
});
afterAll(async () => {
  client.disconnect();
});

/** Writes to the socket while the work is done. */
async function writesOf(work: () => Promise<unknown>): Promise<number> {
  const { stream } = client as unknown as { stream: { _write(): void; _writev(): void } };
  const spies = [vi.spyOn(stream, '_write'), vi.spyOn(stream, '_writev')];
  await work();
  const calls = spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  for (const spy of spies) spy.mockRestore();
  return calls;
}

it('sends the commands of one turn in one write and answers them in order, also after a lost connection', async () => {
  const three = () => Promise.all([client.set('a', 'ä'), client.get('a'), client.getBuffer('a')]);
  await client.ping();
  expect(await writesOf(async () => expect(await three()).toEqual(['OK', 'ä', Buffer.from('ä')]))).toBe(1);
  expect(await writesOf(async () => void (await client.ping()))).toBe(1);
  const { stream } = client as unknown as { stream: { destroy(): void } };
  const pending = client.incr('n');
  stream.destroy();
  expect(await pending).toBe(1); // asked again by ioredis on the next connection, since it had not left
  await waitFor(() => client.status === 'ready');
  expect(await writesOf(three)).toBe(1);
});
