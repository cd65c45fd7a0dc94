// Drain: a full Dovecot mailbox, each mail to end as one job. Product, do-it-yourself peers and the bare limit in interleaved rounds.
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { Message } from '../src/contract/message.ts';
import { startDovecot, type TestDovecot } from '../test/support/dovecot.ts';
import { journey } from '../test/support/journey.ts';
import type { MailroomProcess } from '../test/support/mailroom.ts';
import { mails } from '../test/support/mails.ts';
import { startRedis, type TestRedis } from '../test/support/redis.ts';
import { tempDir, waitFor } from '../test/support/temp.ts';
import { latestUsage, PRODUCT, SHIPPED, startPeer, timeOf, usageOf } from './child.ts';
import { medians, tidy } from './numbers.ts';
import { redisBytesOfMessages, usedMemory } from './sizing.ts';

const USER = 'support@contoso.example';
const PASSWORD = 'bench-password';
const FLOW = 'Support';
const PEER_QUEUE = 'peer';

export interface DrainFigures extends Record<string, number> {
  /** Messages a second, from the opened mailbox to the last job. */
  rate: number;
  /** CPU seconds per 1,000 messages, in the same time. */
  cpuPer1000: number;
  peakMb: number;
  /** Kilobytes of Redis memory a message. */
  redisKb: number;
}

export interface DrainResult {
  mails: number;
  megabytes: number;
  rounds: number;
  product: Record<string, number>;
  fetchAll: Record<string, number>;
  streaming: Record<string, number>;
  /** The bare loop, raw mails durable, jobs of the usual size: the promise without a parser. */
  kept: Record<string, number>;
  limit: Record<string, number>;
  /** Jobs of that size written to Redis, nothing else. */
  redisOnly: Record<string, number>;
  /** Medians of the rounds' own ratios. */
  timesDoItYourself: number;
  timesLimit: number;
  /** What the goals could reach at most: the bare loop, and the promise without a parser, beside do-it-yourself; the promise beside the bare loop. */
  limitTimesDoItYourself: number;
  keptTimesDoItYourself: number;
  keptTimesLimit: number;
}

interface Ground {
  dovecot: TestDovecot;
  redis: TestRedis;
  client: Redis;
  /** Message-ID → bytes. */
  expected: ReadonlyMap<string, number>;
}

type Runner = 'product' | 'fetchAll' | 'streaming' | 'kept' | 'limit' | 'redisOnly';

/** @param nodeArgs for the product's process, e.g. --cpu-prof */
export async function benchDrain(
  count = 5_000,
  rounds = 3,
  runners: readonly Runner[] = ['product', 'fetchAll', 'streaming', 'kept', 'limit', 'redisOnly'],
  nodeArgs: string[] = [],
): Promise<DrainResult> {
  const dovecot = await startDovecot({ users: [{ user: USER, password: PASSWORD }] });
  const redis = await startRedis();
  const client = new Redis(redis.url);
  const sizes = new Map<string, number>();
  const raws = function* () {
    for (const mail of mails({ count, seed: 7, to: USER })) {
      sizes.set(mail.messageId, mail.raw.length);
      yield mail.raw;
    }
  };
  dovecot.writeMaildir(USER, raws());
  const ground: Ground = { dovecot, redis, client, expected: sizes };
  const figures: Record<Runner, DrainFigures[]> = {
    product: [],
    fetchAll: [],
    streaming: [],
    kept: [],
    limit: [],
    redisOnly: [],
  };
  try {
    await runPeer(ground, 'fetch-only'); // Dovecot's index and the page cache are warm for everybody
    for (let round = 0; round < rounds; round++) {
      // Each round begins with another one, so that none always has the same neighbour.
      for (let i = 0; i < runners.length; i++) {
        const runner = runners[(i + round) % runners.length] as Runner;
        await client.flushall();
        figures[runner].push(
          await (runner === 'product' ? runProduct(ground, nodeArgs) : runPeer(ground, PEERS[runner])),
        );
      }
    }
  } finally {
    client.disconnect();
    await redis.stop();
    await dovecot.stop();
  }
  const ratio = (to: Runner, of: Runner = 'product') =>
    medians(
      figures[of].map((one, round) => ({
        ratio: one.rate / (figures[to][round]?.rate ?? Number.POSITIVE_INFINITY),
      })),
    ).ratio;
  return {
    mails: count,
    megabytes: tidy([...sizes.values()].reduce((sum, size) => sum + size, 0) / 1e6),
    rounds,
    product: medians(figures.product),
    fetchAll: medians(figures.fetchAll),
    streaming: medians(figures.streaming),
    kept: medians(figures.kept),
    limit: medians(figures.limit),
    redisOnly: medians(figures.redisOnly),
    timesDoItYourself: ratio('fetchAll') ?? 0,
    timesLimit: ratio('limit') ?? 0,
    limitTimesDoItYourself: ratio('fetchAll', 'limit') ?? 0,
    keptTimesDoItYourself: ratio('fetchAll', 'kept') ?? 0,
    keptTimesLimit: ratio('limit', 'kept') ?? 0,
  };
}

const PEERS = {
  fetchAll: 'fetch-all',
  streaming: 'fetch-streaming',
  kept: 'fetch-keep',
  limit: 'fetch-only',
  redisOnly: 'redis-writes',
} as const;
/** Bytes of a job on the mix (docs/operator.md). */
const JOB_BYTES = 9_500;

/** From `begin` to `end`, by what the process wrote; its CPU between the two, its memory over its whole life. */
async function measure(
  { client, expected }: Ground,
  one: MailroomProcess,
  begin: string,
  end: () => number | undefined,
): Promise<DrainFigures> {
  const before = await usedMemory(client);
  const began = timeOf(await one.waitForEvent(begin, undefined, { timeoutMs: 60_000, intervalMs: 2 }));
  const idle = usageOf(one.pid).cpuSeconds;
  let usage = usageOf(one.pid);
  const ended = await waitFor(
    () => {
      usage = latestUsage(one, usage);
      return end();
    },
    {
      timeoutMs: 600_000,
      intervalMs: 50, // each look costs CPU that the processes measured need; the time is that of their lines
      hopeless: () => !one.running(),
      describe: () => `the end of the drain; ${one.output().slice(-1000)}`,
    },
  );
  return {
    rate: (expected.size * 1000) / (ended - began),
    cpuPer1000: ((usage.cpuSeconds - idle) * 1000) / expected.size,
    peakMb: usage.peakMb,
    redisKb: Math.max(0, (await usedMemory(client)) - before) / 1024 / expected.size,
  };
}

async function runProduct(ground: Ground, nodeArgs: string[]): Promise<DrainFigures> {
  const { dovecot, redis, expected } = ground;
  const gateway = journey({
    redisUrl: redis.url,
    caFile: dovecot.caFile,
    emailServers: [
      {
        name: 'Support in',
        serverType: 'IMAP',
        host: 'localhost',
        port: dovecot.port,
        tls: 'enabled',
        authenticationType: 'Password',
        user: USER,
        password: PASSWORD,
        emailFlow: FLOW,
        startFrom: 'all',
      },
    ],
    settings: { inbound: { startStaggerMs: 0 } },
  });
  try {
    const one = gateway.start(['ingest'], [...SHIPPED, ...nodeArgs], PRODUCT);
    const figures = await measure(ground, one, 'MailboxConnected', () => {
      const done = one.events('MessageEnqueued');
      return done.length >= expected.size ? timeOf(done[expected.size - 1]) : undefined;
    });
    await one.stop();
    const messages: Message[] = await gateway.messages(FLOW);
    check(
      expected,
      messages.map((message) => [message.threading.messageId, message.raw.size]),
    );
    const bytes = redisBytesOfMessages(messages.map((message) => JSON.stringify(message).length));
    return { ...figures, redisKbByFormula: bytes / 1024 / messages.length };
  } finally {
    await gateway.stop();
  }
}

async function runPeer(ground: Ground, peer: (typeof PEERS)[keyof typeof PEERS]): Promise<DrainFigures> {
  const { dovecot, redis, expected } = ground;
  const dir = tempDir('bench');
  const one = startPeer(
    peer,
    {
      host: 'localhost',
      port: dovecot.port,
      user: USER,
      password: PASSWORD,
      redisUrl: redis.url,
      queue: PEER_QUEUE,
      folder: dir.path,
      count: expected.size,
      bytes: JOB_BYTES,
    },
    dovecot.caFile,
  );
  try {
    const figures = await measure(ground, one, 'Connected', () => {
      const done = one.events('Done')[0];
      if (done === undefined && !one.running()) throw new Error(one.output());
      return done === undefined ? undefined : timeOf(done);
    });
    const [done] = one.events('Done');
    if (peer === 'redis-writes') {
      if (done?.count !== expected.size) throw new Error(`${done?.count} jobs written, of ${expected.size}`);
    } else if (peer === 'fetch-only') {
      const bytes = [...expected.values()].reduce((sum, size) => sum + size, 0);
      if (done?.count !== expected.size || done?.bytes !== bytes)
        throw new Error(
          `${peer} saw ${done?.count} mails, ${done?.bytes} bytes; ${expected.size} and ${bytes} are there`,
        );
    } else check(expected, await jobsOf(redis.url));
    return figures;
  } finally {
    await one.stop();
    dir.remove();
  }
}

async function jobsOf(redisUrl: string): Promise<[string | undefined, number][]> {
  const { hostname, port } = new URL(redisUrl);
  const queue = new Queue(PEER_QUEUE, { connection: { host: hostname, port: Number(port) } });
  try {
    const found: [string | undefined, number][] = [];
    for (let start = 0; ; start += 100) {
      const jobs = await queue.getJobs(['waiting'], start, start + 99);
      for (const { data } of jobs as { data: { messageId?: string; size: number } }[])
        found.push([data.messageId, data.size]);
      if (jobs.length < 100) return found;
    }
  } finally {
    await queue.close();
  }
}

/** @throws Error unless every mail is there once with its size: no figure without that */
export function check(
  expected: ReadonlyMap<string, number>,
  found: readonly (readonly [messageId: string | undefined, size: number])[],
): void {
  const seen = new Set<string>();
  for (const [messageId, size] of found) {
    if (messageId === undefined || expected.get(messageId) !== size)
      throw new Error(`${messageId} has ${size} bytes, expected ${expected.get(messageId ?? '')}`);
    if (seen.has(messageId)) throw new Error(`${messageId} twice`);
    seen.add(messageId);
  }
  if (seen.size !== expected.size) throw new Error(`${seen.size} mails of ${expected.size}`);
}
