// Wires the portal and the API of email servers: definitions in Redis, live state as the watching and sending replicas wrote it, sessions,
// delegated sign-in.
import { createOidc } from '../adapters/oauth/oidc.ts';
import { createPauses } from '../adapters/redis/pauses.ts';
import { createPortalAudit } from '../adapters/redis/portal-audit.ts';
import { createPortalServers, type PortalServers } from '../adapters/redis/portal-servers.ts';
import { createPortalSessions } from '../adapters/redis/portal-sessions.ts';
import { createQuarantine } from '../adapters/redis/quarantine.ts';
import type { Config } from '../config/config.ts';
import { parseEmailServer } from '../config/email-servers.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { normalAddress } from '../domain/address.ts';
import { type EmailServer, isImap, isSmtp } from '../domain/email-server.ts';
import { checkEmailServers, type Finding } from '../domain/email-server-check.ts';
import { MailroomError } from '../domain/errors.ts';
import type { Definition } from '../http/email-servers.ts';
import type { OperationsApi } from '../http/operations.ts';
import {
  type Consequences,
  type Overview,
  type PortalDeps,
  type Preview,
  registerPortal,
} from '../http/portal/index.ts';
import { RequestInvalid } from '../http/problem.ts';
import type { QuarantineApi } from '../http/quarantine.ts';
import type { Inbound } from '../inbound/index.ts';
import type { Emit } from '../telemetry/events.ts';
import { replyLookup } from './conversations.ts';
import { createEmailServerAdmin, type EmailServerAdmin } from './email-servers.ts';
import { hostPolicy } from './host-policy.ts';
import { liveStates } from './live-state.ts';
import { createOperations } from './operations.ts';
import type { ReplyRoom } from './outbound.ts';
import { createQuarantineDecisions } from './quarantine.ts';
import { doctorFor } from './run-doctor.ts';
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
  emit: Emit;
}

export function portalOf(wiring: PortalWiring): {
  emailServers: EmailServerAdmin;
  operations: OperationsApi & QuarantineApi;
  register: ReturnType<typeof registerPortal>;
} {
  const { config, stores, room, portal, watch, emit } = wiring;
  const pauses = createPauses(stores.redis);
  const named = (name: string) => watch.current().servers.find((server) => server.name === name);

  const liveOf = liveStates({ ...wiring, pauses });
  const audit = createPortalAudit(stores.redis);

  const emailServers = createEmailServerAdmin({
    watch,
    portal,
    audit,
    liveOf,
    mayConnect: hostPolicy(),
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
      lookupReply: replyLookup(room.journal),
      audit,
    }),
  };

  async function overview(): Promise<Overview> {
    const [flows, views, held] = await Promise.all([
      operations.emailFlows(),
      emailServers.list(),
      room.replies.listReplies('held', 1_000),
    ]);
    return {
      flows,
      mailboxes: views.filter(({ serverType }) => serverType !== 'SMTP'),
      senders: views
        .filter(({ serverType }) => serverType === 'SMTP')
        .map((view) => ({
          ...view,
          live: { ...view.live, held: held.filter(({ server }) => server === view.name).length },
        })),
    };
  }

  async function preview(definition: Definition, existing?: string): Promise<Preview> {
    const others = watch.current().servers.filter(({ name }) => name !== existing);
    const applications = stores.applications().map(({ name }) => name);
    const shared = ({ code }: Finding) => code === 'SHARED_ADDRESS_NOT_PERMITTED';
    try {
      const { server } = await emailServers.check(definition, existing);
      // As it will be once enabled: the warning is of most use before that.
      const findings = checkEmailServers(
        [...others, { ...server, enabled: true }],
        applications,
        stores.wrongApplications(),
      );
      return {
        problems: [],
        findings: findings.filter((one) => one.server === server.name || (isSmtp(server) && shared(one))),
      };
    } catch (error) {
      if (!(error instanceof RequestInvalid)) throw error;
      const draft = draftOf(definition);
      const findings = draft === undefined ? [] : checkEmailServers([...others, draft], applications).filter(shared);
      return {
        problems: error.problems,
        findings: draft && isSmtp(draft) ? findings : findings.filter(({ server }) => server === draft?.name),
      };
    }
  }

  async function consequences(name: string): Promise<Consequences> {
    const server = named(name);
    const others = watch.current().servers.filter((one) => one.name !== name && one.enabled);
    if (server === undefined) return { otherServers: [], addresses: [], waiting: 0 };
    if (isImap(server)) {
      const feeding = others.filter(isImap).filter(({ emailFlow }) => emailFlow === server.emailFlow);
      return { emailFlow: server.emailFlow, otherServers: feeding.map((one) => one.name), addresses: [], waiting: 0 };
    }
    const kept = new Set(
      others
        .filter(isSmtp)
        .flatMap((one) => [one.user, ...one.additionalFromAddresses])
        .map(normalAddress),
    );
    const addresses = [...new Set([server.user, ...server.additionalFromAddresses])];
    const { waiting = 0 } = await liveOf({ ...server, enabled: true });
    return { otherServers: [], addresses: addresses.filter((address) => !kept.has(normalAddress(address))), waiting };
  }

  const deps: PortalDeps = {
    apiTokens: config.http.apiTokens,
    publicUrl: config.http.publicUrl,
    organisation: config.organisation,
    emit,
    servers: emailServers,
    operations,
    sessions: createPortalSessions(stores.redis, {
      idleMs: config.http.sessions.idleMinutes * 60_000,
      longestMs: config.http.sessions.longestHours * 3_600_000,
    }),
    record: audit.write,
    oidc: oidcOf(config),
    preview,
    overview,
    consequences,
    applications: () => [...stores.applications().map(({ name }) => name), ...stores.wrongApplications().keys()],
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

/** A definition that is not finished yet, with the gaps filled: enough to see which addresses it would cover. */
function draftOf(definition: Definition): EmailServer | undefined {
  const { serverType, user, additionalEmailFromAddresses } = definition;
  const isAddress = (value: unknown): value is string =>
    typeof value === 'string' && normalAddress(value) !== undefined;
  const fields =
    serverType === 'SMTP'
      ? { additionalEmailFromAddresses: [additionalEmailFromAddresses ?? []].flat().filter(isAddress) }
      : { emailFlow: 'draft' };
  const name = typeof definition.name === 'string' && definition.name !== '' ? definition.name : '–';
  const rest = {
    name,
    host: 'draft.invalid',
    authenticationType: 'Password',
    password: 'draft',
    user: isAddress(user) ? user : 'draft',
  };
  return parseEmailServer(
    { definition: { serverType, ...rest, ...fields }, source: 'portal', at: '', index: 0, folder: '' },
    {},
    [],
  );
}
