// The operator's day on a real gateway and Redis: what needs attention is the same on the first page and in the API, and is true.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmailFlows } from '../../../src/adapters/queue/email-flows.ts';
import { replyKey, stateKey } from '../../../src/adapters/redis/journal.ts';
import { PREFIX } from '../../../src/contract/names.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { fileServer, startPortal, TOKENS } from './gateway.ts';

let redis: TestRedis;
let client: Redis;
let portal: Awaited<ReturnType<typeof startPortal>>;

beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.url, { maxRetriesPerRequest: null });
  portal = await startPortal(redis.url);
});
afterAll(async () => {
  await portal.stop();
  client.disconnect();
  await redis.stop();
});

/** Replies as the journal has them. */
async function noted(state: string, ids: readonly string[], more: Record<string, string> = {}): Promise<void> {
  const now = Date.now();
  const pipeline = client.pipeline();
  for (const [i, replyId] of ids.entries()) {
    pipeline.hset(replyKey(PREFIX, replyId), {
      ...{ replyId, state, server: 'Out', from: 'shared@contoso.example', digest: 'x', fence: '1' },
      ...{ createdAt: String(now - 60_000), updatedAt: String(now - i), attempts: '1' },
      envelope: JSON.stringify({ from: 'shared@contoso.example', to: [`c${i}@customer.example`], smtpUtf8: false }),
      ...more,
    });
    pipeline.zadd(stateKey(PREFIX, state), now - i, replyId);
  }
  await pipeline.exec();
}

interface Status {
  attention: { code: string; title: string; parameters: { count?: number }; emailFlow?: string; link: string }[];
}
const status = async () => (await (await portal.api('viewer', 'GET', '/v1/status')).json()) as Status;

describe('what needs attention', () => {
  it('is computed from everything, and the page shows the list of the API', async () => {
    await noted('held', ['h1', 'h2']);
    await noted('prepared', ['p1']);
    await noted('rejected', ['r1']);
    const flows = openEmailFlows(client);
    const queue = await flows.queueOf(fileServer.emailFlow);
    await queue.add('message', { emailFlow: fileServer.emailFlow });
    const { attention } = await status();
    expect(attention.map(({ code }) => code)).toEqual([
      'NO_REPLICA',
      'REPLIES_HELD',
      'FLOW_WITHOUT_CONSUMER',
      'MAILBOX_NOT_WATCHED',
      'REPLIES_FAILED',
      'SERVER_WARNING',
      'REPLIES_RETRYING',
    ]);
    expect(attention.find(({ code }) => code === 'REPLIES_HELD')?.parameters.count).toBe(2);
    const person = await portal.signIn(TOKENS.viewer, 'de');
    const page = await (await person.get('/portal')).text();
    expect(page).not.toContain('Alles in Ordnung');
    for (const shown of ['Keine Instanz ruft', 'Zurückgehaltene Antworten: 2', 'kein Abnehmer', 'erneut versucht'])
      expect(page).toContain(shown);
    expect(page).toContain('<b>2</b>Antworten warten auf eine Entscheidung');
    await queue.drain();
    await flows.close();
  });
});
