// Wires the HTTP server: health of this process for every role, the API for the role portal.
import { createPortalAudit } from '../adapters/redis/portal-audit.ts';
import type { PortalServers } from '../adapters/redis/portal-servers.ts';
import { createPortalSessions } from '../adapters/redis/portal-sessions.ts';
import type { Config, Role } from '../config/config.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { createHttp, type Health, type ServedRoute } from '../http/index.ts';
import type { Inbound } from '../inbound/index.ts';
import { decodeSlice, wholeText } from '../mime/index.ts';
import type { Outbound } from '../outbound/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { apiOf } from './api.ts';
import type { ReplyRoom } from './outbound.ts';
import { portalOf } from './portal.ts';
import type { Stores } from './stores.ts';

export interface HttpWiring {
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
  const api = apiOf(stores, room, servers, { decodeSlice, wholeText }, createPortalAudit(stores.redis));
  const http = await createHttp({
    host: config.http.host,
    port: config.http.port,
    publicUrl: config.http.publicUrl,
    bodyLimit: config.http.bodyLimit,
    apiTokens: config.http.apiTokens,
    streamsPerClient: config.http.streamsPerClient,
    trustedProxies: config.http.trustedProxies,
    lockOut: createPortalSessions(stores.redis),
    emit,
    metrics,
    health: () => healthOf(wiring),
    ...(isPortal ? { api } : {}),
    ...(isPortal && portal ? portalOf({ config, stores, room, portal, watch: servers, inbound, api, emit }) : {}),
  });
  const { port } = await http.listen();
  return { port, routes: http.routes, close: http.close };
}

/** Ready means: this process does what its roles say. A mailbox that backs off is that mailbox's state, not the process's. */
async function healthOf({ stores, inbound, outbound, servers }: HttpWiring): Promise<Health> {
  const redis = stores.redis.status === 'ready';
  const blobs = await stores.blobs.check().then(
    () => true,
    () => false,
  );
  const checks: Record<string, { ok: boolean; state?: string }> = {
    redis: { ok: redis, state: stores.redis.status },
    blobs: { ok: blobs },
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
  if (redis) {
    for (const server of (await outbound?.status()) ?? []) {
      checks[`smtp ${server.server}`] = {
        ok: server.state !== 'paused',
        state: server.pause ? `paused: ${server.pause.code}` : server.state,
      };
    }
  }
  return { ready: redis && blobs, checks };
}
