// Fetched bytes → mailroom.message/1: puts together what the parser read, where the raw mail lies, and whose mailbox it is.
import { hash } from 'node:crypto';
import { type BlobReference, MESSAGE_SCHEMA, type Message } from '../contract/message.ts';
import { messageKey } from '../contract/names.ts';
import type { ImapServer } from '../domain/email-server.ts';
import { fingerprint } from '../domain/fingerprint.ts';
import type { LedgerMeta } from '../domain/ledger.ts';
import type { ParsedMessage } from '../mime/parsed-message.ts';
import type { Related } from './ports.ts';

/** The text that Exchange gives instead of a message it cannot render (offlineimap#62). */
const REPLACEMENT = /Retrieval using the IMAP4 protocol failed for the following message:\s*\d+/;

/** Only small mails can be the replacement: a customer who quotes the sentence in a long mail is not one. */
export function isReplacementText(source: Buffer): boolean {
  return (
    source.length < 8_192 &&
    REPLACEMENT.test(source.toString('latin1')) &&
    !/^(Received|DKIM-Signature):/im.test(source.toString('latin1'))
  );
}

export interface Received {
  uid: number;
  internalDate: Date;
  size: number;
  parsed: ParsedMessage;
  raw: BlobReference;
}

export function toMessage(
  server: ImapServer,
  mailboxId: string,
  meta: LedgerMeta,
  received: Received,
  related: Related,
  siblings: readonly string[],
): Message {
  const { uid, parsed, raw } = received;
  return {
    schema: MESSAGE_SCHEMA,
    messageKey: messageKey(mailboxId, meta.uidValidity, uid, meta.era),
    emailFlow: server.emailFlow,
    server: server.name,
    mailbox: server.user,
    folder: server.folder,
    uidValidity: meta.uidValidity,
    uid,
    receivedAt: received.internalDate.toISOString(),
    ...parsed,
    raw,
    ...related,
    siblings: [...siblings],
  };
}

/** Hash under which messages with one Message-ID find their siblings in other mailboxes. */
export function messageIdHash(messageId: string): string {
  return hash('sha256', messageId, 'base64url').slice(0, 16);
}

/** Fingerprint from the head of a raw mail. One way for fetched mails and for the heads of a rescan, so that they agree. */
export function fingerprintOf(source: Buffer | undefined, internalDate: Date, size: number): string {
  const head = headOf(source);
  return fingerprint({
    messageId: header(head, 'message-id'),
    date: header(head, 'date'),
    from: header(head, 'from'),
    internalDate,
    size,
  });
}

function headOf(source: Buffer | undefined): string {
  if (source === undefined) return '';
  const crlf = source.indexOf('\r\n\r\n');
  const lf = source.subarray(0, crlf < 0 ? source.length : crlf).indexOf('\n\n');
  const end = lf >= 0 ? lf : crlf >= 0 ? crlf : source.length;
  return source.subarray(0, Math.min(end, 65_536)).toString('latin1');
}

function header(head: string, name: string): string | undefined {
  const match = new RegExp(`^${name}[ \\t]*:(.*(?:\\r?\\n[ \\t].*)*)`, 'im').exec(head);
  return match?.[1]?.replace(/\s+/g, ' ').trim();
}
