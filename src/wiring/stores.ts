// What every role and every command needs, each adapter built once: Redis and all that is stored in it, blob store, tokens, parser. Opened in this
// order, released in reverse.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { createBlobStore } from '../adapters/blobs/index.ts';
import { openMailbox } from '../adapters/imap/connection.ts';
import { type HostPolicy, hostPolicyOf } from '../adapters/net/host-policy.ts';
import { createTokenProvider, type TokenProvider } from '../adapters/oauth/index.ts';
import { type EmailFlows, openEmailFlows } from '../adapters/queue/email-flows.ts';
import { type OutcomeQueue, openOutcomes } from '../adapters/queue/outcomes.ts';
import { tailEmailFlow } from '../adapters/queue/tail.ts';
import { checkRedis, type RedisCheck, writeFault } from '../adapters/redis/check.ts';
import { closeRedis, connectRedis, type Redis } from '../adapters/redis/client.ts';
import { type AskDisk, openDisk } from '../adapters/redis/disk.ts';
import { createFindIndex, indexReplies } from '../adapters/redis/find-index.ts';
import { type FitnessWatch, watchFitness } from '../adapters/redis/fitness.ts';
import { guardKeys, type QuarantinedKey, quarantinedKeys } from '../adapters/redis/guard.ts';
import { createHistoryStore, type HistoryStore } from '../adapters/redis/history.ts';
import { createJournal } from '../adapters/redis/journal.ts';
import { createLedgers, type Ledgers } from '../adapters/redis/ledgers.ts';
import { createLogSwitches, type LogSwitches } from '../adapters/redis/log-switches.ts';
import { createLoginSlots } from '../adapters/redis/login-slots.ts';
import { createPace } from '../adapters/redis/pace.ts';
import { createParticipants, type Participants } from '../adapters/redis/participants.ts';
import { createPauses, type Pauses } from '../adapters/redis/pauses.ts';
import { createPeople, type People } from '../adapters/redis/people.ts';
import { createPortalAudit } from '../adapters/redis/portal-audit.ts';
import { createPortalServers, type PortalServers } from '../adapters/redis/portal-servers.ts';
import { createPortalSessions } from '../adapters/redis/portal-sessions.ts';
import { createPortalView, type PortalView } from '../adapters/redis/portal-view.ts';
import { createQuarantine, type Quarantine } from '../adapters/redis/quarantine.ts';
import { openSchema, SCHEMA_VERSION } from '../adapters/redis/schema.ts';
import { createServerLogStore, type ServerLogStore } from '../adapters/redis/server-log.ts';
import { createServerRegister } from '../adapters/redis/smtp-servers.ts';
import { createSignInNotes } from '../adapters/redis/smtp-sign-ins.ts';
import { createTokenCache } from '../adapters/redis/token-cache.ts';
import { createWake, type Wake } from '../adapters/redis/wake.ts';
import type { Config } from '../config/config.ts';
import type { Loaded } from '../config/load.ts';
import { watchApplications } from '../config/watch-applications.ts';
import type { Message } from '../contract/message.ts';
import { mailboxId } from '../contract/names.ts';
import type { AuditEntry, AuditLog } from '../domain/audit.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import { type EmailServer, type ImapServer, isImap, type OAuthApplication } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import type { FindIndex } from '../domain/found.ts';
import { credentialsOf } from '../domain/mailbox-credentials.ts';
import type { Journal } from '../domain/reply-journal.ts';
import type { Pace } from '../domain/reply-pace.ts';
import type { ServerRegister } from '../domain/server-register.ts';
import type { SignInNotes } from '../domain/smtp-sign-in.ts';
import { shownAddress } from '../http/client.ts';
import type { Sessions } from '../http/ports.ts';
import { createLimits, type Limits, type Mailbox } from '../inbound/index.ts';
import type { ReleaseStack } from '../lib/release-stack.ts';
import { DAY_MS, DAY_SECONDS } from '../lib/time.ts';
import { messageReader } from '../operations/read-message.ts';
import { openParsing, type Parsing } from '../parsing/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';

export { SCHEMA_VERSION };

export interface Stores {
  redis: Redis;
  /** Whether what was written is on Redis's disk. */
  disk: AskDisk;
  flows: EmailFlows;
  ledgers: Ledgers;
  blobs: BlobStore;
  tokens: TokenProvider;
  /** Where a provider sends people back to after a delegated sign-in. */
  redirectUri: string;
  /** The current OAuth2 applications. */
  applications(): readonly OAuthApplication[];
  /** Invalid ones in the configuration: name → problem. */
  wrongApplications(): ReadonlyMap<string, string>;
  onApplicationsChanged(listener: (changed: ReadonlySet<string>) => void): () => void;
  /** Called when an application gets tokens again after a failure. */
  onTokensAgain(listener: (application: string) => void): () => void;
  wake: Wake;
  parsing: Parsing;
  journal: Journal;
  /** The queue reply-outcomes; undefined: it is not written. */
  outcomes: OutcomeQueue | undefined;
  /** SMTP servers of the past and present, by name. */
  register: ServerRegister;
  pauses: Pauses;
  /** Results of sign-ins at SMTP servers. */
  signInNotes: SignInNotes;
  pace: Pace;
  /** Reserves the next sign-in slot of a tenant or host; resolves with the ms to wait for it. */
  loginSlot(key: string): Promise<number>;
  /** What people do in the mailboxes, and what Mailroom marks there for them. */
  people: People;
  participants: Participants;
  /** Messages and replies by address and conversation. */
  findIndex: FindIndex;
  quarantine: Quarantine;
  /** Keys of Redis with content of the wrong type. */
  quarantinedKeys(): Promise<QuarantinedKey[]>;
  logSwitches: LogSwitches;
  history: HistoryStore;
  /** Newest events of each email server. */
  serverLog: ServerLogStore;
  audit: AuditLog;
  sessions: Sessions;
  view: PortalView;
  /** Definitions of the portal; undefined without a key to encrypt their secrets (development only). */
  portalServers: PortalServers | undefined;
  hostPolicy: HostPolicy;
  /** Opens a short connection for a command, beside the watcher's. */
  openMailbox(server: ImapServer): Promise<Mailbox>;
  tail(emailFlow: string, onMessage: (message: Message) => void): Promise<{ close(): Promise<void> }>;
  /** Shared by the watcher, the quarantine and `mailroom replay`. */
  limits: Limits;
  /** The error when Redis does not take a write within this many ms; undefined: it does. */
  redisFault(answerMs: number): Promise<MailroomError | undefined>;
  /** Whether Redis keeps what is written, at the last check. */
  redisFitness: FitnessWatch['current'];
  /** Drops a Redis that does not answer: nothing can be released there, and commands that wait for an answer end. */
  abandonRedis(): Promise<void>;
  /** The message in the job of this key; undefined when the job is gone. */
  readMessage(messageKey: string): Promise<Message | undefined>;
  /** Undefined: no traces are written. */
  tracing: Tracing | undefined;
  replica: string;
}

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
): Promise<Stores> {
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
  const { sessions } = config.http;
  return {
    ...{ redis, redisFitness },
    disk,
    flows,
    ledgers,
    blobs,
    tokens,
    redirectUri,
    applications: applications.current,
    wrongApplications: applications.wrong,
    onApplicationsChanged: applications.onChange,
    onTokensAgain(listener) {
      recovered.add(listener);
      return () => void recovered.delete(listener);
    },
    wake,
    parsing,
    ...journal,
    register: createServerRegister(redis),
    ...{ pauses: createPauses(redis), signInNotes: createSignInNotes(redis) },
    pace: createPace(redis),
    loginSlot: createLoginSlots(redis, config.inbound.loginsPerSecond),
    ...{ people: createPeople(redis), participants: createParticipants(redis) },
    quarantine: createQuarantine(redis),
    ...{ quarantinedKeys: () => quarantinedKeys(redis), logSwitches: createLogSwitches(redis) },
    ...{ history: createHistoryStore(redis), serverLog: createServerLogStore(redis) },
    audit: createPortalAudit(redis, { onWritten: config.log.audit ? auditLogger(config, emit) : undefined }),
    sessions: createPortalSessions(redis, {
      idleMs: sessions.idleMinutes * 60_000,
      longestMs: sessions.longestHours * 3_600_000,
    }),
    view: createPortalView(redis),
    portalServers,
    hostPolicy,
    openMailbox: mailboxOpener(tokens, hostPolicy),
    tail: (emailFlow, onMessage) => tailEmailFlow(redis, emailFlow, onMessage),
    limits: createLimits(),
    redisFault: (answerMs) => writeFault(redis, answerMs),
    async abandonRedis() {
      const fault = await writeFault(redis, 500);
      if (fault?.code === 'REDIS_UNREACHABLE') closeRedis(redis);
    },
    tracing,
    replica: `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`,
    readMessage: messageReader({ ledgers, flows, servers }),
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
): Promise<Pick<Stores, 'redis' | 'redisFitness'>> {
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
async function openJournal(
  { outbound }: Config,
  redis: Redis,
  disk: AskDisk,
  stack: ReleaseStack,
): Promise<Pick<Stores, 'journal' | 'outcomes' | 'findIndex'>> {
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
  (tokens: TokenProvider, hostPolicy: HostPolicy): Stores['openMailbox'] =>
  async (server) => {
    const credentials = await credentialsOf(server, () => tokens.getToken(server, 'imap'));
    return openMailbox(server, credentials, { connectMs: 20_000, answerMs: 30_000 }, hostPolicy.guardOf(server));
  };
