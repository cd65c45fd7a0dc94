// After composing, header and envelope are read back and must equal what was decided: with nodemailer's parser, which determines
// what is sent, and with ours, which represents the recipient's program. A sender or recipient that two parsers read differently
// is refused, whatever the cause.
import addressparser from 'nodemailer/lib/addressparser';
import MimeNode from 'nodemailer/lib/mime-node';
import { normalAddress } from '../../domain/address.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { ReplyEnvelope } from '../../domain/reply-journal.ts';
import { addressesOf, readHeaderBlock } from '../../parsing/index.ts';

export interface Decided {
  from: { name: string; address: string };
  sender?: { address: string } | undefined;
  to: readonly { address: string }[];
  cc: readonly { address: string }[];
  replyTo: readonly { address: string }[];
  messageId: string;
  envelope: ReplyEnvelope;
}

const FORBIDDEN = ['bcc', 'resent-from', 'resent-sender', 'resent-to', 'resent-cc', 'resent-bcc', 'return-path'];

/** @throws MailroomError REPLY_READ_DIFFERENTLY, naming the field without its content */
export function readBack(mail: Buffer, decided: Decided): void {
  const headers = readHeaderBlock(mail);
  const refuse = (field: string, message: string): never => {
    throw new MailroomError('REPLY_READ_DIFFERENTLY', { field, message: `${field} ${message}` });
  };
  const fields = {
    from: [decided.from],
    sender: decided.sender === undefined ? [] : [decided.sender],
    to: decided.to,
    cc: decided.cc,
    'reply-to': decided.replyTo,
  };
  for (const [name, wanted] of Object.entries(fields)) {
    const values = headers.all(name);
    if (values.length !== (wanted.length === 0 ? 0 : 1)) refuse(name, `is ${values.length} times in the header`);
    const [value = ''] = values;
    const expected = wanted.map(({ address }) => address);
    if (
      !same(
        expected,
        addressesOf(value).map(({ address }) => address),
      )
    )
      refuse(name, 'is read differently from what was written');
    if (!same(expected, transportView(Buffer.from(value, 'latin1').toString())))
      refuse(name, 'is read differently by the transport');
  }
  const [shown] = addressesOf(headers.all('from')[0] ?? '');
  if (plain(shown?.name) !== plain(decided.from.name)) refuse('from', 'shows another name than was decided');
  for (const name of FORBIDDEN) if (headers.all(name).length > 0) refuse(name, 'is in the header');
  if (headers.all('message-id').join() !== decided.messageId) refuse('message-id', 'is not the one that was made');
  readEnvelopeBack(decided.envelope, refuse);
  const line = badLine(mail, decided.envelope.smtpUtf8);
  if (line !== undefined) refuse(line, 'does not fit the lines of a mail');
}

/** What the transport sends to the server: it parses addresses once more before that. */
function readEnvelopeBack({ from, to }: ReplyEnvelope, refuse: (field: string, message: string) => never): void {
  const said = new MimeNode().setEnvelope({ from, to: [...to] }).getEnvelope();
  if (said.from === false || !same([from], [said.from])) refuse('MAIL FROM', 'is read differently by the transport');
  if (!same(to, said.to)) refuse('RCPT TO', 'is read differently by the transport');
}

const transportView = (value: string): string[] =>
  addressparser(value, { flatten: true }).map(({ address }) => address ?? '');

/** The same addresses in the same order: the part before the @ exactly, the domain in any form. */
function same(wanted: readonly string[], read: readonly string[]): boolean {
  return wanted.length === read.length && wanted.every((address, i) => exact(address) === exact(read[i] ?? ''));
}

function exact(address: string): string {
  const normal = normalAddress(address);
  if (normal === undefined) return `no address: ${address}`;
  return address.slice(0, address.lastIndexOf('@')).normalize('NFC') + normal.slice(normal.lastIndexOf('@'));
}

const plain = (name: string | undefined) => (name ?? '').normalize('NFC').replace(/\s+/gu, ' ').trim();

/** Addresses are the only text of a header that may be 8-bit, where the server was asked for SMTPUTF8 (RFC 6532). */
const ADDRESS_LINE = /^(?:from|sender|to|cc|reply-to):|^[ \t]/i;

/** Field name of the first line that is 8-bit or over 998 octets; `a line` outside of a header. One pass over the bytes. */
function badLine(mail: Buffer, smtpUtf8: boolean): string | undefined {
  const headEnd = mail.indexOf('\r\n\r\n');
  let start = 0;
  let eightBit = false;
  for (let at = 0; at <= mail.length; at++) {
    const byte = mail[at] ?? 0x0a;
    if (byte >= 0x80) eightBit = true;
    if (byte !== 0x0a) continue;
    const tooLong = at - start > 999; // with the CR
    if (tooLong || eightBit) {
      const line = mail.toString('latin1', start, Math.min(at, start + 100));
      const address = smtpUtf8 && !tooLong && start < headEnd && ADDRESS_LINE.test(line);
      if (!address) return /^[!-9;-~]{1,80}(?=:)/.exec(line)?.[0] ?? 'a line';
    }
    start = at + 1;
    eightBit = false;
  }
  return undefined;
}
