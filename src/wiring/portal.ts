// Wires the portal and the API of email servers: definitions in Redis, live state as the watching and sending replicas wrote it, sessions,
// delegated sign-in.
import { createOidc } from '../adapters/oauth/oidc.ts';
import { createPauses } from '../adapters/redis/pauses.ts';
import { createPortalAudit } from '../adapters/redis/portal-audit.ts';
import { createPortalServers, type PortalServers } from '../adapters/redis/portal-servers.ts';
import { createPortalSessions } from '../adapters/redis/portal-sessions.ts';
import { createPortalView } from '../adapters/redis/portal-view.ts';
import { createQuarantine } from '../adapters/redis/quarantine.ts';
import type { Config } from '../config/config.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { isSmtp } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { EmailServerView } from '../http/api/email-servers.ts';
import type { OperationsApi } from '../http/api/operations.ts';
import type { QuarantineApi } from '../http/api/quarantine.ts';
import type { ApiDeps } from '../http/index.ts';
import { type Overview, type PortalDeps, registerPortal } from '../http/portal/index.ts';
import type { Inbound } from '../inbound/index.ts';
import { replyLookup } from '../operations/conversations.ts';
import { createEmailServerAdmin, type EmailServerAdmin } from '../operations/email-servers.ts';
import { portalReplies } from '../operations/held-replies.ts';
import { liveStates } from '../operations/live-state.ts';
import { createOperations } from '../operations/operate.ts';
import { previews } from '../operations/preview.ts';
import { createQuarantineDecisions } from '../operations/quarantine.ts';
import { countOf } from '../outbound/index.ts';
import type { Emit } from '../telemetry/events.ts';
import { doctorFor } from './doctor.ts';
import { hostPolicyOf } from './host-policy.ts';
import { ingestDeps } from './ingest-deps.ts';
import type { ReplyRoom } from './outbound.ts';
import type { Stores } from './stores.ts';

/** Definitions of the portal; none without a key to encrypt their secrets with (development only). */
export function openPortalServers(config: Config, { redis }: Pick<Stores, 'redis'>): PortalServers | undefined {
  const keys = config.security.cacheKeys;
  return keys.length === 0 ? undefined : createPortalServers({ redis, keys });
}

export interface PortalWiring {
  config: Config;
  stores: Stores;
  room: ReplyRoom;
  portal: PortalServers;
  watch: EmailServerWatch;
  inbound: Inbound | undefined;
  api: Pick<ApiDeps, 'releaseHeld' | 'dropHeld'>;
  emit: Emit;
}

export function portalOf(wiring: PortalWiring): {
  emailServers: EmailServerAdmin;
  operations: OperationsApi & QuarantineApi;
  register: ReturnType<typeof registerPortal>;
} {
  const { config, stores, room, portal, watch, api, emit } = wiring;
  const pauses = createPauses(stores.redis);
  const applications = () => stores.applications().map(({ name }) => name);
  const named = (name: string) => watch.current().servers.find((server) => server.name === name);

  const view = createPortalView(stores.redis);
  const liveOf = liveStates({ ...wiring, pauses, view });
  const audit = createPortalAudit(stores.redis);

  const emailServers = createEmailServerAdmin({
    watch,
    portal,
    audit,
    liveOf,
    mayConnect: hostPolicyOf(config).mayConnect,
    emit,
  });

  const operations = {
    ...createOperations({
      ...wiring,
      pauses,
      audit,
      admin: emailServers,
      runDoctor: doctorFor(config, stores, () => watch.current().servers),
    }),
    ...createQuarantineDecisions({
      ...wiring,
      quarantine: createQuarantine(stores.redis),
      ingestDeps: ingestDeps(config, stores, replyLookup(room.journal), wiring.emit),
      audit,
    }),
  };

  async function overview(): Promise<Overview> {
    const [gone, flows, views, held, quarantined, replicas] = await Promise.all([
      goneServers(),
      operations.emailFlows(),
      emailServers.list(),
      view.heldByServer(),
      stores.ledgers.mailboxIds().then(view.quarantined),
      view.replicasAlive(Math.max(2_000, config.inbound.leaseSeconds * 1000)),
    ]);
    const senders = views.filter(({ serverType }) => serverType === 'SMTP');
    return {
      flows,
      mailboxes: views.filter(({ serverType }) => serverType !== 'SMTP'),
      senders: await Promise.all(
        senders.map(async (one) => ({
          ...one,
          live: { ...one.live, held: held.get(one.name) ?? 0, ...(await paceOf(one.name)) },
        })),
      ),
      gone,
      quarantined,
      replicas,
    };
  }

  async function goneServers(): Promise<Overview['gone']> {
    const known = new Set(watch.current().servers.map(({ name }) => name.normalize('NFC')));
    const names = (await room.register.gone()).filter(({ name }) => !known.has(name));
    const waits = await Promise.all(
      names.map(async ({ name }) => ({ server: name, waiting: countOf(await room.queues.counts(name)) })),
    );
    return waits.filter(({ waiting }) => waiting > 0);
  }

  async function paceOf(name: string): Promise<Pick<EmailServerView['live'], 'pace'>> {
    const server = named(name);
    if (server === undefined || !isSmtp(server) || !server.enabled) return {};
    const { perMinute, recipientsPerDay } = server.pace;
    return { pace: { ...(await view.paceUsed(sendingMailbox(server))), perMinute, recipientsPerDay } };
  }

  const deps: PortalDeps = {
    apiTokens: config.http.apiTokens,
    publicUrl: config.http.publicUrl,
    organisation: config.organisation,
    emit,
    servers: emailServers,
    operations,
    replies: portalReplies(room.journal, view, api),
    blobs: stores.blobs,
    sessions: createPortalSessions(stores.redis, {
      idleMs: config.http.sessions.idleMinutes * 60_000,
      longestMs: config.http.sessions.longestHours * 3_600_000,
    }),
    record: audit.write,
    oidc: oidcOf(config),
    ...previews({
      watch,
      admin: emailServers,
      applications,
      wrongApplications: () => stores.wrongApplications(),
      liveOf,
    }),
    overview,
    applications: () => [...applications(), ...stores.wrongApplications().keys()],
    async beginSignIn(name) {
      const server = named(name);
      if (server === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
      return stores.tokens.beginSignIn(server, `${config.http.publicUrl}/signin/callback`);
    },
    completeSignIn: (answer) => stores.tokens.completeSignIn(answer),
    async signedIn(name) {
      const server = named(name);
      return server === undefined ? undefined : stores.tokens.signedIn(server);
    },
  };
  return { emailServers, operations, register: registerPortal(deps) };
}

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
