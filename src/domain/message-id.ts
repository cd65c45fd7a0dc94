// Message-IDs in pure ASCII: the form that messages contain, replies refer to, and conversation ids are computed from.

/**
 * The inside of an id (RFC 5322 §3.6.4, without angle brackets) with nothing but printable ASCII: blanks and control characters are dropped, brackets too,
 * other characters percent-encoded as UTF-8 (RFC 3986 §2.1). ASCII ids are unchanged; the result is deterministic.
 */
export function asciiMessageId(id: string): string {
  if (/^[!-;=?-~]*$/.test(id)) return id;
  return id
    .toWellFormed()
    .replace(/[\s<>\p{Cc}\p{Cf}]+/gu, '')
    .replace(/[^!-~]+/g, encodeURIComponent);
}
