// The mail by which the doctor proves Send As: sent to the mailbox that signs in, marked as automatic, and recognisable in Sent. Pure.
import { REPLY_ID_HEADER, replyIdValue } from '../domain/reply-header.ts';

interface ProbeMail {
  from: string;
  to: string;
  replyId: string;
  messageId: string;
  date: Date;
  /** With sendMode onBehalf. */
  sender?: string | undefined;
}

/** ASCII throughout; no auto-reply answers it (RFC 3834 §5, MS-OXCMAIL 2.1.3.2.20). */
export function probeMail({ from, to, replyId, messageId, date, sender }: ProbeMail): Buffer {
  return Buffer.from(
    [
      `From: <${from}>`,
      ...(sender === undefined ? [] : [`Sender: <${sender}>`]),
      `To: <${to}>`,
      'Subject: Mailroom check: Send As',
      `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
      `Message-ID: ${messageId}`,
      `${REPLY_ID_HEADER}: ${replyIdValue(replyId)}`,
      'Auto-Submitted: auto-generated',
      'X-Auto-Response-Suppress: All',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=us-ascii',
      '',
      'Sent by `mailroom check --send-probe` to prove that this From address may be used. It can be deleted.',
      '',
    ].join('\r\n'),
  );
}
