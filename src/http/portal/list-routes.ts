// The list of email servers and what is done from it: enable, disable, pause, resume, delete.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import type { PortalDeps } from './deps.ts';
import { listPage } from './list-page.ts';
import { deletePage, pausePage } from './pages.ts';
import { doneOf, doneUrl, pageOf } from './parts.ts';
import { formOf, LIST, needs, queryOf, seeOther, send, type Visits } from './visit.ts';

export function addList(
  portal: FastifyInstance,
  { servers, operations, consequences }: Pick<PortalDeps, 'servers' | 'operations' | 'consequences'>,
  visits: Visits,
): void {
  const nameOf = (request: FastifyRequest): string => queryOf(request).name ?? '';
  async function asked(request: FastifyRequest) {
    const view = await servers.get(nameOf(request));
    if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    return view;
  }

  portal.get(LIST, needs('email-servers:read'), async (request, reply) => {
    const query = queryOf(request);
    const { search = '', show = '' } = query;
    const asked = { search, show, page: pageOf(query.page), done: doneOf(query) };
    return send(reply, listPage(visits.frame(request), await servers.list(), asked));
  });
  for (const enabled of [true, false]) {
    portal.post(`${LIST}/${enabled ? 'enable' : 'disable'}`, needs('email-servers:write'), async (request, reply) => {
      const name = nameOf(request);
      await servers.setEnabled(name, queryOf(request).revision ?? '', enabled, visits.who(request));
      return seeOther(reply, doneUrl(LIST, enabled ? 'enabledDone' : 'disabledDone', name));
    });
  }
  portal.get(`${LIST}/pause`, needs('email-servers:pause'), async (request, reply) =>
    send(reply, pausePage(visits.frame(request), await asked(request))),
  );
  for (const action of ['pause', 'resume'] as const) {
    portal.post(`${LIST}/${action}`, needs('email-servers:pause'), async (request, reply) => {
      const { name } = await operations[action](nameOf(request), visits.who(request));
      return seeOther(reply, doneUrl(LIST, action === 'pause' ? 'pausedDone' : 'resumedDone', name));
    });
  }
  portal.get(`${LIST}/delete`, needs('email-servers:write'), async (request, reply) => {
    const view = await asked(request);
    if (!view.editable) throw new MailroomError('EMAIL_SERVER_READ_ONLY');
    return send(reply, deletePage(visits.frame(request), view, await consequences(view.name)));
  });
  portal.post(`${LIST}/delete`, needs('email-servers:write'), async (request, reply) => {
    const form = formOf(request);
    const name = form.get('name') ?? '';
    await servers.remove(name, form.get('revision') ?? '', visits.who(request));
    return seeOther(reply, doneUrl(LIST, 'deleted', name));
  });
}
