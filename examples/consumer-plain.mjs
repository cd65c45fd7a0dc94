// The same with nothing but BullMQ.   REDIS_URL=redis://localhost EMAIL_FLOW=Service node examples/consumer-plain.mjs
import { Worker } from 'bullmq';

const { REDIS_URL = 'redis://localhost:6379', EMAIL_FLOW = 'Service' } = process.env;
const flow = EMAIL_FLOW.normalize('NFC').replaceAll('%', '%25').replaceAll(':', '%3A');

const worker = new Worker(
  `email-flow.${flow}`,
  async ({ data: message }) => {
    console.log(message.messageKey, message.from[0]?.address, message.subject, message.replyText ?? '');
  },
  { connection: { url: REDIS_URL }, prefix: '{mailroom}' },
);
worker.on('error', (error) => console.error(error.message));
process.once('SIGTERM', () => worker.close());
