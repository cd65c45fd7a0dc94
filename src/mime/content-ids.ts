// Content-ID of an attachment in the message: only characters that RFC 2045 §7 (msg-id of RFC 5322 §3.6.4) permits. Pure.

/** atext, the dot, @, and the characters of a domain literal. */
const PERMITTED = /[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.@:[\]]/;

/**
 * Percent-encodes other characters, as a `cid:` URL in the html does (RFC 2392 §2), so that the reference still matches.
 * @param id bounded, without angle brackets
 */
export function safeContentId(id: string): string {
  let safe = '';
  for (const char of id.toWellFormed()) safe += PERMITTED.test(char) ? char : encoded(char);
  return safe;
}

const encoded = (char: string): string =>
  [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
