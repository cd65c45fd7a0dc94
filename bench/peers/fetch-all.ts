// Do-it-yourself drain as most people write it first: everything fetched, parsed by mailparser, one queue.add a mail, attachments inside.
import { Queue } from 'bullmq';
import { ImapFlow } from 'imapflow';
import { type Attachment, simpleParser } from 'mailparser';
import { type DrainSettings, say, settings } from './events.ts';

const { host, port, user, password, redisUrl, queue: name } = settings<DrainSettings>();
const redis = new URL(redisUrl);
const queue = new Queue(name, { connection: { host: redis.hostname, port: Number(redis.port) } });
await queue.waitUntilReady();
const client = new ImapFlow({ host, port, secure: true, auth: { user, pass: password }, logger: false });
await client.connect();
await client.mailboxOpen('INBOX');
say('Connected');
for (const message of await client.fetchAll('1:*', { uid: true, source: true }, { uid: true })) {
  const source = message.source ?? Buffer.alloc(0);
  const mail = await simpleParser(source);
  await queue.add(
    'message',
    {
      messageId: mail.messageId,
      subject: mail.subject,
      from: mail.from?.value,
      date: mail.date,
      text: mail.text,
      html: mail.html,
      size: source.length,
      attachments: mail.attachments.map((file: Attachment) => ({
        filename: file.filename,
        contentType: file.contentType,
        content: file.content.toString('base64'),
      })),
    },
    { jobId: `uid-${message.uid}` },
  );
}
say('Done');
await client.logout();
await queue.close();
