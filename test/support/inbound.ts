// The inbound side in this process, on real adapters (Redis, IMAP, folder blobs), with short times. For integration tests; whole-process
// journeys start `mailroom` itself.
import { randomUUID } from 'node:crypto';
import pino from 'pino';
import type { CommitMessages } from '../../src/adapters/queue/commit.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { MailboxEvent } from '../../src/contract/mailbox-event.ts';
import type { Message } from '../../src/contract/message.ts';
import type { BlobStore } from '../../src/domain/blob-store.ts';
import type { ImapServer } from '../../src/domain/email-server.ts';
import { asError } from '../../src/domain/errors.ts';
import { type InboundPorts, type InboundSettings, startInbound } from '../../src/inbound/index.ts';
import { releaseStack } from '../../src/lib/release-stack.ts';
import type { ParsedMessage } from '../../src/mime/parsed-message.ts';
import { createEmit } from '../../src/telemetry/events.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { inboundPorts } from '../../src/wiring/inbound.ts';
import { openStores } from '../../src/wiring/stores.ts';
import { tempDir, waitFor } from './temp.ts';

export interface TestInboundOptions {
  redisUrl: string;
  servers: readonly ImapServer[];
  token?: (server: ImapServer, refused?: string) => { accessToken: string; expiresAt: Date };
  settings?: Partial<InboundSettings>;
  ports?: Partial<InboundPorts>;
  replica?: string;
  /** Mailbox events that wait to be taken, in place of what there is. */
  eventsBacklog?: () => number;
  /** Puts something before the blob store. */
  blobs?: (blobs: BlobStore) => BlobStore;
  /** Puts something before the commit. */
  commit?: (commit: CommitMessages) => CommitMessages;
}

type TestEvent = { event: string; [field: string]: unknown };

export const testSettings: InboundSettings = {
  startStaggerMs: 0,
  // Polls often, and leaves a loaded machine three seconds for each answer.
  idleRenewMs: 1_800,
  deadAfterMs: 10_000,
  reconcileMs: 2_000,
  leaseMs: 10_000,
  batchCount: 20,
  batchBytes: 1_000_000,
  backoff: { baseMs: 50, capMs: 400 },
  slowCapMs: 800,
  passwordCapMs: 800,
  provenMs: 5_000,
  bufferBytes: 2_000_000,
  pendingDelays: [100, 200, 300],
};

/** Header-only stand-in for the parser, where a test is about the ledger and not about MIME. */
export function parseNothing(raw: Uint8Array): ParsedMessage {
  const head = Buffer.from(raw).subarray(0, 4_096).toString('latin1');
  const messageId = /^Message-ID:\s*(<[^>]+>)/im.exec(head)?.[1];
  return {
    parse: 'complete',
    subject: '',
    from: [],
    replyTo: [],
    to: [],
    cc: [],
    deliveredTo: [],
    attachments: [],
    threading: { ...(messageId === undefined ? {} : { messageId }), inReplyTo: [], references: [] },
    automatic: { kind: 'none', evidence: [], mayAutoRespond: true },
    importance: 'normal',
    authenticationResults: [],
    warnings: [],
  };
}

/** Ports of a parser that works in place. */
export const parsingBy = (
  parse: (raw: Uint8Array) => ParsedMessage,
): Pick<InboundPorts, 'parse' | 'parseLarge' | 'parseHeadersOnly'> => ({
  parse: async (raws) => raws.map(parse),
  parseLarge: async (raw) => parse(raw),
  parseHeadersOnly: async (head) => parse(head),
});

export async function startTestInbound(options: TestInboundOptions) {
  const dir = tempDir('inbound');
  const events: TestEvent[] = [];
  const metrics = createMetrics();
  const logger = pino({ level: 'debug' }, { write: (line: string) => void events.push(JSON.parse(line)) });
  const emit = createEmit(logger, metrics);
  const stack = releaseStack((kind, error) => emit('ReleaseFailed', { kind, err: asError(error) }));
  const config = loadConfig({
    configDir: dir.path,
    env: {},
    overrides: {
      mode: 'development',
      'redis.url': options.redisUrl,
      'blobs.folder': dir.path,
      'inbound.loginsPerSecond': 100,
    },
  });
  const stores = await openStores(config, stack, emit, () => options.servers, { metrics });
  const { redis, flows, ledgers, people } = stores;
  const replica = options.replica ?? randomUUID().slice(0, 8);
  const blobs = options.blobs?.(stores.blobs) ?? stores.blobs;
  const settings = { ...testSettings, ...options.settings };
  const ports = await inboundPorts(
    config,
    { ...stores, blobs, replica },
    { emit, metrics, logControl: { traceOf: () => undefined } },
    () => [],
    settings,
  );
  const { eventsBacklog } = options;
  const inbound = startInbound({
    ...ports,
    getToken: async (server, { refused } = {}) =>
      options.token?.(server, refused) ?? { accessToken: 'none', expiresAt: new Date(Date.now() + 3_600_000) },
    commit: options.commit?.(ports.commit) ?? ports.commit,
    ...(eventsBacklog === undefined ? {} : { people: { ...ports.people, backlog: async () => eventsBacklog() } }),
    ...parsingBy(parseNothing),
    ...options.ports,
  });
  await inbound.setServers(options.servers);
  const jobs = async (emailFlow = 'Support'): Promise<Message[]> => {
    const queue = await flows.queueOf(emailFlow);
    return (await queue.getJobs(['waiting'], 0, -1)).map((job) => job.data as Message);
  };
  const jobCount = async (emailFlow = 'Support'): Promise<number> =>
    (await (await flows.queueOf(emailFlow)).getJobCounts('waiting')).waiting ?? 0;
  return {
    inbound,
    redis,
    flows,
    ledgers,
    blobs,
    metrics,
    replica,
    /** Events so far, by name. */
    events: (name?: string) => (name === undefined ? events : events.filter(({ event }) => event === name)),
    people,
    /** What people did, oldest first. */
    async mailboxEvents(emailFlow = 'Support') {
      const queue = await flows.eventsQueueOf(emailFlow);
      return (await queue.getJobs(['waiting'], 0, -1, true)).map((job) => job.data as MailboxEvent);
    },
    jobs,
    jobCount,
    /** The messages on the queue once there are so many: counted often, read once. */
    async jobsAre(count: number, emailFlow = 'Support'): Promise<Message[]> {
      await waitFor(async () => (await jobCount(emailFlow)) >= count, {
        describe: () => `${count} jobs on ${emailFlow}; ${JSON.stringify(events.slice(-8)).slice(0, 4_000)}`,
      });
      return jobs(emailFlow);
    },
    async stop() {
      await inbound.stop();
      await stack.release();
      dir.remove();
    },
  };
}
