// Our own header, which identifies our mails in Sent and in bounces: Exchange may rewrite Message-ID, but not this header. Pure.
import { replyJobId } from '../contract/names.ts';

export const REPLY_ID_HEADER = 'X-Mailroom-Reply-Id';

/** The replyId itself where it fits one line, else its job id. It contains no space, so it is never folded. */
export function replyIdValue(replyId: string): string {
  const encoded = encodeURIComponent(replyId.toWellFormed());
  return encoded.length <= 50 ? encoded : replyJobId(replyId);
}
