// Replies that wait for a person: the list, the question, the decision.
import type { FastifyInstance } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import type { PortalDeps } from './deps.ts';
import { doneOf, doneUrl, pageOf } from './parts.ts';
import { decidePage, REPLIES_PER_PAGE, repliesPage, tabOf } from './replies-page.ts';
import { formOf, needs, queryOf, seeOther, send, type Visits } from './visit.ts';

export function addReplies(
  portal: FastifyInstance,
  { replies, emit }: Pick<PortalDeps, 'replies' | 'emit'>,
  visits: Visits,
): void {
  async function held(replyId: string) {
    const reply = await replies.read(replyId);
    if (reply === undefined) throw new MailroomError('REPLY_UNKNOWN');
    if (reply.state !== 'held') throw new MailroomError('REPLY_NOT_HELD');
    return reply;
  }

  portal.get('/portal/replies', needs('replies:read'), async (request, reply) => {
    const query = queryOf(request);
    const tab = tabOf(query.state);
    const counts = await replies.counts();
    const last = Math.max(1, Math.ceil(counts[tab] / REPLIES_PER_PAGE));
    const at = Math.min(pageOf(query.page), last);
    const shown = await replies.list(tab, { limit: REPLIES_PER_PAGE, offset: (at - 1) * REPLIES_PER_PAGE });
    const view = { tab, counts, replies: shown, at, done: doneOf(query) };
    return send(reply, repliesPage(visits.frame(request), view));
  });
  for (const action of ['release', 'drop'] as const) {
    portal.get(`/portal/replies/${action}`, needs('replies:release'), async (request, reply) =>
      send(reply, decidePage(visits.frame(request), await held(queryOf(request).id ?? ''), action)),
    );
    portal.post(`/portal/replies/${action}`, needs('replies:release'), async (request, reply) => {
      const by = visits.who(request);
      const { replyId, server } = await replies[action](formOf(request).get('id') ?? '', by);
      emit(action === 'release' ? 'HeldReplyReleased' : 'HeldReplyDropped', { replyId, server, detail: { by } });
      return seeOther(
        reply,
        doneUrl('/portal/replies', action === 'release' ? 'releasedDone' : 'droppedDone', replyId),
      );
    });
  }
}
