// Ground for whole-process journeys: configuration files on disk, `mailroom` as a process of its own, BullMQ to look at the queues.
import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { stringify } from 'yaml';
import type { Message } from '../../src/contract/message.ts';
import { emailFlowQueue, PREFIX, REPLY_JOB, repliesQueue, replyJobId } from '../../src/contract/names.ts';
import type { ReplyInput } from '../../src/contract/reply.ts';
import type { Result } from '../../src/contract/result.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { type MailroomProcess, startMailroom } from './mailroom.ts';
import { tempDir, waitFor } from './temp.ts';

export interface JourneyOptions {
  redisUrl: string;
  /** Definitions as an administrator writes them. */
  emailServers: object[];
  settings?: object;
  /** The CA that the servers' certificates are signed by: PEM, or a file that holds it. */
  ca?: string;
  caFile?: string;
  env?: Record<string, string>;
  /** What no process may print, besides the secrets of env: subjects, bodies, addresses of customers. */
  secrets?: string[];
}

/** Subjects and bodies of the generated mails (mails.ts) begin so; no log may hold them. */
const GENERATED = /Anfrage \d+:/;
/** JWTs begin with this header, XOAUTH2 strings with this base64. */
const TOKENS = /eyJ[A-Za-z0-9_-]{20,}|dXNlcj[0-9A-Za-z+/]{20,}/;

/** Every journey ends with this: whatever it was about, no process printed a secret or what a mail said. @throws naming what it found */
function refuseSecrets(output: string, secrets: readonly string[]): void {
  for (const secret of secrets) if (output.includes(secret)) throw new Error(`a process printed "${secret}"`);
  for (const pattern of [GENERATED, TOKENS]) {
    const found = pattern.exec(output)?.[0];
    if (found !== undefined) throw new Error(`a process printed "${found.slice(0, 30)}…"`);
  }
}

/** Everything that any process of this run ever printed; the secrecy test reads it. */
export const printed: string[] = [];

export function journey(options: JourneyOptions) {
  const dir = tempDir('journey');
  const configDir = join(dir.path, 'config');
  mkdirSync(configDir);
  const { hostname, port } = new URL(options.redisUrl);
  const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
  const queues = new Map<string, Queue>();
  const processes: MailroomProcess[] = [];
  const apiToken = randomBytes(16).toString('hex');
  const key = `test:${randomBytes(32).toString('base64')}`;

  const settings = {
    mode: 'production',
    blobs: { kind: 'folder', folder: join(dir.path, 'blobs') },
    http: { host: '127.0.0.1', port: 0 },
    inbound: { startStaggerMs: 0, leaseSeconds: 3, deadAfterSeconds: 10, backoff: { baseMs: 100, capMs: 2_000 } },
    ...options.settings,
  };
  writeFileSync(join(configDir, 'mailroom.yaml'), stringify(settings));
  const caFile = options.ca === undefined ? options.caFile : join(dir.path, 'ca.pem');
  if (options.ca !== undefined) writeFileSync(join(dir.path, 'ca.pem'), options.ca);

  function writeEmailServers(emailServers: object[]): void {
    // By rename, as an editor or a ConfigMap does it: no half-written file is ever read.
    writeFileSync(join(configDir, 'next'), stringify({ emailServers }));
    renameSync(join(configDir, 'next'), join(configDir, 'email-servers.yaml'));
  }
  writeEmailServers(options.emailServers);

  const queue = (name: string): Queue => {
    const known = queues.get(name) ?? new Queue(name, { connection, prefix: PREFIX });
    queues.set(name, known);
    return known;
  };

  return {
    dir: dir.path,
    configDir,
    apiToken,
    writeEmailServers,
    queue,
    start(args: string[] = ['serve'], nodeArgs: string[] = [], entry = 'src/main.ts'): MailroomProcess {
      const one = startMailroom({
        args: ['--config', configDir, ...args],
        nodeArgs,
        entry,
        ...(caFile === undefined ? {} : { caFile }),
        env: {
          MALLOC_ARENA_MAX: '2', // as in the image
          MAILROOM_REDIS_URL: options.redisUrl,
          MAILROOM_SECURITY_CACHE_KEYS: key,
          MAILROOM_SECURITY_CONVERSATION_KEYS: key,
          // The stand-in tenant runs on this machine.
          MAILROOM_SECURITY_PORTAL_ALLOWED_HOSTS: '127.0.0.0/8,localhost',
          MAILROOM_HTTP_API_TOKENS: `test:administrator:${apiToken}`,
          ...options.env,
        },
      });
      processes.push(one);
      return one;
    },
    async port(one: MailroomProcess): Promise<number> {
      const line = await one.waitForEvent('GatewayStarted');
      return (line.detail as { port: number }).port;
    },
    async messages(emailFlow: string): Promise<Message[]> {
      const jobs = await queue(emailFlowQueue(emailFlow)).getJobs(); // in every state
      return jobs.filter((job) => job !== undefined).map((job) => job.data as Message);
    },
    async messageCount(emailFlow: string): Promise<number> {
      const counts = await queue(emailFlowQueue(emailFlow)).getJobCounts();
      return Object.values(counts).reduce((sum, jobs) => sum + jobs, 0);
    },
    async waitForMessages(emailFlow: string, count: number, timeoutMs = 60_000): Promise<Message[]> {
      let seen = 0;
      return waitFor(
        async () => {
          // Counted often, read once.
          seen = await this.messageCount(emailFlow);
          if (seen < count) return undefined;
          const list = await this.messages(emailFlow);
          return list.length >= count ? list : undefined;
        },
        {
          timeoutMs,
          describe: () =>
            `${count} messages on ${emailFlow}, ${seen} there; last lines: ${processes.at(-1)?.output().slice(-1500)}`,
        },
      );
    },
    async addReply(server: string, reply: Partial<ReplyInput> & { replyId: string }): Promise<void> {
      await queue(repliesQueue(server)).add(
        REPLY_JOB,
        { schema: 'mailroom.reply/1', ...reply },
        { jobId: replyJobId(reply.replyId) },
      );
    },
    async addRaw(server: string, jobId: string, data: unknown): Promise<void> {
      await queue(repliesQueue(server)).add(REPLY_JOB, data, { jobId });
    },
    /** The result of a reply, accepted or refused, once its job has ended. */
    async result(server: string, jobId: string, timeoutMs = 60_000): Promise<Result> {
      return waitFor(
        async () => {
          // The state first: a job read before it ended has no reason yet.
          const lane = queue(repliesQueue(server));
          const state = await lane.getJobState(jobId);
          if (state !== 'completed' && state !== 'failed') return undefined;
          const job = await lane.getJob(jobId);
          return state === 'completed'
            ? (job?.returnvalue as Result)
            : (JSON.parse(job?.failedReason ?? '{}') as Result);
        },
        {
          timeoutMs,
          describe: () => `the end of job ${jobId}; last lines: ${processes.at(-1)?.output().slice(-1500)}`,
        },
      );
    },
    /** Runs a command of the CLI to its end. */
    async run(...args: string[]): Promise<{ code: number | null; output: string }> {
      const one = this.start(args);
      const code = await one.waitForExit(60_000);
      return { code, output: one.output() };
    },
    async stop(): Promise<void> {
      await Promise.all(processes.map((one) => (one.running() ? one.stop() : undefined)));
      for (const one of processes) printed.push(one.output());
      const secrets = [
        apiToken,
        key.slice(5),
        ...Object.entries(options.env ?? {}).flatMap(([name, value]) =>
          name.startsWith('MAILROOM_SECRET') ? [value] : [],
        ),
      ];
      for (const one of processes) refuseSecrets(one.output(), [...secrets, ...(options.secrets ?? [])]);
      await Promise.all([...queues.values()].map((one) => one.close()));
      dir.remove();
    },
  };
}

/** The sandbox's application as an administrator defines it; its secret is in MAILROOM_SECRET_APP. */
export const sandboxApplication = ({ tenant, authority }: Pick<Sandbox, 'tenant' | 'authority'>, clientId: string) => ({
  name: 'Sandbox',
  tenant,
  clientId,
  authority: authority.slice(0, authority.lastIndexOf('/')),
  credentials: [{ secretEnv: 'MAILROOM_SECRET_APP' }],
});

/** An IMAP server whose password is in MAILROOM_SECRET_TEST; it is named as its user, as is its flow, and begins with the oldest message. */
export const passwordMailbox = (user: string, port: number, fields: object = {}) => ({
  ...{ serverType: 'IMAP', name: user, host: 'localhost', port, tls: true, authenticationType: 'Password', user },
  ...{ passwordEnv: 'MAILROOM_SECRET_TEST', emailFlow: user, startFrom: 'all', enabled: true },
  ...fields,
});

export const replyJob = replyJobId;
