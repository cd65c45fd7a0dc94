// A small contact center that never rests: mails arrive steadily in every mailbox of a sandbox tenant, a backend consumes the flows in plain
// BullMQ and has some of them answered. It counts at the ends: what was put into a mailbox, what the backend was given, what the tenant accepted.
import { Queue, Worker } from 'bullmq';
import type { Message } from '../../src/contract/message.ts';
import { emailFlowQueue, PREFIX, REPLY_JOB, repliesQueue, replyJobId } from '../../src/contract/names.ts';
import { type Fault, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { journey, sandboxApplication } from './journey.ts';
import { seededRandom } from './random.ts';
import type { TestRedis } from './redis.ts';
import { waitFor } from './temp.ts';

const CLIENT = '5a0c1d2e-3f40-4b5c-8d6e-7f8091a2b3c4';
const SECRET = 'steady~traffic~client~secret';
const CUSTOMER = 'jane@customer.example';
/** What no log may show. */
const WORDS = 'Wann-kommt-meine-Lieferung';

interface TrafficOptions {
  redis: TestRedis;
  mailboxes: number;
  flows: number;
  mailsPerSecond: number;
  /** How many of the mails are answered, 0 to 1. */
  answered: number;
  seed: number;
  /** Replies a minute that each SMTP server takes; default: as shipped. */
  perMinute?: number;
  /** Settings of the gateway, as in mailroom.yaml. */
  settings?: Record<string, unknown>;
}

/** What was counted at the ends. */
export interface Counts {
  mails: number;
  /** Not on any queue. */
  lost: number;
  /** Message-IDs that came as two jobs. */
  doubled: number;
  /** Jobs that BullMQ handed to the backend a second time: allowed, the job is the same. */
  redelivered: number;
  replies: number;
  accepted: number;
  /** Replies that left more than once. */
  repliesDoubled: number;
  /** Replies that have not left. */
  repliesMissing: number;
}

export async function openTraffic(options: TrafficOptions) {
  const { redis, flows, seed } = options;
  const random = seededRandom(seed);
  const addresses = Array.from({ length: options.mailboxes }, (_, i) => `desk${i + 1}@contoso.example`);
  const flowOf = (i: number) => `Desk ${(i % flows) + 1}`;
  const ofFlow = (flow: string) => addresses.filter((_, i) => flowOf(i) === flow);
  const sandbox: Sandbox = await startSandbox({
    users: [
      ...addresses.map((address) => ({ address, kind: 'shared' as const })),
      { address: CUSTOMER, kind: 'customer' as const },
    ],
    applications: [{ clientId: CLIENT, secret: SECRET, sendAs: addresses }],
  });
  const common = {
    host: 'localhost',
    authenticationType: 'OAuth2',
    application: 'Sandbox',
    signIn: 'appOnly',
    tls: true,
    enabled: true,
  };
  const names = Array.from({ length: flows }, (_, i) => flowOf(i));
  const gateway = journey({
    redisUrl: redis.url,
    ca: sandbox.caPem,
    emailServers: [
      ...addresses.map((user, i) => ({
        ...common,
        serverType: 'IMAP',
        name: `In ${i + 1}`,
        port: sandbox.imap.port,
        user,
        emailFlow: flowOf(i),
        startFrom: 'all',
      })),
      ...names.map((flow) => ({
        ...common,
        serverType: 'SMTP',
        name: flow,
        port: sandbox.smtp.port,
        user: ofFlow(flow)[0],
        additionalEmailFromAddresses: ofFlow(flow),
        ...(options.perMinute === undefined ? {} : { pace: { perMinute: options.perMinute } }),
      })),
    ],
    settings: { oauthApplications: [sandboxApplication(sandbox, CLIENT)], ...options.settings },
    env: { MAILROOM_SECRET_APP: SECRET },
    secrets: [WORDS, CUSTOMER],
  });

  const sent = new Set<string>();
  /** Message-ID → ids of the jobs it came as. */
  const jobs = new Map<string, Set<string>>();
  let redelivered = 0;
  const asked = new Set<string>();
  const left = new Map<string, number>();
  const stopListening = sandbox.onSubmission(({ raw }) => {
    const head = raw.subarray(0, 8_192).toString('latin1');
    const replyId = /^X-Mailroom-Reply-Id:\s*(\S+)/im.exec(head)?.[1];
    if (replyId !== undefined) left.set(replyId, (left.get(replyId) ?? 0) + 1);
  });

  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null };
  const replyQueues = new Map(
    names.map((flow) => [flow, new Queue(repliesQueue(flow), { connection, prefix: PREFIX })]),
  );
  for (const queue of replyQueues.values()) queue.on('error', () => {});
  const workers = names.map((flow) => {
    const worker = new Worker(
      emailFlowQueue(flow),
      async (job) => {
        const message = job.data as Message;
        const id = message.threading.messageId ?? '';
        const known = jobs.get(id) ?? new Set();
        if (known.has(String(job.id))) redelivered += 1;
        known.add(String(job.id));
        jobs.set(id, known);
        if (random() >= options.answered) return;
        const replyId = `answer-${message.messageKey}`;
        await replyQueues.get(flow)?.add(
          REPLY_JOB,
          {
            schema: 'mailroom.reply/1',
            replyId,
            from: message.mailbox,
            to: [CUSTOMER],
            subject: `Re: ${message.subject}`,
            text: `${WORDS}? Morgen.`,
            answers: { messageKey: message.messageKey, messageId: id, mailbox: message.mailbox },
            conversationId: message.conversation.id,
          },
          { jobId: replyJobId(replyId) },
        );
        asked.add(replyId);
      },
      { connection, prefix: PREFIX, concurrency: 4 },
    );
    worker.on('error', () => {});
    return worker;
  });

  let number = 0;
  const arrive = () => {
    const to = addresses[Math.floor(random() * addresses.length)] as string;
    const id = `<steady-${seed}-${++number}@customer.example>`;
    sent.add(id);
    sandbox.mailboxes.append(
      to,
      [
        `From: Kunde <${CUSTOMER}>`,
        `To: ${to}`,
        `Subject: ${WORDS} ${number}`,
        `Message-ID: ${id}`,
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        '',
        `Guten Tag, ${WORDS}? `.repeat(10 + Math.floor(random() * 80)),
        '',
      ].join('\r\n'),
    );
  };
  let mailTimer: NodeJS.Timeout | undefined;

  const counts = (): Counts => ({
    mails: sent.size,
    lost: [...sent].filter((id) => !jobs.has(id)).length,
    doubled: [...jobs.values()].filter((ids) => ids.size > 1).length,
    redelivered,
    replies: asked.size,
    accepted: [...asked].filter((id) => left.has(id)).length,
    repliesDoubled: [...left.values()].filter((times) => times > 1).length,
    repliesMissing: [...asked].filter((id) => !left.has(id)).length,
  });

  return {
    sandbox,
    gateway,
    counts,
    /** Mails arrive from now on; the returned function ends that. */
    begin(): () => void {
      clearInterval(mailTimer);
      mailTimer = setInterval(arrive, 1_000 / options.mailsPerSecond);
      return () => clearInterval(mailTimer);
    },
    /** One fault at random, mild enough that no message ends in quarantine and no reply in a person's hands. */
    strike(): string {
      const upTo = (n: number) => 1 + Math.floor(random() * n);
      const mailbox = addresses[Math.floor(random() * addresses.length)] as string;
      const faults: Fault[] = [
        { name: 'dropIdle', times: upTo(5), reset: random() < 0.5 },
        { name: 'drop', mailbox, reset: random() < 0.5 },
        { name: 'halfOpen', mailbox },
        { name: 'closed13', mailbox, times: 1 },
        { name: 'tokenExpiredNow', mailbox },
        { name: 'serverUnavailable15', mailbox, at: 'select', times: 1 },
        { name: 'throttleImap', mailbox, milliseconds: 500, times: 1 },
        { name: 'muteIdle', mailbox, forMilliseconds: 5_000 },
        { name: 'emptyFetch', mailbox, times: 1 },
        { name: 'slowCommand', mailbox, milliseconds: 500, times: 3 },
        { name: 'refuseConnections', times: 1 },
        { name: 'dropBeforeData', at: 'rcpt', times: 1 },
        { name: 'dropAfterDot', times: 1 },
        // Not serverBusy: a server that is busy is left alone for ten minutes and more.
        { name: 'smtpReply', reply: 'concurrentConnections', times: 1 },
        { name: 'slowSmtp', at: 'afterDot', milliseconds: 500, times: 2 },
        { name: 'http5xx', times: 1 },
        { name: 'slowToken', milliseconds: 500, times: 1 },
      ];
      const fault = faults[Math.floor(random() * faults.length)] as Fault;
      sandbox.faults.set(fault);
      return fault.name;
    },
    /** Waits until every mail was handed to the backend and every reply has left. @throws naming what is missing */
    async settled(timeoutMs: number): Promise<Counts> {
      clearInterval(mailTimer);
      sandbox.faults.clear();
      await waitFor(() => counts().lost === 0 && counts().repliesMissing === 0, {
        timeoutMs,
        intervalMs: 500,
        describe: () => `everything to arrive: ${JSON.stringify(counts())}`,
      });
      return counts();
    },
    async stop(): Promise<void> {
      clearInterval(mailTimer);
      stopListening();
      await Promise.all([...workers, ...replyQueues.values()].map((one) => one.close()));
      await gateway.stop();
      await sandbox.stop();
    },
  };
}
