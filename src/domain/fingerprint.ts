// Fingerprint of a message, independent of its UID: recognises a message after a UIDVALIDITY change, a move or a restore of the mailbox.
// Exchange re-renders MIME (sizes and bytes change), so only what the sender wrote and the time of arrival are used.
import { hash } from 'node:crypto';

interface FingerprintInput {
  messageId?: string | undefined;
  /** Date header, as written. */
  date?: string | undefined;
  /** From header, as written. */
  from?: string | undefined;
  /** INTERNALDATE, where the server gave one. */
  internalDate: Date | undefined;
  /** RFC822.SIZE, an estimate; where the server gave one. */
  size: number | undefined;
}

/** 16 characters, base64url of 96 bits. With a Message-ID: (Message-ID, Date, From). Without: also the minute of arrival and the size class. */
export function fingerprint(input: FingerprintInput): string {
  const tidy = (text: string | undefined) => (text ?? '').replace(/\s+/g, ' ').trim();
  const parts = [tidy(input.messageId), tidy(input.date), tidy(input.from)];
  if (parts[0] === '') {
    const { internalDate, size } = input;
    parts.push(internalDate === undefined ? '' : String(Math.floor(internalDate.getTime() / 60_000)));
    parts.push(size === undefined ? '' : sizeClass(size));
  }
  return hash('sha256', parts.join('\n'), 'base64url').slice(0, 16);
}

/** Sizes within a factor of two are one class: the estimate was observed to be wrong by a factor of three, and re-rendering changes it little. */
function sizeClass(size: number): string {
  return String(Math.round(Math.log2(Math.max(1, size))));
}
