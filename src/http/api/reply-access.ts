// What a token may see and submit of the replies: a token may be bound to SMTP servers and to a namespace of replyIds.
import type { Result } from '../../contract/result.ts';
import { fullReplyId, inServers, ownReplyId } from '../../domain/access.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Principal } from '../auth.ts';
import type { ApiDeps } from '../deps.ts';
import { maskedResult } from '../masked.ts';

const MOST_REPLY_ID = 200;

/** @throws MailroomError REPLY_UNKNOWN, also for a reply that the token is not bound to */
export async function knownReply(
  { getReply }: Pick<ApiDeps, 'getReply'>,
  replyId: string,
  { scope }: Principal,
): Promise<Result> {
  const result = await getReply(fullReplyId(scope, replyId));
  if (result === undefined || !inServers(scope, result.server))
    throw new MailroomError('REPLY_UNKNOWN', { field: 'id' });
  return result;
}

/** With the replyId as its backend knows it. */
export const withOwnId = ({ scope }: Principal, result: Result): Result => ({
  ...result,
  replyId: ownReplyId(scope, result.replyId) ?? result.replyId,
});

export const shownTo = (principal: Principal, result: Result): Result =>
  withOwnId(principal, principal.may('addresses:read') ? result : maskedResult(result));

export const isVisible = ({ scope }: Principal, { server, replyId }: Result): boolean =>
  inServers(scope, server) && ownReplyId(scope, replyId) !== undefined;

/**
 * The replyId with the namespace of the token.
 * @param namespaces of all tokens: no other token may use their replyIds
 * @throws MailroomError HTTP_REQUEST_INVALID, HTTP_FORBIDDEN
 */
export function submittedId({ scope }: Principal, replyId: string, namespaces: ReadonlySet<string>): string {
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
