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

export interface Asked<Query, Body> {
  params: Readonly<Record<string, string>>;
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

export interface Route<Query = unknown, Body = unknown> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** In fastify's form: /v1/messages/:key */
  path: string;
  operationId: string;
  summary: string;
  tag: string;
  /** Absent: public. */
  permission?: Permission;
  /** Description of each parameter of the path. */
  params?: Readonly<Record<string, string>>;
  query?: z.ZodType<Query>;
  /** Parameters of the query that may be given several times. */
  repeatable?: readonly string[];
  body?: z.ZodType<Body>;
  /** What is wrong with a body at a glance, before its schema looks at each part. */
  glance?: (body: unknown) => readonly z.core.$ZodIssue[];
  answers: Readonly<Record<number, Answer>>;
  /** It keeps to what a token is bound to; other routes are closed to bound tokens. */
  scoped?: true;
  /** Its answer is open for long: a client may have this many at once (HttpDeps.streamsPerClient). */
  stream?: true;
  /** What it resolves with is the body: an object as JSON, a string or stream as it is. */
  handle(asked: Asked<Query, Body>): Promise<unknown> | unknown;
}

/** Keeps the types of query and body between a route's schemas and its handler, and forgets them for the table. */
export const route = <Query, Body>(entry: Route<Query, Body>): Route => entry as Route;

export function addRoutes(app: FastifyInstance, routes: readonly Route[], gate: Gate): void {
  for (const entry of routes) {
    app.route({
      method: entry.method,
      url: entry.path,
      config: { access: entry.permission ?? 'open', ...(entry.stream === undefined ? {} : { stream: entry.stream }) },
      // Before the body is read: a stranger's 40 MB are not taken.
      onRequest: async (request) => {
        if (entry.permission === undefined) return;
        const principal = await authorise(request, gate, entry.permission);
        if (principal.scope !== undefined && entry.scoped !== true)
          throw new MailroomError('HTTP_FORBIDDEN', {
            message: `Token ${JSON.stringify(principal.name)} is bound to email flows or servers, which this route does not keep to.`,
          });
      },
      handler: async (request, reply) =>
        entry.handle({
          params: request.params as Record<string, string>,
          query: queryOf(entry, request.query),
          body: bodyOf(entry, request.body),
          principal: principalOf(request) ?? ANYBODY,
          request,
          reply,
        }),
    });
  }
}

/** What a route does not know is named, not dropped; but probes of what is open to everybody may carry what they like. */
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
