// What the promise alone costs, without a parser: fetch everything, append the raw bytes of a batch to a file that is durable, then add a job of the
// usual size for each mail. No ledger, no hash, and of the mail only its header.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { ImapFlow } from 'imapflow';
import { type DrainSettings, say, settings } from './events.ts';

/** Mails of a batch, and bytes of a mail that go into its job (the product's jobs are as large). */
const BATCH = 20;
const JOB_BYTES = 8_000;

const { host, port, user, password, redisUrl, queue: name, folder } = settings<DrainSettings & { folder: string }>();
const redis = new URL(redisUrl);
const queue = new Queue(name, { connection: { host: redis.hostname, port: Number(redis.port) } });
await queue.waitUntilReady();
const { O_CREAT, O_WRONLY, O_APPEND, O_DSYNC } = constants;
const file = await open(join(folder, 'raw'), O_CREAT | O_WRONLY | O_APPEND | O_DSYNC, 0o600);
const client = new ImapFlow({ host, port, secure: true, auth: { user, pass: password }, logger: false });
await client.connect();
await client.mailboxOpen('INBOX');
say('Connected');

let batch: { uid: number; source: Buffer }[] = [];
let kept: Promise<unknown> = Promise.resolve();
async function keep(mails: typeof batch): Promise<void> {
  await file.writev(mails.map(({ source }) => source));
  await queue.addBulk(
    mails.map(({ uid, source }) => {
      const text = source.toString('latin1', 0, JOB_BYTES);
      const messageId = /^Message-ID: (.*?)\r?$/im.exec(text)?.[1];
      return { name: 'message', data: { messageId, size: source.length, text }, opts: { jobId: `uid-${uid}` } };
    }),
  );
}
for await (const { uid, source = Buffer.alloc(0) } of client.fetch('1:*', { uid: true, source: true }, { uid: true })) {
  batch.push({ uid, source });
  if (batch.length < BATCH) continue;
  // One batch is being kept while the next is read.
  await kept;
  kept = keep(batch);
  batch = [];
}
await kept;
await keep(batch);
say('Done');
await client.logout();
await queue.close();
await file.close();
