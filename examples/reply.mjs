// Hands in a reply with nothing but BullMQ and waits for what becomes of it.
//   REDIS_URL=redis://localhost SMTP_SERVER='Service SMTP' TO=kim@example.org node examples/reply.mjs
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';

const {
  REDIS_URL = 'redis://localhost:6379',
  SMTP_SERVER = 'Service SMTP',
  TO = 'kim@example.org',
  REPLY_ID = randomUUID(),
} = process.env;
const server = SMTP_SERVER.normalize('NFC').replaceAll('%', '%25').replaceAll(':', '%3A');
const queue = new Queue(`replies.${server}`, { connection: { url: REDIS_URL }, prefix: '{mailroom}' });

// Whatever is added under one replyId leaves at most once: choose it before the first try, keep it for every further one.
const job = await queue.add(
  'reply',
  {
    schema: 'mailroom.reply/1',
    replyId: REPLY_ID,
    to: [TO],
    subject: 'Re: your question',
    text: 'Dear customer,\n\nthank you for your message.\n',
    agent: { id: 'agent-7', name: 'Alex' },
  },
  {
    jobId: `r-${createHash('sha256').update(REPLY_ID).digest('hex').slice(0, 32)}`,
    priority: 10, // high 1, normal 10, low 20; automatic ones 100 more
    removeOnComplete: { age: 864_000 },
    removeOnFail: { age: 864_000 },
  },
);
console.log(`reply ${REPLY_ID} queued as ${job.id}`);

// It may take its time: servers have a pace, and 'notBefore' and held replies wait for longer. A backend follows GET /v1/replies/:id instead.
let ended = await queue.getJob(job.id);
while (ended.finishedOn === undefined) {
  await delay(500);
  ended = await queue.getJob(job.id);
}
if (ended.failedReason === undefined) {
  console.log(`${ended.returnvalue.state} by ${ended.returnvalue.server}: ${ended.returnvalue.messageId}`); // mailroom.result/1
} else {
  console.log('failed:', ended.failedReason); // mailroom.result/1 as JSON, with code, class and hint
  process.exitCode = 1;
}
await queue.close();
