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
import { addGate, requestContexts, routesOf, seeOther } from './gate.ts';
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

export function registerPortal(deps: PortalDeps): (app: FastifyInstance, openApi: () => OpenApi) => Promise<void> {
  const contexts = requestContexts(deps);
  const signIn = signIns(deps);

  return async (app, openApi) => {
    await app.register(async (portal) => {
      let keptPage: (request: FastifyRequest) => string = () => '';
      addGate(portal, { ...deps, contexts, sessionOf: signIn.session, keptPage: (request) => keptPage(request) });
      const routes = routesOf(portal, contexts);
      ({ keptPage } = addSignIn(routes, deps, contexts, signIn));

      const whoOf = (request: FastifyRequest) => contexts.session(request)?.name ?? '';
      const live = liveEvents({ ...deps, sessionOf: signIn.session, whoOf });
      // A HEAD request would hold its connection without an end.
      const access = { config: { access: 'email-servers:read' }, exposeHeadRoute: false } as const;
      portal.get('/portal/events', access, live.handle);
      portal.addHook('preClose', async () => live.close());

      addAssets(portal);
      routes.get('/', 'open', ({ reply }) => seeOther(reply, '/portal'));
      addOverview(routes, deps);
      addList(routes, deps);
      addForm(routes, deps);
      addFlows(routes, deps);
      addConnect(routes, deps);
      addConnected(routes, deps);
      addServerStatus(routes, deps);
      addTest(routes, deps);
      addReplies(routes, deps);
      addQuarantine(routes, deps);
      addDeadLetters(routes, deps);
      addConsent(routes, deps, signIn.secure);
      addFind(routes, deps);
      addHistory(routes, deps);
      addAudit(routes, deps);
      addApi(routes, openApi);
      addPrivacy(routes, deps);
      routes.get('/portal/*', 'session', () => {
        throw new MailroomError('HTTP_NOT_FOUND');
      });
    });
  };
}
