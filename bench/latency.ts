// Latency of a single mail: arrival in the mailbox → a consumer has the job. Product and do-it-yourself peer watch a mailbox each of one
// server; mails go to one and the other in turn, so that both see the same machine.
import { Worker } from 'bullmq';
import { emailFlowQueue, PREFIX } from '../src/contract/names.ts';
import { startDovecot } from '../test/support/dovecot.ts';
import { journey } from '../test/support/journey.ts';
import { startRedis, type TestRedis } from '../test/support/redis.ts';
import { waitFor } from '../test/support/temp.ts';
import { PRODUCT, SHIPPED, startPeer, usageOf } from './child.ts';
import { imapDefinition, mark, openMailboxes, PASSWORD, shortMail } from './mailboxes.ts';
import { percentile, tidy } from './numbers.ts';

export interface LatencyFigures extends Record<string, number> {
  p50: number;
  p99: number;
  /** CPU milliseconds of the watching process a mail. */
  cpuMs: number;
}

export interface LatencyResult {
  mails: number;
  /** A server that pushes at once (the sandbox), ms. */
  product: LatencyFigures;
  doItYourself: LatencyFigures;
  /** Dovecot, whose own notification delay (200–500 ms) both share, ms. */
  dovecot: { mails: number; product: LatencyFigures; doItYourself: LatencyFigures };
}

const FLOW = 'Support';
const PEER_QUEUE = 'peer';

interface Place {
  host: string;
  port: number;
  caFile: string;
  users: [string, string];
  deliver(user: string, raw: string): unknown;
}

export async function benchLatency(count = 500, dovecotCount = Math.min(count, 40)): Promise<LatencyResult> {
  const redis = await startRedis();
  const boxes = await openMailboxes(2);
  const [first = '', second = ''] = boxes.addresses;
  const dovecot = await startDovecot({ users: boxes.addresses.map((user) => ({ user, password: PASSWORD })) });
  try {
    const pushed = await measure(redis, count, 25, {
      host: boxes.sandbox.imap.host,
      port: boxes.sandbox.imap.port,
      caFile: boxes.caFile,
      users: [first, second],
      deliver: (user, raw) => boxes.sandbox.mailboxes.append(user, raw),
    });
    const slow = await measure(redis, dovecotCount, 0, {
      host: 'localhost',
      port: dovecot.port,
      caFile: dovecot.caFile,
      users: [first, second],
      deliver: (user, raw) => dovecot.deliver(user, raw),
    });
    return { mails: count, ...pushed, dovecot: { mails: dovecotCount, ...slow } };
  } finally {
    await boxes.stop();
    await dovecot.stop();
    await redis.stop();
  }
}

/** Mails that warm both up and are not counted. */
const WARM = 50;

async function measure(redis: TestRedis, count: number, gapMs: number, place: Place) {
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null };
  const gateway = journey({
    redisUrl: redis.url,
    caFile: place.caFile,
    emailServers: [imapDefinition(place.users[0], place.host, place.port, FLOW)],
  });
  const queue = `${PEER_QUEUE}-${mark()}`;
  const { host, port } = place;
  const peer = startPeer(
    'watch',
    { host, port, user: place.users[1], password: PASSWORD, redisUrl: redis.url, queue },
    place.caFile,
  );
  const one = gateway.start(['ingest'], SHIPPED, PRODUCT);
  const seen = new Map<string, number>();
  const consume = (messageId: string | undefined) => {
    if (messageId === undefined || seen.has(messageId)) throw new Error(`${messageId} twice`);
    seen.set(messageId, performance.now());
  };
  const workers = [
    new Worker(emailFlowQueue(FLOW), async (job) => consume(job.data.threading.messageId), {
      connection,
      prefix: PREFIX,
    }),
    new Worker(queue, async (job) => consume(job.data.messageId), { connection }),
  ];
  for (const worker of workers) worker.on('error', () => {});
  try {
    await Promise.all([one.waitForEvent('MailboxConnected'), peer.waitForEvent('Connected')]);
    await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    const run = mark();
    const times: [number[], number[]] = [[], []];
    const pids = [one.pid, peer.pid] as const;
    const used = () => pids.map((pid) => usageOf(pid).cpuSeconds);
    let before = used();
    const warm = Math.min(WARM, count);
    for (let i = -warm; i < count; i++) {
      if (i === 0) before = used();
      const turn = i % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
      for (const who of turn) {
        const id = `${run}.${i}.${who}@customer.example`;
        const sent = performance.now();
        await place.deliver(place.users[who], shortMail(id, place.users[who]));
        const got = await waitFor(() => seen.get(`<${id}>`), {
          intervalMs: 1,
          describe: () => `mail ${i} of ${who === 0 ? 'the product' : 'the peer'}; ${one.output().slice(-800)}`,
        });
        if (i >= 0) times[who].push(got - sent);
        // Time to be back in IDLE before the next one: a mail that meets a busy watcher is another question.
        if (gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
      }
    }
    const after = used();
    const figures = (who: 0 | 1): LatencyFigures => ({
      p50: tidy(percentile(times[who], 50)),
      p99: tidy(percentile(times[who], 99)),
      cpuMs: tidy((((after[who] ?? 0) - (before[who] ?? 0)) * 1000) / count),
    });
    return { product: figures(0), doItYourself: figures(1) };
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
    await peer.stop();
    await gateway.stop();
  }
}
