// Outbound: replies that wait on the queue of an SMTP server, to be accepted by a sink; the sending role beside a do-it-yourself worker and a bare
// nodemailer pool, in interleaved rounds. Time runs from the first to the last mail that the sink took.
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { journey } from '../test/support/journey.ts';
import type { LogLine, MailroomProcess } from '../test/support/mailroom.ts';
import { startRedis, type TestRedis } from '../test/support/redis.ts';
import { freePort, tempDir, waitFor } from '../test/support/temp.ts';
import { makeCertificate } from '../test/support/tls.ts';
import { latestUsage, PRODUCT, SHIPPED, startPeer, timeOf, usageOf } from './child.ts';
import { medians } from './numbers.ts';

export interface OutboundResult {
  rounds: number;
  connections: number;
  /** By the milliseconds that the sink takes to answer a mail: 0 shows our own cost, 100 is nearer to a real server. */
  sinks: {
    replyMs: number;
    replies: number;
    product: Record<string, number>;
    /** A BullMQ worker that hands each job to a pool: the same work without journal, policy and proof of what left. */
    doItYourself: Record<string, number>;
    pool: Record<string, number>;
    timesPool: number;
    /** Of the do-it-yourself worker: what a queue alone leaves of the pool's rate. */
    queueTimesPool: number;
  }[];
}

interface Figures extends Record<string, number> {
  rate: number;
  cpuPer1000: number;
  peakMb: number;
}

const USER = 'support@contoso.example';
const PASSWORD = 'bench-password';
const SERVER = 'Support out';
const CONNECTIONS = 3;
const TEXT = 'Guten Tag, Ihre Lieferung kommt morgen. '.repeat(40);

/** @param nodeArgs for the product's process, e.g. --cpu-prof */
export async function benchOutbound(
  count = 1_000,
  rounds = 3,
  replyTimes = [0, 100],
  nodeArgs: string[] = [],
): Promise<OutboundResult> {
  const dir = tempDir('bench');
  const certificate = await makeCertificate(dir.path);
  // As in production: DATA that has begun is recorded in Redis' file.
  const redis = await startRedis({ aof: 'everysec' });
  const sinks: OutboundResult['sinks'] = [];
  try {
    for (const replyMs of replyTimes) {
      // A slow sink shows the same with fewer: each takes count × replyMs ÷ connections.
      const replies = replyMs === 0 ? count : Math.ceil(count * 0.3);
      const port = await freePort();
      const { certFile, keyFile } = certificate;
      const sink = startPeer('sink', { port, certFile, keyFile, replyMs });
      try {
        await sink.waitForEvent('Connected');
        const product: Figures[] = [];
        const doItYourself: Figures[] = [];
        const pool: Figures[] = [];
        for (let round = 0; round < rounds; round++) {
          const ground: Ground = { redis, sink, port, caFile: certFile, count: replies, nodeArgs };
          if (round % 2 === 0) product.push(await runProduct(ground));
          pool.push(await runPool(ground));
          doItYourself.push(await runDoItYourself(ground));
          if (round % 2 === 1) product.push(await runProduct(ground));
        }
        const ofPool = (list: Figures[]) =>
          medians(list.map((one, round) => ({ ratio: one.rate / (pool[round]?.rate ?? Number.POSITIVE_INFINITY) })))
            .ratio ?? 0;
        sinks.push({
          replyMs,
          replies,
          product: medians(product),
          doItYourself: medians(doItYourself),
          pool: medians(pool),
          timesPool: ofPool(product),
          queueTimesPool: ofPool(doItYourself),
        });
      } finally {
        await sink.stop();
      }
    }
  } finally {
    await redis.stop();
    dir.remove();
  }
  return { rounds, connections: CONNECTIONS, sinks };
}

interface Ground {
  redis: TestRedis;
  sink: MailroomProcess;
  port: number;
  caFile: string;
  count: number;
  nodeArgs: string[];
}

async function measure({ sink, count }: Ground, one: MailroomProcess, skip: number): Promise<Figures> {
  const taken = () => sink.events('Taken').slice(skip);
  let idle: number | undefined;
  let usage = usageOf(one.pid);
  const lines = await waitFor(
    (): LogLine[] | undefined => {
      const list = taken();
      usage = latestUsage(one, usage);
      if (list.length > 0) idle ??= usage.cpuSeconds;
      return list.length >= count ? list : undefined;
    },
    {
      timeoutMs: 600_000,
      intervalMs: 50, // the processes measured need the CPU; the time is that of the sink's lines
      hopeless: () => !one.running(),
      describe: () => `${count} mails at the sink, ${taken().length} there; ${one.output().slice(-800)}`,
    },
  );
  const numbers = new Set(lines.map((line) => line.n));
  if (lines.length !== count || numbers.size !== count)
    throw new Error(`${lines.length} mails, ${numbers.size} different, of ${count}`);
  return {
    rate: ((count - 1) * 1000) / (timeOf(lines.at(-1)) - timeOf(lines[0])),
    cpuPer1000: ((usage.cpuSeconds - (idle ?? 0)) * 1000) / count,
    peakMb: usage.peakMb,
  };
}

async function emptied({ redis }: Ground): Promise<void> {
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
}

async function runProduct(ground: Ground): Promise<Figures> {
  const { redis, sink, port, caFile, count } = ground;
  await emptied(ground);
  const skip = sink.events('Taken').length;
  const gateway = journey({
    redisUrl: redis.url,
    caFile,
    emailServers: [
      {
        name: SERVER,
        serverType: 'SMTP',
        host: 'localhost',
        port,
        tls: 'enabled',
        authenticationType: 'Password',
        user: USER,
        password: PASSWORD,
        additionalEmailFromAddresses: [USER],
        pace: { perMinute: 100_000, connections: CONNECTIONS, recipientsPerDay: 10_000_000 },
      },
    ],
  });
  try {
    for (let n = 0; n < count; n++)
      await gateway.addReply(SERVER, {
        replyId: `bench-${n}`,
        from: USER,
        to: ['jane@customer.example'],
        subject: `Reply ${n}`,
        text: TEXT,
      });
    const one = gateway.start(['send'], [...SHIPPED, ...ground.nodeArgs], PRODUCT);
    const figures = await measure(ground, one, skip);
    await waitFor(() => one.events('ReplyAccepted').length >= count, {
      timeoutMs: 60_000,
      describe: 'all replies accepted',
    });
    return figures;
  } finally {
    await gateway.stop();
  }
}

async function runPool(ground: Ground): Promise<Figures> {
  return runPeer(ground, 'pool', { count: ground.count, text: TEXT });
}

async function runDoItYourself(ground: Ground): Promise<Figures> {
  const { redis, count } = ground;
  await emptied(ground);
  const queue = new Queue('replies', { connection: { host: '127.0.0.1', port: redis.port } });
  for (let n = 0; n < count; n++)
    await queue.add('reply', { from: USER, to: 'jane@customer.example', subject: `Reply ${n}`, text: TEXT });
  await queue.close();
  return runPeer(ground, 'send-each', { redisUrl: redis.url, queue: queue.name });
}

/** @param more settings of the peer beside those of the connection */
async function runPeer(ground: Ground, name: 'pool' | 'send-each', more: object): Promise<Figures> {
  const { sink, port, caFile } = ground;
  const skip = sink.events('Taken').length;
  const settings = { host: 'localhost', port, user: USER, password: PASSWORD, connections: CONNECTIONS, ...more };
  const peer = startPeer(name, settings, caFile);
  try {
    return await measure(ground, peer, skip);
  } finally {
    await peer.stop();
  }
}
