// Replies for backends that do not use BullMQ: submit, follow, withdraw, release or drop; and the From addresses that an agent may pick.
import { z } from 'zod';
import { unknownKeys } from '../../contract/issues.ts';
import { countIssues, replySchema, unknownWarnings } from '../../contract/reply.ts';
import { type Result, resultSchema } from '../../contract/result.ts';
import { parseTraceparent } from '../../contract/traceparent.ts';
import { fullReplyId, inFlows, inServers } from '../../domain/access.ts';
import { MailroomError } from '../../domain/errors.ts';
import { type ApiDeps, sendersSchema } from '../deps.ts';
import { problemAnswer as problem } from '../problem.ts';
import { flowParam, get, patch, post, type Route, remove } from '../routes.ts';
import { isVisible, knownReply, shownTo, submittedId, withOwnId } from './reply-access.ts';

/** `state=held,uncertain`, or `state` given several times. */
const listQuery = z.strictObject({
  state: z
    .preprocess(
      (value) => (value === undefined ? undefined : [value].flat().flatMap((part) => String(part).split(','))),
      z.array(resultSchema.shape.state).optional(),
    )
    .describe('Only replies in these states, separated by commas'),
  server: z.string().max(100).optional().describe('Only replies of this SMTP email server'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(500).optional().describe('`next` of the page before'),
});

/** Warnings about the request, besides those of the worker. */
const withWarnings = (result: Result, warnings: readonly string[]): Result =>
  warnings.length === 0 ? result : { ...result, warnings: [...new Set([...(result.warnings ?? []), ...warnings])] };

const submitSchema = replySchema.safeExtend({ server: z.string().min(1).max(100) });

const tag = 'Replies';
const read = { tag, permission: 'replies:read', scoped: true } as const;
const write = { tag, permission: 'replies:write', scoped: true } as const;
const params = { id: 'replyId' };

/** @param namespaces of all tokens: no other token may use their replyIds */
export function replyRoutes(deps: ApiDeps, namespaces: ReadonlySet<string>): Route[] {
  /** A person's decision about a held reply. */
  const decide = (
    action: 'release' | 'drop',
    summary: string,
    apply: (replyId: string, by: string) => Promise<Result>,
  ) =>
    post(`/v1/replies/:id/${action}`, {
      tag,
      permission: 'replies:release',
      scoped: true,
      operationId: `${action}Reply`,
      summary,
      params,
      answers: {
        200: { description: 'The current state of the reply', schema: resultSchema },
        404: problem('REPLY_UNKNOWN'),
        409: problem('REPLY_NOT_HELD'),
      },
      handle: async ({ params: { id }, principal }) => {
        if (principal.scope !== undefined) await knownReply(deps, id, principal);
        return withOwnId(principal, await apply(fullReplyId(principal.scope, id), principal.name));
      },
    });

  return [
    post('/v1/replies', {
      ...write,
      operationId: 'submitReply',
      summary: 'Hand in a reply; the same replyId again is the same reply',
      body: submitSchema,
      glance: countIssues,
      answers: {
        202: { description: 'Taken; follow it under Location', schema: resultSchema },
        409: problem('REPLY_ID_REUSED: this replyId was used for another content'),
        422: problem('HTTP_REQUEST_INVALID, FROM_NOT_PERMITTED (with `permitted`) and other refusals'),
      },
      handle: async ({ body, reply, request, principal }) => {
        if (!inServers(principal.scope, body.server))
          throw new MailroomError('HTTP_FORBIDDEN', {
            field: 'server',
            message: 'This token is bound to other SMTP email servers.',
          });
        // HTTP clients with OpenTelemetry send this header; a traceparent in the reply itself overrides it.
        const { traceparent } = request.headers;
        const given = {
          ...(parseTraceparent(traceparent) === undefined ? {} : { traceparent: String(traceparent) }),
          ...body,
          replyId: submittedId(principal, body.replyId, namespaces),
        };
        const result = withWarnings(await deps.submitReply(given), unknownWarnings(unknownKeys(request.body, body)));
        reply.header('location', `/v1/replies/${encodeURIComponent(body.replyId)}`);
        return { ...result, replyId: body.replyId };
      },
    }),
    get('/v1/replies', {
      ...read,
      operationId: 'listReplies',
      summary: 'Replies, newest first, at most the newest 1,000 of each state; e.g. ?state=held',
      query: listQuery,
      repeatable: ['state'],
      answers: {
        200: {
          description: 'One page',
          schema: z.object({ replies: z.array(resultSchema), next: z.string().optional() }),
        },
      },
      handle: async ({ query: { state, ...filter }, principal }) => {
        const { replies, ...rest } = await deps.listReplies({ ...filter, states: state });
        const own = replies.filter((one) => isVisible(principal, one));
        return { replies: own.map((result) => shownTo(principal, result)), ...rest };
      },
    }),
    get('/v1/replies/:id', {
      ...read,
      operationId: 'getReply',
      summary: 'What became of a reply',
      params,
      answers: { 200: { description: 'mailroom.result/1', schema: resultSchema }, 404: problem('REPLY_UNKNOWN') },
      handle: async ({ params, principal }) => shownTo(principal, await knownReply(deps, params.id, principal)),
    }),
    remove('/v1/replies/:id', {
      ...write,
      operationId: 'cancelReply',
      summary: 'Do not send a reply after all, as long as its transfer has not begun',
      params,
      answers: {
        200: { description: 'It is dropped, with `ended: cancelled`; again: the same', schema: resultSchema },
        404: problem('REPLY_UNKNOWN'),
        409: problem('REPLY_TOO_LATE: the detail names its state'),
      },
      handle: async ({ params, principal }) => {
        const { replyId } = await knownReply(deps, params.id, principal);
        return shownTo(principal, await deps.cancelReply(replyId, principal.name));
      },
    }),
    patch('/v1/replies/:id', {
      ...write,
      operationId: 'raiseReplyPriority',
      summary: 'Let a reply that waits go before others',
      params,
      body: z.strictObject({ priority: replySchema.shape.priority.unwrap() }),
      answers: {
        200: { description: 'The reply as it is now; a lower priority changes nothing', schema: resultSchema },
        404: problem('REPLY_UNKNOWN'),
        409: problem('REPLY_TOO_LATE: it is at work or settled'),
      },
      handle: async ({ params, body, principal }) => {
        const { replyId } = await knownReply(deps, params.id, principal);
        return shownTo(principal, await deps.raisePriority(replyId, body.priority));
      },
    }),
    decide('release', 'Send a held reply after all', deps.releaseHeld),
    decide('drop', 'Never send a held reply', deps.dropHeld),
    senderRoute(deps),
  ];
}

const senderRoute = (deps: Pick<ApiDeps, 'sendersOfFlow'>): Route =>
  get('/v1/email-flows/:flow/senders', {
    operationId: 'listSenders',
    summary: 'From addresses that an agent of this email flow may pick',
    tag: 'Email flows',
    permission: 'senders:read',
    scoped: true,
    params: flowParam,
    answers: { 200: { description: 'Senders', schema: sendersSchema }, 404: problem('EMAIL_FLOW_UNKNOWN') },
    handle: async ({ params, principal: { scope } }) => {
      const found = await deps.sendersOfFlow(params.flow.normalize('NFC'));
      if (found === undefined || !inFlows(scope, found.emailFlow))
        throw new MailroomError('EMAIL_FLOW_UNKNOWN', { field: 'flow' });
      return { ...found, senders: found.senders.filter(({ server }) => inServers(scope, server)) };
    },
  });
