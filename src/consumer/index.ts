// `mailroom/consumer`: the messages of an email flow for a backend in TypeScript. Plain BullMQ underneath; it checks the contract, opens
// attachments, writes replies and decides when a job is done.
import {
  type ConnectionOptions,
  DelayedError,
  type Job,
  Queue,
  type QueueOptions,
  UnrecoverableError,
  Worker,
} from 'bullmq';
import type { Message } from '../contract/message.ts';
import { emailFlowQueue, PREFIX } from '../contract/names.ts';
import type { Reply } from '../contract/reply.ts';
import { classifyRedisError } from '../domain/redis-errors.ts';
import { type Api, apiClient } from './api.ts';
import { readMessage } from './message.ts';
import { addReply, draftReply, type ReplyDraft } from './reply.ts';

export type { MailboxEvent } from '../contract/mailbox-event.ts';
export type { Message } from '../contract/message.ts';
export { emailFlowQueue, mailboxEventsQueue, PREFIX, repliesQueue, replyJobId } from '../contract/names.ts';
export type { ReplyInput } from '../contract/reply.ts';
export type { Result } from '../contract/result.ts';
export { readMessage } from './message.ts';
export type { ReplyDraft } from './reply.ts';

export interface MessageTools {
  /** Bytes of attachment n, decoded, as they come. Needs `api`. */
  attachment(n: number): Promise<ReadableStream<Uint8Array>>;
  /** The untouched mail. Needs `api`. */
  raw(): Promise<ReadableStream<Uint8Array>>;
  /** The whole text in UTF-8, also where the message holds its beginning only (`truncated`): then it needs `api`. */
  text(): Promise<ReadableStream<Uint8Array>>;
  /** The whole html, likewise. It is the customer's: sanitise it before it is shown. */
  html(): Promise<ReadableStream<Uint8Array>>;
  /**
   * Queues a reply to this message. Recipient, subject and threading are taken from the message where the draft leaves them out; so is
   * the replyId, which makes the default one reply a message, however often the job runs. @returns the replyId
   */
  reply(draft: ReplyDraft): Promise<string>;
  /** 1 at the first run. */
  attempt: number;
  /** Aborted when the consumer closes. */
  signal: AbortSignal;
}

export interface ConsumerOptions {
  /** URL, or BullMQ's connection options (an ioredis instance among them, with maxRetriesPerRequest: null). */
  redis: string | ConnectionOptions;
  emailFlow: string;
  /** `redis.prefix` of the installation; default `{mailroom}`. */
  prefix?: string;
  /** The job is done when this resolves; when it rejects, the message comes again. */
  onMessage(message: Message, tools: MessageTools): Promise<void>;
  /** Messages at once; default 1. */
  concurrency?: number;
  /** Mailroom's HTTP API, for attachments and raw mails. */
  api?: Api;
  /** Runs of one message until its job fails for good (it is kept, and may be retried); default 8. */
  attempts?: number;
  /** Milliseconds before the second run, doubled up to 15 minutes; default 2,000. */
  backoffMs?: number;
  /** A run that failed, or the connection to Redis. Default: nothing; BullMQ reconnects on its own. */
  onError?(error: Error, message?: Message): void;
}

export interface Consumer {
  /** Resolves when the connection is open. */
  ready(): Promise<void>;
  /** Takes no more messages and waits for those in work. */
  close(): Promise<void>;
}

const LONGEST_BACKOFF_MS = 15 * 60_000;

export function consumeMessages(options: ConsumerOptions): Consumer {
  const { emailFlow, onMessage, concurrency = 1, attempts = 8, backoffMs = 2_000, onError = () => {} } = options;
  const connection = connectionOf(options.redis);
  const shared: QueueOptions = { connection, prefix: options.prefix ?? PREFIX };
  const api = apiClient(options.api);
  const queues = new Map<string, Queue>();
  const closing = new AbortController();

  function queueOf(name: string): Queue {
    let queue = queues.get(name);
    if (queue === undefined) {
      queue = new Queue(name, shared);
      queue.on('error', onError);
      queues.set(name, queue);
    }
    return queue;
  }

  async function wholeBody(message: Message, kind: 'text' | 'html'): Promise<ReadableStream<Uint8Array>> {
    const body = message[kind];
    if (body?.truncated === false) return new Blob([body.value]).stream();
    return api.download(`/v1/messages/${encodeURIComponent(message.messageKey)}/${kind}`);
  }

  async function process(job: Job, token: string | undefined): Promise<void> {
    let message: Message;
    try {
      message = readMessage(job.data);
    } catch (error) {
      // It will not become readable by being tried again.
      onError(asError(error));
      throw new UnrecoverableError(asError(error).message);
    }
    const attempt = job.attemptsStarted;
    try {
      await onMessage(message, {
        attempt,
        signal: closing.signal,
        attachment: (n) => api.download(`/v1/messages/${encodeURIComponent(message.messageKey)}/attachments/${n}`),
        raw: () => api.download(`/v1/messages/${encodeURIComponent(message.messageKey)}/raw`),
        text: () => wholeBody(message, 'text'),
        html: () => wholeBody(message, 'html'),
        async reply(draft) {
          const reply: Reply & { server: string } = draftReply(message, draft);
          await addReply(queueOf, reply);
          return reply.replyId;
        },
      });
    } catch (error) {
      onError(asError(error), message);
      if (attempt >= attempts || error instanceof UnrecoverableError) throw error;
      // The jobs carry no attempts of their own (Mailroom does not know its consumers): the consumer decides.
      await job.moveToDelayed(Date.now() + Math.min(LONGEST_BACKOFF_MS, backoffMs * 2 ** (attempt - 1)), token);
      throw new DelayedError();
    }
  }

  const worker = new Worker(emailFlowQueue(emailFlow), process, {
    ...shared,
    concurrency,
    // A consumer that is killed at work leaves its job to the stalled check; a few kills in a row are no fault of the message.
    maxStalledCount: 5,
    runRetryDelay: 1_000, // after a failover; BullMQ's own are 15 seconds
  });
  worker.on('error', onError);

  return {
    async ready() {
      await worker.waitUntilReady();
    },
    async close() {
      closing.abort();
      await worker.close();
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/** Milliseconds without an answer, blocked reads of ten seconds included, after which a connection counts as dead: its host may be gone without a word. */
const SILENCE_MS = 12_000;

/** Follows a failover: a primary that was demoted keeps its connections, and a host that is gone says nothing. */
const FOLLOWS_FAILOVER = {
  socketTimeout: SILENCE_MS,
  // BullMQ's own grows to 20 seconds.
  retryStrategy: (attempt: number) => Math.min(2_000, 100 * 2 ** Math.min(attempt, 5)),
  // 2: connects again and sends the command again, of which nothing has run.
  reconnectOnError: (error: Error) => (classifyRedisError(error) === 'REDIS_READ_ONLY' ? (2 as const) : false),
};

function connectionOf(redis: ConsumerOptions['redis']): ConnectionOptions {
  if (typeof redis === 'string') return { url: redis, ...FOLLOWS_FAILOVER };
  // An instance of ioredis has its options already.
  return 'duplicate' in redis ? redis : { ...FOLLOWS_FAILOVER, ...redis };
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
