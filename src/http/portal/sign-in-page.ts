// Signing in and out. People: a one-time code, an API token or an OpenID provider starts a session; failed attempts are counted across all
// replicas and lock the sign-in. Email servers: delegated sign-in at the provider (authorization code with PKCE, adapters/oauth).
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isPortalRole } from '../../domain/access.ts';
import { MailroomError } from '../../domain/errors.ts';
import { tokenFinder } from '../auth.ts';
import { clientOf } from '../client.ts';
import { addressKey } from '../lock-out.ts';
import type { NewSession, OidcFlow, Session } from '../ports.ts';
import { statusOf } from '../problem.ts';
import type { PortalDeps } from './deps.ts';
import {
  formOf,
  hostCookie,
  LIST,
  type RequestContext,
  type RequestContexts,
  type Routes,
  seeOther,
  send,
  shownError,
} from './gate.ts';
import { type Html, html } from './html.ts';
import { errorNote, type Frame, page, type ShownError } from './layout.ts';
import { hiddenField } from './parts.ts';

const SESSION_COOKIE = 'mailroom_session';
/** Attempts from one address, or of one person at the provider, within 15 minutes. */
const ATTEMPTS = 10;

type SignInDeps = Pick<PortalDeps, 'apiTokens' | 'sessions' | 'emit' | 'record' | 'publicUrl'>;

export function signIns({ apiTokens, sessions, emit, record, publicUrl }: SignInDeps) {
  const secure = publicUrl.startsWith('https:');
  const cookie = hostCookie(SESSION_COOKIE, secure);
  // A backend's token belongs to no person and does not open the portal; a token with a scope would see more there than it may.
  const tokens = apiTokens.flatMap(({ role, scope, ...token }) =>
    isPortalRole(role) && scope === undefined ? [{ ...token, role }] : [],
  );
  const find = tokenFinder(apiTokens);

  async function count(from: string, by: string): Promise<void> {
    const { count, forgottenInMs } = await sessions.attempt(from);
    if (count <= ATTEMPTS) return;
    if (count === ATTEMPTS + 1) await record({ by, action: 'sign-in-locked', server: '', changes: [] });
    throw new MailroomError('PORTAL_LOCKED', { retryAfterMs: forgottenInMs });
  }

  /** Starts a session with a new id and ends the browser's previous one. */
  async function begin(request: FastifyRequest, reply: FastifyReply, session: NewSession, by: string): Promise<void> {
    const before = request.cookies[cookie];
    if (before !== undefined) await sessions.end(before);
    const id = await sessions.create(session);
    reply.setCookie(cookie, id);
    emit('PortalSignedIn', { detail: { by: session.name, role: session.role, how: by } });
    await record({
      by: session.name,
      action: 'sign-in',
      server: '',
      changes: [
        { field: 'role', from: '', to: session.role },
        { field: 'by', from: '', to: by },
      ],
    });
  }

  return {
    secure,
    async session(request: FastifyRequest): Promise<Session | undefined> {
      const id = request.cookies[cookie];
      if (id === undefined || !/^[\w-]{43}$/.test(id)) return undefined;
      // An automatic refresh is not a person's activity and does not reset the idle time.
      const bySelf = request.method === 'GET' && request.headers['sec-fetch-dest'] === 'empty';
      const session = await sessions.read(id, !bySelf);
      if (session?.token === undefined) return session;
      return tokens.some(({ digest }) => digest === session.token) ? session : undefined;
    },
    /** @throws MailroomError PORTAL_LOCKED, PORTAL_SIGN_IN_REFUSED */
    async enter(request: FastifyRequest, reply: FastifyReply, given: string): Promise<void> {
      const from = addressKey(request.ip);
      // A valid secret is accepted despite guesses from the same address; an invalid one is counted.
      const token = find(given.trim());
      const found = tokens.find(({ name }) => name === token?.name);
      const person = found ?? (/^[\w-]{43}$/.test(given.trim()) ? await sessions.redeem(given.trim()) : undefined);
      if (person === undefined) {
        await count(from, from);
        throw new MailroomError('PORTAL_SIGN_IN_REFUSED');
      }
      await sessions.forgive(from);
      const { name, role } = person;
      if (found === undefined) await begin(request, reply, { name, role }, 'one-time secret');
      else await begin(request, reply, { name, role, token: found.digest }, 'API token');
    },
    /** Name of an API token, also of one that does not open the portal. */
    tokenName: (given: string): string | undefined => find(given.trim())?.name,
    /** Counts an attempt of a person who signed in at the provider. @throws MailroomError PORTAL_LOCKED */
    countSubject: (subject: string) => count(`subject:${subject}`, subject),
    countAddress: (request: FastifyRequest) => count(addressKey(request.ip), addressKey(request.ip)),
    begin,
    /** Resets the counts after a successful sign-in. */
    async forgive(request: FastifyRequest, subject: string): Promise<void> {
      await Promise.all([sessions.forgive(addressKey(request.ip)), sessions.forgive(`subject:${subject}`)]);
    },
    /** @returns the session that ended */
    async leave(request: FastifyRequest, reply: FastifyReply): Promise<Session | undefined> {
      const id = request.cookies[cookie];
      const session = id === undefined ? undefined : await sessions.read(id, false);
      if (id !== undefined) await sessions.end(id);
      reply.clearCookie(cookie);
      if (session !== undefined) await record({ by: session.name, action: 'sign-out', server: '', changes: [] });
      return session;
    },
  };
}

const FLOW_COOKIE = 'mailroom_oidc';
/** Not cookies: that would clear those of every host of the domain. Ours is cleared by name. */
const LEFT_BEHIND = '"cache", "storage"';
/** Time to sign in at the provider, seconds. */
const FLOW_SECONDS = 600;

/** The input of a form whose session had expired, and the form's address. */
interface Kept {
  url: string;
  entered: readonly (readonly [string, string])[];
}

/** The only forms to which the sign-in leads back. */
const RETURNS = /^\/portal\/(?:email-servers\/(?:new|edit)|connect)$/;
/** Secrets, and fields of the session that ended. */
const NOT_KEPT = ['_csrf', '_action', '_return', 'password', 'secret'];

function keptOf(request: FastifyRequest, url: string): Kept | undefined {
  if (!RETURNS.test(url)) return undefined;
  return { url, entered: [...formOf(request)].filter(([name]) => !NOT_KEPT.includes(name)) };
}

const keptFields = ({ url, entered }: Kept): Html =>
  html`${hiddenField('_return', url)}${hiddenField('_action', 'resume')}${entered.map(([name, value]) => hiddenField(name, value))}`;

/**
 * @param withOidc there is an OpenID provider
 * @param kept sent back with the sign-in; the provider's page opens in another tab, so that this one keeps the input
 */
function signInPage(frame: Frame, error?: ShownError, withOidc = false, kept?: Kept): string {
  const { say } = frame;
  const beside = kept !== undefined && html` target="_blank"`;
  return page(
    frame,
    say('signIn'),
    undefined,
    html`<div class="narrow card"><h1>${say('signInTitle')}</h1>
${error !== undefined && errorNote(frame, error, error.title)}${kept !== undefined && error === undefined && html`<div class="note warn" role="alert">${say('expired')}</div>`}
${withOidc && html`<p><a class="button main" href="/portal/oidc"${beside}>${say('signInOidc')}</a></p>${kept !== undefined && html`<form method="post" action="${kept.url}">${keptFields(kept)}<p><button class="plain">${say('signedInElsewhere')}</button></p></form>`}<div class="or">${say('or')}</div>`}
<form method="post" action="/portal/sign-in">${kept !== undefined && keptFields(kept)}<label for="secret">${say('secret')}</label><input id="secret" name="secret" type="password" autocomplete="off" required aria-describedby="secret-help"><p class="help" id="secret-help">${say('secretHelp')}</p><p><button class="${withOidc ? 'plain' : 'main'}">${say('signIn')}</button></p></form></div>`,
  );
}

/** A page with a link to the provider: our policy forbids forms to redirect to another site. */
function leavePage(frame: Frame, url: string, why: 'consent' | 'signOut' = 'consent'): string {
  const { say } = frame;
  return page(
    frame,
    say(why === 'consent' ? 'signIn' : 'signOut'),
    undefined,
    html`<div class="narrow card"><h1>${say(why)}</h1><p>${say(why === 'consent' ? 'consentHelp' : 'signOutHelp')}</p><p class="buttons"><a class="button main" id="continue" rel="noreferrer" href="${url}">${say('continue')}</a></p></div>`,
  );
}

/** @returns the sign-in page for a form whose session has expired */
export function addSignIn(
  { get, post }: Routes,
  { oidc, emit, clientAddresses }: Pick<PortalDeps, 'oidc' | 'emit' | 'clientAddresses'>,
  contexts: RequestContexts,
  signIn: ReturnType<typeof signIns>,
): { keptPage(request: FastifyRequest): string } {
  const flowCookie = hostCookie(FLOW_COOKIE, signIn.secure);
  const form = (request: FastifyRequest, error?: ShownError) =>
    signInPage(
      { ...contexts.frame(request), url: '/portal/sign-in', failed: error !== undefined },
      error,
      oidc !== undefined,
      keptOf(request, formOf(request).get('_return') ?? request.routeOptions.url ?? ''),
    );

  /** The sign-in page again, with what is wrong. */
  function refused({ request, reply, frame }: RequestContext, error: unknown, token?: string): FastifyReply {
    if (!(error instanceof MailroomError)) throw error;
    emit('PortalSignInRefused', { code: error.code, detail: clientOf(request, clientAddresses, token) });
    if (error.retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
    return send(reply, form(request, shownError(error, frame.language)), statusOf(error));
  }

  get('/portal/sign-in', 'open', ({ request, reply, frame }) =>
    frame.session === undefined ? form(request) : seeOther(reply, '/portal'),
  );
  post('/portal/sign-in', 'open', async (context) => {
    const { request, reply, form: entered } = context;
    const secret = entered.get('secret') ?? '';
    try {
      await signIn.enter(request, reply, secret);
    } catch (error) {
      return refused(context, error, signIn.tokenName(secret));
    }
    const kept = keptOf(request, entered.get('_return') ?? '');
    // The browser sends the same form again, to its original address.
    return kept === undefined ? seeOther(reply, LIST) : reply.code(307).header('location', kept.url).send();
  });
  post('/portal/sign-out', 'session', async ({ request, reply, frame }) => {
    const session = await signIn.leave(request, reply);
    reply.header('clear-site-data', LEFT_BEHIND);
    if (session?.idToken === undefined) return seeOther(reply, '/portal/sign-in');
    // Signed out of the portal in any case; at the provider too, if it answers.
    const url = await oidc?.signOutUrl(session.idToken).catch(() => undefined);
    if (url === undefined) return seeOther(reply, '/portal/sign-in');
    return leavePage({ ...frame, session: undefined }, url, 'signOut');
  });
  if (oidc === undefined) return { keptPage: form };

  get('/portal/oidc', 'open', async (context) => {
    const { reply } = context;
    try {
      const { url, flow } = await oidc.begin();
      const value = Buffer.from(JSON.stringify({ ...flow, at: Date.now() })).toString('base64url');
      reply.setCookie(flowCookie, value, { maxAge: FLOW_SECONDS });
      return seeOther(reply, url);
    } catch (error) {
      return refused(context, error);
    }
  });
  get('/portal/oidc/callback', 'open', async (context) => {
    const { request, reply } = context;
    const flow = flowIn(request.cookies[flowCookie]);
    reply.clearCookie(flowCookie); // one try each
    try {
      await signIn.countAddress(request);
      // The sign-in must have begun in this browser, at most FLOW_SECONDS ago.
      if (flow === undefined) throw new MailroomError('OAUTH_STATE_INVALID');
      const { search } = new URL(request.url, 'http://portal');
      const { subject, ...person } = await oidc.complete(search, flow, signIn.countSubject);
      await signIn.forgive(request, subject);
      await signIn.begin(request, reply, person, 'OpenID Connect');
    } catch (error) {
      return refused(context, error);
    }
    return seeOther(reply, LIST);
  });
  return { keptPage: form };
}

function flowIn(cookie: string | undefined): OidcFlow | undefined {
  try {
    const found = JSON.parse(Buffer.from(cookie ?? '', 'base64url').toString()) as Record<string, unknown>;
    const { state, nonce, verifier, at } = found;
    if (typeof state !== 'string' || typeof nonce !== 'string' || typeof verifier !== 'string') return undefined;
    return typeof at === 'number' && at > Date.now() - FLOW_SECONDS * 1000 ? { state, nonce, verifier } : undefined;
  } catch {
    return undefined;
  }
}

const STATE_COOKIE = 'mailroom_signin';
/** Names of the wizard's two servers; it proves nothing. */
const CONNECT_COOKIE = 'mailroom_connect';

export function addConsent(
  { get, post }: Routes,
  { beginSignIn, completeSignIn }: Pick<PortalDeps, 'beginSignIn' | 'completeSignIn'>,
  secure: boolean,
): void {
  const stateCookie = hostCookie(STATE_COOKIE, secure);
  post(`${LIST}/sign-in`, 'email-servers:write', async ({ form, frame, reply }) => {
    const { url, state } = await beginSignIn(form.get('name') ?? '');
    reply.setCookie(stateCookie, state, { maxAge: 900 });
    const [imap, smtp] = [form.get('imap'), form.get('smtp')];
    // Started from the wizard, to which it returns.
    if (imap !== null && smtp !== null)
      reply.setCookie(CONNECT_COOKIE, new URLSearchParams({ imap, smtp }).toString(), { maxAge: 900 });
    return leavePage(frame, url);
  });
  get('/signin/callback', 'email-servers:write', async ({ request, reply, query, done }) => {
    const { state = '', code, error, error_description } = query;
    // The sign-in must have begun in this browser.
    if (state === '' || request.cookies[stateCookie] !== state) throw new MailroomError('OAUTH_STATE_INVALID');
    reply.clearCookie(stateCookie);
    const { server } = await completeSignIn({
      state,
      ...(code === undefined ? {} : { code }),
      ...(error === undefined ? {} : { error }),
      ...(error_description === undefined ? {} : { error_description }),
    });
    const wizard = request.cookies[CONNECT_COOKIE];
    if (wizard === undefined) return done(LIST, 'signedInDone', server);
    reply.clearCookie(CONNECT_COOKIE);
    return seeOther(reply, `/portal/connect/servers?${new URLSearchParams(wizard)}`);
  });
}
