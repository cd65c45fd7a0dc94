// The sending half in this process, its adapters built by src/wiring on a real Redis and real sockets, with short times. For integration tests;
// whole-process journeys start `mailroom` itself.

import { loadConfig } from '../../src/config/config.ts';
import type { EmailServer } from '../../src/domain/email-server.ts';
import type { GetToken } from '../../src/domain/mailbox-credentials.ts';
import type { SubmissionOutcome } from '../../src/domain/submission.ts';
import { releaseStack } from '../../src/lib/release-stack.ts';
import type { OutboundDeps, OutboundSettings, SentFolder } from '../../src/outbound/ports.ts';
import { replyBodies } from '../../src/parsing/reply-bodies.ts';
import type { EventFields } from '../../src/telemetry/events.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { openReplies, outboundDeps } from '../../src/wiring/outbound.ts';
import { openStores, type Stores } from '../../src/wiring/stores.ts';

export interface TestOutboundOptions {
  redisUrl: string;
  /** Replicas that share it are replicas of one installation. */
  blobFolder: string;
  servers: readonly EmailServer[];
  /** Default: the Sent folder of the IMAP server among them. */
  sent?: SentFolder | undefined;
  settings?: Partial<OutboundSettings> | undefined;
  /** Default: a new one each time that one was refused. */
  getToken?: GetToken | undefined;
  /** Milliseconds of silence after which a submission counts as broken. */
  silenceMs?: number | undefined;
  /** Writes the queue reply-outcomes; default: as shipped. */
  outcomes?: boolean | undefined;
  /** Receives the outcome of every submission. */
  onOutcome?: ((outcome: SubmissionOutcome) => void) | undefined;
}

export interface TestOutbound {
  /** What startOutbound needs; a test may put something before a part of it. */
  deps: OutboundDeps;
  stores: Stores;
  events: { name: string; fields: EventFields }[];
  change(servers: readonly EmailServer[]): void;
  close(): Promise<void>;
}

function testTokens(): GetToken {
  let token = 0;
  return async (_server, _protocol, options) => {
    if (options?.renew === true) token += 1;
    return { accessToken: `token-${token}`, expiresAt: new Date(Date.now() + 3_600_000) };
  };
}

export async function openTestOutbound(options: TestOutboundOptions): Promise<TestOutbound> {
  const { redisUrl, blobFolder, sent, getToken = testTokens(), silenceMs = 2_000, outcomes, onOutcome } = options;
  const events: TestOutbound['events'] = [];
  const emit: OutboundDeps['emit'] = (name, fields = {}) => void events.push({ name, fields });
  let { servers } = options;
  let changed = () => {};
  const current = () => servers;
  const config = loadConfig({
    configDir: blobFolder,
    env: {},
    overrides: {
      mode: 'development',
      'redis.url': redisUrl,
      'blobs.folder': blobFolder,
      'outbound.connectTimeoutMs': 5_000,
      'outbound.socketTimeoutMs': silenceMs,
      'outbound.ehloName': 'mailroom.test',
      ...(outcomes === undefined ? {} : { 'outbound.outcomes': outcomes }),
    },
  });
  const stack = releaseStack();
  const opened = await openStores(config, stack, emit, current);
  const stores: Stores = {
    ...opened,
    tokens: { ...opened.tokens, getToken: getToken as Stores['tokens']['getToken'] },
  };
  const room = openReplies(config, stores, current, emit, { lockMs: 2_000, stalledCheckMs: 500 });
  stack.defer('reply queues', () => room.queues.close());
  const onChange = (listener: () => void) => {
    changed = listener;
    return () => {};
  };
  const telemetry = { emit, metrics: createMetrics(), logControl: { traceOf: () => undefined } };
  // Sign-ins between replies have their own test (prove.test.ts); here each one belongs to a submission.
  const { signIns: _, ...wired } = outboundDeps(config, stores, room, { current, onChange }, telemetry, {
    leaseMs: 1_500,
    settleMs: 600,
    firstLookMs: 150,
    pauseProbeMs: 500,
    tickMs: 100,
    seekMs: 1_500,
    stopGraceMs: 2_000,
    ...options.settings,
  });
  const deps: OutboundDeps = {
    ...wired,
    ...(sent === undefined ? {} : { sent }),
    replyBodies: async (input) => replyBodies(input), // without a worker thread
    openSubmitter(server) {
      const submitter = wired.openSubmitter(server);
      if (onOutcome === undefined) return submitter;
      return {
        ...submitter,
        async submit(submission) {
          const outcome = await submitter.submit(submission);
          onOutcome(outcome);
          return outcome;
        },
      };
    },
  };
  return {
    deps,
    stores,
    events,
    change(next) {
      servers = next;
      changed();
    },
    close: stack.release,
  };
}
