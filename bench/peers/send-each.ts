// Do-it-yourself sender: a BullMQ worker that hands each job to a nodemailer pool. No journal: a worker that dies after DATA sends the reply again.
import { Worker } from 'bullmq';
import { createTransport } from 'nodemailer';
import { say, settings } from './events.ts';

const { host, port, user, password, connections, redisUrl, queue } = settings<{
  host: string;
  port: number;
  user: string;
  password: string;
  connections: number;
  redisUrl: string;
  queue: string;
}>();
const pool = createTransport({
  pool: true,
  host,
  port,
  requireTLS: true,
  maxConnections: connections,
  auth: { user, pass: password },
});
const redis = new URL(redisUrl);
const worker = new Worker(queue, async (job) => void (await pool.sendMail(job.data)), {
  connection: { host: redis.hostname, port: Number(redis.port), maxRetriesPerRequest: null },
  // One reply waits for each connection, as the pool's own queue would have it.
  concurrency: 2 * connections,
});
worker.on('error', (error) => say('Failed', { message: error.message }));
await worker.waitUntilReady();
say('Connected');
