// HTML → plain text, in one linear pass without a tree. Also marks quotations and signatures as mail clients mark them, for the reply text.
import { escapeHtml } from '../lib/text.ts';
import { type Meaning, meaningOf } from './html-marks.ts';
import { addLineBreak, addText, breakLine, emit, newOutput, type Output } from './html-output.ts';
import {
  closeRange,
  deepenRange,
  isInQuote,
  type Marks,
  newRanges,
  openRange,
  type RangeKind,
  type Ranges,
  withMarks,
} from './html-ranges.ts';

interface HtmlText {
  /** Quoted lines begin with `> `. */
  text: string;
  /** Of the lines of `text`; none where nothing is marked. */
  marks: Marks;
  /** Stopped at `maxOutput`. */
  truncated: boolean;
}

const skipped = new Set(['script', 'style', 'head', 'title', 'noscript', 'template', 'xml']);
const breaks = new Set(
  `div tr li ul ol table section article header footer address center form dl dt dd body caption tbody nav main
  aside fieldset figure hr blockquote`.split(/\s+/),
);
const paragraphs = new Set(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'pre']);
/** Elements whose attributes may mark a quotation or a signature. */
const marked = new Set(['div', 'blockquote', 'hr', 'table', 'pre', 'section']);

interface HtmlTextOptions {
  /** Longest output, in UTF-16 units. */
  maxOutput?: number;
  /** With the addresses of links and the numbers of ordered lists, for recipients who see the text alone. */
  outgoing?: boolean;
}

/** Finds out whether a closing tag follows. Searches the text once per name, however many opening tags there are. */
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
 * The text as a reader sees it: blocks on separate lines, lists with `* `, `alt` of images, no addresses of links.
 * Never throws; linear in the input.
 */
export function htmlToText(
  html: string,
  { maxOutput = Number.POSITIVE_INFINITY, outgoing = false }: HtmlTextOptions = {},
): HtmlText {
  const out = newOutput();
  const ranges = newRanges();
  const links: Links = { open: undefined, lists: [] };
  const closers = closingTags(html);
  const tag: Tag = {
    name: '',
    closing: false,
    from: 0,
    end: 0,
    selfClosing: false,
    lastQuote: html.length,
    commentsClose: true,
    skipUntil: '',
  };
  const openings = { meanings: new Map<string, Meaning>(), spans: html.includes('OLK_SRC_BODY_SECTION') };
  const tipped = html.includes(TIP_LINK);
  let pos = 0;
  const n = html.length;
  while (pos < n && out.length < maxOutput) {
    let lt = html.indexOf('<', pos);
    if (lt === -1) lt = n;
    if (lt > pos && tag.skipUntil === '') addText(out, html.slice(pos, lt));
    if (lt >= n) break;
    const c = html.charCodeAt(lt + 1);
    if (c === 0x21 || c === 0x3f) {
      pos = afterDeclaration(html, lt, tag);
      if (pos === -1) break;
      continue;
    }
    if (!readTag(html, lt, tag)) {
      // A bare `<`.
      if (tag.skipUntil === '') addText(out, '<');
      pos = lt + 1;
      continue;
    }
    pos = tag.end + 1;
    const { name, closing } = tag;
    if (isSkipped(tag, closers)) continue;
    if (name === 'br') {
      addLineBreak(out);
      continue;
    }
    layOut(out, tag, html);
    if (tipped && name === 'a' && !closing && attributesOf(html, tag, 2000).includes(TIP_LINK))
      ranges.closed.push({ start: out.length, end: out.length + 1, kind: 'tip' });
    if (outgoing) followLinks(out, links, tag, html);
    if (closing) {
      closeRange(ranges, name, out.length);
      continue;
    }
    if (name === 'li') addBullet(out, links.lists);
    if (!tag.selfClosing || name === 'hr') markRange(ranges, openings, tag, html, out.length);
  }
  const text = out.pieces.join('').trimEnd();
  return { ...withMarks(text, ranges, out.length), truncated: out.length >= maxOutput && pos < n };
}

/** The current tag; one object for a whole text. */
interface Tag {
  /** Lower case. */
  name: string;
  closing: boolean;
  /** Offsets of its attributes and of its `>`. */
  from: number;
  end: number;
  selfClosing: boolean;
  /** Quotes from this offset on do not close. */
  lastQuote: number;
  /** False once no end of a comment was found. */
  commentsClose: boolean;
  /** Nothing is shown until this element ends; '' for none. */
  skipUntil: string;
}

/** Whether the tag belongs to an element that no reader sees: style, script, head. */
function isSkipped(tag: Tag, closers: ReturnType<typeof closingTags>): boolean {
  const { name, closing } = tag;
  if (tag.skipUntil !== '') {
    const begins = tag.skipUntil === 'head' && name === 'body';
    if (begins || (closing && name === tag.skipUntil)) tag.skipUntil = '';
    return !begins || closing;
  }
  if (closing || !skipped.has(name) || tag.selfClosing || !closers.next(name, tag.end + 1)) return false;
  tag.skipUntil = name;
  return true;
}

/** Offset after a comment, doctype, conditional section or processing instruction; -1 at the end of the text. */
function afterDeclaration(html: string, lt: number, tag: Tag): number {
  if (!html.startsWith('<!--', lt)) {
    const end = html.indexOf('>', lt + 2);
    return end === -1 ? -1 : end + 1;
  }
  const end = tag.commentsClose ? html.indexOf('-->', lt + 4) : -1;
  if (end !== -1) return end + 3;
  // Browsers hide the rest after an unclosed comment; it is shown here.
  tag.commentsClose = false;
  return lt + 4;
}

/** Reads the tag at `lt`. @returns false if no name follows the `<` */
function readTag(html: string, lt: number, tag: Tag): boolean {
  const n = html.length;
  const closing = html.charCodeAt(lt + 1) === 0x2f;
  const nameStart = lt + (closing ? 2 : 1);
  let k = nameStart;
  while (k < n && k - nameStart < 30 && isNameChar(html.charCodeAt(k))) k++;
  if (k === nameStart) return false;
  let end = k;
  for (;;) {
    const ch = html.charCodeAt(end);
    if (end >= n || ch === 0x3e) break;
    if ((ch === 0x22 || ch === 0x27) && end < tag.lastQuote && html.charCodeAt(end - 1) === 0x3d) {
      const close = html.indexOf(ch === 0x22 ? '"' : "'", end + 1);
      if (close === -1) tag.lastQuote = Math.min(tag.lastQuote, end);
      else end = close;
    }
    end++;
  }
  tag.name = html.slice(nameStart, k).toLowerCase();
  tag.closing = closing;
  tag.from = k;
  tag.end = Math.min(end, n);
  tag.selfClosing = html.charCodeAt(tag.end - 1) === 0x2f;
  return true;
}

const attributesOf = (html: string, tag: Tag, most: number): string =>
  html.slice(tag.from, Math.min(tag.end, tag.from + most));

/** Writes the line breaks and blanks of a tag, and the text of an image. */
function layOut(out: Output, tag: Tag, html: string): void {
  const { name, closing } = tag;
  if (breaks.has(name)) breakLine(out, 1);
  else if (paragraphs.has(name)) {
    breakLine(out, closing || name === 'pre' ? 1 : 2);
    if (name === 'pre') out.pre = closing ? Math.max(0, out.pre - 1) : out.pre + 1;
    if (closing && name !== 'pre') breakLine(out, 2);
  } else if (name === 'td' || name === 'th') {
    if (!closing && out.newlines === 0) out.space = true;
  } else if (name === 'img' && !closing) {
    const alt = ALT.exec(attributesOf(html, tag, 2000));
    if (alt !== null) addText(out, alt[1] ?? alt[2] ?? '');
  }
}
const ALT = /\salt\s*=\s*(?:"([^"]{1,200})"|'([^']{1,200})')/i;

interface Links {
  /** `from`: index of the first piece of the link's text in the output. */
  open: { href: string; from: number } | undefined;
  /** Of the open lists: number of the last item; undefined for a list without numbers. */
  lists: (number | undefined)[];
}

/** Addresses of links, and lists with their numbers. */
function followLinks(out: Output, links: Links, tag: Tag, html: string): void {
  const { name, closing } = tag;
  if (name === 'a') {
    endLink(out, links);
    const href = closing ? null : HREF.exec(attributesOf(html, tag, 2000));
    if (href !== null) links.open = { href: href[1] ?? href[2] ?? '', from: out.pieces.length };
  } else if (name === 'ol' || name === 'ul') {
    if (closing) links.lists.pop();
    else links.lists.push(name === 'ol' ? 0 : undefined);
  }
}

function endLink(out: Output, links: Links): void {
  if (links.open === undefined) return;
  const { href, from } = links.open;
  links.open = undefined;
  const text = out.pieces.slice(from).join('').trim();
  const blank = out.space;
  if (text !== href && `mailto:${text}` !== href) addText(out, ` [${href}]`);
  out.space ||= blank;
}

function addBullet(out: Output, lists: (number | undefined)[]): void {
  if (lists.length > 1) emit(out, '  '.repeat(Math.min(lists.length, 10) - 1));
  const last = lists.at(-1);
  if (last !== undefined) lists[lists.length - 1] = last + 1;
  addText(out, last === undefined ? '* ' : `${last + 1}. `);
}

interface Openings {
  /** By attributes, which thousands of tags repeat. */
  meanings: Map<string, Meaning>;
  /** Whether spans are examined: mails have thousands of them, and only Outlook for Mac marks a quotation with one. */
  spans: boolean;
}

/** Notes what an opening tag marks: a quotation, a signature. */
function markRange(ranges: Ranges, { meanings, spans }: Openings, tag: Tag, html: string, at: number): void {
  const { name } = tag;
  let kind: RangeKind | undefined = name === 'blockquote' ? 'quote' : undefined;
  let few = true;
  if ((marked.has(name) || (spans && name === 'span')) && tag.end - tag.from > 5) {
    const meaning = meaningOf(attributesOf(html, tag, 1500), meanings);
    if (ranges.toEnd === -1 && meaning.toEnd) ranges.toEnd = at;
    kind = name === 'hr' || (kind === 'quote' && meaning.indents) ? undefined : (kind ?? meaning.kind);
    few = ranges.open.length < MAX_OPEN;
  }
  if (kind !== undefined && few && !isInQuote(ranges)) openRange(ranges, name, at, kind);
  else deepenRange(ranges, name);
}
const MAX_OPEN = 20;

/** Target of the link in the tip that Exchange puts above mails of unknown senders. */
const TIP_LINK = 'LearnAboutSenderIdentification';

/** Addresses that work outside the mail. */
const HREF = /\shref\s*=\s*(?:"((?:https?|mailto|tel):[^"]{1,1500})"|'((?:https?|mailto|tel):[^']{1,1500})')/i;

const isNameChar = (c: number): boolean =>
  (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || (c >= 0x30 && c <= 0x39) || c === 0x3a || c === 0x2d;

/** Plain text as HTML, for mails that mix both kinds of body. */
export const textToHtml = (text: string): string => `<p>${escapeHtml(text).replaceAll('\n', '<br>\n')}</p>`;
