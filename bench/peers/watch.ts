// Do-it-yourself watcher of one mailbox: IDLE taken up at once (not after imapflow's 15 s), new mails parsed by mailparser and added.
import { Queue } from 'bullmq';
import { ImapFlow } from 'imapflow';
import { simpleParser } from 'mailparser';
import { type DrainSettings, say, settings } from './events.ts';

const { host, port, user, password, redisUrl, queue: name } = settings<DrainSettings>();
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
say('Connected');
for (;;) {
  dirty = false;
  for await (const message of client.fetch(`${next}:*`, { uid: true, source: true }, { uid: true })) {
    if (message.uid < next) continue;
    next = message.uid + 1;
    const mail = await simpleParser(message.source ?? Buffer.alloc(0));
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
