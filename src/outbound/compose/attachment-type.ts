// Media type that an attachment is declared as: parsed as the composer parses it, never compared as text. A receiver may read `message / rfc822`,
// `"multipart"/mixed` and `(x)multipart/mixed` as these types. Pure.
import { buildHeaderValue, parseHeaderValue } from 'nodemailer/lib/mime-funcs';

/** RFC 6838 §4.2: at most 127 characters each side. */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;
const MAIL_FILE = /\.(eml|mime|mht|mhtml|nws)$/i;
/** The only parameters that define how to read the file; the composer sets name and boundary. */
const PARAMETERS = /^(?:charset|format|delsp|method|profile|version|type|codecs|report-type)$/i;
const FILE = 'application/octet-stream';

/**
 * RFC 2046 §5.2.1 forbids base64 for message/*: with 8-bit characters, long lines or bare CR or LF it could only be sent unchanged, and would be
 * changed or refused on its way. It is sent as a file, byte for byte, as is anything declared as multipart or with an invalid media type.
 * @returns undefined: the composer derives the type from the file's name
 */
export function attachmentType(given: {
  filename: string;
  contentType?: string | undefined;
  content: Buffer;
}): string | undefined {
  const declared = given.contentType ?? (MAIL_FILE.test(given.filename) ? 'message/rfc822' : undefined);
  if (declared === undefined) return undefined;
  const { value, params } = parseHeaderValue(declared, { stripComments: true });
  const type = String(value).replace(/\s+/g, '').toLowerCase();
  if (!MEDIA_TYPE.test(type) || type.startsWith('multipart/')) return FILE;
  if (type.startsWith('message/') && !fitsSevenBit(given.content)) return FILE;
  const kept = Object.entries(params).filter(([name, text]) => PARAMETERS.test(name) && String(text).length <= 200);
  return buildHeaderValue({ value: type, params: Object.fromEntries(kept) });
}

/** ASCII in lines of at most 998 octets that all end in CRLF (RFC 2045 §2.7). */
const fitsSevenBit = (content: Buffer) =>
  !/[^\x01-\x7f]|\r(?!\n)|(?<!\r)\n|[^\r\n]{999}/.test(content.toString('latin1'));
