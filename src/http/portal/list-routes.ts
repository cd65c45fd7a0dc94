// The list of email servers and what is done from it: enable, disable, delete.
import type { FastifyInstance } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import type { PortalDeps } from './deps.ts';
import { listPage } from './list-page.ts';
import { deletePage } from './pages.ts';
import { formOf, LIST, needs, queryOf, seeOther, send, type Visits } from './visit.ts';

export function addList(
  portal: FastifyInstance,
  { servers, consequences }: Pick<PortalDeps, 'servers' | 'consequences'>,
  visits: Visits,
): void {
  portal.get(LIST, needs('email-servers:read'), async (request, reply) => {
    const { search = '', show = '', done = '' } = queryOf(request);
    return send(reply, listPage(visits.frame(request), await servers.list(), { search, show, done }));
  });
  for (const enabled of [true, false]) {
    portal.post(`${LIST}/${enabled ? 'enable' : 'disable'}`, needs('email-servers:write'), async (request, reply) => {
      const form = formOf(request);
      await servers.setEnabled(form.get('name') ?? '', form.get('revision') ?? '', enabled, visits.who(request));
      return seeOther(reply, `${LIST}?done=saved`);
    });
  }
  portal.get(`${LIST}/delete`, needs('email-servers:write'), async (request, reply) => {
    const view = await servers.get(queryOf(request).name ?? '');
    if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    if (!view.editable) throw new MailroomError('EMAIL_SERVER_READ_ONLY');
    return send(reply, deletePage(visits.frame(request), view, await consequences(view.name)));
  });
  portal.post(`${LIST}/delete`, needs('email-servers:write'), async (request, reply) => {
    const form = formOf(request);
    await servers.remove(form.get('name') ?? '', form.get('revision') ?? '', visits.who(request));
    return seeOther(reply, `${LIST}?done=deleted`);
  });
}
