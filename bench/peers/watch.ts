// Do-it-yourself watcher of one mailbox: IDLE taken up at once (not after imapflow's 15 s), new mails parsed by mailparser and added. With `folder`
// the raw mail is a file there, flushed with its directory, before the job is added: what a user has to write who wants no mail to be lost.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { ImapFlow } from 'imapflow';
import { simpleParser } from 'mailparser';
import { type DrainSettings, say, settings } from './events.ts';

const { host, port, user, password, redisUrl, queue: name, folder } = settings<DrainSettings & { folder?: string }>();
const redis = new URL(redisUrl);
const queue = new Queue(name, { connection: { host: redis.hostname, port: Number(redis.port) } });
await queue.waitUntilReady();
const client = new ImapFlow({
  host,
  port,
  secure: true,
  auth: { user, pass: password },
  logger: false,
  disableAutoIdle: true,
});
await client.connect();
const mailbox = await client.mailboxOpen('INBOX');
let next = mailbox.uidNext;
let wake: () => void = () => {};
let dirty = false;
client.on('exists', () => {
  dirty = true;
  wake();
});
/** Writes a file that is whole and durable when this resolves. */
async function keep(directory: string, file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(join(directory, file), 'wx');
  await handle.writeFile(bytes);
  await handle.sync();
  await handle.close();
  const parent = await open(directory, 'r');
  await parent.sync();
  await parent.close();
}

say('Connected');
for (;;) {
  dirty = false;
  for await (const message of client.fetch(`${next}:*`, { uid: true, source: true }, { uid: true })) {
    if (message.uid < next) continue;
    next = message.uid + 1;
    const source = message.source ?? Buffer.alloc(0);
    const kept = folder === undefined ? undefined : keep(folder, `uid-${message.uid}.eml`, source);
    const mail = await simpleParser(source);
    await kept;
    await queue.add(
      'message',
      { messageId: mail.messageId, subject: mail.subject, from: mail.from?.value, text: mail.text, html: mail.html },
      { jobId: `uid-${message.uid}` },
    );
  }
  if (dirty) continue;
  const changed = new Promise<void>((resolve) => {
    wake = resolve;
  });
  client.idle().catch(() => process.exit(1));
  await changed;
}
