// Content-ID of an attachment as it is passed on: nothing but the characters that RFC 2045 §7 (msg-id of RFC 5322 §3.6.4) permits. Pure.

/** atext, the dot, @, and what a domain literal adds. */
const PERMITTED = /[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.@:[\]]/;

/**
 * Other characters are percent-encoded, which is how a `cid:` URL of the html writes them as well (RFC 2392 §2): the reference still matches.
 * @param id bounded, without angle brackets
 */
export function safeContentId(id: string): string {
  let safe = '';
  for (const char of id.toWellFormed()) safe += PERMITTED.test(char) ? char : encoded(char);
  return safe;
}

const encoded = (char: string): string =>
  [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
