// Wires the HTTP server: health of this process for every role, the API for the role portal.
import { unavailable, writeFault } from '../adapters/redis/check.ts';
import { createPortalAudit } from '../adapters/redis/portal-audit.ts';
import type { PortalServers } from '../adapters/redis/portal-servers.ts';
import { createPortalSessions } from '../adapters/redis/portal-sessions.ts';
import type { Config, Role } from '../config/config.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { createHttp, type Health, type HealthCheck, type ServedRoute } from '../http/index.ts';
import type { Inbound } from '../inbound/index.ts';
import { apiOf } from '../operations/api.ts';
import type { Outbound } from '../outbound/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ReplyRoom } from './outbound.ts';
import { portalOf } from './portal.ts';
import type { Stores } from './stores.ts';

export interface HttpWiring {
  /** The port that was held while waiting for Redis. */
  port: number | undefined;
  roles: readonly Role[];
  stores: Stores;
  room: ReplyRoom;
  inbound: Inbound | undefined;
  outbound: Outbound | undefined;
  servers: EmailServerWatch;
  /** Absent: no definitions of the portal in this process. */
  portal: PortalServers | undefined;
  emit: Emit;
  metrics: Metrics;
}

export async function openHttp(
  config: Config,
  wiring: HttpWiring,
): Promise<{ port: number; routes: readonly ServedRoute[]; close: () => Promise<void> }> {
  const { roles, stores, room, servers, portal, inbound, emit, metrics } = wiring;
  const isPortal = roles.includes('portal');
  const api = apiOf(stores, room, servers, createPortalAudit(stores.redis));
  const http = await createHttp({
    host: config.http.host,
    port: wiring.port ?? config.http.port,
    publicUrl: config.http.publicUrl,
    bodyLimit: config.http.bodyLimit,
    apiTokens: config.http.apiTokens,
    streamsPerClient: config.http.streamsPerClient,
    trustedProxies: config.http.trustedProxies,
    lockOut: createPortalSessions(stores.redis),
    emit,
    metrics,
    health: () => healthOf(wiring),
    unavailable: () => (stores.redis.status === 'ready' ? undefined : unavailable(stores.redis, 'REDIS_UNREACHABLE')),
    ...(isPortal ? { api } : {}),
    ...(isPortal && portal ? portalOf({ config, stores, room, portal, watch: servers, inbound, api, emit }) : {}),
  });
  const { port } = await http.listen();
  return { port, routes: http.routes, close: http.close };
}

/** Ready means: this process does what its roles say. A mailbox that backs off is that mailbox's state, not the process's. */
async function healthOf({ stores, inbound, outbound, servers }: HttpWiring): Promise<Health> {
  const [redis, blobs] = await Promise.all([
    writeFault(stores.redis, REDIS_ANSWER_MS),
    stores.blobs.check().then(
      () => undefined,
      (error: unknown) => error,
    ),
  ]);
  const checks: Record<string, HealthCheck> = {
    redis: checkOf(redis, stores.redis.status),
    blobs: checkOf(blobs),
    emailServers: {
      ok: true,
      state: `${servers.current().servers.length} defined, ${servers.current().invalid.length} invalid`,
    },
  };
  for (const mailbox of inbound?.status() ?? []) {
    checks[`mailbox ${mailbox.server}`] = {
      ok: mailbox.state !== 'backing-off',
      state: mailbox.reason ? `${mailbox.state}: ${mailbox.reason}` : mailbox.state,
    };
  }
  if (redis === undefined) {
    for (const server of (await outbound?.status()) ?? []) {
      checks[`smtp ${server.server}`] = {
        ok: server.state !== 'paused',
        state: server.pause ? `paused: ${server.pause.code}` : server.state,
      };
    }
  }
  return { ready: redis === undefined && blobs === undefined, checks };
}

/** Milliseconds for a write: an orchestrator's probe waits a second or two. */
const REDIS_ANSWER_MS = 1_000;

/** A fault as a check: what it is and what to do. */
export function checkOf(fault: unknown, state?: string): HealthCheck {
  const shown = state === undefined ? {} : { state };
  if (fault === undefined) return { ok: true, ...shown };
  const { code, hint } = fault instanceof MailroomError ? fault : { code: asError(fault).name, hint: undefined };
  return { ok: false, ...shown, code, ...(hint === undefined ? {} : { hint }) };
}
