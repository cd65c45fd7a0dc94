// Replies for backends that do not speak BullMQ: hand in, follow, release or drop what is held; and the From addresses an agent may pick.
import { z } from 'zod';
import { unknownKeys } from '../../contract/issues.ts';
import { countIssues, replySchema, unknownWarnings } from '../../contract/reply.ts';
import { type Result, resultSchema } from '../../contract/result.ts';
import { parseTraceparent } from '../../contract/traceparent.ts';
import { fullReplyId, inFlows, inServers, ownReplyId } from '../../domain/access.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Principal } from '../auth.ts';
import { type ApiDeps, sendersSchema } from '../deps.ts';
import { maskedResult } from '../masked.ts';
import { problemAnswer as problem } from '../problem.ts';
import { type Route, route } from '../routes.ts';
import { withdrawRoutes } from './withdraw.ts';

const states = resultSchema.shape.state;

/** `state=held,uncertain`, or `state` given several times. */
const listQuery = z.strictObject({
  state: z
    .preprocess(
      (value) => (value === undefined ? undefined : [value].flat().flatMap((part) => String(part).split(','))),
      z.array(states).optional(),
    )
    .describe('Only replies in these states, separated by commas'),
  server: z.string().max(100).optional().describe('Only replies of this SMTP email server'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(500).optional().describe('`next` of the page before'),
});

/** What the worker says of it besides is in the result. */
const withWarnings = (result: Result, warnings: readonly string[]): Result =>
  warnings.length === 0 ? result : { ...result, warnings: [...new Set([...(result.warnings ?? []), ...warnings])] };

const submitSchema = replySchema.safeExtend({ server: z.string().min(1).max(100) });

const MOST_REPLY_ID = 200;

/** @param namespaces of all tokens: nobody else uses their replyIds */
export function replyRoutes(deps: ApiDeps, namespaces: ReadonlySet<string> = new Set()): Route[] {
  /** @throws MailroomError REPLY_UNKNOWN also for a reply outside of what the token is bound to */
  async function known(replyId: string | undefined, { scope }: Principal): Promise<Result> {
    const result = await deps.getReply(fullReplyId(scope, replyId ?? ''));
    if (result === undefined || !inServers(scope, result.server))
      throw new MailroomError('REPLY_UNKNOWN', { field: 'id' });
    return result;
  }

  const shownTo = (principal: Principal, result: Result): Result => ({
    ...(principal.may('addresses:read') ? result : maskedResult(result)),
    replyId: ownReplyId(principal.scope, result.replyId) ?? result.replyId,
  });

  /** @throws MailroomError HTTP_REQUEST_INVALID, HTTP_FORBIDDEN */
  function submittedId({ scope }: Principal, replyId: string): string {
    const full = fullReplyId(scope, replyId);
    if (full.length > MOST_REPLY_ID)
      throw new MailroomError('HTTP_REQUEST_INVALID', {
        field: 'replyId',
        message: `replyId has ${full.length} characters with the namespace of this token; at most ${MOST_REPLY_ID} are taken`,
      });
    const [namespace = ''] = full.split('/', 1);
    if (full.includes('/') && namespaces.has(namespace) && scope?.replyNamespace !== namespace)
      throw new MailroomError('HTTP_FORBIDDEN', {
        field: 'replyId',
        message: `replyIds that begin with ${namespace}/ are those of another token.`,
      });
    return full;
  }

  const one = (action: 'release' | 'drop') =>
    route({
      method: 'POST',
      path: `/v1/replies/:id/${action}`,
      operationId: action === 'release' ? 'releaseReply' : 'dropReply',
      summary: action === 'release' ? 'Send a held reply after all' : 'Never send a held reply',
      tag: 'Replies',
      permission: 'replies:release',
      scoped: true,
      params: { id: 'replyId' },
      answers: {
        200: { description: 'The current state of the reply', schema: resultSchema },
        404: problem('REPLY_UNKNOWN'),
        409: problem('REPLY_NOT_HELD'),
      },
      handle: async ({ params, principal }) => {
        if (principal.scope !== undefined) await known(params.id, principal);
        const decide = action === 'release' ? deps.releaseHeld : deps.dropHeld;
        const result = await decide(fullReplyId(principal.scope, params.id ?? ''), principal.name);
        return { ...result, replyId: ownReplyId(principal.scope, result.replyId) ?? result.replyId };
      },
    });

  return [
    route({
      method: 'POST',
      path: '/v1/replies',
      operationId: 'submitReply',
      summary: 'Hand in a reply; the same replyId again is the same reply',
      tag: 'Replies',
      permission: 'replies:write',
      scoped: true,
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
        // As any HTTP client with OpenTelemetry sends it, where the reply itself has none.
        const { traceparent } = request.headers;
        const given = {
          ...(parseTraceparent(traceparent) === undefined ? {} : { traceparent: String(traceparent) }),
          ...body,
          replyId: submittedId(principal, body.replyId),
        };
        const result = withWarnings(await deps.submitReply(given), unknownWarnings(unknownKeys(request.body, body)));
        reply.code(202).header('location', `/v1/replies/${encodeURIComponent(body.replyId)}`);
        return { ...result, replyId: body.replyId };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/replies',
      operationId: 'listReplies',
      summary: 'Replies, newest first; e.g. ?state=held',
      tag: 'Replies',
      permission: 'replies:read',
      scoped: true,
      query: listQuery,
      repeatable: ['state'],
      answers: {
        200: {
          description: 'One page',
          schema: z.object({ replies: z.array(resultSchema), next: z.string().optional() }),
        },
      },
      handle: async ({ query: { state, server, limit, cursor }, principal }) => {
        const { replies, ...rest } = await deps.listReplies({
          limit,
          ...(state === undefined ? {} : { states: state }),
          ...(server === undefined ? {} : { server }),
          ...(cursor === undefined ? {} : { cursor }),
        });
        const { scope } = principal;
        const own = replies.filter(
          (one) => inServers(scope, one.server) && ownReplyId(scope, one.replyId) !== undefined,
        );
        return { replies: own.map((result) => shownTo(principal, result)), ...rest };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/replies/:id',
      operationId: 'getReply',
      summary: 'What became of a reply',
      tag: 'Replies',
      permission: 'replies:read',
      scoped: true,
      params: { id: 'replyId' },
      answers: { 200: { description: 'mailroom.result/1', schema: resultSchema }, 404: problem('REPLY_UNKNOWN') },
      handle: async ({ params, principal }) => shownTo(principal, await known(params.id, principal)),
    }),
    ...withdrawRoutes(deps, { known, shownTo }),
    one('release'),
    one('drop'),
    route({
      method: 'GET',
      path: '/v1/email-flows/:flow/senders',
      operationId: 'listSenders',
      summary: 'From addresses that an agent of this email flow may pick',
      tag: 'Email flows',
      permission: 'senders:read',
      scoped: true,
      params: { flow: 'Name of the email flow, percent-encoded UTF-8' },
      answers: { 200: { description: 'Senders', schema: sendersSchema }, 404: problem('EMAIL_FLOW_UNKNOWN') },
      handle: async ({ params, principal: { scope } }) => {
        const senders = await deps.sendersOfFlow((params.flow ?? '').normalize('NFC'));
        if (senders === undefined || !inFlows(scope, senders.emailFlow))
          throw new MailroomError('EMAIL_FLOW_UNKNOWN', { field: 'flow' });
        return { ...senders, senders: senders.senders.filter(({ server }) => inServers(scope, server)) };
      },
    }),
  ];
}
