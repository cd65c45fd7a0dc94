// The route table: what fastify serves and what OpenAPI describes come from the same entries, so neither can leave the other behind.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { authorise, type Gate, type Permission, type Principal } from './auth.ts';
import { parseInput } from './problem.ts';

/** What a request needs: a permission of domain/access.ts, `session` for anyone signed in to the portal, `open` for everybody. */
export type Access = Permission | 'session' | 'open';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Each route says it; createHttp serves none that does not. */
    access?: Access;
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
  principal: Pick<Principal, 'name'>;
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
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
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
  body?: z.ZodType<Body>;
  answers: Readonly<Record<number, Answer>>;
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
      config: { access: entry.permission ?? 'open' },
      // Before the body is read: a stranger's 40 MB are not taken.
      onRequest: async (request) => {
        if (entry.permission === undefined) return;
        principals.set(request, await authorise(request, gate, entry.permission));
      },
      handler: async (request, reply) =>
        entry.handle({
          params: request.params as Record<string, string>,
          query: entry.query === undefined ? undefined : parseInput(entry.query, request.query, 'query'),
          body: entry.body === undefined ? undefined : parseInput(entry.body, request.body, 'body'),
          principal: principals.get(request) ?? { name: 'anonymous' },
          request,
          reply,
        }),
    });
  }
}

const principals = new WeakMap<FastifyRequest, Principal>();
