// Replicas: 1, 2, 4 processes share the mailboxes of one installation. Who watches how many, how fast a storm over all of them is through, and what
// each process costs; every mail once.
import { Redis } from 'ioredis';
import { journey } from '../test/support/journey.ts';
import { startRedis, type TestRedis } from '../test/support/redis.ts';
import { waitFor } from '../test/support/temp.ts';
import { PRODUCT, SHIPPED, timeOf, usageOf } from './child.ts';
import { imapDefinition, type Mailboxes, openMailboxes, storm } from './mailboxes.ts';
import { percentile, tidy } from './numbers.ts';
import { redisBytesOfMessages, usedMemory } from './sizing.ts';

const FLOW = 'Support';
/** Mails of each mailbox in the storm. */
const EACH = 20;
/** The shares of the replicas have not changed for so long, ms: nothing is handed over any more. */
const SETTLED_MS = 10_000;

export interface ReplicaFigures extends Record<string, number> {
  replicas: number;
  /** Mailboxes of the replica with the fewest, and with the most. */
  fewest: number;
  most: number;
  rate: number;
  /** CPU seconds per 1,000 mails, all replicas together. */
  cpuPer1000: number;
  slowestToMedian: number;
  /** Largest resident memory of a replica, MB. */
  peakMb: number;
  /** Redis bytes a message: as measured, and as the sizing formula says. */
  redisBytes: number;
  redisBytesByFormula: number;
}

export interface ReplicasResult {
  mailboxes: number;
  mails: number;
  rounds: ReplicaFigures[];
}

export async function benchReplicas(mailboxes = 120): Promise<ReplicasResult> {
  const rounds: ReplicaFigures[] = [];
  for (const replicas of [1, 2, 4]) {
    const redis = await startRedis();
    const boxes = await openMailboxes(mailboxes);
    try {
      rounds.push(await share(redis, boxes, replicas));
    } finally {
      await boxes.stop();
      await redis.stop();
    }
  }
  return { mailboxes, mails: mailboxes * EACH, rounds };
}

async function share(redis: TestRedis, boxes: Mailboxes, replicas: number): Promise<ReplicaFigures> {
  const { sandbox, addresses, caFile } = boxes;
  const { host, port } = sandbox.imap;
  const gateway = journey({
    redisUrl: redis.url,
    caFile,
    emailServers: addresses.map((address) => imapDefinition(address, host, port, FLOW)),
    settings: { inbound: { loginsPerSecond: 50 } },
  });
  const client = new Redis(redis.url);
  try {
    const all = Array.from({ length: replicas }, () => gateway.start(['ingest'], SHIPPED, PRODUCT));
    await Promise.all(all.map((one) => one.waitForEvent('GatewayStarted')));
    /** Mailboxes of each replica, once each is watched by one of them and waits in IDLE. */
    let since = Date.now();
    let last = '';
    const shares = await waitFor(
      () => {
        const sessions = sandbox.sessions();
        const watched = all.map((one) => one.events('MailboxStarted').length - one.events('MailboxStopped').length);
        const settled =
          sessions.length === addresses.length &&
          sessions.every(({ idling }) => idling) &&
          watched.reduce((sum, count) => sum + count, 0) === addresses.length &&
          // Of few mailboxes a replica may rightly get none: each goes to whom its hash says (inbound/placement.ts).
          (watched.every((count) => count > 0) || addresses.length < 10 * replicas);
        // Mailboxes move while replicas come up: the shares count when they have stood for a while.
        if (!settled || watched.join() !== last) {
          last = watched.join();
          since = Date.now();
        }
        return Date.now() - since > SETTLED_MS ? watched : undefined;
      },
      { timeoutMs: 180_000, intervalMs: 50, describe: () => `${addresses.length} mailboxes in IDLE, each once` },
    );
    const empty = await usedMemory(client);
    const cpu = () => all.reduce((sum, { pid }) => sum + usageOf(pid).cpuSeconds, 0);
    const before = cpu();
    const { started, total } = storm(boxes, EACH);
    const enqueued = () => all.flatMap((one) => one.events('MessageEnqueued'));
    await waitFor(() => enqueued().length >= total, {
      timeoutMs: 300_000,
      intervalMs: 50,
      hopeless: () => !all.every((one) => one.running()),
      describe: () => `${total} jobs, ${enqueued().length} there`,
    });
    const used = cpu() - before;
    const ended = new Map<string, number>();
    for (const line of enqueued())
      ended.set(String(line.server), Math.max(ended.get(String(line.server)) ?? 0, timeOf(line) - started));
    const messages = await gateway.messages(FLOW);
    const ids = new Set(messages.map((message) => message.threading.messageId));
    if (messages.length !== total || ids.size !== total)
      throw new Error(`${messages.length} jobs, ${ids.size} different, of ${total} mails`);
    const ends = [...ended.values()];
    const slowest = Math.max(...ends);
    return {
      replicas,
      fewest: Math.min(...shares),
      most: Math.max(...shares),
      rate: tidy((total * 1000) / slowest),
      cpuPer1000: tidy((used * 1000) / total),
      slowestToMedian: tidy(slowest / percentile(ends, 50)),
      peakMb: Math.max(...all.map(({ pid }) => usageOf(pid).peakMb)),
      redisBytes: Math.round(((await usedMemory(client)) - empty) / total),
      redisBytesByFormula: Math.round(
        redisBytesOfMessages(messages.map((message) => JSON.stringify(message).length)) / total,
      ),
    };
  } finally {
    client.disconnect();
    await gateway.stop();
  }
}
