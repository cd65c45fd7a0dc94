// Messages in quarantine: the list, the raw mail, the question, the decision.
import type { FastifyInstance } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import { rawDownload, sendDownload } from '../downloads.ts';
import type { PortalDeps } from './deps.ts';
import { doneOf, doneUrl, pageOf } from './parts.ts';
import { quarantineAskPage, quarantinePage } from './quarantine-page.ts';
import { formOf, needs, queryOf, seeOther, send, streams, type Visits } from './visit.ts';

export function addQuarantine(
  portal: FastifyInstance,
  { operations, blobs, emit }: Pick<PortalDeps, 'operations' | 'blobs' | 'emit'>,
  visits: Visits,
): void {
  async function asked(messageKey: string) {
    const found = (await operations.quarantined()).find((one) => one.messageKey === messageKey);
    if (found === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED');
    return found;
  }

  portal.get('/portal/quarantine', needs('quarantine:read'), async (request, reply) => {
    const query = queryOf(request);
    const view = { messages: await operations.quarantined(), at: pageOf(query.page), done: doneOf(query) };
    return send(reply, quarantinePage(visits.frame(request), view));
  });
  portal.get('/portal/quarantine/raw', streams('quarantine:read'), async (request, reply) => {
    const { key = '' } = queryOf(request);
    const raw = await operations.quarantinedRaw(key);
    if (raw === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED');
    return sendDownload({ request, reply }, emit, rawDownload(key, raw, blobs));
  });
  for (const action of ['enqueue', 'accept'] as const) {
    portal.get(`/portal/quarantine/${action}`, needs('quarantine:release'), async (request, reply) =>
      send(reply, quarantineAskPage(visits.frame(request), await asked(queryOf(request).key ?? ''), action)),
    );
    portal.post(`/portal/quarantine/${action}`, needs('quarantine:release'), async (request, reply) => {
      const decide = action === 'enqueue' ? operations.enqueueAgain : operations.acceptQuarantined;
      const { server, uid } = await decide(formOf(request).get('key') ?? '', visits.who(request));
      return seeOther(reply, doneUrl('/portal/quarantine', `${action}Done`, `${server}, UID ${uid}`));
    });
  }
}
