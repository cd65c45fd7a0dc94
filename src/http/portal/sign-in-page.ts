// Routes that lead into the portal and out of it: one-time secret or token, OpenID Connect, sign-out.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import { clientOf } from '../client.ts';
import { statusOf } from '../problem.ts';
import type { OidcFlow, PortalDeps } from './deps.ts';
import { shownError } from './gate.ts';
import { html } from './html.ts';
import { errorNote, type Frame, page, type ShownError } from './layout.ts';
import { cookieOf, hostCookie, setCookie, type signIns } from './sessions.ts';
import { formOf, LIST, needs, seeOther, send, type Visits } from './visit.ts';

const FLOW_COOKIE = 'mailroom_oidc';
/** Pages and storage of this host. Not cookies: those of all hosts of the domain would go; ours is taken away by name. */
const LEFT_BEHIND = '"cache", "storage"';
/** Seconds to sign in at the provider. */
const FLOW_SECONDS = 600;

/** @param withOidc people of the organisation sign in at their provider */
function signInPage(frame: Frame, error?: ShownError, withOidc = false): string {
  const { say } = frame;
  return page(
    frame,
    say('signIn'),
    undefined,
    html`<div class="narrow card"><h1>${say('signInTitle')}</h1>
${error !== undefined && errorNote(frame, error, error.title)}
${withOidc && html`<p><a class="button main" href="/portal/oidc">${say('signInOidc')}</a></p><div class="or">${say('or')}</div>`}
<form method="post" action="/portal/sign-in"><label for="secret">${say('secret')}</label><input id="secret" name="secret" type="password" autocomplete="off" required aria-describedby="secret-help"><p class="help" id="secret-help">${say('secretHelp')}</p><p><button class="${withOidc ? 'plain' : 'main'}">${say('signIn')}</button></p></form></div>`,
  );
}

/** A page that leads on to the provider: a form may not be sent to another site by our policy, a person may follow a link. */
export function leavePage(frame: Frame, url: string, why: 'consent' | 'signOut' = 'consent'): string {
  const { say } = frame;
  return page(
    frame,
    say(why === 'consent' ? 'signIn' : 'signOut'),
    undefined,
    html`<div class="narrow card"><h1>${say(why)}</h1><p>${say(why === 'consent' ? 'consentHelp' : 'signOutHelp')}</p><p class="buttons"><a class="button main" id="continue" rel="noreferrer" href="${url}">${say('continue')}</a></p></div>`,
  );
}

export function addSignIn(
  portal: FastifyInstance,
  { oidc, emit, clientAddresses }: Pick<PortalDeps, 'oidc' | 'emit' | 'clientAddresses'>,
  visits: Visits,
  signIn: ReturnType<typeof signIns>,
): void {
  const { secure } = signIn;
  const flowCookie = hostCookie(FLOW_COOKIE, secure);
  const form = (request: FastifyRequest, error?: ShownError) =>
    signInPage({ ...visits.frame(request), url: '/portal/sign-in' }, error, oidc !== undefined);

  /** The sign-in page again, with what is wrong. */
  function refused(request: FastifyRequest, reply: FastifyReply, error: unknown, token?: string): FastifyReply {
    if (!(error instanceof MailroomError)) throw error;
    emit('PortalSignInRefused', { code: error.code, detail: clientOf(request, clientAddresses, token) });
    if (error.retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
    return send(reply, form(request, shownError(error, visits.language(request))), statusOf(error));
  }

  portal.get('/portal/sign-in', needs('open'), (request, reply) =>
    visits.session(request) === undefined ? send(reply, form(request)) : seeOther(reply, '/portal'),
  );
  portal.post('/portal/sign-in', needs('open'), async (request, reply) => {
    const secret = formOf(request).get('secret') ?? '';
    try {
      await signIn.enter(request, reply, secret);
    } catch (error) {
      return refused(request, reply, error, signIn.tokenName(secret));
    }
    return seeOther(reply, LIST);
  });
  portal.post('/portal/sign-out', needs('session'), async (request, reply) => {
    const session = await signIn.leave(request, reply);
    reply.header('clear-site-data', LEFT_BEHIND);
    if (session?.idToken === undefined) return seeOther(reply, '/portal/sign-in');
    // Signed out here in any case; there as well, if the provider answers.
    const url = await oidc?.signOutUrl(session.idToken).catch(() => undefined);
    const frame = { ...visits.frame(request), session: undefined };
    return url === undefined ? seeOther(reply, '/portal/sign-in') : send(reply, leavePage(frame, url, 'signOut'));
  });
  if (oidc === undefined) return;

  portal.get('/portal/oidc', needs('open'), async (request, reply) => {
    try {
      const { url, flow } = await oidc.begin();
      const value = Buffer.from(JSON.stringify({ ...flow, at: Date.now() })).toString('base64url');
      setCookie(reply, flowCookie, value, { secure, seconds: FLOW_SECONDS });
      return seeOther(reply, url);
    } catch (error) {
      return refused(request, reply, error);
    }
  });
  portal.get('/portal/oidc/callback', needs('open'), async (request, reply) => {
    const flow = flowIn(cookieOf(request, flowCookie));
    setCookie(reply, flowCookie, '', { secure, seconds: 0 }); // one try each
    try {
      await signIn.countAddress(request);
      // The sign-in must have begun in this very browser, a short time ago.
      if (flow === undefined) throw new MailroomError('OAUTH_STATE_INVALID');
      const { search } = new URL(request.url, 'http://portal');
      const { subject, ...person } = await oidc.complete(search, flow, signIn.countSubject);
      await signIn.forgive(request, subject);
      await signIn.begin(request, reply, person, 'OpenID Connect');
    } catch (error) {
      return refused(request, reply, error);
    }
    return seeOther(reply, LIST);
  });
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
