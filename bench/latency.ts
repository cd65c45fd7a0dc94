// Latency of a single mail: arrival in the mailbox → a consumer has the job. The product and two do-it-yourself peers (as a user would write it, and with
// the raw mail on disk before its job, as the product promises) watch a mailbox each of one server; mails go to them in turn, so that all see
// the same machine.
import { Worker } from 'bullmq';
import { emailFlowQueue, PREFIX } from '../src/contract/names.ts';
import { startDovecot } from '../test/support/dovecot.ts';
import { journey } from '../test/support/journey.ts';
import { startRedis, type TestRedis } from '../test/support/redis.ts';
import { tempDir, waitFor } from '../test/support/temp.ts';
import { PRODUCT, SHIPPED, startPeer, usageOf } from './child.ts';
import { imapDefinition, mark, openMailboxes, PASSWORD, shortMail } from './mailboxes.ts';
import { percentile, tidy } from './numbers.ts';

export interface LatencyFigures extends Record<string, number> {
  p50: number;
  p99: number;
  /** CPU milliseconds of the watching process a mail. */
  cpuMs: number;
}

interface Contest {
  product: LatencyFigures;
  doItYourself: LatencyFigures;
  /** The same, with the raw mail durable on disk before its job exists. */
  durable: LatencyFigures;
}

/** Of a server that pushes at once (the sandbox), ms. */
export interface LatencyResult extends Contest {
  mails: number;
  /** Dovecot, whose own notification delay (200–500 ms) all share, ms. */
  dovecot: Contest & { mails: number };
}

const FLOW = 'Support';
const PEER_QUEUE = 'peer';

interface Place {
  host: string;
  port: number;
  caFile: string;
  users: readonly string[];
  deliver(user: string, raw: string): unknown;
}

export async function benchLatency(count = 500, dovecotCount = Math.min(count, 40)): Promise<LatencyResult> {
  const redis = await startRedis();
  const boxes = await openMailboxes(3);
  const dovecot = await startDovecot({ users: boxes.addresses.map((user) => ({ user, password: PASSWORD })) });
  try {
    const pushed = await measure(redis, count, 25, {
      host: boxes.sandbox.imap.host,
      port: boxes.sandbox.imap.port,
      caFile: boxes.caFile,
      users: boxes.addresses,
      deliver: (user, raw) => boxes.sandbox.mailboxes.append(user, raw),
    });
    const slow = await measure(redis, dovecotCount, 0, {
      host: 'localhost',
      port: dovecot.port,
      caFile: dovecot.caFile,
      users: boxes.addresses,
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

async function measure(redis: TestRedis, count: number, gapMs: number, place: Place): Promise<Contest> {
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null };
  const gateway = journey({
    redisUrl: redis.url,
    caFile: place.caFile,
    emailServers: [imapDefinition(place.users[0] ?? '', place.host, place.port, FLOW)],
  });
  const queues = [0, 1].map((i) => `${PEER_QUEUE}-${i}-${mark()}`);
  const { host, port } = place;
  const dir = tempDir('bench');
  const peers = [{}, { folder: dir.path }].map((more, i) =>
    startPeer(
      'watch',
      { host, port, user: place.users[i + 1], password: PASSWORD, redisUrl: redis.url, queue: queues[i], ...more },
      place.caFile,
    ),
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
    ...queues.map((queue) => new Worker(queue, async (job) => consume(job.data.messageId), { connection })),
  ];
  for (const worker of workers) worker.on('error', () => {});
  try {
    await Promise.all([one.waitForEvent('MailboxConnected'), ...peers.map((peer) => peer.waitForEvent('Connected'))]);
    await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    const run = mark();
    const pids = [one.pid, ...peers.map(({ pid }) => pid)];
    const times: number[][] = pids.map(() => []);
    const used = () => pids.map((pid) => usageOf(pid).cpuSeconds);
    let before = used();
    const warm = Math.min(WARM, count);
    for (let i = -warm; i < count; i++) {
      if (i === 0) before = used();
      for (let turn = 0; turn < pids.length; turn++) {
        const who = (i + warm + turn) % pids.length;
        const user = place.users[who] ?? '';
        const id = `${run}.${i}.${who}@customer.example`;
        const sent = performance.now();
        await place.deliver(user, shortMail(id, user));
        const got = await waitFor(() => seen.get(`<${id}>`), {
          intervalMs: 1,
          describe: () => `mail ${i} of ${who === 0 ? 'the product' : `peer ${who}`}; ${one.output().slice(-800)}`,
        });
        if (i >= 0) times[who]?.push(got - sent);
        // Time to be back in IDLE before the next one: a mail that meets a busy watcher is another question.
        if (gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
      }
    }
    const after = used();
    const figures = (who: number): LatencyFigures => ({
      p50: tidy(percentile(times[who] ?? [], 50)),
      p99: tidy(percentile(times[who] ?? [], 99)),
      cpuMs: tidy((((after[who] ?? 0) - (before[who] ?? 0)) * 1000) / count),
    });
    return { product: figures(0), doItYourself: figures(1), durable: figures(2) };
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
    await Promise.all(peers.map((peer) => peer.stop()));
    await gateway.stop();
    dir.remove();
  }
}
