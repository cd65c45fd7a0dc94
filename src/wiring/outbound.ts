// Wires the sending half to its adapters: BullMQ, SMTP, the Sent folder over IMAP.
import { lookForAnswer } from '../adapters/imap/people-look.ts';
import { createSentFolder } from '../adapters/imap/sent-folder.ts';
import { openReplyQueues } from '../adapters/queue/replies.ts';
import { createSubmitter, submitterDefaults } from '../adapters/smtp/submitter.ts';
import type { Config } from '../config/config.ts';
import { signInAtSmtp } from '../doctor/smtp-sign-in.ts';
import { type EmailServer, isImap, isSmtp } from '../domain/email-server.ts';
import { credentialsOf } from '../domain/mailbox-credentials.ts';
import type { ReplyQueues } from '../domain/reply-queues.ts';
import { DAY_SECONDS } from '../lib/time.ts';
import { createAnswers } from '../operations/answers.ts';
import { messageIdMaker } from '../operations/conversations.ts';
import {
  createReplies,
  type Outbound,
  type OutboundDeps,
  type OutboundSettings,
  type Replies,
  startOutbound,
} from '../outbound/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { LogControl } from '../telemetry/log-control.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { remoteSystems } from './doctor.ts';
import type { Stores } from './stores.ts';

export interface ReplyRoom {
  queues: ReplyQueues;
  replies: Replies;
}

/** Ended jobs of replies outlive the journal: a reply that is added again meets one or the other. */
export function keptReplies({ outbound }: Config): { keepCompletedSeconds: number; keepFailedSeconds: number } {
  const seconds = Math.max(outbound.completedJobRetentionDays, outbound.journalDays) * DAY_SECONDS;
  return { keepCompletedSeconds: seconds, keepFailedSeconds: seconds };
}

/**
 * What both the sending role and the API need of replies: queues, and the way to submit and look them up.
 * @param locks other than production's: a test does not wait for half a minute
 */
export function openReplies(
  config: Config,
  stores: Stores,
  servers: () => readonly EmailServer[],
  emit: Emit,
  locks = { lockMs: 30_000, stalledCheckMs: 30_000 },
): ReplyRoom {
  const queues = openReplyQueues(stores.redis, emit, { ...keptReplies(config), ...locks });
  return {
    queues,
    replies: createReplies({ ...stores, queues, emit, allServers: servers, limits: config.outbound }),
  };
}

/** Time limit of the check whether a colleague has answered, ms. */
const ANSWER_LOOK_MS = 8_000;

function answersIn(stores: Stores, current: () => readonly EmailServer[]) {
  const { people, readMessage, loginSlot, hostPolicy, tokens } = stores;
  return createAnswers({
    ...{ people, readMessage, loginSlot, now: Date.now },
    imapServers: () => current().filter(isImap),
    lookForAnswer: async (server, query) => {
      const credentials = await credentialsOf(server, () => tokens.getToken(server, 'imap'));
      return lookForAnswer({ server, credentials, guard: hostPolicy.guardOf(server), withinMs: ANSWER_LOOK_MS }, query);
    },
  });
}

export const openOutbound = (...wiring: Parameters<typeof outboundDeps>): Promise<Outbound> =>
  startOutbound(outboundDeps(...wiring));

export function outboundDeps(
  config: Config,
  stores: Stores,
  { queues }: ReplyRoom,
  servers: { current: () => readonly EmailServer[]; onChange(listener: () => void): () => void },
  { emit, metrics, logControl }: { emit: Emit; metrics: Metrics; logControl: Pick<LogControl, 'traceOf'> },
  waits: Partial<OutboundSettings> = {},
): OutboundDeps {
  const { outbound } = config;
  const { guardOf } = stores.hostPolicy;
  const { getToken } = stores.tokens;
  const settings = {
    ...submitterDefaults,
    connectionTimeoutMs: outbound.connectTimeoutMs,
    socketTimeoutMs: outbound.socketTimeoutMs,
    ehloName: outbound.ehloName,
    guardOf,
  };
  const signInOptions = { timeoutMs: outbound.connectTimeoutMs, ehloName: outbound.ehloName, guardOf };
  const { turns } = stores;
  return {
    servers: () => servers.current().filter(isSmtp),
    register: stores.register,
    ownAddresses: () => servers.current().map(({ user }) => user),
    onServersChanged: servers.onChange,
    journal: stores.journal,
    queues,
    pace: stores.pace,
    pauses: stores.pauses,
    signIns: {
      notes: stores.signInNotes,
      signIn: async (server) =>
        (await signInAtSmtp(server, { systems: remoteSystems, getToken, turns }, signInOptions)) ?? 'busy',
    },
    openSubmitter: (server) =>
      createSubmitter(server, getToken, {
        ...settings,
        trace: {
          grade: () => logControl.traceOf(server.name),
          write: (from, line) => emit('SubmissionTraced', { server: server.name, kind: from, reason: line }),
        },
      }),
    blobs: stores.blobs,
    sent: createSentFolder({ getToken, imapServers: () => servers.current().filter(isImap), guardOf }),
    answers: answersIn(stores, servers.current),
    readMessage: stores.readMessage,
    replyBodies: stores.parsing.replyBodies,
    makeMessageId: messageIdMaker(config),
    publishOutcome: stores.outcomes?.publish,
    emit,
    metrics,
    tracing: stores.tracing,
    settings: {
      settleMs: outbound.uncertain.lookForMinutes * 60_000,
      recipientsPerReply: outbound.recipientsPerReply,
      allowedHeaders: outbound.allowedHeaders,
      pauseProbeMs: outbound.pausedRetrySeconds * 1000,
      ...waits,
    },
  };
}
