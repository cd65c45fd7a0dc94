// A backend in TypeScript: takes the messages of an email flow, looks at their attachments and acknowledges each with a reply.
//   REDIS_URL=redis://localhost EMAIL_FLOW=Service node examples/consumer.ts
// Outside this repository: import { consumeMessages } from 'mailroom/consumer';
import { consumeMessages } from '../src/consumer/index.ts';

const {
  REDIS_URL = 'redis://localhost:6379',
  EMAIL_FLOW = 'Service',
  SMTP_SERVER,
  MAILROOM_URL,
  MAILROOM_TOKEN,
} = process.env;

const consumer = consumeMessages({
  redis: REDIS_URL,
  emailFlow: EMAIL_FLOW,
  concurrency: 5,
  ...(MAILROOM_URL && MAILROOM_TOKEN ? { api: { url: MAILROOM_URL, token: MAILROOM_TOKEN } } : {}),
  async onMessage(message, { attachment, reply }) {
    console.log(`${message.messageKey}: ${message.subject} (conversation ${message.conversation.id})`);

    if (MAILROOM_URL) {
      for (const { n, filename } of message.attachments) {
        let size = 0;
        for await (const chunk of await attachment(n)) size += chunk.length;
        console.log(`  ${filename}: ${size} bytes`);
      }
    }

    // Never answer machines: the message says whether an automatic answer is safe.
    if (SMTP_SERVER && message.automatic.mayAutoRespond) {
      const replyId = await reply({
        server: SMTP_SERVER,
        automatic: true,
        text: 'Thank you, we have received your message.',
      });
      console.log(`  reply ${replyId} queued`);
    }
  },
  onError: (error, message) => console.error(message?.messageKey ?? '', error.message),
});

process.once('SIGINT', () => void consumer.close());
process.once('SIGTERM', () => void consumer.close());
await consumer.ready();
console.log(`consuming ${EMAIL_FLOW}`);
