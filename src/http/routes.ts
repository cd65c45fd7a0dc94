// The route table: what fastify serves and what OpenAPI describes come from the same entries, so neither can leave the other behind.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { MailroomError } from '../domain/errors.ts';
import { authorise, type Gate, type Permission, type Principal, principalOf } from './auth.ts';
import { invalidInput, oneOfEach, parseInput, RequestInvalid, unknownKeys } from './problem.ts';

/** What a request needs: a permission of domain/access.ts, `session` for anyone signed in to the portal, `open` for everybody. */
export type Access = Permission | 'session' | 'open';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Each route says it; createHttp serves none that does not. */
    access?: Access;
    /** Its answer is open for long: a client may have this many at once. */
    stream?: true;
  }
}

/** A route as it is served, API and portal alike. */
export interface ServedRoute {
  method: string;
  path: string;
  access: Access;
}

export interface Asked<Query, Body, Param extends string = string> {
  params: Readonly<Record<Param, string>>;
  query: Query;
  body: Body;
  /** `anonymous` on public routes. */
  principal: Principal;
  request: FastifyRequest;
  reply: FastifyReply;
}

export interface Answer {
  description: string;
  /** JSON body. */
  schema?: z.ZodType;
  /** Default application/json when there is a schema. */
  contentType?: string;
}

export interface Route<Query = unknown, Body = unknown, Param extends string = string> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** In fastify's form: /v1/messages/:key */
  path: string;
  operationId: string;
  summary: string;
  tag: string;
  /** Absent: public. */
  permission?: Permission;
  /** Description of each parameter of the path. */
  params?: Readonly<Record<Param, string>>;
  query?: z.ZodType<Query>;
  /** Parameters of the query that may be given several times. */
  repeatable?: readonly string[];
  body?: z.ZodType<Body>;
  /** A cheap check of a body before its schema checks each part. */
  glance?: (body: unknown) => readonly z.core.$ZodIssue[];
  /** By status; the first is that of success, unless the handler sets another. */
  answers: Readonly<Record<number, Answer>>;
  /** It keeps to what a token is bound to; other routes are closed to bound tokens. */
  scoped?: true;
  /** Its answer is open for long: a client may have this many at once (HttpDeps.streamsPerClient). */
  stream?: true;
  /** Resolves with the body: an object is sent as JSON, a string or stream as it is. */
  handle(asked: Asked<Query, Body, Param>): Promise<unknown> | unknown;
}

/** Parameters of the path that several rooms have. */
export const flowParam = { flow: 'Name of the email flow, percent-encoded UTF-8' };
export const serverParam = { name: 'Name of the email server, percent-encoded UTF-8' };

/** Infers the types of query, body and parameters between a route's schemas and its handler; the table does not keep them. */
const routeOf =
  (method: Route['method']) =>
  <Query, Body, Param extends string = never>(
    path: string,
    entry: Omit<Route<Query, Body, Param>, 'method' | 'path'>,
  ): Route =>
    ({ method, path, ...entry }) as unknown as Route;

export const get = routeOf('GET');
export const post = routeOf('POST');
export const put = routeOf('PUT');
export const patch = routeOf('PATCH');
export const remove = routeOf('DELETE');

export function addRoutes(app: FastifyInstance, routes: readonly Route[], gate: Gate): void {
  for (const entry of routes) {
    const { method, path, permission, scoped, stream, answers } = entry;
    const [status = 200] = Object.keys(answers).map(Number);
    app.route({
      method,
      url: path,
      config: { access: permission ?? 'open', ...(stream === undefined ? {} : { stream }) },
      // Before the body is read: a stranger's 40 MB are not taken.
      onRequest: async (request) => {
        if (permission === undefined) return;
        const principal = await authorise(request, gate, permission);
        if (principal.scope !== undefined && scoped !== true)
          throw new MailroomError('HTTP_FORBIDDEN', {
            message: `Token ${JSON.stringify(principal.name)} is bound to email flows or servers, which this route does not keep to.`,
          });
      },
      handler: async (request, reply) => {
        reply.code(status);
        if (permission !== undefined) reply.header('cache-control', 'private, no-store');
        return entry.handle({
          params: request.params as Record<string, string>,
          query: queryOf(entry, request.query),
          body: bodyOf(entry, request.body),
          principal: principalOf(request) ?? ANYBODY,
          request,
          reply,
        });
      },
    });
  }
}

/** Unknown parameters are refused by name, except on public routes, which probes may call with anything. */
function queryOf(entry: Route, given: unknown): unknown {
  if (entry.permission !== undefined || entry.query !== undefined) oneOfEach(given, entry.repeatable);
  if (entry.query !== undefined) return parseInput(entry.query, given, 'query');
  if (entry.permission !== undefined) refuseKeys(given);
  return undefined;
}

function bodyOf({ body, glance }: Route, given: unknown): unknown {
  if (body === undefined) return refuseKeys(given);
  const issues = glance?.(given) ?? [];
  if (issues.length > 0) throw invalidInput(issues, 'body');
  return parseInput(body, given, 'body');
}

function refuseKeys(given: unknown): undefined {
  const keys = typeof given === 'object' && given !== null ? Object.keys(given) : [];
  if (keys.length > 0) throw new RequestInvalid(unknownKeys(keys));
}

const ANYBODY: Principal = { name: 'anonymous', may: () => false };
