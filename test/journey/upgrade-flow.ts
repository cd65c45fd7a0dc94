// One gateway of any version, a mailbox with a few mails and a Redis: what the tests of an upgrade and the generator of their fixtures share.
// `node test/journey/upgrade-flow.ts <src/main.ts of the old version> <file>` writes the fixture of a version of the data.
import { writeFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { type Desk, JANE, openDesk, SUPPORT } from '../support/desk.ts';
import { replyJob } from '../support/journey.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { readContent } from '../support/redis-content.ts';
import { waitFor } from '../support/temp.ts';

/** Mails that were there before the upgrade. */
export const BEFORE = 3;

interface UpgradeFlow extends Desk {
  redis: TestRedis;
  client: Redis;
  deliver(n: number): void;
  reply(replyId: string): Promise<void>;
}

export async function openUpgradeFlow(): Promise<UpgradeFlow> {
  const redis = await startRedis({ aof: 'everysec' });
  const client = new Redis(redis.url, { replyMapping: 'legacy' });
  const { sandbox, j, stop } = await openDesk({ redisUrl: redis.url, inbound: { startFrom: 'all' }, secrets: [JANE] });
  return {
    redis,
    client,
    sandbox,
    j,
    deliver(n) {
      const head = `From: ${JANE}\r\nTo: ${SUPPORT}\r\nSubject: Question ${n}\r\nMessage-ID: <question-${n}@customer.example>`;
      sandbox.mailboxes.deliver(SUPPORT, Buffer.from(`${head}\r\n\r\nHello ${n}\r\n`), JANE);
    },
    reply: (replyId) =>
      j.addReply('Out', { replyId, server: 'Out', from: SUPPORT, to: [JANE], subject: 'Answer', text: 'Hello' }),
    async stop() {
      await stop();
      client.disconnect();
      await redis.stop();
    },
  };
}

/** Mails enqueued, a reply that was sent, and one that waits. */
async function writeFixture(entry: string, file: string): Promise<void> {
  const flow = await openUpgradeFlow();
  const gateway = flow.j.start(['serve'], [], entry);
  await gateway.waitForEvent('MailboxConnected');
  for (let n = 1; n <= BEFORE; n++) flow.deliver(n);
  await flow.j.waitForMessages('F', BEFORE);
  await flow.reply('sent-before');
  await flow.j.result('Out', replyJob('sent-before'));
  await waitFor(async () => (await flow.client.keys('*:state:*')).length > 0);
  await gateway.stop();
  await flow.reply('waits');
  writeFileSync(file, `${JSON.stringify(await readContent(flow.client), undefined, 1)}\n`);
  await flow.stop();
}

if (process.argv[1]?.endsWith('upgrade-flow.ts') === true && process.argv.length === 4)
  await writeFixture(process.argv[2] ?? '', process.argv[3] ?? '');
