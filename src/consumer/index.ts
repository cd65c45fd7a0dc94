// `mailroom/consumer`: the messages of an email flow for a backend in TypeScript. Plain BullMQ underneath; it checks the contract, opens
// attachments, writes replies and decides when a job is done.
import { Queue, Worker } from 'bullmq';
import type { Message } from '../contract/message.ts';
import { emailFlowQueue } from '../contract/names.ts';
import type { Reply } from '../contract/reply.ts';
import { type Api, apiClient } from './api.ts';
import { type CommonOptions, runJob, workerOptions } from './jobs.ts';
import { readMessage } from './message.ts';
import { addReply, draftReply, type ReplyDraft } from './reply.ts';
import { processTraced } from './tracing.ts';

export type { MailboxEvent } from '../contract/mailbox-event.ts';
export type { Message } from '../contract/message.ts';
export {
  emailFlowQueue,
  mailboxEventsQueue,
  PREFIX,
  REPLY_OUTCOMES_QUEUE,
  repliesQueue,
  replyJobId,
} from '../contract/names.ts';
export type { Outcome } from '../contract/outcome.ts';
export type { ReplyInput } from '../contract/reply.ts';
export type { Result } from '../contract/result.ts';
export { readMessage } from './message.ts';
export { consumeOutcomes, type OutcomeConsumerOptions, readOutcome } from './outcomes.ts';
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

export interface ConsumerOptions extends CommonOptions {
  emailFlow: string;
  /** The job is done when this resolves; when it rejects, the message comes again. */
  onMessage(message: Message, tools: MessageTools): Promise<void>;
  /** Messages at once; default 1. */
  concurrency?: number;
  /** Mailroom's HTTP API, for attachments and raw mails. */
  api?: Api;
  /** A run that failed, or the connection to Redis. Default: nothing; BullMQ reconnects on its own. */
  onError?(error: Error, message?: Message): void;
}

export interface Consumer {
  /** Resolves when the connection is open. */
  ready(): Promise<void>;
  /** Takes no more messages and waits for those in work. */
  close(): Promise<void>;
}

export function consumeMessages(options: ConsumerOptions): Consumer {
  const { emailFlow, onMessage, onError = () => {} } = options;
  const shared = workerOptions(options);
  const api = apiClient(options.api);
  const queues = new Map<string, Queue>();
  const closing = new AbortController();

  function queueOf(name: string): Queue {
    let queue = queues.get(name);
    if (queue === undefined) {
      const { connection, prefix } = shared;
      queue = new Queue(name, { connection, prefix });
      queue.on('error', onError);
      queues.set(name, queue);
    }
    return queue;
  }

  const work = (message: Message, attempt: number): Promise<void> => {
    const path = `/v1/messages/${encodeURIComponent(message.messageKey)}`;
    const wholeBody = async (kind: 'text' | 'html'): Promise<ReadableStream<Uint8Array>> => {
      const body = message[kind];
      return body?.truncated === false ? new Blob([body.value]).stream() : api.download(`${path}/${kind}`);
    };
    return processTraced(emailFlow, message, ({ send }) =>
      onMessage(message, {
        attempt,
        signal: closing.signal,
        attachment: (n) => api.download(`${path}/attachments/${n}`),
        raw: () => api.download(`${path}/raw`),
        text: () => wholeBody('text'),
        html: () => wholeBody('html'),
        async reply(draft) {
          const reply: Reply & { server: string } = draftReply(message, draft);
          await send(reply.server, (here) => addReply(queueOf, { ...here, ...reply }));
          return reply.replyId;
        },
      }),
    );
  };

  const worker = new Worker(
    emailFlowQueue(emailFlow),
    (job, token) => runJob(job, token, readMessage, (message) => work(message, job.attemptsStarted), options),
    shared,
  );
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
