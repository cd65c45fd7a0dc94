// Message-ID, In-Reply-To, References → ids with angle brackets. RFC 5322 §3.6.4 and the prose that older clients put around them.

import { trimEndOf, trimStartOf } from '../lib/text.ts';

/** A hostile References header may hold thousands. The first (the root of the thread) and the last are what matters. */
export const MAX_IDS = 200;
/** RFC 5322 §2.1.1: no line is longer. */
const MAX_ID = 998;

/**
 * All message ids within an unfolded value, in order, without duplicates, blanks inside the brackets removed. A value that is a single word with
 * `@` but without brackets counts as an id; an address in prose does not.
 */
export function parseMessageIds(value: string): string[] {
  const ids: string[] = [];
  let i = value.indexOf('<');
  while (i !== -1) {
    const close = value.indexOf('>', i + 1);
    if (close === -1) {
      // Cut off: `<id@host` at the end.
      const rest = value.slice(i + 1).trim();
      const at = rest.indexOf('@', 3);
      if (at !== -1 && at < rest.length - 1 && rest.length <= MAX_ID && !/[\s<>]/.test(rest)) ids.push(`<${rest}>`);
      break;
    }
    const open = value.lastIndexOf('<', close);
    const between = value.slice(open + 1, close);
    const inner = /\s/.test(between) ? between.replace(/\s+/g, '') : between;
    if (inner !== '' && inner.length <= MAX_ID) ids.push(`<${inner}>`);
    i = value.indexOf('<', close + 1);
  }
  if (ids.length === 0) {
    for (const word of value.slice(0, 20_000).split(/[\s,;]+/)) {
      const bare = trimEndOf(trimStartOf(word, `("'`), `)"'.`);
      if (/^[^\s<>"@]{1,400}@[^\s<>"@]{1,400}$/.test(bare) && (ids.length === 0 || bare.length > 20))
        ids.push(`<${bare}>`);
    }
    if (ids.length === 0 && /^[^\s<>]{8,400}$/.test(value)) ids.push(`<${value}>`);
  }
  const unique = ids.length < 2 ? ids : [...new Set(ids)];
  return unique.length > MAX_IDS ? [...unique.slice(0, 1), ...unique.slice(1 - MAX_IDS)] : unique;
}
