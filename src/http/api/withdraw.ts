// What a backend may still change of a reply that it handed in: whether it is sent, and how soon.
import { z } from 'zod';
import { replySchema } from '../../contract/reply.ts';
import { type Result, resultSchema } from '../../contract/result.ts';
import type { Principal } from '../auth.ts';
import type { ApiDeps } from '../deps.ts';
import { problemAnswer as problem } from '../problem.ts';
import { type Route, route } from '../routes.ts';

interface Shown {
  /** @throws MailroomError REPLY_UNKNOWN */
  known(replyId: string | undefined, principal: Principal): Promise<Result>;
  shownTo(principal: Principal, result: Result): Result;
}

export function withdrawRoutes(deps: ApiDeps, { known, shownTo }: Shown): Route[] {
  return [
    route({
      method: 'DELETE',
      path: '/v1/replies/:id',
      operationId: 'cancelReply',
      summary: 'Do not send a reply after all, as long as its transfer has not begun',
      tag: 'Replies',
      permission: 'replies:write',
      scoped: true,
      params: { id: 'replyId' },
      answers: {
        200: { description: 'It is dropped, with `ended: cancelled`; again: the same', schema: resultSchema },
        404: problem('REPLY_UNKNOWN'),
        409: problem('REPLY_TOO_LATE: the detail names its state'),
      },
      handle: async ({ params, principal }) => {
        const { replyId } = await known(params.id, principal);
        return shownTo(principal, await deps.cancelReply(replyId, principal.name));
      },
    }),
    route({
      method: 'PATCH',
      path: '/v1/replies/:id',
      operationId: 'raiseReplyPriority',
      summary: 'Let a reply that waits go before others',
      tag: 'Replies',
      permission: 'replies:write',
      scoped: true,
      params: { id: 'replyId' },
      body: z.strictObject({ priority: replySchema.shape.priority.unwrap() }),
      answers: {
        200: { description: 'The reply as it is now; a lower priority changes nothing', schema: resultSchema },
        404: problem('REPLY_UNKNOWN'),
        409: problem('REPLY_TOO_LATE: it is at work or settled'),
      },
      handle: async ({ params, body, principal }) => {
        const { replyId } = await known(params.id, principal);
        return shownTo(principal, await deps.raisePriority(replyId, body.priority));
      },
    }),
  ];
}
