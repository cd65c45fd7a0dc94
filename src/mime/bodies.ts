// The body parts → text and html of the message, each within its bound, and the material for reply text, bounces and links.
import type { Body, TextPart } from '../contract/message.ts';
import { clip, percentDecoded } from '../lib/text.ts';
import { endOfBase64, isNoBase64 } from './base64-text.ts';
import { maxUnits } from './bounds.ts';
import { canonicalCharset, isSupported } from './charset.ts';
import { type Classified, isHtml, type Leaf } from './classify.ts';
import { cutHtml } from './cut-html.ts';
import type { Warn } from './header-fields.ts';
import type { Marks } from './html-ranges.ts';
import { htmlToText, textToHtml } from './html-text.ts';
import { MAX_INPUT } from './reply-text/index.ts';
import { cutToBytes, type DecodedBody, decodeBody, enrichedToText, unflow } from './text-bodies.ts';
import { findUuencoded } from './uuencoded.ts';

export interface Bodies {
  text: Body | undefined;
  html: Body | undefined;
  /** Text for reply text and bounces. May exceed the inline bound. */
  plain: string;
  /** All of `plain` was made from html. */
  derived: boolean;
  /** Marks of `plain`, if it was made from one section of html with the bound MAX_INPUT. */
  marks: Marks | undefined;
  /** The beginning of the html, for reply text and links. */
  htmlHead: string | undefined;
  uuencoded: { start: number; end: number; filename: string; path: string }[];
  mentions(contentId: string): boolean;
}

/** UTF-16 units that are kept of all texts of a mail, and of all its html: many times what is examined. */
const KEPT = 1 << 20;

export function decodeSections(
  raw: Buffer,
  classified: Classified,
  hint: string | undefined,
  { inlineTextBytes, inlineHtmlBytes }: { inlineTextBytes: number; inlineHtmlBytes: number },
  warn: Warn,
): Bodies {
  const uuencoded: Bodies['uuencoded'] = [];
  const texts: { text: string; length: number; derived: boolean }[] = [];
  const htmls: { text: string; length: number }[] = [];
  const textParts: TextPart[] = [];
  const htmlParts: TextPart[] = [];
  const anyHtml = classified.sections.some((s) => s.htmls.length > 0);
  let derivedAll = true;
  let marks: Marks | undefined;
  /** UTF-16 units kept so far. Texts beyond the bound are decoded only to count them. */
  let textKept = 0;
  let htmlKept = 0;
  for (const section of classified.sections) {
    const sectionTexts: string[] = [];
    let textLength = 0;
    for (const leaf of section.texts.flatMap((one) => withoutAppended(raw, one))) {
      const body = decodeLeaf(raw, leaf, hint, warn);
      const reference = textPart(leaf, body);
      textParts.push(reference);
      if (section.htmls.length === 0) htmlParts.push(reference);
      const text = plainText(raw, leaf, body.text, uuencoded);
      textLength += text.length + Math.max(0, body.length - body.text.length);
      if (textKept < KEPT) sectionTexts.push(text);
      textKept += text.length;
    }
    const sectionHtmls: string[] = [];
    let htmlLength = 0;
    for (const leaf of section.htmls.flatMap((one) => withoutAppended(raw, one))) {
      const body = decodeLeaf(raw, leaf, hint, warn);
      htmlParts.push(textPart(leaf, body));
      const html = isHtml(leaf.type) ? body.text : textToHtml(body.text);
      if (htmlKept < KEPT) sectionHtmls.push(html);
      htmlKept += html.length;
      htmlLength += body.length + html.length - body.text.length;
    }
    let text = joinTexts(sectionTexts);
    let derived = false;
    if (section.htmls.length > 0 && (section.texts.length === 0 || text.trim() === '') && textKept < KEPT) {
      const bound = Math.max(inlineTextBytes, MAX_INPUT);
      const rendered = htmlToText(joined(sectionHtmls), { maxOutput: bound });
      text = rendered.text;
      textKept += text.length;
      if (classified.sections.length === 1 && (bound === MAX_INPUT || text.length <= MAX_INPUT)) marks = rendered.marks;
      const read = sectionHtmls.reduce((sum, one) => sum + one.length, 0);
      const goesOn = rendered.truncated || read < htmlLength;
      textLength = goesOn ? Math.max(text.length, inlineTextBytes) + 1 : text.length;
      derived = true;
    } else if (textKept < KEPT) derivedAll = false;
    texts.push({ text, length: textLength, derived });
    if (section.htmls.length > 0) htmls.push({ text: joined(sectionHtmls), length: htmlLength });
    else if (anyHtml && htmlKept < KEPT && text.trim() !== '') {
      const html = textToHtml(text);
      htmls.push({ text: html, length: html.length });
      htmlKept += html.length;
    }
  }
  const plain = joinTexts(texts.map((t) => t.text));
  const html = joined(htmls.map((h) => h.text));
  const textLength =
    texts.reduce((sum, t) => sum + t.length, 0) +
    Math.max(0, plain.length - texts.reduce((sum, t) => sum + t.text.length, 0));
  const htmlLength = htmls.reduce((sum, h) => sum + h.length, 0) + Math.max(0, htmls.length - 1);
  let cids: Set<string> | undefined;
  return {
    text:
      classified.sections.length === 0
        ? undefined
        : inlineBody(
            plain,
            cutToBytes(plain, inlineTextBytes),
            textLength,
            texts.some((t) => t.derived) ? [] : textParts,
          ),
    html: anyHtml ? inlineHtml(html, htmlLength, Math.min(inlineTextBytes, inlineHtmlBytes), htmlParts) : undefined,
    plain,
    derived: derivedAll && anyHtml,
    marks,
    htmlHead: anyHtml ? html : undefined,
    uuencoded,
    mentions: (contentId) => {
      if (!anyHtml) return false;
      cids ??= contentIds(html);
      return cids.has(contentId);
    },
  };
}

/** A text, and separately the plain text that a mail system appended to its base64. */
function withoutAppended(raw: Buffer, leaf: Leaf): Leaf[] {
  if (leaf.encoding !== 'base64') return [leaf];
  const { part } = leaf;
  const end = part.bodyStart + endOfBase64(raw.subarray(part.bodyStart, part.bodyEnd));
  if (end === part.bodyEnd) return [leaf];
  const type = { value: 'text/plain', params: { charset: 'utf-8' } };
  return [
    { ...leaf, part: { ...part, bodyEnd: end } },
    { ...leaf, type: type.value, encoding: 'identity', part: { ...part, bodyStart: end, type } },
  ];
}

function decodeLeaf(raw: Buffer, leaf: Leaf, hint: string | undefined, warn: Warn): DecodedBody {
  const { part } = leaf;
  const bytes = raw.subarray(part.bodyStart, part.bodyEnd);
  if (leaf.encoding === 'base64' && isNoBase64(bytes)) {
    leaf.encoding = 'identity';
    warn('transfer-encoding-repaired', `part ${part.path}`);
  }
  const body = decodeBody(bytes, leaf.encoding, part.type.params.charset, hint, isHtml(leaf.type));
  if (body.repaired !== undefined) warn('charset-repaired', `part ${part.path}: ${body.repaired}`);
  if (body.cleaned) warn('control-characters', `part ${part.path}`);
  return body;
}

/** The text of a part as a reader sees it; moves uuencoded files in it to `uuencoded`. */
function plainText(raw: Buffer, { type, encoding, part }: Leaf, text: string, uuencoded: Bodies['uuencoded']): string {
  const { params } = part.type;
  if (type === 'text/enriched' || type === 'text/richtext') return enrichedToText(text);
  if (params.format?.toLowerCase() === 'flowed') return unflow(text, params.delsp?.toLowerCase() === 'yes');
  if (encoding !== 'identity' || !text.includes('begin ') || !/(?:^|\n)begin /.test(text)) return text;
  const found = findUuencoded(raw, part.bodyStart, part.bodyEnd, text);
  for (const file of found.files) uuencoded.push({ ...file, path: part.path });
  return found.text;
}

/** Everything that the html refers to by `cid:`. Searches for colons, which are rarer than the letter c. */
function contentIds(html: string): Set<string> {
  const found = new Set<string>();
  for (let at = html.indexOf(':'); at !== -1; at = html.indexOf(':', at + 1)) {
    if ((html.charCodeAt(at - 1) | 0x20) !== 0x64 || !/cid$/i.test(html.slice(Math.max(0, at - 3), at))) continue;
    CONTENT_ID.lastIndex = at + 1;
    const id = CONTENT_ID.exec(html)?.[0];
    if (id !== undefined) found.add(percentDecoded(id));
  }
  return found;
}

const CONTENT_ID = /[^"'\s>)&]{1,300}/y;

/** Array.join copies even a single text. */
const joined = (texts: string[]): string => (texts.length === 1 ? (texts[0] ?? '') : texts.join('\n'));

const joinTexts = (texts: string[]): string =>
  texts.length === 1 ? (texts[0] ?? '') : texts.filter((t) => t !== '').join('\n');

function textPart(leaf: Leaf, { repaired }: DecodedBody): TextPart {
  const { part, type, encoding } = leaf;
  const declared = canonicalCharset(part.type.params.charset);
  return {
    part: part.path,
    contentType: clip(type, maxUnits.contentType),
    charset: repaired ?? (declared === '' || !isSupported(declared) ? 'utf-8' : declared),
    slice: { start: part.bodyStart, end: part.bodyEnd, encoding },
  };
}

function inlineHtml(html: string, length: number, maxBytes: number, parts: readonly TextPart[]): Body {
  const whole = Math.max(length, html.length);
  return inlineBody(html, cutHtml(html, maxBytes, html.length === whole), whole, parts);
}

/** @param value the part of `text` that is inline */
function inlineBody(text: string, value: string, length: number, parts: readonly TextPart[]): Body {
  const whole = Math.max(length, text.length);
  if (value.length >= whole) return { value, truncated: false, length: whole };
  return { value, truncated: true, length: whole, ...(parts.length === 0 ? {} : { parts: [...parts] }) };
}
