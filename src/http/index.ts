// The HTTP server: health, metrics, the API, and what else registers (the portal). One fastify app, built from the tables of routes.
import fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify';
import type { InjectOptions } from 'light-my-request';
import { asError, MailroomError } from '../domain/errors.ts';
import { auditRoutes } from './api/audit.ts';
import { deadLetterRoutes } from './api/dead-letters.ts';
import { emailServerRoutes } from './api/email-servers.ts';
import { findRoutes } from './api/find.ts';
import { historyRoutes } from './api/history.ts';
import { logLevelRoutes } from './api/log-level.ts';
import { messageRoutes } from './api/messages.ts';
import { type OpenApi, openApi } from './api/openapi.ts';
import { operationRoutes } from './api/operations.ts';
import { privacyRoutes } from './api/privacy.ts';
import { quarantineRoutes } from './api/quarantine.ts';
import { replyRoutes } from './api/replies.ts';
import { schemaRoutes } from './api/schemas.ts';
import { bearerTokens, namespacesOf, principalOf } from './auth.ts';
import { addBrowserRules } from './browser.ts';
import { type HttpDeps, type HttpTimeouts, httpTimeouts } from './deps.ts';
import { healthRoutes } from './health.ts';
import { addressKey, apiLockOut } from './lock-out.ts';
import { perClient } from './per-client.ts';
import { sendProblem } from './problem.ts';
import { addRoutes, type Route, type ServedRoute } from './routes.ts';

export type { ApiDeps, Health, HealthCheck, HttpDeps, ReplyFilter, Senders } from './deps.ts';
export type { ServedRoute } from './routes.ts';

export interface Http {
  /** @throws MailroomError HTTP_PORT_UNAVAILABLE */
  listen(): Promise<{ port: number }>;
  /** Accepts no new requests, lets running ones finish (bounded), closes idle connections at once. */
  close(): Promise<void>;
  /** A request without a socket, for tests. */
  inject(request: InjectOptions | string): Promise<LightMyRequestResponse>;
  /** Everything that is served, with what it needs. */
  routes: readonly ServedRoute[];
}

/** Answered in any state of our stores: health, metrics, and the assets of a page. */
const ALWAYS = /^\/(healthz|readyz|metrics)$|\.(css|js|svg|ico|png)$/;

export async function createHttp(deps: HttpDeps): Promise<Http> {
  const timeouts = { ...httpTimeouts, ...deps.timeouts };
  const app = fastify({
    logger: false,
    bodyLimit: deps.bodyLimit,
    trustProxy: [...(deps.trustedProxies ?? [])],
    requestTimeout: timeouts.request,
    connectionTimeout: timeouts.idle,
    keepAliveTimeout: 72_000, // above the 60 s of the usual load balancers, so that they close first
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    // A path that cannot be decoded does not reach the error handler.
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply, deps),
    routerOptions: { maxParamLength: 2_000 }, // 100 characters of Unicode, percent-encoded
    http: {
      headersTimeout: timeouts.headers,
      connectionsCheckingInterval: Math.min(5_000, timeouts.headers),
    },
  });
  await addBrowserRules(app, deps.publicUrl.startsWith('https:'));
  // JSON is the only body we read.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, deps));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(deps.unavailable?.() ?? new MailroomError('HTTP_NOT_FOUND'), request, reply, deps),
  );
  app.addHook('onRequest', async (request) => {
    const { url = '' } = request.routeOptions;
    const error = ALWAYS.test(url) ? undefined : deps.unavailable?.();
    if (error !== undefined) throw error;
  });
  limitStreams(app, deps.streamsPerClient ?? 50);
  const served: ServedRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined) throw new Error(`${String(method)} ${url} does not say who may use it`);
    for (const one of [method].flat()) served.push({ method: one, path: url, access: config.access });
  });
  measure(app, deps.metrics);

  let made: OpenApi | undefined;
  const document = () => {
    made ??= openApi(routes, deps.publicUrl);
    return made;
  };
  const routes = routesOf(deps, timeouts, document);
  addRoutes(app, routes, {
    authenticate: bearerTokens(deps.apiTokens),
    hasTokens: deps.apiTokens.length > 0,
    lockOut: apiLockOut(deps.lockOut, timeouts.lockedOut),
  });
  await deps.register?.(app, document);
  await app.ready();

  return {
    async listen() {
      try {
        await app.listen({ host: deps.host, port: deps.port });
      } catch (thrown) {
        const error = asError(thrown) as NodeJS.ErrnoException;
        throw new MailroomError('HTTP_PORT_UNAVAILABLE', {
          message: `Cannot listen on ${deps.host}:${deps.port} (${error.code ?? error.name}).`,
          field: 'http.port',
          cause: error,
        });
      }
      const address = app.server.address();
      const port = typeof address === 'object' && address !== null ? address.port : deps.port;
      deps.emit('HttpListening', { detail: { host: deps.host, port } });
      return { port };
    },
    async close() {
      // Downloads and event streams may be endless; the stop of a process is not.
      const deadline = setTimeout(() => app.server.closeAllConnections(), timeouts.close);
      // A connection whose answer began before the close stays open for another request; it is ended once it is idle.
      const idle = setInterval(() => app.server.closeIdleConnections(), 50);
      try {
        await app.close();
      } finally {
        clearTimeout(deadline);
        clearInterval(idle);
      }
    },
    inject: (request) => app.inject(request),
    routes: served,
  };
}

/** Health for every role, the rest as far as this process has what it needs. */
function routesOf(deps: HttpDeps, timeouts: HttpTimeouts, document: () => OpenApi): Route[] {
  const { api, emailServers, operations, emit } = deps;
  if (api === undefined) return healthRoutes(deps, timeouts);
  return [
    ...healthRoutes(deps, timeouts),
    ...messageRoutes(api, emit),
    ...replyRoutes(api, namespacesOf(deps.apiTokens)),
    ...(emailServers === undefined ? [] : [...emailServerRoutes(emailServers), ...auditRoutes(emailServers)]),
    ...(operations === undefined
      ? []
      : [
          ...logLevelRoutes(operations),
          ...operationRoutes(operations),
          ...findRoutes(operations),
          ...historyRoutes(operations),
          ...privacyRoutes(operations),
          ...deadLetterRoutes(operations),
          ...quarantineRoutes(operations, api.blobs, emit),
        ]),
    ...schemaRoutes(deps.publicUrl, document),
  ];
}

function limitStreams(app: FastifyInstance, perClientAtOnce: number): void {
  const streams = perClient(perClientAtOnce);
  app.addHook('preHandler', async (request, reply) => {
    if (request.routeOptions.config.stream !== true) return;
    const client = `${addressKey(request.ip)} ${principalOf(request)?.name ?? ''}`;
    if (!streams.enter(client, reply.raw)) throw new MailroomError('HTTP_TOO_MANY_STREAMS', { retryAfterMs: 1_000 });
  });
}

function measure(app: FastifyInstance, metrics: HttpDeps['metrics']): void {
  const durations = metrics.histogram('mailroom_http_request_duration_seconds');
  app.addHook('onResponse', async (request, reply) => {
    // The pattern, not the path: keys and names would make endless labels.
    const labels = {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: String(reply.statusCode),
    };
    durations.observe(labels, reply.elapsedTime / 1000);
  });
}
