// Composition root: opens everything in flow order for the requested roles, returns stop(). The only file that refers to both halves.
//
// The product rests on two invariants; each is documented at the top of the file that enforces it:
//   the ledger advances only in the same transaction that enqueues          (adapters/queue/commit.ts)
//   after DATA began, nothing is sent again unless it is proven that the first did not go   (outbound/deliver.ts)
import { hostname } from 'node:os';
import type { Config, Role } from './config/config.ts';
import type { Loaded } from './config/load.ts';
import type { EmailServerWatch } from './config/watch.ts';
import type { EmailServer } from './domain/email-server.ts';
import { asError } from './domain/errors.ts';
import type { ServedRoute } from './http/index.ts';
import type { Inbound } from './inbound/index.ts';
import { readBuild } from './lib/build.ts';
import { releaseStack } from './lib/release-stack.ts';
import { startWatchdog } from './lib/watchdog.ts';
import type { Outbound, OutboundSettings } from './outbound/index.ts';
import { openTelemetry } from './telemetry/open.ts';
import { openEmailServers, openRecovery } from './wiring/email-servers.ts';
import { openHistory, openHttp, openLogLevel, openMetrics, openWaiting } from './wiring/http.ts';
import { openInbound } from './wiring/inbound.ts';
import { openOutbound, openReplies } from './wiring/outbound.ts';
import { openStores } from './wiring/stores.ts';

export interface Gateway {
  /** Port that health, metrics and (role portal) the API answer on. */
  port: number;
  /** What is served there, each route with what it needs. */
  routes: readonly ServedRoute[];
  inbound: Inbound | undefined;
  outbound: Outbound | undefined;
  /** Logs at debug for a quarter of an hour, or no longer. */
  toggleDebug(): void;
  /** Stops intake, drains, closes connections; the reason is in the log. */
  stop(reason: string): Promise<void>;
}

/** What tests replace. */
export interface Instead {
  /** Waits of the sending half, shortened. */
  waits?: Partial<OutboundSettings>;
  /** Module of the parser's workers. */
  parserScript?: URL;
}

/**
 * @param load reads the configuration again, for what of it may change while the process runs (OAuth2 applications)
 * @param signal ends the wait for Redis
 * @throws MailroomError what is wrong with Redis, when it can only be cured by hand or `signal` aborts; what cannot be opened
 */
export async function startGateway(
  config: Config,
  roles: readonly Role[],
  load?: () => Loaded,
  instead: Instead = {},
  signal?: AbortSignal,
): Promise<Gateway> {
  const telemetry = await openTelemetry(config.log.level, config.tracing, {
    role: roles.join('+'),
    instance: `${hostname()}-${process.pid}`,
    version: () => readBuild().version,
  });
  const { metrics, logControl, emit, tracing } = telemetry;
  const stack = releaseStack((kind, error) => emit('ReleaseFailed', { kind, err: asError(error) }));
  stack.defer('traces', telemetry.close);

  try {
    stack.defer('watchdog', startWatchdog(config.lifecycle.stallSeconds));
    let watch: EmailServerWatch | undefined;
    const servers = (): readonly EmailServer[] => watch?.current().servers ?? [];
    const waiting = openWaiting(config, emit, metrics);
    stack.defer('waiting', async () => void (await waiting.end()));
    const stores = await openStores(config, stack, emit, servers, {
      load,
      parserScript: instead.parserScript,
      writes: true,
      ...{ metrics, tracing },
      onWait: waiting.onWait,
      signal: signal === undefined ? waiting.signal : AbortSignal.any([signal, waiting.signal]),
    });

    const emailServers = await openEmailServers(config, stores, stack, emit);
    watch = emailServers;
    const logLevel = openLogLevel(stores, logControl, emit);
    stack.defer('log level', logLevel.stop);
    stack.defer('metrics', openMetrics(stores, emailServers, roles, metrics));
    stack.defer('history', openHistory(stores, telemetry, roles, metrics));

    const room = openReplies(config, stores, servers, emit);
    stack.defer('reply queues', () => room.queues.close());

    let outbound: Outbound | undefined;
    if (roles.includes('send')) {
      outbound = await openOutbound(
        config,
        stores,
        room,
        { current: servers, onChange: emailServers.onChange },
        { emit, metrics, logControl },
        instead.waits,
      );
      stack.defer('outbound', outbound.stop);
    }

    let inbound: Inbound | undefined;
    if (roles.includes('ingest'))
      inbound = await openInbound(config, stores, emailServers, stack, { emit, metrics, logControl });
    openRecovery(stores, emailServers, { inbound, outbound }, stack);

    const http = await openHttp(config, {
      port: await waiting.end(),
      roles,
      stores,
      room,
      inbound,
      outbound,
      servers: emailServers,
      emit,
      metrics,
    });
    stack.defer('http', http.close);

    emit('GatewayStarted', { role: roles.join('+'), detail: { port: http.port, emailServers: servers().length } });
    return {
      port: http.port,
      routes: http.routes,
      inbound,
      outbound,
      toggleDebug: logLevel.toggle,
      async stop(reason) {
        emit('GatewayStopping', { reason });
        // Nothing can be released in an unreachable Redis: leases and locks expire there.
        await stores.abandonRedis();
        await stack.release();
        emit('GatewayStopped', { reason });
      },
    };
  } catch (error) {
    await stack.release().catch(() => {});
    throw error;
  }
}
