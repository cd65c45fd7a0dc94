// What every page has in common: session and permission, language, the form's fields, protection against forged forms, and how a page or an error is
// sent. Cookies and most security headers: ../browser.ts.
import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { may, permissions } from '../../domain/access.ts';
import { catalogue } from '../../domain/catalogue/index.ts';
import { remoteWords } from '../../domain/doctor.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Emit } from '../../telemetry/events.ts';
import type { EmailServersApi, EmailServerView } from '../api/email-servers.ts';
import type { ClientAddresses } from '../client.ts';
import type { Session } from '../ports.ts';
import { emitRefusal, statusOf, toMailroomError } from '../problem.ts';
import type { Access } from '../routes.ts';
import type { PortalDeps } from './deps.ts';
import { type DoneWord, doneOf, doneUrl } from './done.ts';
import { errorPage, type Frame, frameOf, type ShownError, type Theme } from './layout.ts';
import type { Language } from './words.ts';
import { errorIn, portalErrors } from './words-errors.ts';

export const LIST = '/portal/email-servers';

export type Query = Readonly<Record<string, string | undefined>>;
export const queryOf = (request: FastifyRequest): Query =>
  Object.fromEntries(
    Object.entries(request.query as Record<string, unknown>).filter(([, value]) => typeof value === 'string'),
  ) as Query;
export const formOf = (request: FastifyRequest): URLSearchParams =>
  (request.body as { form?: URLSearchParams } | null | undefined)?.form ?? new URLSearchParams();

export const send = (reply: FastifyReply, text: string, status = 200) =>
  reply.code(status).header('content-type', 'text/html; charset=utf-8').send(text);
export const seeOther = (reply: FastifyReply, url: string) => reply.code(303).header('location', url).send();

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A form whose input survives the end of the session: the sign-in page sends it back. */
    keep?: true;
  }
}

const themeOf = (text: string | undefined): Theme | undefined =>
  text === 'dark' || text === 'light' ? text : undefined;

/** A request of a page, and who sent it. */
export interface RequestContext {
  request: FastifyRequest;
  reply: FastifyReply;
  query: Query;
  form: URLSearchParams;
  frame: Frame;
  /** Name for the audit log. */
  by: string;
  /** To a page, which notes what was done. */
  done(path: string, what: DoneWord, name: string): FastifyReply;
  /** For the button of a form that changes the language: the frame in it; undefined for other buttons. */
  switched(action: string): Frame | undefined;
}

export interface RequestContexts {
  /** Called by the gate, before anything else. */
  setSession(request: FastifyRequest, session: Session): void;
  session(request: FastifyRequest): Session | undefined;
  setLanguage(reply: FastifyReply, language: Language): void;
  frame(request: FastifyRequest): Frame;
  of(request: FastifyRequest, reply: FastifyReply): RequestContext;
}

export function requestContexts({ organisation }: Pick<PortalDeps, 'organisation'>): RequestContexts {
  const sessions = new WeakMap<FastifyRequest, Session>();
  const session = (request: FastifyRequest) => sessions.get(request);
  const setLanguage = (reply: FastifyReply, chosen: Language) =>
    void reply.setCookie('mailroom_lang', chosen, { maxAge: 31_536_000 });
  const frame = (request: FastifyRequest, language: Language = languageOf(request)) =>
    frameOf({
      language,
      organisation,
      session: session(request),
      theme: themeOf(request.cookies.mailroom_theme),
      // The answer to a form has no address of its own to return to.
      url: request.method === 'GET' ? request.url : LIST,
      done: doneOf(session(request), queryOf(request)),
      now: Date.now(),
    });
  return {
    setSession: (request, one) => void sessions.set(request, one),
    session,
    setLanguage,
    frame: (request) => frame(request),
    of: (request, reply) => ({
      request,
      reply,
      query: queryOf(request),
      form: formOf(request),
      frame: frame(request),
      by: session(request)?.name ?? '',
      done: (path, what, name) => seeOther(reply, doneUrl(session(request), path, what, name)),
      switched(action) {
        const [, chosen] = /^language:(en|de)$/.exec(action) ?? [];
        if (chosen === undefined) return undefined;
        setLanguage(reply, chosen as Language);
        return frame(request, chosen as Language);
      },
    }),
  };
}

function languageOf({ cookies: { mailroom_lang: chosen }, headers }: FastifyRequest): Language {
  if (chosen === 'de' || chosen === 'en') return chosen;
  return /^\s*de\b/i.test(headers['accept-language'] ?? '') ? 'de' : 'en';
}

/** @returns the page, or a reply that was sent already */
type Handle = (context: RequestContext) => Promise<string | FastifyReply> | string | FastifyReply;
/** `keep`: the input survives the end of the session. `stream`: the answer stays open for a long time. */
type Needs = Access | { access: Access; keep?: true; stream?: true };
type AddRoute = (path: string, needs: Needs, handle: Handle) => void;

/** Routes of pages, each with the permission it needs. */
export interface Routes {
  get: AddRoute;
  post: AddRoute;
}

export function routesOf(portal: FastifyInstance, contexts: RequestContexts): Routes {
  const add =
    (method: 'GET' | 'POST'): AddRoute =>
    (url, needs, handle) =>
      void portal.route({
        method,
        url,
        config: typeof needs === 'string' ? { access: needs } : needs,
        handler: async (request, reply) => {
          const page = await handle(contexts.of(request, reply));
          return typeof page === 'string' ? send(reply, page) : page;
        },
      });
  return { get: add('GET'), post: add('POST') };
}

/** @throws MailroomError EMAIL_SERVER_NOT_FOUND */
export async function serverNamed(
  servers: Pick<EmailServersApi, 'get'>,
  name: string | null | undefined,
): Promise<EmailServerView> {
  const view = await servers.get(name ?? '');
  if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
  return view;
}

/**
 * For every cookie that proves something: a browser accepts the prefix only from this host over https, not from another host of its domain
 * (RFC 6265bis §4.1.3).
 */
export const hostCookie = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name);

/** The pages use none of these features, and an injected script could not either. */
const PERMISSIONS = ['camera', 'display-capture', 'geolocation', 'microphone', 'payment', 'usb']
  .map((feature) => `${feature}=()`)
  .join(', ');
/** Longest form, bytes. */
const FORM_BYTES = 128 * 1024;

interface GateDeps {
  contexts: RequestContexts;
  emit: Emit;
  clientAddresses?: ClientAddresses | undefined;
  publicUrl: string;
  sessionOf(request: FastifyRequest): Promise<Session | undefined>;
  /** The sign-in page, with the input of the form that was sent. */
  keptPage(request: FastifyRequest): string;
}

export function addGate(
  portal: FastifyInstance,
  { contexts, emit, clientAddresses, publicUrl, sessionOf, keptPage }: GateDeps,
): void {
  portal.removeAllContentTypeParsers();
  portal.register(formbody, { bodyLimit: FORM_BYTES, parser: (text) => ({ form: new URLSearchParams(text) }) });
  portal.addHook('onSend', async (_request, reply) => {
    reply
      .header('referrer-policy', 'same-origin') // with no-referrer a browser hides where a form comes from
      .header('permissions-policy', PERMISSIONS);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  portal.setErrorHandler((thrown, request, reply) => {
    const error = toMailroomError(thrown);
    const status = statusOf(error);
    const kind = request.routeOptions.url ?? '';
    emitRefusal(error, request, kind, { emit, clientAddresses });
    const frame = contexts.frame(request);
    return send(reply, errorPage(frame, shownError(error, frame.language)), status);
  });
  // Before the body is read: no bytes are accepted from a client without a session.
  portal.addHook('onRequest', async (request, reply) => {
    const session = await sessionOf(request);
    if (session !== undefined) contexts.setSession(request, session);
    const access = request.routeOptions.config.access ?? 'session';
    if (session === undefined && access !== 'open') {
      if (request.method === 'GET' && request.routeOptions.url !== '/portal/events')
        return seeOther(reply, '/portal/sign-in');
      if (isKept(request) && !isForeign(request, publicUrl)) return; // its body is read first, and answered with the sign-in page
      throw new MailroomError('HTTP_UNAUTHENTICATED');
    }
    if (access !== 'open' && access !== 'session' && (session === undefined || !may(session.role, access)))
      throw new MailroomError('HTTP_FORBIDDEN', {
        message: `Your role may not do this; it needs the role ${permissions[access].join(' or ')}.`,
      });
    // The choice of language or appearance moves from the address to a cookie.
    const { lang, theme } = queryOf(request);
    if (request.method === 'GET' && (theme === 'auto' || themeOf(theme) !== undefined)) {
      reply.setCookie('mailroom_theme', theme ?? '', { maxAge: theme === 'auto' ? 0 : 31_536_000 });
      return seeOther(reply, withoutChoice(request.url));
    }
    if (request.method === 'GET' && (lang === 'de' || lang === 'en')) {
      contexts.setLanguage(reply, lang);
      return seeOther(reply, withoutChoice(request.url));
    }
  });
  portal.addHook('preValidation', async (request, reply) => {
    if (request.method !== 'POST') return;
    checkForgery(request, contexts.session(request), publicUrl);
    if (contexts.session(request) === undefined && isKept(request)) return send(reply, keptPage(request), 401);
  });
}

/** A form sent by the page itself; a script asks for lines or JSON and keeps the input in the page. */
const isKept = ({ method, routeOptions, headers }: FastifyRequest): boolean =>
  method === 'POST' && routeOptions.config.keep === true && !/json/.test(headers.accept ?? '');

/** An error for a person: what is wrong, and what to do in the portal. */
export function shownError({ code, message, remote, permitted = [] }: MailroomError, language: Language): ShownError {
  const shown = { code, said: remoteWords(remote), ...errorIn(language, code, { permitted: permitted.join(', ') }) };
  // Messages with the details of the case exist in English only.
  const special = language === 'en' && portalErrors[code]?.title === undefined && message !== catalogue[code].message;
  return special ? { ...shown, title: message } : shown;
}

/** The address without the choice of language or appearance. The path is not resolved: `/portal/..//host` would become `//host`, another host. */
function withoutChoice(url: string): string {
  const at = url.indexOf('?');
  const query = new URLSearchParams(url.slice(at + 1));
  query.delete('lang');
  query.delete('theme');
  const path = url.slice(0, at);
  return `${/^\/(?![/\\])/.test(path) ? path : LIST}${query.size === 0 ? '' : `?${query}`}`;
}

/** @throws MailroomError PORTAL_FORM_FORGED */
function checkForgery(request: FastifyRequest, session: Session | undefined, publicUrl: string): void {
  // A form that is only shown again after signing in has the token of the session that ended; it changes nothing.
  const resumed = request.routeOptions.config.keep === true && formOf(request).get('_action') === 'resume';
  if (
    isForeign(request, publicUrl) ||
    (session !== undefined && !resumed && formOf(request).get('_csrf') !== session.csrf)
  )
    throw new MailroomError('PORTAL_FORM_FORGED');
}

function isForeign(request: FastifyRequest, publicUrl: string): boolean {
  const site = request.headers['sec-fetch-site'];
  return (site !== undefined && site !== 'same-origin' && site !== 'none') || !isOurOrigin(request, publicUrl);
}

/**
 * Browsers send Origin with every POST (Fetch, "append a request Origin header"); programs without it have no cookie that another site could use.
 * The Host of the request is ours; so is the public URL, where a proxy changes the Host.
 */
function isOurOrigin({ headers: { origin }, host }: FastifyRequest, publicUrl: string): boolean {
  if (origin === undefined) return true;
  return [`http://${host}`, `https://${host}`, new URL(publicUrl).origin].includes(origin);
}
