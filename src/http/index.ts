// The HTTP server: health, metrics, the API, and whatever else registers (the portal). One fastify app, put together from the rooms' routes.
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
import { type Authenticate, bearerTokens, namespacesOf, principalOf } from './auth.ts';
import { addBrowserRules } from './browser.ts';
import { type HttpDeps, httpTimeouts } from './deps.ts';
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
  /** Takes no new requests, lets those in hand finish (bounded), closes idle connections at once. */
  close(): Promise<void>;
  /** A request without a socket, for tests. */
  inject(request: InjectOptions | string): Promise<LightMyRequestResponse>;
  /** Everything that is served, with what it needs. */
  routes: readonly ServedRoute[];
}

/** Answered whatever state our stores are in: health, metrics, and what a page looks like. */
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
  const streams = perClient(deps.streamsPerClient ?? 50);
  app.addHook('preHandler', async (request, reply) => {
    if (request.routeOptions.config.stream !== true) return;
    const client = `${addressKey(request.ip)} ${principalOf(request)?.name ?? ''}`;
    if (!streams.enter(client, reply.raw)) throw new MailroomError('HTTP_TOO_MANY_STREAMS', { retryAfterMs: 1_000 });
  });
  const served: ServedRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined) throw new Error(`${String(method)} ${url} does not say who may use it`);
    for (const one of [method].flat()) served.push({ method: one, path: url, access: config.access });
  });
  measure(app, deps.metrics);

  const ways: Authenticate[] = [bearerTokens(deps.apiTokens)];
  const gate = { ways, hasTokens: deps.apiTokens.length > 0, lockOut: apiLockOut(deps.lockOut, timeouts.lockedOut) };
  let made: OpenApi | undefined;
  const document = () => {
    made ??= openApi(routes, deps.publicUrl);
    return made;
  };
  const routes: Route[] = [...healthRoutes(deps, timeouts)];
  if (deps.api !== undefined) {
    routes.push(
      ...messageRoutes(deps.api, deps.emit),
      ...replyRoutes(deps.api, namespacesOf(deps.apiTokens)),
      ...(deps.emailServers === undefined
        ? []
        : [...emailServerRoutes(deps.emailServers), ...auditRoutes(deps.emailServers)]),
      ...(deps.emailServers === undefined || deps.operations === undefined
        ? []
        : [
            ...logLevelRoutes(deps.operations),
            ...operationRoutes(deps.operations),
            ...findRoutes(deps.operations),
            ...historyRoutes(deps.operations),
            ...privacyRoutes(deps.operations),
            ...deadLetterRoutes(deps.operations),
            ...quarantineRoutes(deps.operations, deps.api.blobs, deps.emit),
          ]),
      ...schemaRoutes(deps.publicUrl, document),
    );
  }
  addRoutes(app, routes, gate);
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
      // Downloads and event streams may last as long as their reader likes; the process may not.
      const impatient = setTimeout(() => app.server.closeAllConnections(), timeouts.close);
      // A connection whose answer began before the close stays open for the next request: it is ended once it is idle.
      const idle = setInterval(() => app.server.closeIdleConnections(), 50);
      try {
        await app.close();
      } finally {
        clearTimeout(impatient);
        clearInterval(idle);
      }
    },
    inject: (request) => app.inject(request),
    routes: served,
  };
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
