// Cuts html, but never within a tag, a comment, an entity, or an element whose content is no text (style, script). Linear.
import { cutToBytes } from './text-bodies.ts';

/** Elements without markup inside: an unclosed one would hide the text after it. */
const RAW = /^(?:style|script)(?![\w:-])/i;
/** An unfinished character reference at the end; the longest name has 31 characters (HTML Standard §13.5). */
const REFERENCE = /&[#a-zA-Z0-9]{0,32}$/;
/** Its greatest length, in UTF-16 units. */
const MAX_REFERENCE = 33;

/** `html` cut to `maxBytes` of UTF-8. @param ends false if `html` is only the beginning of the whole */
export function cutHtml(html: string, maxBytes: number, ends: boolean): string {
  const value = cutToBytes(html, maxBytes);
  if (ends && value.length === html.length) return value;
  return value.slice(0, cutBefore(html, value.length));
}

/** The last offset up to `at` where a cut leaves whole constructs. An unclosed comment counts as text, and so does a `<` without a name. */
export function cutBefore(html: string, at: number): number {
  const find = finder(html);
  for (let lt = html.indexOf('<'); lt !== -1 && lt < at; ) {
    const end = constructEnd(html, lt, find);
    if (end > at) return lt;
    lt = html.indexOf('<', end);
  }
  const reference = REFERENCE.exec(html.slice(Math.max(0, at - MAX_REFERENCE), at))?.[0].length ?? 0;
  return at - reference;
}

type Find = (needle: string, from: number) => number;

/** indexOf that does not repeat searches in vain. */
function finder(html: string): Find {
  const gone = new Set<string>();
  return (needle, from) => {
    if (gone.has(needle)) return -1;
    const at = html.indexOf(needle, from);
    if (at === -1) gone.add(needle);
    return at;
  };
}

/** Offset after the tag, comment or raw element that begins at `lt`; Infinity if it does not end. */
function constructEnd(html: string, lt: number, find: Find): number {
  const first = html.charCodeAt(lt + 1);
  if (first === 0x21 && html.startsWith('<!--', lt)) {
    const end = find('-->', lt + 4);
    return end === -1 ? lt + 4 : end + 3;
  }
  const isLetter = (first | 0x20) >= 0x61 && (first | 0x20) <= 0x7a;
  if (!isLetter && first !== 0x2f && first !== 0x21 && first !== 0x3f) return lt + 1;
  const end = tagEnd(html, lt + 1, find);
  if ((first | 0x20) !== 0x73 || end === Number.POSITIVE_INFINITY) return end;
  const raw = RAW.exec(html.slice(lt + 1, lt + 10))?.[0].toLowerCase();
  if (raw === undefined) return end;
  const closes = [`</${raw}`, `</${raw.toUpperCase()}`].map((tag) => find(tag, end)).filter((place) => place !== -1);
  return closes.length === 0 ? end : tagEnd(html, Math.min(...closes), find);
}

/** Offset after the `>` of a tag; a `>` within a quoted value does not count. */
function tagEnd(html: string, from: number, find: Find): number {
  for (let at = from; at < html.length; at++) {
    const character = html.charCodeAt(at);
    if (character === 0x3e) return at + 1;
    if ((character !== 0x22 && character !== 0x27) || html.charCodeAt(at - 1) !== 0x3d) continue;
    const close = find(character === 0x22 ? '"' : "'", at + 1);
    if (close !== -1) at = close;
  }
  return Number.POSITIVE_INFINITY;
}
