// The new part of a reply, without quoted history and signature. Answers within a quotation are kept together with the quotation; without certain
// evidence the whole text is kept. Works line by line in linear time.
import type { Stamp } from '../../contract/message.ts';
import { isMarked, type Marks, mark } from '../html-ranges.ts';
import { htmlToText } from '../html-text.ts';
import { findStamps, mayHoldStamps } from '../stamps/index.ts';
import { type Pattern, patternOf } from '../stamps/patterns.ts';
import { findHistory, type History, type Lines, readLines } from './history.ts';
import { hasUnseen, kind, plainLine, splitShared, tidy } from './lines.ts';
import { answersBelow } from './markers.ts';
import { isNotesLine, isOriginalWords } from './separators.ts';
import { isFooter, signatureStart } from './signature.ts';

/** UTF-16 units of the text that are read. */
export const MAX_INPUT = 33_000;
/** The same for html; Outlook writes tens of kilobytes of styles before the first word. */
export const MAX_HTML = 250_000;

export interface ReplyInput {
  /** Plain text of the mail; '' for none. */
  text: string;
  html: string | undefined;
  /** `text` was derived from `html`. */
  textIsDerived: boolean;
  /** Marks of `text`, if htmlToText made it from `html` with the bound MAX_INPUT. */
  marks?: Marks | undefined;
  /** The mail refers to another one. Only then html beside a text is searched for a quotation, and few labels suffice. Default true. */
  answers?: boolean;
  /** The tenant's own stamps: texts with * for any words. */
  stamps?: readonly string[];
}

export interface Reply {
  /** The new part. */
  text: string;
  /** split: without a quotation or a signature. whole: the whole text, as neither was found with certainty. */
  from: 'split' | 'whole';
  /** Texts that mail systems wrote into the mail, in order. */
  stamps: Stamp[];
}

/** undefined if the mail has no text at all. */
export function replyText(input: ReplyInput): Reply | undefined {
  const { text, html, textIsDerived, marks, answers = true } = input;
  const patterns = (input.stamps ?? []).map(patternOf);
  if (text.trim() === '' && html === undefined) return undefined;
  if (marks !== undefined) return replyOf(newPart(text, marks, patterns, answers));
  if (html !== undefined && (textIsDerived || text.trim() === '')) return replyOf(fromHtml(html, patterns, answers));
  const plain = newPart(text.slice(0, MAX_INPUT), undefined, patterns, answers);
  if (html === undefined || html.length >= 2 * MAX_HTML) return replyOf(plain);
  const quoting = !plain.found && answers && hasQuoteMarkup(html);
  if (!quoting && (plain.stamps.length > 0 || !mayHoldStamps(html, patterns))) return replyOf(plain);
  const marked = fromHtml(html, patterns, answers);
  // Only the html shows the quotation, or a banner.
  const stamps = plain.stamps.length > 0 ? plain.stamps : marked.stamps;
  return replyOf({ ...(quoting && marked.found && marked.reply !== '' ? marked : plain), stamps });
}

const replyOf = ({ reply, whole, stamps }: Outcome): Reply => ({
  text: reply,
  from: reply === whole ? 'whole' : 'split',
  stamps: stamps.map(({ kind: what, place, text }) => ({ kind: what, place, text })),
});

/** Words that begin with a rare letter, which makes the search as fast as memchr. The colours are those of Outlook's line above a quotation. */
const QUOTE_MARKS = ['quote', 'QUOTE', 'RplyFwdMsg', '#E1E1E1', '#B5C4DF'];
const hasQuoteMarkup = (html: string): boolean => QUOTE_MARKS.some((mark) => html.includes(mark));

function fromHtml(html: string, patterns: readonly Pattern[], answers: boolean): Outcome {
  const rendered = htmlToText(html.slice(0, MAX_HTML), { maxOutput: MAX_INPUT });
  return newPart(rendered.text, rendered.marks, patterns, answers);
}

/** Separate searches, nearly always in vain, are many times as fast as one pattern. */
const INVISIBLE = ['\u200b', '\ufeff', '\u00a0'];

interface Outcome {
  reply: string;
  /** A quotation was found. */
  found: boolean;
  /** All of the text, without stamps. */
  whole: string;
  stamps: Stamp[];
}

function newPart(
  input: string,
  marksOfText: Marks | undefined,
  patterns: readonly Pattern[],
  answers: boolean,
): Outcome {
  const visible = INVISIBLE.some((c) => input.includes(c)) ? input.replace(/[\u200b\ufeff\u00a0]/g, ' ') : input;
  let shown = visible.split('\n');
  for (let k = 0; k < shown.length; k++) {
    const last = (shown[k] as string).charCodeAt((shown[k] as string).length - 1);
    if (last === 0x20 || last === 0x09 || last === 0x0d) shown[k] = (shown[k] as string).trimEnd();
  }
  const stamps = findStamps(visible, shown, patterns, marksOfText);
  for (const { from, begins } of stamps) if (begins !== undefined) shown[from] = (shown[from] as string).slice(begins);
  const isStamped = (k: number): boolean => stamps.some(({ from, to }) => k >= from && k < to);
  const marks = stamps.length === 0 ? marksOfText : marksOfText?.filter((_, k) => !isStamped(k));
  if (stamps.length > 0) shown = shown.filter((_, k) => !isStamped(k));
  shown = splitShared(visible, shown, marks);
  return { ...withoutHistory(shown, hasUnseen(visible), marks, answers), whole: tidy(shown), stamps };
}

/** `directed`: some lines have directional marks, which Gmail writes around its own words in Hebrew, Arabic and Persian. Matching ignores them. */
function withoutHistory(
  shown: readonly string[],
  directed: boolean,
  marks: Marks | undefined,
  answers: boolean,
): Pick<Outcome, 'reply' | 'found'> {
  const lines = directed ? shown.map(plainLine) : shown;
  const whole = (found: boolean) => ({ reply: tidy(shown), found });
  const text = readLines(lines, marks);
  const history = findHistory(text, answers);
  const { end, attribution } = history;
  const { kinds, firstQuote } = text;
  const cut = cutAbove(lines, kinds, end);
  const found = end < lines.length || firstQuote !== -1 || attribution !== undefined;
  const isIntroduction = (k: number): boolean =>
    attribution !== undefined && k >= attribution.from && k < attribution.to;

  // The writer's own lines above the cut. Without any (a bare forward, or all quoted) the whole text is kept.
  const own: number[] = [];
  for (let k = 0; k < cut; k++)
    if (kinds[k] === kind.text && !isIntroduction(k) && !isMarked(marks, k, mark.signature)) own.push(k);
  if (own.length === 0) return whole(false);
  // A salutation alone is no answer: what looks like history is the writer's own text.
  if (
    end < lines.length &&
    own.length === 1 &&
    !isMarked(marks, end, mark.history) &&
    SALUTATION.test(lines[own[0] as number] as string)
  )
    return whole(found);
  if (
    end === lines.length &&
    attribution === undefined &&
    firstQuote !== -1 &&
    (!answers || isList(lines, kinds, firstQuote))
  )
    return whole(false);
  const { from, to, mixed } = keptLines(text, history, cut, own);
  // Of a quotation with answers in it, only the introduction is dropped.
  if (mixed) return { reply: tidy(shown.filter((_, k) => k >= from && k < to && !isIntroduction(k))), found };
  if (
    (end < lines.length || firstQuote !== -1) &&
    !history.forwarded &&
    own.some((k) => answersBelow.test((lines[k] as string).slice(0, 300)))
  )
    return whole(false);

  const stop = signatureStart(lines, kinds, from, to, marks);
  if (from === 0 && stop >= lines.length) return whole(found);
  const reply = tidy(shown.slice(from, Math.min(stop, to)));
  return { reply: reply === '' ? tidy(shown.slice(from, to)) || tidy(shown) : reply, found };
}

/** "These fail:", directly above lines with `>`: a list of the writer's. */
const isList = (lines: readonly string[], kinds: Uint8Array, at: number): boolean =>
  kinds[at - 1] === kind.text && /:$/.test((lines[at - 1] as string).slice(-80));

const SALUTATION = /^[\p{L} .'’-]{2,50},$/u;

/** Separators directly above the history belong to it. */
function cutAbove(lines: readonly string[], kinds: Uint8Array, end: number): number {
  const belongs = (line: string): boolean =>
    /^[\s>]*[_\-=*—–]{3,}\s*$/.test(line) || (end < lines.length && (isOriginalWords(line) || isNotesLine(line)));
  let cut = end;
  while (cut > 0 && (kinds[cut - 1] === kind.blank || belongs(lines[cut - 1] as string))) cut--;
  return cut;
}

/** The range of lines to keep. `mixed`: the answers are within the quotation, which is kept with them. */
function keptLines(
  { lines, kinds, firstQuote, marks }: Lines,
  { attribution }: History,
  cut: number,
  own: readonly number[],
): { from: number; to: number; mixed: boolean } {
  const lastQuote = kinds.lastIndexOf(kind.quote, cut - 1);
  const quoteFrom = attribution?.from ?? (firstQuote < cut ? firstQuote : -1);
  // The introduction of an unmarked quotation on top, and the answer below it.
  const from = attribution !== undefined && lastQuote === -1 ? attribution.to : 0;
  if (quoteFrom === -1) return { from, to: cut, mixed: false };
  const before = own.some((k) => k < quoteFrom);
  const bottom = lastQuote === -1 ? [] : own.filter((k) => k > quoteFrom);
  const signatureAt = signatureStart(lines, kinds, quoteFrom, cut, marks);
  const replies = bottom.filter((k) => k < signatureAt && !isFooter(lines[k] as string));
  const last = replies.at(-1);
  if (last === undefined) return { from, to: before ? quoteFrom : cut, mixed: false };
  const between = replies.some((k) => k < lastQuote);
  // One quotation with the answer below it.
  if (!before && !between && attribution !== undefined) return { from: lastQuote + 1, to: cut, mixed: false };
  return { from: 0, to: last + 1, mixed: true };
}
