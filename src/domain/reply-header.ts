// Our own header, by which a mail of ours is known again in Sent and in bounces: Exchange may rewrite Message-ID, this it leaves. Pure.
import { replyJobId } from '../contract/names.ts';

export const REPLY_ID_HEADER = 'X-Mailroom-Reply-Id';

/** The header's value: the replyId itself where it fits one line, else its job id. Never a space, so that it is never folded. */
export function replyIdValue(replyId: string): string {
  const encoded = encodeURIComponent(replyId.toWellFormed());
  return encoded.length <= 50 ? encoded : replyJobId(replyId);
}
