// What every role and every command needs, each adapter built once: Redis and all that is stored in it, blob store, tokens, parser. Opened in this
// order, released in reverse.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { createBlobStore } from '../adapters/blobs/index.ts';
import { openMailbox } from '../adapters/imap/connection.ts';
import { type HostPolicy, hostPolicyOf } from '../adapters/net/host-policy.ts';
import { createTokenProvider, type TokenProvider } from '../adapters/oauth/index.ts';
import { openEmailFlows } from '../adapters/queue/email-flows.ts';
import { openOutcomes } from '../adapters/queue/outcomes.ts';
import { tailEmailFlow } from '../adapters/queue/tail.ts';
import { checkRedis, type RedisCheck, writeFault } from '../adapters/redis/check.ts';
import { closeRedis, connectRedis, type Redis } from '../adapters/redis/client.ts';
import { type AskDisk, openDisk } from '../adapters/redis/disk.ts';
import { createFindIndex, indexReplies } from '../adapters/redis/find-index.ts';
import { watchFitness } from '../adapters/redis/fitness.ts';
import { guardKeys, quarantinedKeys } from '../adapters/redis/guard.ts';
import { createHistoryStore } from '../adapters/redis/history.ts';
import { createJournal } from '../adapters/redis/journal.ts';
import { createLedgers } from '../adapters/redis/ledgers.ts';
import { createLogSwitches } from '../adapters/redis/log-switches.ts';
import { createLoginSlots } from '../adapters/redis/login-slots.ts';
import { createPace } from '../adapters/redis/pace.ts';
import { createParticipants } from '../adapters/redis/participants.ts';
import { createPauses } from '../adapters/redis/pauses.ts';
import { createPeople } from '../adapters/redis/people.ts';
import { createPortalAudit } from '../adapters/redis/portal-audit.ts';
import { createPortalServers } from '../adapters/redis/portal-servers.ts';
import { createPortalSessions } from '../adapters/redis/portal-sessions.ts';
import { createPortalView } from '../adapters/redis/portal-view.ts';
import { createQuarantine } from '../adapters/redis/quarantine.ts';
import { openSchema, SCHEMA_VERSION } from '../adapters/redis/schema.ts';
import { createServerLogStore } from '../adapters/redis/server-log.ts';
import { createServerRegister } from '../adapters/redis/smtp-servers.ts';
import { createSignInNotes } from '../adapters/redis/smtp-sign-ins.ts';
import { createTokenCache } from '../adapters/redis/token-cache.ts';
import { createWake } from '../adapters/redis/wake.ts';
import type { Config } from '../config/config.ts';
import type { Loaded } from '../config/load.ts';
import { watchApplications } from '../config/watch-applications.ts';
import type { Message } from '../contract/message.ts';
import { mailboxId } from '../contract/names.ts';
import { createTurns } from '../doctor/turns.ts';
import type { AuditEntry } from '../domain/audit.ts';
import { type EmailServer, type ImapServer, isImap } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { credentialsOf } from '../domain/mailbox-credentials.ts';
import { shownAddress } from '../http/client.ts';
import { createLimits, type Mailbox } from '../inbound/index.ts';
import type { ReleaseStack } from '../lib/release-stack.ts';
import { DAY_MS, DAY_SECONDS, HOUR_MS, MINUTE_MS } from '../lib/time.ts';
import { messageReader } from '../operations/read-message.ts';
import { openParsing } from '../parsing/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';

export { SCHEMA_VERSION };

export type Stores = Awaited<ReturnType<typeof openStores>>;

interface OpenStoresOptions extends Pick<RedisCheck, 'waitMs' | 'signal' | 'writes' | 'onWait'> {
  /** Reads the configuration again. */
  load?: (() => Loaded) | undefined;
  /** For a process that is scraped. */
  metrics?: Metrics;
  tracing?: Tracing | undefined;
  /** Another module for the parser's workers. */
  parserScript?: URL | undefined;
}

/** @throws MailroomError when Redis is unfit, or is not there in time (adapters/redis/check.ts) */
export async function openStores(
  config: Config,
  stack: ReleaseStack,
  emit: Emit,
  servers: () => readonly EmailServer[],
  { load, parserScript, metrics, tracing, ...waiting }: OpenStoresOptions = {},
) {
  const { redis, redisFitness } = await openRedis(config, stack, emit, servers, waiting);
  const blobs = await createBlobStore(config.blobs);
  stack.defer('blob store', () => blobs.close());

  const applications = watchApplications({ config, emit, ...(load === undefined ? {} : { load }) });
  stack.defer('applications', applications.stop);
  const wake = createWake(redis);
  stack.defer('wake', wake.stop);
  const redirectUri = `${config.http.publicUrl}/signin/callback`;
  const recovered = new Set<(application: string) => void>();
  const tokens = createTokenProvider({
    applications: applications.current,
    wrongApplications: applications.wrong,
    onRecovered: (application) => {
      for (const listener of recovered) listener(application);
    },
    onSignedIn: (isMeant) => {
      for (const server of servers().filter(isMeant)) wake.publish(server.name).catch(() => {}); // then its back-off ends in time
    },
    cache: createTokenCache({ redis, keys: config.security.cacheKeys }),
    ...{ emit, metrics },
    servers,
    redirectUris: [redirectUri],
    renewAheadSeconds: config.oauth.renewAheadSeconds,
    requestTimeoutMs: config.oauth.requestTimeoutMs,
  });
  stack.defer('token provider', () => tokens.stop());

  const parsing = parserOf(config, emit, parserScript);
  stack.defer('parsing', parsing.stop);

  const flows = openEmailFlows(redis);
  stack.defer('email flows', () => flows.close());
  const disk = openDisk(redis);
  const journal = await openJournal(config, redis, disk, stack);
  const ledgers = createLedgers(redis, disk);
  const hostPolicy = hostPolicyOf(config);
  const { cacheKeys } = config.security;
  const portalServers = cacheKeys.length === 0 ? undefined : createPortalServers({ redis, keys: cacheKeys });
  if (portalServers) stack.defer('portal servers', portalServers.stop);
  return {
    redis,
    /** Whether Redis keeps what is written, at the last check. */
    redisFitness,
    /** Whether what was written is on Redis's disk. */
    disk,
    flows,
    ledgers,
    blobs,
    tokens,
    /** Where a provider sends people back to after a delegated sign-in. */
    redirectUri,
    /** The current OAuth2 applications. */
    applications: applications.current,
    /** Invalid ones in the configuration: name → problem. */
    wrongApplications: applications.wrong,
    onApplicationsChanged: applications.onChange,
    /** Called when an application gets tokens again after a failure. */
    onTokensAgain(listener: (application: string) => void) {
      recovered.add(listener);
      return () => void recovered.delete(listener);
    },
    wake,
    parsing,
    ...journal,
    ...keptIn(redis, config, emit),
    /** Definitions of the portal; undefined without a key to encrypt their secrets (development only). */
    portalServers,
    hostPolicy,
    /** Opens a short connection for a command, beside the watcher's. */
    openMailbox: mailboxOpener(tokens, hostPolicy),
    tail: (emailFlow: string, onMessage: (message: Message) => void) => tailEmailFlow(redis, emailFlow, onMessage),
    /** Shared by the watcher, the quarantine and `mailroom replay`. */
    limits: createLimits(),
    /** Undefined: no traces are written. */
    tracing,
    replica: `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`,
    /** The message in the job of this key; undefined when the job is gone. */
    readMessage: messageReader({ ledgers, flows, servers }),
  };
}

/** What only Redis holds. */
function keptIn(redis: Redis, config: Config, emit: Emit) {
  const { idleMinutes, longestHours } = config.http.sessions;
  const pace = createPace(redis);
  const loginSlot = createLoginSlots(redis, config.inbound.loginsPerSecond);
  return {
    /** The error when Redis does not take a write within this many ms; undefined: it does. */
    redisFault: (answerMs: number) => writeFault(redis, answerMs),
    /** Drops a Redis that does not answer: nothing can be released there, and commands that wait for an answer end. */
    async abandonRedis() {
      const fault = await writeFault(redis, 500);
      if (fault?.code === 'REDIS_UNREACHABLE') closeRedis(redis);
    },
    /** Keys of Redis with content of the wrong type. */
    quarantinedKeys: () => quarantinedKeys(redis),
    /** SMTP servers of the past and present, by name. */
    register: createServerRegister(redis),
    pauses: createPauses(redis),
    /** Results of sign-ins at SMTP servers. */
    signInNotes: createSignInNotes(redis),
    pace,
    /** Reserves the next sign-in slot of a tenant or host; resolves with the ms to wait for it. */
    loginSlot,
    /** The doctor's turns among the sign-ins and connections of a running gateway. */
    turns: createTurns(loginSlot, pace),
    /** What people do in the mailboxes, and what Mailroom marks there for them. */
    people: createPeople(redis),
    participants: createParticipants(redis),
    quarantine: createQuarantine(redis),
    logSwitches: createLogSwitches(redis),
    history: createHistoryStore(redis),
    /** Newest events of each email server. */
    serverLog: createServerLogStore(redis),
    audit: createPortalAudit(redis, { onWritten: config.log.audit ? auditLogger(config, emit) : undefined }),
    sessions: createPortalSessions(redis, { idleMs: idleMinutes * MINUTE_MS, longestMs: longestHours * HOUR_MS }),
    view: createPortalView(redis),
  };
}

/** Writes audit entries to the log; `by` of a locked sign-in is a client's address. */
const auditLogger =
  ({ log: { clientAddresses } }: Config, emit: Emit) =>
  ({ by, action, server, changes }: AuditEntry) =>
    emit('AuditEntryWritten', {
      kind: action,
      ...(server === '' ? {} : { server }),
      detail: {
        by: action === 'sign-in-locked' ? shownAddress(by, clientAddresses) : by,
        changes: JSON.stringify(changes),
      },
    });

function parserOf({ inbound }: Config, emit: Emit, script: URL | undefined): ReturnType<typeof openParsing> {
  const { inlineTextBytes, inlineHtmlBytes, messageHeaders, stamps, parseTimeoutMs } = inbound;
  return openParsing({
    ...{ script, inlineTextBytes, inlineHtmlBytes, messageHeaders, stamps, timeoutMs: parseTimeoutMs },
    onEnded: (reason, detail) => emit('ParserWorkerEnded', { reason, detail: { cause: detail } }),
  });
}

/** Redis, fit for us and with data of our version. @throws MailroomError, see openStores */
async function openRedis(
  config: Config,
  stack: ReleaseStack,
  emit: Emit,
  servers: () => readonly EmailServer[],
  waiting: RedisCheck,
) {
  const { url, sentinels, cluster } = config.redis;
  if (url === undefined && sentinels.length === 0 && cluster.length === 0) {
    throw new MailroomError('CONFIG_INVALID', {
      message: 'redis.url: must be set (MAILROOM_REDIS_URL), or redis.sentinels, or redis.cluster',
      field: 'redis.url',
    });
  }
  const redis = connectRedis(config.redis, emit);
  stack.defer('redis', () => closeRedis(redis));
  const serverOf = (id: string) => servers().find((server) => isImap(server) && mailboxId(server) === id)?.name;
  guardKeys(redis, { emit, serverOf });
  const embedded = config.mode === 'development';
  const found = await checkRedis(redis, { embedded, ...waiting });
  await openSchema(redis, { emit, migrates: waiting.writes === true });
  const fitness = watchFitness(redis, found, { embedded, emit });
  stack.defer('redis fitness', fitness.stop);
  return { redis, redisFitness: fitness.current };
}

/** The journal of replies, which writes the queue of outcomes with what it records. */
async function openJournal({ outbound }: Config, redis: Redis, disk: AskDisk, stack: ReleaseStack) {
  const seconds = outbound.outcomeRetentionDays * DAY_SECONDS;
  const outcomes = outbound.outcomes
    ? await openOutcomes(redis, { keepCompletedSeconds: seconds, keepFailedSeconds: seconds })
    : undefined;
  if (outcomes !== undefined) stack.defer('reply outcomes', outcomes.close);
  const findIndex = createFindIndex(redis);
  const journal = createJournal(redis, { keepMs: outbound.journalDays * DAY_MS }, disk, outcomes);
  return { outcomes, findIndex, journal: indexReplies(journal, findIndex) };
}

const mailboxOpener =
  (tokens: TokenProvider, hostPolicy: HostPolicy) =>
  async (server: ImapServer): Promise<Mailbox> => {
    const credentials = await credentialsOf(server, () => tokens.getToken(server, 'imap'));
    return openMailbox(server, credentials, { connectMs: 20_000, answerMs: 30_000 }, hostPolicy.guardOf(server));
  };
