// Message-ID, In-Reply-To, References → ids with angle brackets. RFC 5322 §3.6.4, and the prose of older clients around them.

import { asciiMessageId } from '../domain/message-id.ts';
import { percentDecoded, trimEndOf, trimStartOf } from '../lib/text.ts';
import { decodeHeaderText } from './encoded-words.ts';

/** A hostile References header may have thousands. The first (the root of the thread) and the last ones are kept. */
const MAX_IDS = 200;
/** RFC 5322 §2.1.1: no line is longer. */
const MAX_ID = 998;

/**
 * All message ids within an unfolded value (latin1 view), in order, without duplicates, without blanks, in pure ASCII. Decodes encoded words (Python
 * folds long ids this way) and percent- and html-encoded brackets, and drops comments. A single word with `@` but without brackets counts as an id; an
 * address in prose does not. Linear.
 */
export function parseMessageIds(value: string): string[] {
  const plain = plainForm(value);
  const bare = plain.includes('(') ? withoutComments(plain) : plain;
  const ids = idsIn(bare);
  return ids.length > 0 || bare === plain ? ids : idsIn(plain);
}

/** Undoes the encodings in which programs wrap ids. */
function plainForm(value: string): string {
  let text = value.includes('=?') || /[\x80-\xff]/.test(value) ? decodeHeaderText(value) : value;
  if (/&lt;/i.test(text)) text = text.replace(/&lt;/gi, '<').replace(/&gt;/gi, '>').replace(/&amp;/gi, '&');
  if (/%3c/i.test(text))
    text = text.replace(/\S+/g, (word) => (/^["'(]?%3c/i.test(word) ? percentDecoded(word) : word));
  return text;
}

/** Drops comments (RFC 5322 §3.2.2) that are closed and have a blank beside them: some programs write round brackets into their ids. */
function withoutComments(text: string): string {
  let out = '';
  let from = 0;
  let close = -1;
  for (let open = text.indexOf('('); open !== -1; open = text.indexOf('(', close + 1)) {
    close = text.indexOf(')', open);
    if (close === -1) break;
    const blank = (at: number): boolean => at < 0 || at >= text.length || /[\s>,]/.test(text[at] as string);
    if (!blank(open - 1) && !blank(close + 1)) continue;
    out += `${text.slice(from, open)} `;
    from = close + 1;
  }
  return out + text.slice(from);
}

/** Adds the id of the text `between` two brackets. */
function push(ids: string[], between: string): void {
  const joined = /\s/.test(between) ? between.replace(/\s+/g, '') : between;
  const id = asciiMessageId(!joined.includes('@') && /%40/.test(joined) ? percentDecoded(joined) : joined);
  if (id !== '' && id.length <= MAX_ID) ids.push(`<${id}>`);
}

function idsIn(value: string): string[] {
  const ids: string[] = [];
  let i = value.indexOf('<');
  while (i !== -1) {
    const close = value.indexOf('>', i + 1);
    if (close === -1) {
      // Cut off: `<id@host` at the end.
      const rest = value.slice(i + 1).trim();
      const at = rest.indexOf('@', 3);
      if (at !== -1 && at < rest.length - 1 && rest.length <= MAX_ID && !/[\s<>]/.test(rest)) push(ids, rest);
      break;
    }
    const open = value.lastIndexOf('<', close);
    push(ids, value.slice(open + 1, close));
    i = value.indexOf('<', close + 1);
  }
  if (ids.length === 0) {
    for (const word of value.slice(0, 20_000).split(/[\s,;]+/)) {
      const bare = trimEndOf(trimStartOf(word, `("'`), `)"'.`);
      if (/^[^\s<>"@]{1,400}@[^\s<>"@]{1,400}$/.test(bare) && (ids.length === 0 || bare.length > 20)) push(ids, bare);
    }
    if (ids.length === 0 && /^[^\s<>]{8,400}$/.test(value)) push(ids, value);
  }
  const unique = ids.length < 2 ? ids : [...new Set(ids)];
  return unique.length > MAX_IDS ? [...unique.slice(0, 1), ...unique.slice(1 - MAX_IDS)] : unique;
}
