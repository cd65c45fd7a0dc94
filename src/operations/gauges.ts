// Gauges that have to be polled: backlog, consumers and speed of the flows, and whether the stores accept writes. Polled every
// few seconds, not at each scrape: several Prometheus servers must not multiply the load on Redis.
import type { EmailFlows } from '../adapters/queue/email-flows.ts';
import { type EmailServer, isImap } from '../domain/email-server.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import { every } from '../lib/every.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Stores } from '../wiring/stores.ts';

const FLOWS_MS = 10_000;
const STORES_MS = 15_000;
/** Polls between two listings of Redis's connections; Redis lists all of them in one answer. */
const CONSUMERS_EVERY = 3;
/** Milliseconds for a write to Redis. */
const REDIS_ANSWER_MS = 2_000;

/** @param now epoch ms */
export function flowGauges(
  flows: Pick<EmailFlows, 'counts' | 'oldestWaiting' | 'taken' | 'consumers'>,
  servers: () => readonly EmailServer[],
  metrics: Metrics,
  now: () => number = Date.now,
): () => Promise<void> {
  const backlog = metrics.gauge('mailroom_email_flow_backlog');
  const oldest = metrics.gauge('mailroom_email_flow_oldest_seconds');
  const failed = metrics.gauge('mailroom_email_flow_failed_jobs');
  const consumers = metrics.gauge('mailroom_email_flow_consumers');
  const taken = metrics.histogram('mailroom_message_taken_seconds');
  let polls = 0;
  const begunAt = now();
  /** A removed flow has series until its queue is empty. */
  const shown = new Set<string>();
  /** When the last observed job was completed, by the consumer's clock. */
  const lastTaken = new Map<string, number>();

  return async function poll(): Promise<void> {
    const watched = servers().filter((server) => server.enabled);
    const configured = new Set(watched.filter(isImap).flatMap(flowsOf));
    for (const name of configured) shown.add(name);
    // A flow with an unreadable queue does not hide the others.
    const measure = async (emailFlow: string): Promise<void> => {
      const labels = { email_flow: emailFlow };
      const { waiting = 0, prioritized = 0, delayed = 0, failed: ended = 0 } = await flows.counts(emailFlow);
      const open = waiting + prioritized + delayed;
      if (open + ended === 0 && !configured.has(emailFlow)) {
        shown.delete(emailFlow);
        for (const gauge of [backlog, failed, oldest, consumers]) gauge.remove(labels);
        return;
      }
      backlog.set(labels, open);
      failed.set(labels, ended);
      const oldestAt = await flows.oldestWaiting(emailFlow);
      oldest.set(labels, oldestAt === undefined ? 0 : Math.max(0, (now() - oldestAt) / 1000));
      const { waitedMs, lastAt } = await flows.taken(emailFlow, lastTaken.get(emailFlow) ?? begunAt);
      lastTaken.set(emailFlow, lastAt);
      for (const ms of waitedMs) taken.observe(labels, Math.max(0, ms) / 1000);
    };
    await Promise.allSettled([...shown].map(measure));
    if (polls++ % CONSUMERS_EVERY !== 0) return;
    const names = [...shown];
    const counts = await flows.consumers(names);
    if (counts === undefined) return consumers.reset();
    names.forEach((emailFlow, i) => {
      consumers.set({ email_flow: emailFlow }, counts[i] ?? 0);
    });
  };
}

/** Whether Redis and the blob store accept writes, for every role. */
function storeGauges(
  { redis, redisFault, redisFitness, blobs }: Pick<Stores, 'redis' | 'redisFault' | 'redisFitness' | 'blobs'>,
  metrics: Metrics,
): () => Promise<void> {
  const connected = metrics.gauge('mailroom_redis_connected');
  const redisWritable = metrics.gauge('mailroom_redis_writable');
  const blobsWritable = metrics.gauge('mailroom_blob_store_writable');
  const fit = metrics.gauge('mailroom_redis_fit');
  metrics.onScrape(() => {
    connected.set(redis.status === 'ready' ? 1 : 0);
    const { unfit, durabilityLost } = redisFitness();
    fit.set(unfit || durabilityLost ? 0 : 1);
  });
  return async function poll(): Promise<void> {
    const [fault, check] = await Promise.allSettled([redisFault(REDIS_ANSWER_MS), blobs.check()]);
    redisWritable.set(fault.status === 'fulfilled' && fault.value === undefined ? 1 : 0);
    blobsWritable.set(check.status === 'fulfilled' ? 1 : 0);
  };
}

export const startFlowGauges = (...given: Parameters<typeof flowGauges>) =>
  every(FLOWS_MS, flowGauges(...given), { now: true });
export const startStoreGauges = (...given: Parameters<typeof storeGauges>) =>
  every(STORES_MS, storeGauges(...given), { now: true });
