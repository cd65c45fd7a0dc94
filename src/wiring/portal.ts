// Wires the portal and the API of email servers: definitions in Redis, live state as the watching and sending replicas wrote it, sessions,
// delegated sign-in.

import { createOidc } from '../adapters/oauth/oidc.ts';
import { createDeadLetters } from '../adapters/queue/dead-letters.ts';
import { openJobRemoval } from '../adapters/queue/job-removal.ts';
import { createPersonalData } from '../adapters/redis/personal-data.ts';
import type { Config } from '../config/config.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import type { EmailServer } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { FIND_DAYS } from '../domain/found.ts';
import type { DeadLettersApi } from '../http/api/dead-letters.ts';
import type { FindApi } from '../http/api/find.ts';
import type { HistoryApi } from '../http/api/history.ts';
import type { StatusApi } from '../http/api/operations.ts';
import type { PrivacyApi } from '../http/api/privacy.ts';
import type { QuarantineApi } from '../http/api/quarantine.ts';
import type { ApiDeps } from '../http/index.ts';
import type { PortalDeps } from '../http/portal/deps.ts';
import { registerPortal } from '../http/portal/index.ts';
import type { Inbound } from '../inbound/index.ts';
import { createDeadLetterDecisions } from '../operations/dead-letters.ts';
import { createEmailServerAdmin, type EmailServerAdmin } from '../operations/email-servers.ts';
import { createPrivacy } from '../operations/erase-person.ts';
import { createFetchAgain } from '../operations/fetch-again.ts';
import { createFind } from '../operations/find.ts';
import { portalReplies } from '../operations/held-replies.ts';
import { createHistory } from '../operations/history.ts';
import { liveStates } from '../operations/live-state.ts';
import { createOperations } from '../operations/operate.ts';
import { createOverview } from '../operations/overview.ts';
import { previews } from '../operations/preview.ts';
import { createQuarantineDecisions } from '../operations/quarantine.ts';
import { createRoundTrips } from '../operations/round-trip.ts';
import { createServerActivity } from '../operations/server-log.ts';
import type { Replies } from '../outbound/index.ts';
import type { Emit } from '../telemetry/events.ts';
import { doctorFor, folderLister } from './doctor.ts';
import { ingestDeps, MESSAGE_ID_DAYS } from './inbound.ts';
import type { ReplyRoom } from './outbound.ts';
import type { Stores } from './stores.ts';

interface PortalWiring {
  config: Config;
  stores: Stores;
  room: ReplyRoom;
  watch: EmailServerWatch;
  inbound: Inbound | undefined;
  api: Pick<ApiDeps, 'releaseHeld' | 'dropHeld'>;
  emit: Emit;
}

/** Nothing without a key to encrypt the secrets of definitions with (development only). */
export function portalOf(wiring: PortalWiring):
  | {
      emailServers: EmailServerAdmin;
      operations: StatusApi & QuarantineApi & DeadLettersApi & FindApi & PrivacyApi & HistoryApi;
      register: ReturnType<typeof registerPortal>;
    }
  | undefined {
  const { config, stores, room, watch, api, emit } = wiring;
  const { audit, view, portalServers: portal } = stores;
  if (portal === undefined) return undefined;
  const applications = () => stores.applications().map(({ name }) => name);
  const liveOf = liveStates(stores, room, wiring.inbound);
  const emailServers = createEmailServerAdmin({
    watch,
    portal,
    audit,
    liveOf,
    mayConnect: stores.hostPolicy.mayConnect,
    emit,
  });

  const running = createOperations({
    ...wiring,
    ...stores,
    admin: emailServers,
    runDoctor: doctorFor(config, stores, () => watch.current().servers),
    listFolders: folderLister(stores),
  });
  const overview = createOverview({
    watch,
    stores,
    room,
    admin: emailServers,
    emailFlows: running.emailFlows,
    silenceMs: config.inbound.silenceHours * 3_600_000,
    aliveMs: Math.max(2_000, config.inbound.leaseSeconds * 1000),
  });
  const operations = {
    ...running,
    overview,
    ...createFind({
      ...stores,
      reach: {
        messageDays: config.inbound.completedJobRetentionDays,
        messageIdDays: MESSAGE_ID_DAYS,
        replyDays: config.outbound.journalDays,
        addressDays: FIND_DAYS,
      },
    }),
    ...createDeadLetterDecisions({
      ...wiring,
      ...stores,
      ...running,
      deadLetters: createDeadLetters(stores.redis, stores.flows),
    }),
    ...historyOf(stores, watch, running.flowNames),
    ...createQuarantineDecisions({
      ...wiring,
      ...stores,
      ingestDeps: ingestDeps(config, stores, emit),
      fetchAgain: createFetchAgain(stores),
    }),
    ...privacyOf(stores, room.replies, () => watch.current().servers, emit),
  };

  const deps: PortalDeps = {
    apiTokens: config.http.apiTokens,
    publicUrl: config.http.publicUrl,
    organisation: config.organisation,
    emit,
    clientAddresses: config.log.clientAddresses,
    servers: emailServers,
    operations,
    replies: portalReplies(stores.journal, view, api),
    blobs: stores.blobs,
    sessions: stores.sessions,
    record: audit.write,
    oidc: oidcOf(config),
    ...previews({
      watch,
      admin: emailServers,
      applications: () => stores.applications(),
      wrongApplications: () => stores.wrongApplications(),
      liveOf,
    }),
    overview,
    activity: createServerActivity(stores, running, () => watch.current().servers),
    newestEvent: stores.serverLog.newest,
    applications: () => [...applications(), ...stores.wrongApplications().keys()],
    clientIdOf: (name) => stores.applications().find((one) => one.name === name)?.clientId,
    roundTrips: createRoundTrips({ ...room.replies, newest: stores.flows.newest, audit }),
    ...signInsOf(stores, watch),
  };
  return { emailServers, operations, register: registerPortal(deps) };
}

/** Delegated sign-in for a server of this name. */
function signInsOf(
  { tokens, redirectUri }: Stores,
  watch: EmailServerWatch,
): Pick<PortalDeps, 'beginSignIn' | 'completeSignIn' | 'signedIn'> {
  const named = (name: string) => watch.current().servers.find((server) => server.name === name);
  return {
    async beginSignIn(name) {
      const server = named(name);
      if (server === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
      return tokens.beginSignIn(server, redirectUri);
    },
    completeSignIn: (answer) => tokens.completeSignIn(answer),
    async signedIn(name) {
      const server = named(name);
      return server === undefined ? undefined : tokens.signedIn(server);
    },
  };
}

const historyOf = (
  { history, ledgers }: Pick<Stores, 'history' | 'ledgers'>,
  watch: EmailServerWatch,
  flowNames: () => string[],
): HistoryApi =>
  createHistory({
    store: history,
    servers: () => watch.current().servers,
    emailFlows: async () => [...flowNames(), ...(await ledgers.emailFlows())],
  });

/** Export and erasure of a person's data; the command line needs it without a portal. */
export const privacyOf = (
  stores: Stores,
  { cancelReply }: Pick<Replies, 'cancelReply'>,
  servers: () => readonly EmailServer[],
  emit: Emit,
): PrivacyApi =>
  createPrivacy({
    ...stores,
    kept: createPersonalData(stores.redis),
    openJobs: () => openJobRemoval(stores.redis),
    cancelReply,
    servers,
    emit,
  });

/** Sign-in of people at the organisation's provider, when one is configured. */
function oidcOf({ http, oauth }: Config): PortalDeps['oidc'] {
  const { issuer, clientId, ...rest } = http.oidc;
  if (issuer === undefined || clientId === undefined) return undefined;
  return createOidc({
    issuer,
    clientId,
    ...rest,
    redirectUri: `${http.publicUrl}/portal/oidc/callback`,
    afterSignOut: `${http.publicUrl}/portal/sign-in`,
    timeoutMs: oauth.requestTimeoutMs,
  });
}
