// Delegated sign-in of an email server: to the provider and back (authorization code with PKCE, adapters/oauth).
import type { FastifyInstance } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import type { PortalDeps } from './deps.ts';
import { doneUrl } from './parts.ts';
import { cookieOf, hostCookie, setCookie } from './sessions.ts';
import { leavePage } from './sign-in-page.ts';
import { formOf, LIST, needs, queryOf, seeOther, send, type Visits } from './visit.ts';

const STATE_COOKIE = 'mailroom_signin';

export function addConsent(
  portal: FastifyInstance,
  { beginSignIn, completeSignIn }: Pick<PortalDeps, 'beginSignIn' | 'completeSignIn'>,
  visits: Visits,
  secure: boolean,
): void {
  const stateCookie = hostCookie(STATE_COOKIE, secure);
  portal.post(`${LIST}/sign-in`, needs('email-servers:write'), async (request, reply) => {
    const { url, state } = await beginSignIn(formOf(request).get('name') ?? '');
    setCookie(reply, stateCookie, state, { secure, seconds: 900 });
    return send(reply, leavePage(visits.frame(request), url));
  });
  portal.get('/signin/callback', needs('email-servers:write'), async (request, reply) => {
    const { state = '', code, error, error_description } = queryOf(request);
    // The sign-in must have begun in this very browser.
    if (state === '' || cookieOf(request, stateCookie) !== state) throw new MailroomError('OAUTH_STATE_INVALID');
    setCookie(reply, stateCookie, '', { secure, seconds: 0 });
    const { server } = await completeSignIn({
      state,
      ...(code === undefined ? {} : { code }),
      ...(error === undefined ? {} : { error }),
      ...(error_description === undefined ? {} : { error_description }),
    });
    return seeOther(reply, doneUrl(visits.session(request), LIST, 'signedInDone', server));
  });
}
