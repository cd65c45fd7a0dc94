// A Message-ID in pure ASCII: the one form in which messages name it, replies refer to it, and conversations are computed of it.

/**
 * The inside of an id (RFC 5322 §3.6.4, without angle brackets) with nothing but printable ASCII: blanks and control characters are dropped, brackets too,
 * other characters percent-encoded as UTF-8 (RFC 3986 §2.1). ASCII ids stay as they are; the same id always gives the same.
 */
export function asciiMessageId(id: string): string {
  if (/^[!-;=?-~]*$/.test(id)) return id;
  return id
    .toWellFormed()
    .replace(/[\s<>\p{Cc}\p{Cf}]+/gu, '')
    .replace(/[^!-~]+/g, encodeURIComponent);
}
