// The sample backend: what a contact center does, in plain BullMQ. Consumes each flow's queue, shows the message, lets an "agent" answer.
import { Queue, QueueEvents, Worker } from 'bullmq';
import type { Message, Result } from '../src/contract/index.ts';
import { emailFlowQueue, PREFIX, REPLY_JOB, repliesQueue, replyJobId } from '../src/contract/names.ts';
import type { FLOWS } from './tenant.ts';
import { bold, dim, green, red, say } from './words.ts';

export interface Refusal {
  code: string;
  message: string;
  permitted: string[];
}

export interface Backend {
  /** Resolves when this many messages were handled and every reply to them has its result. */
  answered(messages: number, timeoutMs: number): Promise<void>;
  /** An agent tries a From that the server does not permit. */
  answerFromForbiddenAddress(): Promise<Refusal>;
  stop(): Promise<void>;
}

export function startBackend(redisUrl: string, flows: typeof FLOWS): Backend {
  const connection = { url: redisUrl, maxRetriesPerRequest: null };
  const open: { close(): Promise<void> }[] = [];
  const handled = new Set<string>();
  let unsettled = 0;
  let wake = () => {};
  let lastMessage: Message | undefined;

  const replyQueues = new Map<string, { queue: Queue; events: QueueEvents }>(
    flows.map(({ smtpServer }) => {
      const queue = new Queue(repliesQueue(smtpServer), { connection, prefix: PREFIX });
      const events = new QueueEvents(repliesQueue(smtpServer), { connection, prefix: PREFIX });
      open.push(queue, events);
      return [smtpServer, { queue, events }] as const;
    }),
  );

  async function submit(smtpServer: string, reply: { replyId: string } & Record<string, unknown>): Promise<Result> {
    const lane = replyQueues.get(smtpServer);
    if (lane === undefined) throw new Error(`no queue for ${smtpServer}`);
    const job = await lane.queue.add(
      REPLY_JOB,
      { schema: 'mailroom.reply/1', ...reply },
      { jobId: replyJobId(reply.replyId) },
    );
    try {
      return (await job.waitUntilFinished(lane.events, 60_000)) as Result;
    } catch (error) {
      return JSON.parse((error as Error).message) as Result;
    }
  }

  for (const { emailFlow, smtpServer } of flows) {
    const worker = new Worker(
      emailFlowQueue(emailFlow),
      async (job) => {
        const message = job.data as Message;
        show(message);
        lastMessage = message;
        unsettled++;
        const settle = answer(message, smtpServer).finally(() => {
          unsettled--;
          handled.add(message.messageKey);
          wake();
        });
        await settle;
      },
      { connection, prefix: PREFIX, concurrency: 4 },
    );
    worker.on('error', () => {});
    open.unshift(worker);
  }

  async function answer(message: Message, smtpServer: string): Promise<void> {
    const to = message.replyTo[0]?.address || message.from[0]?.address;
    if (!message.automatic.mayAutoRespond || to === undefined || to === '') {
      say(
        dim(
          `    no answer: ${message.automatic.kind === 'none' ? 'no address to answer to' : `automatic mail (${message.automatic.kind})`}`,
        ),
      );
      return;
    }
    const result = await submit(smtpServer, {
      replyId: `demo-${message.messageKey}`,
      from: message.mailbox,
      to: [to],
      subject: /^re:/i.test(message.subject) ? message.subject : `Re: ${message.subject}`,
      text: `Guten Tag,\n\nvielen Dank für Ihre Nachricht. Wir kümmern uns darum.\n\nIhr Team von ${message.emailFlow}`,
      answers: {
        messageKey: message.messageKey,
        messageId: message.threading.messageId,
        references: message.threading.references,
        mailbox: message.mailbox,
      },
      conversationId: message.conversation.id,
      agent: { id: 'agent-7', name: 'Alex Weber' },
    });
    const words = result.remote?.text ?? result.failure?.message ?? '';
    say(
      result.state === 'accepted' ? green(`    reply accepted → ${to}`) : red(`    reply ${result.state} → ${to}`),
      dim(words),
    );
  }

  return {
    async answered(messages, timeoutMs) {
      const timer = setTimeout(() => wake(), timeoutMs);
      const until = performance.now() + timeoutMs;
      while ((handled.size < messages || unsettled > 0) && performance.now() < until) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      clearTimeout(timer);
    },
    async answerFromForbiddenAddress() {
      const result = await submit(flows[0].smtpServer, {
        replyId: `demo-forbidden-${Date.now()}`,
        from: 'ceo@contoso.example',
        to: [lastMessage?.from[0]?.address ?? 'jane@customer.example'],
        subject: 'Re: hello',
        text: 'This must not leave.',
      });
      const { code = 'NOT REFUSED', message = '', permitted = [] } = result.failure ?? {};
      return { code, message, permitted };
    },
    async stop() {
      await Promise.all(open.map((one) => one.close()));
    },
  };
}

function show(message: Message): void {
  const sender = message.from[0];
  const who =
    sender === undefined ? '(unknown)' : sender.name === '' ? sender.address : `${sender.name} <${sender.address}>`;
  say('', `${bold(message.emailFlow)}  ${who}: ${bold(message.subject || '(no subject)')}`);
  const text = (message.replyText ?? message.text?.value ?? '').replace(/\s+/g, ' ').trim();
  if (text !== '') say(`    ${text.slice(0, 100)}`);
  for (const attachment of message.attachments) {
    say(
      dim(
        `    ${attachment.inline ? 'inline' : 'attached'}: ${attachment.filename} (${attachment.contentType}, ${attachment.size} bytes)`,
      ),
    );
  }
  if (message.automatic.kind !== 'none') say(dim(`    automatic: ${message.automatic.kind}`));
  if (message.warnings.length > 0) say(dim(`    repaired: ${message.warnings.map(({ code }) => code).join(', ')}`));
}
