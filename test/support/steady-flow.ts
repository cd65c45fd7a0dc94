// One gateway under steady mail and replies while something happens to its Redis; what arrived is counted at the receivers: the backend, which
// consumes by mailroom/consumer, and the customer's mailbox.
import type { ConnectionOptions } from 'bullmq';
import { Cluster } from 'ioredis';
import { type Consumer, consumeMessages } from '../../src/consumer/index.ts';
import { FLOW, JANE, openDesk, SUPPORT } from './desk.ts';
import type { journey } from './journey.ts';
import type { MailroomProcess } from './mailroom.ts';
import { waitFor } from './temp.ts';

interface SteadyFlowOptions {
  /** Where the gateway's Redis is. */
  env: Record<string, string>;
  /** Where the backend's is: for BullMQ, or as nodes of a cluster. */
  redis?: string | ConnectionOptions;
  cluster?: { host: string; port: number }[];
  prefix?: string;
  /** Entry file of the first gateway, another version's, from the root of the project. */
  entry?: string;
  /** Milliseconds between two mails, and between two replies. */
  everyMs?: number;
}

export interface SteadyFlow {
  j: ReturnType<typeof journey>;
  readonly gateway: MailroomProcess;
  /** Starts another gateway, waits until it shares the work, and ends the one before. @param entry of another version */
  replace(entry?: string, beside?: () => Promise<unknown>): Promise<void>;
  /** Sends a mail and a reply of their own. @returns milliseconds until both had arrived */
  through(): Promise<number>;
  /** How many mails were sent, and how many replies were handed in. */
  sent(): { mails: number; replies: number };
  /** Ends the load and waits until all has arrived. @returns what is missing or there twice, at the receivers */
  counts(): Promise<Counts>;
  stop(): Promise<void>;
}

interface Counts {
  mailsMissing: string[];
  mailsDoubled: string[];
  repliesMissing: string[];
  repliesDoubled: string[];
}
export const NOTHING_LOST: Counts = { mailsMissing: [], mailsDoubled: [], repliesMissing: [], repliesDoubled: [] };

export async function startSteadyFlow({
  env,
  cluster = [],
  redis = new Cluster(cluster, { redisOptions: { maxRetriesPerRequest: null } }),
  prefix,
  entry,
  everyMs = 150,
}: SteadyFlowOptions): Promise<SteadyFlow> {
  const { sandbox, j, stop } = await openDesk({
    redisUrl: 'redis://127.0.0.1:1', // not looked at: the counts are the receivers'
    inbound: { startFrom: 'all' },
    outbound: { pace: { perMinute: 3_000 } },
    env: { MAILROOM_REDIS_URL: '', ...env },
    secrets: [JANE],
  });
  let gateway = j.start(['serve'], [], entry);
  let base = `http://127.0.0.1:${await j.port(gateway)}`;
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${base}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${j.apiToken}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(10_000),
    });

  /** Message-ID → messageKeys under which the backend got it. */
  const received = new Map<string, Set<string>>();
  const consumer: Consumer = consumeMessages({
    redis,
    emailFlow: FLOW,
    ...(prefix === undefined ? {} : { prefix }),
    concurrency: 4,
    async onMessage({ threading, messageKey }) {
      const id = threading.messageId ?? '';
      received.set(id, (received.get(id) ?? new Set()).add(messageKey));
    },
  });
  await gateway.waitForEvent('MailboxConnected', () => true, { timeoutMs: 30_000 });

  const mails = new Set<string>();
  const replies = new Set<string>();
  const ended = new AbortController();
  function deliver(): string {
    const id = `<mail-${mails.size}@customer.example>`;
    mails.add(id);
    const head = `From: ${JANE}\r\nTo: ${SUPPORT}\r\nSubject: Question ${mails.size}\r\nMessage-ID: ${id}`;
    sandbox.mailboxes.deliver(SUPPORT, Buffer.from(`${head}\r\n\r\nHello ${mails.size}\r\n`), JANE);
    return id;
  }
  const arrivals = (): string[] =>
    sandbox.mailboxes
      .list(JANE)
      .map(({ raw }) => /^X-Mailroom-Reply-Id:\s*(\S+)/im.exec(raw.toString('latin1'))?.[1] ?? '');

  /** As docs/consumer.md asks of a backend: what was not taken, or is not known afterwards, is handed in again under the same replyId. */
  async function reply(replyId: string): Promise<void> {
    const body = JSON.stringify({
      ...{ schema: 'mailroom.reply/1', replyId, server: 'Out', from: SUPPORT, to: [JANE], subject: 'Answer' },
      text: 'Hello',
    });
    const handIn = async () => (await call('/v1/replies', { method: 'POST', body })).status === 202;
    await waitFor(handIn, { timeoutMs: 60_000, intervalMs: 200 });
    await waitFor(
      async () => {
        const answer = await call(`/v1/replies/${replyId}`);
        if (answer.status === 404) await handIn();
        return answer.ok && ((await answer.json()) as { state: string }).state === 'accepted';
      },
      {
        timeoutMs: 100_000, // what was at work is stalled for a minute at most
        intervalMs: 200,
        describe: () => {
          const lines = gateway.output().split('\n');
          return `reply ${replyId}: ${lines.filter((line) => line.includes(`"${replyId}"`)).join('\n')}`;
        },
      },
    );
  }
  const work: Promise<void>[] = [];
  function handIn(): string {
    const replyId = `reply-${replies.size}`;
    replies.add(replyId);
    const done = reply(replyId);
    done.catch(() => {});
    work.push(done);
    return replyId;
  }
  const load = setInterval(() => {
    if (ended.signal.aborted) return;
    deliver();
    handIn();
  }, everyMs);

  return {
    j,
    get gateway() {
      return gateway;
    },
    async replace(next, beside = async () => {}) {
      const before = gateway;
      const started = j.start(['serve'], [], next);
      const port = await j.port(started);
      gateway = started;
      base = `http://127.0.0.1:${port}`;
      await beside();
      const code = await before.stop();
      if (code !== 0) throw new Error(`the gateway before ended with ${code}: ${before.output().slice(-2_000)}`);
    },
    async through() {
      const started = performance.now();
      const [mail, replyId] = [deliver(), handIn()];
      await waitFor(() => received.has(mail) && arrivals().includes(replyId), {
        timeoutMs: 60_000,
        describe: () => `${mail} and ${replyId}; ${gateway.output().slice(-2_000)}`,
      });
      return performance.now() - started;
    },
    sent: () => ({ mails: mails.size, replies: replies.size }),
    async counts() {
      clearInterval(load);
      await Promise.all(work);
      await waitFor(() => [...mails].every((id) => received.has(id)), { timeoutMs: 60_000 }).catch(() => {});
      const arrived = arrivals();
      return {
        mailsMissing: [...mails].filter((id) => !received.has(id)),
        mailsDoubled: [...received].filter(([, keys]) => keys.size > 1).map(([id]) => id),
        repliesMissing: [...replies].filter((id) => !arrived.includes(id)),
        repliesDoubled: arrived.filter((id, i) => arrived.indexOf(id) !== i),
      };
    },
    async stop() {
      ended.abort();
      clearInterval(load);
      await consumer.close();
      if (redis instanceof Cluster) redis.disconnect();
      await stop();
    },
  };
}
