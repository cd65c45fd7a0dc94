// HTML → plain text, in one linear pass without a tree. Also marks what mail clients mark as quotation or signature, for the reply text.

import { escapeHtml } from '../lib/text.ts';
import { decodeEntities } from './html-entities.ts';
import { type Meaning, meaningOf } from './html-marks.ts';

interface HtmlText {
  /** Quoted lines begin with `> `. */
  text: string;
  /** Per line of `text`, bits: 2 quoted history begins here and goes to the end, 4 introduces a quotation, 8 signature, 16 Exchange's link. */
  marks: number[];
  /** Stopped at the bound. */
  truncated: boolean;
}

const skipped = new Set(['script', 'style', 'head', 'title', 'noscript', 'template', 'xml']);
const breaks = new Set([
  'div',
  'tr',
  'li',
  'ul',
  'ol',
  'table',
  'section',
  'article',
  'header',
  'footer',
  'address',
  'center',
  'form',
  'dl',
  'dt',
  'dd',
  'body',
  'caption',
  'tbody',
  'nav',
  'main',
  'aside',
  'fieldset',
  'figure',
  'hr',
  'blockquote',
]);
const paragraphs = new Set(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'pre']);
/** Elements whose attributes may say quotation or signature. */
const marked = new Set(['div', 'blockquote', 'hr', 'table', 'pre', 'section']);

interface OpenRange {
  tag: string;
  depth: number;
  start: number;
  kind: NonNullable<Meaning['kind']> | 'tip';
}

interface HtmlTextOptions {
  /** Longest output, in UTF-16 units. */
  maxOutput?: number;
  /** For somebody who sees nothing but the text: with the addresses of links, and the numbers of ordered lists. */
  outgoing?: boolean;
}

/** Whether a closing tag follows. Each text is searched once per tag, however many opening ones there are. */
function closingTags(html: string): { next(tag: string, from: number): boolean } {
  const places = new Map<string, number>();
  const place = (needle: string, from: number): number => {
    let at = places.get(needle) ?? -2;
    if (at !== -1 && at < from) {
      at = html.indexOf(needle, from);
      places.set(needle, at);
    }
    return at;
  };
  return { next: (tag, from) => place(`</${tag}`, from) !== -1 || place(`</${tag.toUpperCase()}`, from) !== -1 };
}

/**
 * Text as a reader sees it: blocks on lines of their own, lists with `* `, `alt` of images, no addresses of links.
 * Never throws; linear in the input.
 */
export function htmlToText(
  html: string,
  { maxOutput = Number.POSITIVE_INFINITY, outgoing = false }: HtmlTextOptions = {},
): HtmlText {
  const pieces: string[] = [];
  const ranges: { start: number; end: number; kind: OpenRange['kind'] }[] = [];
  const open: OpenRange[] = [];
  let toEnd = -1;
  let length = 0;
  let newlines = 2; // at the end of the output so far; leading blank lines are dropped
  let space = false;
  let pre = 0;
  let skipUntil = '';
  let lastQuote = html.length;
  let commentsClose = true;
  const closers = closingTags(html);
  const tipped = html.includes(TIP_LINK);

  const emit = (text: string): void => {
    pieces.push(text);
    length += text.length;
  };
  const breakLine = (wanted: number): void => {
    space = false;
    if (length === 0) return;
    while (newlines < wanted) {
      emit('\n');
      newlines++;
    }
  };
  const addText = (raw: string): void => {
    if (raw === '') return;
    const text = raw.includes('&') ? decodeEntities(raw) : raw;
    if (pre > 0) {
      const plain = text.replaceAll('\r\n', '\n');
      if (plain === '') return;
      emit(plain);
      newlines = plain.endsWith('\n\n') ? 2 : plain.endsWith('\n') ? 1 : 0;
      return;
    }
    const collapsed = WHITE.test(text) ? text.replace(/[ \t\r\n\f]+/g, ' ') : text;
    let from = 0;
    if (collapsed.charCodeAt(0) === 0x20) {
      from = 1;
      if (newlines === 0) space = true;
    }
    if (from >= collapsed.length) return;
    if (space) emit(' ');
    space = collapsed.charCodeAt(collapsed.length - 1) === 0x20;
    emit(space ? collapsed.slice(from, -1) : from === 0 ? collapsed : collapsed.slice(from));
    newlines = 0;
  };

  let link: { href: string; from: number } | undefined;
  const endLink = (): void => {
    if (link === undefined) return;
    const { href, from } = link;
    link = undefined;
    const text = pieces.slice(from).join('').trim();
    const blank = space;
    if (text !== href && `mailto:${text}` !== href) addText(` [${href}]`);
    space ||= blank;
  };
  /** Of the lists that are open: number of the last item; undefined without numbers. */
  const lists: (number | undefined)[] = [];
  const bullet = (): string => {
    const last = lists.at(-1);
    if (last === undefined) return '* ';
    lists[lists.length - 1] = last + 1;
    return `${last + 1}. `;
  };

  const meanings = new Map<string, Meaning>();
  // Only Outlook for Mac marks by a span, and mails have thousands of them.
  const spans = html.includes('OLK_SRC_BODY_SECTION');
  let pos = 0;
  const n = html.length;
  while (pos < n && length < maxOutput) {
    let lt = html.indexOf('<', pos);
    if (lt === -1) lt = n;
    if (lt > pos && skipUntil === '') addText(html.slice(pos, lt));
    if (lt >= n) break;
    const c = html.charCodeAt(lt + 1);
    if (c === 0x21 || c === 0x3f) {
      // Comment, doctype, conditional section, processing instruction.
      const comment = html.startsWith('<!--', lt);
      const end = comment ? (commentsClose ? html.indexOf('-->', lt + 4) : -1) : html.indexOf('>', lt + 2);
      if (end === -1) {
        // Unclosed: browsers swallow the rest; text that is there is better shown.
        if (!comment) break;
        commentsClose = false;
        pos = lt + 4;
        continue;
      }
      pos = end + (comment ? 3 : 1);
      continue;
    }
    const closing = c === 0x2f;
    let k = lt + (closing ? 2 : 1);
    const nameStart = k;
    while (k < n && k - nameStart < 30 && isNameChar(html.charCodeAt(k))) k++;
    if (k === nameStart) {
      // A bare `<`.
      if (skipUntil === '') addText('<');
      pos = lt + 1;
      continue;
    }
    const tag = html.slice(nameStart, k).toLowerCase();
    let end = k;
    for (;;) {
      const ch = html.charCodeAt(end);
      if (end >= n || ch === 0x3e) break;
      if ((ch === 0x22 || ch === 0x27) && end < lastQuote && html.charCodeAt(end - 1) === 0x3d) {
        const close = html.indexOf(ch === 0x22 ? '"' : "'", end + 1);
        if (close === -1) lastQuote = Math.min(lastQuote, end);
        else end = close;
      }
      end++;
    }
    const attributesEnd = Math.min(end, n);
    pos = attributesEnd + 1;
    if (skipUntil !== '') {
      if (closing && tag === skipUntil) skipUntil = '';
      else if (skipUntil === 'head' && tag === 'body') skipUntil = '';
      else continue;
      if (closing) continue;
    }
    const selfClosing = html.charCodeAt(attributesEnd - 1) === 0x2f;
    if (!closing && skipped.has(tag) && !selfClosing) {
      if (closers.next(tag, pos)) {
        skipUntil = tag;
        continue;
      }
    }
    if (tag === 'br') {
      space = false;
      if (length > 0) {
        emit('\n');
        newlines++;
      }
      continue;
    }
    const isBreak = breaks.has(tag);
    if (isBreak) breakLine(1);
    else if (paragraphs.has(tag)) {
      breakLine(closing || tag === 'pre' ? 1 : 2);
      if (tag === 'pre') pre = closing ? Math.max(0, pre - 1) : pre + 1;
      if (closing && tag !== 'pre') breakLine(2);
    } else if (tag === 'td' || tag === 'th') {
      if (!closing && newlines === 0) space = true;
    } else if (tag === 'img' && !closing) {
      const alt = /\salt\s*=\s*(?:"([^"]{1,200})"|'([^']{1,200})')/i.exec(
        html.slice(k, Math.min(attributesEnd, k + 2000)),
      );
      if (alt !== null) addText(alt[1] ?? alt[2] ?? '');
    }
    if (tipped && tag === 'a' && !closing && html.slice(k, Math.min(attributesEnd, k + 2000)).includes(TIP_LINK))
      ranges.push({ start: length, end: length + 1, kind: 'tip' });
    if (outgoing) {
      if (tag === 'a') {
        endLink();
        const href = closing ? null : HREF.exec(html.slice(k, Math.min(attributesEnd, k + 2000)));
        if (href !== null) link = { href: href[1] ?? href[2] ?? '', from: pieces.length };
      } else if ((tag === 'ol' || tag === 'ul') && closing) lists.pop();
      else if (tag === 'ol' || tag === 'ul') lists.push(tag === 'ol' ? 0 : undefined);
    }
    if (closing) {
      for (let o = open.length - 1; o >= 0; o--) {
        const range = open[o] as OpenRange;
        if (range.tag !== tag) continue;
        if (--range.depth > 0) break;
        open.splice(o, 1);
        ranges.push({ start: range.start, end: length, kind: range.kind });
        break;
      }
      continue;
    }
    if (tag === 'li') {
      if (lists.length > 1) emit('  '.repeat(Math.min(lists.length, 10) - 1));
      addText(bullet());
    }
    if (selfClosing && tag !== 'hr') continue;
    let opened = false;
    if ((marked.has(tag) || (spans && tag === 'span')) && attributesEnd - k > 5) {
      const attributes = html.slice(k, Math.min(attributesEnd, k + 1500));
      const meaning = meaningOf(attributes, meanings);
      if (toEnd === -1 && meaning.toEnd) toEnd = length;
      const inQuote = open.some((r) => r.kind === 'quote');
      if (!inQuote && tag !== 'hr') {
        const kind = tag === 'blockquote' ? 'quote' : meaning.kind;
        if (kind !== undefined && open.length < 20) {
          open.push({ tag, depth: 1, start: length, kind });
          opened = true;
        }
      }
    } else if (tag === 'blockquote' && !open.some((r) => r.kind === 'quote')) {
      open.push({ tag, depth: 1, start: length, kind: 'quote' });
      opened = true;
    }
    if (!opened) {
      for (let o = open.length - 1; o >= 0; o--) {
        const range = open[o] as OpenRange;
        if (range.tag === tag) {
          range.depth++;
          break;
        }
      }
    }
  }
  for (const range of open) ranges.push({ start: range.start, end: length, kind: range.kind });
  const text = pieces.join('').trimEnd();
  // Also when the last tag is followed by something: all of it was read then.
  return { ...withMarks(text, ranges, toEnd), truncated: length >= maxOutput && pos < n };
}

/** Where the tip leads that Exchange puts above the mail of an unknown sender. */
const TIP_LINK = 'LearnAboutSenderIdentification';
const bitOf = { quote: 0, attribution: 4, signature: 8, tip: 16 } as const;

/** Quoted ranges as lines with `> `; the other ranges as bits of the lines they touch. */
function withMarks(
  text: string,
  ranges: { start: number; end: number; kind: OpenRange['kind'] }[],
  toEnd: number,
): { text: string; marks: number[] } {
  if (ranges.length === 0 && toEnd === -1) return { text, marks: [] };
  const lines = text.split('\n');
  const marks = new Array<number>(lines.length).fill(0);
  const sorted = ranges.filter((r) => r.end > r.start).sort((a, b) => a.start - b.start);
  let at = 0;
  let next = 0;
  let active: typeof sorted = [];
  for (const [k, line] of lines.entries()) {
    const lineEnd = at + line.length;
    while (next < sorted.length && (sorted[next]?.start ?? 0) <= lineEnd)
      active.push(sorted[next++] as (typeof sorted)[number]);
    if (active.length > 0) active = active.filter((r) => r.end > at);
    let quoted = false;
    for (const range of active) {
      // A range that begins at the very end of this line belongs to the next one.
      if (range.start >= lineEnd && line !== '') continue;
      if (range.kind === 'quote') quoted = true;
      else marks[k] = (marks[k] ?? 0) | bitOf[range.kind];
    }
    if (toEnd !== -1 && at >= toEnd) marks[k] = (marks[k] ?? 0) | 2;
    if (quoted) lines[k] = line === '' ? '>' : line.startsWith('>') ? `>${line}` : `> ${line}`;
    at = lineEnd + 1;
  }
  return { text: lines.join('\n'), marks };
}

/** Addresses that are of use outside of the mail. */
const HREF = /\shref\s*=\s*(?:"((?:https?|mailto|tel):[^"]{1,1500})"|'((?:https?|mailto|tel):[^']{1,1500})')/i;
const WHITE = /[\t\r\n\f]| {2}/;

const isNameChar = (c: number): boolean =>
  (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || (c >= 0x30 && c <= 0x39) || c === 0x3a || c === 0x2d;

/** Text as HTML, for mails that mix both kinds of body. */
export const textToHtml = (text: string): string => `<p>${escapeHtml(text).replaceAll('\n', '<br>\n')}</p>`;
