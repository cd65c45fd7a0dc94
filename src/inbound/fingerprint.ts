// How a raw mail is recognised: by the fingerprint that survives a change of UIDs, the hash of its Message-ID, and the text that Exchange returns in place
// of a mail.
import { hash } from 'node:crypto';
import { fingerprint } from '../domain/fingerprint.ts';

/** The text that Exchange returns instead of a message it cannot render (offlineimap#62). */
const REPLACEMENT = /Retrieval using the IMAP4 protocol failed for the following message:\s*\d+/;

/** Only a small mail can be the replacement: a customer may quote the sentence in a long one. */
export function isReplacementText(source: Buffer): boolean {
  return (
    source.length < 8_192 &&
    REPLACEMENT.test(source.toString('latin1')) &&
    !/^(Received|DKIM-Signature):/im.test(source.toString('latin1'))
  );
}

/** Hash under which messages with one Message-ID find their siblings in other mailboxes. */
export function messageIdHash(messageId: string): string {
  return hash('sha256', messageId, 'base64url').slice(0, 16);
}

/** Fingerprint from the head of a raw mail; the same for a fetched mail and for its head in a rescan. */
export function fingerprintOf(
  source: Buffer | undefined,
  internalDate: Date | undefined,
  size: number | undefined,
): string {
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
