// Signing in to the portal and out of it.
import type { FastifyInstance } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import { problemOf, statusOf } from '../problem.ts';
import type { PortalDeps } from './deps.ts';
import { signInPage } from './pages.ts';
import type { signIns } from './sessions.ts';
import { formOf, needs, seeOther, send, type Visits } from './visit.ts';

export function addSignIn(
  portal: FastifyInstance,
  { emit }: Pick<PortalDeps, 'emit'>,
  visits: Visits,
  signIn: ReturnType<typeof signIns>,
  secure: boolean,
): void {
  portal.get('/portal/sign-in', needs('open'), (request, reply) =>
    visits.session(request) === undefined ? send(reply, signInPage(visits.frame(request))) : seeOther(reply, '/portal'),
  );
  portal.post('/portal/sign-in', needs('open'), async (request, reply) => {
    try {
      const id = await signIn.enter(request.ip, formOf(request).get('secret') ?? '');
      signIn.give(reply, id, secure);
    } catch (error) {
      if (!(error instanceof MailroomError)) throw error;
      emit('PortalSignInRefused', { code: error.code });
      const { detail, hint } = problemOf(error, visits.language(request) === 'de');
      return send(reply, signInPage(visits.frame(request), { message: detail, hint: hint ?? '' }), statusOf(error));
    }
    return seeOther(reply, '/portal/email-servers');
  });
  portal.post('/portal/sign-out', needs('session'), async (request, reply) => {
    await signIn.leave(request, reply, secure);
    return seeOther(reply, '/portal/sign-in');
  });
}
