// What the portal's routes share of a request: who is signed in, the language, what was entered, and how a page is answered.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { may, type Permission } from '../../domain/access.ts';
import type { Access } from '../routes.ts';
import type { PortalDeps, Session } from './deps.ts';
import { type Frame, frameOf } from './layout.ts';
import { cookieOf } from './sessions.ts';
import type { Language } from './words.ts';

export const LIST = '/portal/email-servers';

/** What a page needs; a route without it is not served (http/index.ts). */
export const needs = (access: Access) => ({ config: { access } });
/** For pages whose answer is open for long. */
export const streams = (access: Access) => ({ config: { access, stream: true } }) as const;

export type Query = Readonly<Record<string, string | undefined>>;
export const queryOf = (request: FastifyRequest): Query =>
  Object.fromEntries(
    Object.entries(request.query as Record<string, unknown>).filter(([, value]) => typeof value === 'string'),
  ) as Query;
export const formOf = (request: FastifyRequest): URLSearchParams =>
  request.body instanceof URLSearchParams ? request.body : new URLSearchParams();

export const send = (reply: FastifyReply, text: string, status = 200) =>
  reply.code(status).header('content-type', 'text/html; charset=utf-8').send(text);
export const seeOther = (reply: FastifyReply, url: string) => reply.code(303).header('location', url).send();

export interface Visits {
  /** Notes who it is; the gate does, before anything else. */
  know(request: FastifyRequest, session: Session): void;
  session(request: FastifyRequest): Session | undefined;
  /** Name for the audit log. */
  who(request: FastifyRequest): string;
  may(request: FastifyRequest, permission: Permission): boolean;
  language(request: FastifyRequest): Language;
  frame(request: FastifyRequest): Frame;
}

export function visits({ organisation }: Pick<PortalDeps, 'organisation'>): Visits {
  const known = new WeakMap<FastifyRequest, Session>();
  const language = (request: FastifyRequest): Language => {
    const chosen = cookieOf(request, 'mailroom_lang');
    if (chosen === 'de' || chosen === 'en') return chosen;
    return /^\s*de\b/i.test(request.headers['accept-language'] ?? '') ? 'de' : 'en';
  };
  return {
    know: (request, session) => void known.set(request, session),
    session: (request) => known.get(request),
    who: (request) => known.get(request)?.name ?? '',
    may(request, permission) {
      const session = known.get(request);
      return session !== undefined && may(session.role, permission);
    },
    language,
    frame: (request) =>
      frameOf({
        language: language(request),
        organisation,
        session: known.get(request),
        // A page that answers a form has no address of its own to come back to.
        url: request.method === 'GET' ? request.url : LIST,
        now: Date.now(),
      }),
  };
}
