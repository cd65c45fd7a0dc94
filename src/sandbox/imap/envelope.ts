// ENVELOPE of a message out of its header fields (RFC 3501 §7.4.2).
import { headerValue, parseAddresses } from '../addresses.ts';
import { quote } from './tokens.ts';

export function imapEnvelope(fields: readonly [string, string][]): string {
  const value = (name: string) => headerValue(fields, name);
  const from = value('from');
  const list = (text: string | undefined): string => {
    const addresses = parseAddresses(text ?? '');
    if (addresses.length === 0) return 'NIL';
    const items = addresses.map(({ name, address }) => {
      const at = address.lastIndexOf('@');
      const local = at < 0 ? address : address.slice(0, at);
      return `(${quote(name || undefined)} NIL ${quote(local)} ${at < 0 ? 'NIL' : quote(address.slice(at + 1))})`;
    });
    return `(${items.join('')})`;
  };
  // Sender and Reply-To default to From.
  return `(${quote(value('date'))} ${quote(value('subject'))} ${list(from)} ${list(value('sender') ?? from)} ${list(value('reply-to') ?? from)} ${list(value('to'))} ${list(value('cc'))} ${list(value('bcc'))} ${quote(value('in-reply-to'))} ${quote(value('message-id'))})`;
}
