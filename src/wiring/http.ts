// Wires the HTTP server: health of this process for every role, the API for the role portal.
import { unavailable } from '../adapters/redis/check.ts';
import { createSharedClock } from '../adapters/redis/clock.ts';
import type { Config, Role } from '../config/config.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { createHttp, type ServedRoute } from '../http/index.ts';
import type { Inbound } from '../inbound/index.ts';
import { readBuild } from '../lib/build.ts';
import { apiOf } from '../operations/api.ts';
import { startStoreGauges } from '../operations/gauges.ts';
import { healthOf } from '../operations/health.ts';
import { startHistory } from '../operations/history.ts';
import { startKnownSeries } from '../operations/known-series.ts';
import { followLogLevel } from '../operations/log-level.ts';
import { startServerLog } from '../operations/server-log.ts';
import { type Waiting, waitVisibly } from '../operations/waiting.ts';
import type { Outbound } from '../outbound/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { HistoryCounter } from '../telemetry/history-counter.ts';
import type { LogControl } from '../telemetry/log-control.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ServerLogCollector } from '../telemetry/server-log.ts';
import type { ReplyRoom } from './outbound.ts';
import { portalOf } from './portal.ts';
import type { Stores } from './stores.ts';

interface HttpWiring {
  /** The port that was in use while waiting for Redis. */
  port: number | undefined;
  roles: readonly Role[];
  stores: Stores;
  room: ReplyRoom;
  inbound: Inbound | undefined;
  outbound: Outbound | undefined;
  servers: EmailServerWatch;
  emit: Emit;
  metrics: Metrics;
}

export async function openHttp(
  config: Config,
  wiring: HttpWiring,
): Promise<{ port: number; routes: readonly ServedRoute[]; close: () => Promise<void> }> {
  const { roles, stores, room, servers, inbound, emit, metrics } = wiring;
  const isPortal = roles.includes('portal');
  const api = apiOf(stores, room, servers);
  const http = await createHttp({
    host: config.http.host,
    port: wiring.port ?? config.http.port,
    publicUrl: config.http.publicUrl,
    bodyLimit: config.http.bodyLimit,
    apiTokens: config.http.apiTokens,
    streamsPerClient: config.http.streamsPerClient,
    trustedProxies: config.http.trustedProxies,
    lockOut: stores.sessions,
    clientAddresses: config.log.clientAddresses,
    emit,
    metrics,
    health: () => healthOf(wiring),
    unavailable: () => (stores.redis.status === 'ready' ? undefined : unavailable(stores.redis, 'REDIS_UNREACHABLE')),
    ...(isPortal ? { api } : {}),
    ...(isPortal ? portalOf({ config, stores, room, watch: servers, inbound, api, emit }) : {}),
  });
  const { port } = await http.listen();
  return { port, routes: http.routes, close: http.close };
}

/** Metrics of no room: the build, the known names, and gauges of the stores. */
export function openMetrics(
  stores: Stores,
  emailServers: EmailServerWatch,
  roles: readonly Role[],
  metrics: Metrics,
): () => void {
  const { version, commit } = readBuild();
  metrics.gauge('mailroom_build_info').set({ version, commit, node_version: process.version }, 1);
  const stops = [startKnownSeries(stores, emailServers, roles, metrics), startStoreGauges(stores, metrics)];
  return () => {
    for (const stop of stops) void stop();
  };
}

/** Writes counters and events from memory to Redis, counters dated by Redis' own clock. @returns what ends it, with a last write */
export function openHistory(
  { redis, history, serverLog, replica }: Pick<Stores, 'redis' | 'history' | 'serverLog' | 'replica'>,
  collected: { history: HistoryCounter; serverLog: ServerLogCollector },
  roles: readonly Role[],
  metrics: Metrics,
): () => Promise<void> {
  const clock = createSharedClock(redis);
  const stops = [
    startHistory({ counter: collected.history, store: history, metrics, roles, clock }),
    startServerLog(collected.serverLog, serverLog, replica),
  ];
  return async () => void (await Promise.all(stops.map((stop) => stop())));
}

/** The log level now, and the signal that switches it. */
export const openLogLevel = ({ logSwitches }: Stores, control: LogControl, emit: Emit) =>
  followLogLevel(logSwitches, control, emit);

/** Until Redis answers: only health, on the port that the real HTTP server takes over. */
export const openWaiting = ({ http }: Config, emit: Emit, metrics: Metrics): Waiting =>
  waitVisibly(async (answers) => {
    const { host, port, publicUrl, bodyLimit } = http;
    const server = await createHttp({ host, port, publicUrl, bodyLimit, apiTokens: [], emit, metrics, ...answers });
    return { ...(await server.listen()), close: server.close };
  }, emit);
