// The administrators' portal: server-rendered pages over the same functions as the API. Works without script; a session is a cookie, each
// form carries the session's token, and nothing is loaded from elsewhere.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import type { OpenApi } from '../api/openapi.ts';
import { addApi } from './api-page.ts';
import { addAudit } from './audit-page.ts';
import { addConnect } from './connect-page.ts';
import { addConnected } from './connected-page.ts';
import { addDeadLetters } from './dead-letters-page.ts';
import type { PortalDeps } from './deps.ts';
import { liveEvents } from './events.ts';
import { addFind } from './find-page.ts';
import { addFlows } from './flow-page.ts';
import { addForm } from './form-page.ts';
import { addGate, needs, requestContext as requestContextOf, seeOther } from './gate.ts';
import { addHistory } from './history-page.ts';
import { addAssets } from './layout.ts';
import { addList } from './list-page.ts';
import { addOverview } from './overview-page.ts';
import { addPrivacy } from './privacy-page.ts';
import { addQuarantine } from './quarantine-page.ts';
import { addReplies } from './replies-page.ts';
import { addServerStatus } from './server-page.ts';
import { addConsent, addSignIn, signIns } from './sign-in-page.ts';
import { addTest } from './test-page.ts';

export type {
  Consequences,
  Overview,
  PortalDeps,
  PortalReplies,
  PortalReply,
  Preview,
  RoundTrip,
  ServerActivity,
} from './deps.ts';

export function registerPortal(deps: PortalDeps): (app: FastifyInstance, openApi: () => OpenApi) => Promise<void> {
  const requestContext = requestContextOf(deps);
  const signIn = signIns(deps);

  return async (app, openApi) => {
    await app.register(async (portal) => {
      let keptPage: (request: FastifyRequest) => string = () => '';
      addGate(portal, { ...deps, requestContext, sessionOf: signIn.session, keptPage: (request) => keptPage(request) });

      addAssets(portal);

      portal.get('/', needs('open'), (_request, reply) => seeOther(reply, '/portal'));
      addOverview(portal, deps, requestContext);
      const live = liveEvents({ ...deps, sessionOf: signIn.session, whoOf: requestContext.who });
      // A HEAD would hold its connection without an end.
      portal.get('/portal/events', { ...needs('email-servers:read'), exposeHeadRoute: false }, live.handle);
      portal.addHook('preClose', async () => live.close());

      ({ keptPage } = addSignIn(portal, deps, requestContext, signIn));
      addList(portal, deps, requestContext);
      addForm(portal, deps, requestContext);
      addFlows(portal, deps, requestContext);
      addConnect(portal, deps, requestContext);
      addConnected(portal, deps, requestContext);
      addServerStatus(portal, deps, requestContext);
      addTest(portal, deps, requestContext);
      addReplies(portal, deps, requestContext);
      addQuarantine(portal, deps, requestContext);
      addDeadLetters(portal, deps, requestContext);
      addConsent(portal, deps, requestContext, signIn.secure);
      addFind(portal, deps, requestContext);
      addHistory(portal, deps, requestContext);
      addAudit(portal, deps, requestContext);
      addApi(portal, openApi, requestContext);
      addPrivacy(portal, deps, requestContext);
      portal.get('/portal/*', needs('session'), () => {
        throw new MailroomError('HTTP_NOT_FOUND');
      });
    });
  };
}
