// Wires the inbound side to its adapters (IMAP, Redis, BullMQ, blob store, parser), with gauges, the watch for silence, and maintenance.
import { openMailbox } from '../adapters/imap/connection.ts';
import { readSent } from '../adapters/imap/people-look.ts';
import { type CommitMessages, openCommit } from '../adapters/queue/commit.ts';
import { removeExpiredJobs } from '../adapters/queue/expired-jobs.ts';
import { createSharedClock } from '../adapters/redis/clock.ts';
import { createDailyTurn } from '../adapters/redis/daily-turn.ts';
import { createLeases } from '../adapters/redis/lease.ts';
import { createPressure } from '../adapters/redis/pressure.ts';
import { classifyBounce } from '../adapters/smtp/errors.ts';
import { namesOf } from '../adapters/smtp/failure.ts';
import type { Config } from '../config/config.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { isImap, isSmtp, type SmtpServer } from '../domain/email-server.ts';
import type { FindIndex } from '../domain/found.ts';
import { PENDING_DELAYS } from '../domain/ledger.ts';
import { BUFFER_BYTES, type Inbound, type InboundSettings, type IngestDeps, startInbound } from '../inbound/index.ts';
import type { ReleaseStack } from '../lib/release-stack.ts';
import { DAY_MS, DAY_SECONDS } from '../lib/time.ts';
import { relate, replyLookup } from '../operations/conversations.ts';
import { startFlowGauges } from '../operations/gauges.ts';
import { startMaintenance, sweepBlobs } from '../operations/maintenance.ts';
import { learnReports } from '../operations/reply-reports.ts';
import { startSilence } from '../operations/silence.ts';
import type { Emit } from '../telemetry/events.ts';
import type { LogControl } from '../telemetry/log-control.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { keptReplies } from './outbound.ts';
import type { Stores } from './stores.ts';

interface Telemetry {
  emit: Emit;
  metrics: Metrics;
  logControl: Pick<LogControl, 'traceOf'>;
}

const classify = (server: SmtpServer, failure: Parameters<typeof classifyBounce>[0]) =>
  classifyBounce(failure, namesOf(server, server.user));

/**
 * The ports of ingest-message.ts, for the watcher, *Read again* in the quarantine and `mailroom replay`.
 * @param smtpServers for the watcher only: those that a bounce may pause
 */
export function ingestDeps(
  { security }: Config,
  { blobs, ledgers, parsing, participants, journal, limits, pauses, tracing }: Stores,
  emit: Emit,
  smtpServers?: () => readonly SmtpServer[],
): IngestDeps {
  const hold = smtpServers === undefined ? {} : { hold: { servers: smtpServers, pauses, classify } };
  const by = { lookup: replyLookup(journal), participants };
  return {
    blobs,
    ledgers,
    parse: parsing.parse,
    parseLarge: parsing.parseLarge,
    parseHeadersOnly: parsing.parseHeadersOnly,
    relate: (parsed, to) => relate(parsed, to, security, by),
    learn: learnReports({ journal, emit, ...hold }),
    emit,
    now: Date.now,
    limits,
    tracing,
  };
}

/** Watches the mailboxes of the email servers, and follows changes of their definitions. */
export async function openInbound(
  config: Config,
  stores: Stores,
  servers: EmailServerWatch,
  stack: ReleaseStack,
  { emit, metrics, logControl }: Telemetry,
): Promise<Inbound> {
  const current = () => servers.current().servers;
  const smtpServers = () => current().filter(isSmtp);
  const inbound = startInbound(await inboundPorts(config, stores, { emit, metrics, logControl }, smtpServers));
  stack.defer('inbound', inbound.stop);
  const apply = () => inbound.setServers(current().filter(isImap));
  stack.defer(
    'reload',
    servers.onChange(() => void apply()),
  );
  await apply();
  stack.defer('gauges', startFlowGauges(stores.flows, current, metrics));
  const watched = () => {
    const own = new Set(inbound.status().map(({ server }) => server));
    return current()
      .filter(isImap)
      .filter(({ name }) => own.has(name));
  };
  const silenceMs = config.inbound.silenceHours * 3_600_000;
  const { lastArrivals } = stores.view;
  stack.defer('silence', startSilence({ watched, lastArrivals, silenceMs, emit, metrics, now: Date.now }));
  stack.defer(
    'maintenance',
    startMaintenance({ turn: createDailyTurn(stores.redis), tasks: dailyTasks(config, stores, emit), emit }),
  );
  return inbound;
}

/** Tasks of the daily maintenance: each deletes what has expired. */
export function dailyTasks(
  config: Config,
  stores: Stores,
  emit: Emit,
): Parameters<typeof startMaintenance>[0]['tasks'] {
  const { redis, audit, journal, findIndex, outcomes } = stores;
  const daysAgo = (days: number) => Date.now() - days * DAY_MS;
  const outcomeSeconds = config.outbound.outcomeRetentionDays * DAY_SECONDS;
  return {
    'raw-mails': () =>
      sweepBlobs({
        ...stores,
        retentionDays: config.blobs.retentionDays,
        jobRetentionDays: config.inbound.completedJobRetentionDays,
      }),
    messages: () => removeExpiredJobs(redis, 'messages', keptMessages(config)),
    'mailbox-events': () => removeExpiredJobs(redis, 'mailbox-events', keptMessages(config)),
    replies: () => removeExpiredJobs(redis, 'replies', keptReplies(config)),
    'reply-journal': () => journal.forgetEnded(),
    async 'reply-outcomes'() {
      const unread = (await outcomes?.clean()) ?? 0;
      if (unread > 0) emit('ReplyOutcomesRemoved', { count: unread });
      const keep = { keepCompletedSeconds: outcomeSeconds, keepFailedSeconds: outcomeSeconds };
      return unread + (await removeExpiredJobs(redis, 'reply-outcomes', keep));
    },
    changes: () => audit.removeBefore('changes', daysAgo(config.audit.changeDays)),
    'sign-ins': () => audit.removeBefore('sign-ins', daysAgo(config.audit.signInDays)),
    'find-index': () => findIndex.removeExpired(),
  };
}

const keptMessages = ({ inbound }: Config) => ({
  keepCompletedSeconds: inbound.completedJobRetentionDays * DAY_SECONDS,
  keepFailedSeconds: 30 * DAY_SECONDS,
});

/** Days for which messages with the same Message-ID are linked. */
export const MESSAGE_ID_DAYS = 3;

/** Indexes senders and conversations once their messages are committed; nothing waits for it. */
const indexed =
  (commit: CommitMessages, findIndex: FindIndex): CommitMessages =>
  async (request) => {
    const ledger = await commit(request);
    const found = (request.messages ?? []).map(({ message: { messageKey, from, conversation } }) => ({
      kind: 'message' as const,
      id: messageKey,
      terms: [...from.map(({ address }) => address), conversation.id].filter((term) => term !== ''),
    }));
    findIndex.add(found).catch(() => {}); // such a message is still found by its ids
    return ledger;
  };

/** @param settings for tests: shorter times than the configuration's */
export async function inboundPorts(
  config: Config,
  stores: Stores,
  { emit, metrics, logControl }: Telemetry,
  smtpServers: () => readonly SmtpServer[],
  settings = inboundSettings(config),
): Promise<Parameters<typeof startInbound>[0]> {
  const { redis, flows, replica } = stores;
  const commit = await openCommit(redis, flows, {
    ...keptMessages(config),
    keepFingerprintsSeconds: 90 * DAY_SECONDS,
    keepSiblingsSeconds: MESSAGE_ID_DAYS * DAY_SECONDS,
  });
  const connecting = { connectMs: 20_000, answerMs: Math.max(1_000, settings.deadAfterMs * 0.3) };
  const clock = createSharedClock(redis);
  await clock.sync();
  return {
    ...ingestDeps(config, stores, emit, smtpServers),
    openMailbox(server, credentials) {
      const onSlowFetch = () => emit('FetchSlowed', { server: server.name });
      return openMailbox(server, credentials, { ...connecting, onSlowFetch }, stores.hostPolicy.guardOf(server), {
        grade: () => logControl.traceOf(server.name),
        write: (from, line) => emit('MailboxTraced', { server: server.name, kind: from, reason: line }),
      });
    },
    getToken: (server, options) => stores.tokens.getToken(server, 'imap', options),
    commit: indexed(commit, stores.findIndex),
    ledgers: stores.ledgers,
    blobs: stores.blobs,
    leases: createLeases(redis, replica, settings.leaseMs, clock),
    loginSlot: stores.loginSlot,
    people: { ...stores.people, backlog: flows.eventsBacklog },
    readSent: (server, credentials, query) =>
      readSent({ server, credentials, guard: stores.hostPolicy.guardOf(server), withinMs: 30_000 }, query),
    readMessage: stores.readMessage,
    pressure: createPressure(redis, flows.backlog, config.inbound.maxBacklogPerFlow),
    metrics,
    settings,
    replica,
    now: clock.now,
    monotonic: () => performance.now(),
    random: Math.random,
  };
}

function inboundSettings({ inbound }: Config): InboundSettings {
  return {
    startStaggerMs: inbound.startStaggerMs,
    idleRenewMs: inbound.idleRenewSeconds * 1000,
    deadAfterMs: inbound.deadAfterSeconds * 1000,
    reconcileMs: inbound.reconcileSeconds * 1000,
    leaseMs: inbound.leaseSeconds * 1000,
    batchCount: inbound.batchCount,
    batchBytes: inbound.batchBytes,
    backoff: inbound.backoff,
    slowCapMs: 5 * 60_000,
    passwordCapMs: 15 * 60_000,
    provenMs: 5 * 60_000,
    bufferBytes: BUFFER_BYTES,
    pendingDelays: PENDING_DELAYS,
  };
}
