// Byte ranges and validators of HTTP (RFC 9110 §13, §14). Pure.

export interface Range {
  start: number;
  /** Exclusive. */
  end: number;
}

/**
 * The range that a request asks for: `undefined` = the whole (no, a malformed, or more than one range, which a server may answer with the
 * whole), `unsatisfiable` = 416.
 */
export function requestedRange(header: string | undefined, size: number): Range | 'unsatisfiable' | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes {0,9}= {0,9}(\d{0,15}) {0,9}- {0,9}(\d{0,15})$/i.exec(header.trim()) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const suffix = Number(last);
    return suffix === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - suffix), end: size };
  }
  const start = Number(first);
  const end = last === '' ? size : Math.min(size, Number(last) + 1);
  if (last !== '' && Number(last) < start) return undefined; // malformed, RFC 9110 §14.1.1
  return start >= size ? 'unsatisfiable' : { start, end };
}

/** If-None-Match: weak comparison, `*` matches what exists. */
export function matchesNone(header: string | undefined, etag: string): boolean {
  if (header === undefined) return true;
  return !header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}

/** If-Range: only a strong, equal validator keeps the range; a date never does, we give none. */
export const keepsRange = (header: string | undefined, etag: string): boolean =>
  header === undefined || header.trim() === etag;
