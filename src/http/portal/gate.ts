// Before and after every page: who it is and whether he may, forged forms, the choice of language, security headers, errors as a page.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { permissions } from '../../domain/access.ts';
import { catalogue } from '../../domain/catalogue/index.ts';
import { saidBy } from '../../domain/doctor.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Emit } from '../../telemetry/events.ts';
import type { ClientAddresses } from '../client.ts';
import { emitRefusal, statusOf, toMailroomError } from '../problem.ts';
import type { Session } from './deps.ts';
import { errorPage, type ShownError } from './layout.ts';
import { setCookie } from './sessions.ts';
import { formOf, LIST, queryOf, seeOther, send, type Visits } from './visit.ts';
import type { Language } from './words.ts';
import { errorIn, portalErrors } from './words-errors.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/** The pages use none of what a browser offers; a script that got into one would not either. */
const PERMISSIONS = ['camera', 'display-capture', 'geolocation', 'microphone', 'payment', 'usb']
  .map((feature) => `${feature}=()`)
  .join(', ');
/** Bytes of a form. */
const FORM_BYTES = 128 * 1024;

interface GateDeps {
  visits: Visits;
  emit: Emit;
  clientAddresses?: ClientAddresses | undefined;
  /** Where people reach the portal. */
  publicUrl: string;
  /** Cookies go over https alone. */
  secure: boolean;
  sessionOf(request: FastifyRequest): Promise<Session | undefined>;
}

export function addGate(
  portal: FastifyInstance,
  { visits, emit, clientAddresses, publicUrl, secure, sessionOf }: GateDeps,
): void {
  portal.removeAllContentTypeParsers();
  portal.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  portal.addHook('onSend', async (_request, reply) => {
    // A download has a stricter one of its own.
    if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', POLICY);
    reply
      .header('referrer-policy', 'same-origin') // with no-referrer a browser hides where a form comes from
      .header('permissions-policy', PERMISSIONS)
      .header('x-frame-options', 'DENY')
      .header('cross-origin-opener-policy', 'same-origin');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  portal.setErrorHandler((thrown, request, reply) => {
    const error = toMailroomError(thrown);
    const status = statusOf(error);
    const kind = request.routeOptions.url ?? '';
    emitRefusal(error, request, kind, { emit, clientAddresses });
    return send(reply, errorPage(visits.frame(request), shownError(error, visits.language(request))), status);
  });
  // Before the body is read: a stranger's bytes are not taken.
  portal.addHook('onRequest', async (request, reply) => {
    const session = await sessionOf(request);
    if (session !== undefined) visits.know(request, session);
    const access = request.routeOptions.config.access ?? 'session';
    if (session === undefined && access !== 'open') {
      if (request.method === 'GET' && request.routeOptions.url !== '/portal/events')
        return seeOther(reply, '/portal/sign-in');
      throw new MailroomError('HTTP_UNAUTHENTICATED');
    }
    if (access !== 'open' && access !== 'session' && !visits.may(request, access))
      throw new MailroomError('HTTP_FORBIDDEN', {
        message: `Your role may not do this; it needs the role ${permissions[access].join(' or ')}.`,
      });
    // The choice of language is remembered, and leaves the address.
    const { lang } = queryOf(request);
    if (request.method === 'GET' && (lang === 'de' || lang === 'en')) {
      setCookie(reply, 'mailroom_lang', lang, { secure, seconds: 31_536_000 });
      return seeOther(reply, withoutLanguage(request.url));
    }
  });
  portal.addHook('preValidation', async (request) => {
    if (request.method === 'POST') checkForgery(request, visits.session(request), publicUrl);
  });
}

/** An error in a person's words: what is wrong, and what to do with the means of the portal. */
export function shownError({ code, message, remote, permitted = [] }: MailroomError, language: Language): ShownError {
  const shown = { code, said: saidBy(remote), ...errorIn(language, code, { permitted: permitted.join(', ') }) };
  // What is said of this very case exists in English alone.
  const special = language === 'en' && portalErrors[code]?.title === undefined && message !== catalogue[code].message;
  return special ? { ...shown, title: message } : shown;
}

/**
 * The address without the choice of language. Its path as it came: resolved, `/portal/..//host` would be `//host`, which a browser takes for
 * another host.
 */
function withoutLanguage(url: string): string {
  const at = url.indexOf('?');
  const query = new URLSearchParams(url.slice(at + 1));
  query.delete('lang');
  const path = url.slice(0, at);
  return `${/^\/(?![/\\])/.test(path) ? path : LIST}${query.size === 0 ? '' : `?${query}`}`;
}

/** @throws MailroomError PORTAL_FORM_FORGED */
function checkForgery(request: FastifyRequest, session: Session | undefined, publicUrl: string): void {
  const site = request.headers['sec-fetch-site'];
  const foreign = (site !== undefined && site !== 'same-origin' && site !== 'none') || !isOurOrigin(request, publicUrl);
  if (foreign || (session !== undefined && formOf(request).get('_csrf') !== session.csrf))
    throw new MailroomError('PORTAL_FORM_FORGED');
}

/**
 * Browsers name the origin with every POST (Fetch, "append a request Origin header"); programs without one have no cookie that another site
 * could use. The host it is sent to is ours, and so is the public URL where a proxy gives us another name.
 */
function isOurOrigin({ headers: { origin }, host }: FastifyRequest, publicUrl: string): boolean {
  if (origin === undefined) return true;
  return [`http://${host}`, `https://${host}`, new URL(publicUrl).origin].includes(origin);
}
