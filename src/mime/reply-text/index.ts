// The new part of a reply: without quoted history and signature. What is answered within the quotation is kept, with the quotation around it;
// when nothing certain can be said, the whole text is. Works line by line in linear time.
import type { Stamp } from '../../contract/message.ts';
import { htmlToText } from '../html-text.ts';
import { findStamps, mayHoldStamps } from '../stamps/index.ts';
import { type Pattern, patternOf } from '../stamps/patterns.ts';
import { type Attribution, attributionsOf } from './attribution.ts';
import { isHeaderBlock, type Labels } from './header-block.ts';
import {
  firstContent,
  hasText,
  hasUnseen,
  isBrokenOff,
  isQuoted,
  joinWrapped,
  kind,
  lastOf,
  MAX_LINE,
  nextContent,
  plainLine,
  splitShared,
  tidy,
} from './lines.ts';
import { answersBelow } from './markers.ts';
import { isForwardBegin, isGroupWise, isNotesLine, isOriginalWords, separatorOf } from './separators.ts';
import { isFooter, signatureStart } from './signature.ts';

/** Text beyond this many UTF-16 units is not looked at; a mail that long is kept as far as it was read. */
export const MAX_INPUT = 33_000;
/** Of html that is rendered for the reply text alone; Outlook puts tens of kilobytes of styles before the first word. */
export const MAX_HTML = 250_000;

export interface ReplyInput {
  /** The plain text of the mail, '' if there is none. */
  text: string;
  html: string | undefined;
  /** `text` was derived from `html`. */
  textIsDerived: boolean;
  /** What htmlToText said of the lines of `text`, when it made them of `html` up to MAX_INPUT. */
  marks?: readonly number[] | undefined;
  /** The mail refers to another one: only then a quotation is looked for in the html beside a text, and labels are believed easily. Default true. */
  answers?: boolean;
  /** The tenant's own stamps: words with * for any. */
  stamps?: readonly string[];
}

export interface Reply {
  /** The new part. */
  text: string;
  /** split: a quotation or a signature was left out. whole: all of the text is there, as none was found for certain. */
  from: 'split' | 'whole';
  /** What mail systems wrote into the mail, in the order of the text. */
  stamps: Stamp[];
}

/** undefined when the mail has no text at all. */
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
  // The text alternative shows no trace of the quotation, or of a banner, the html may.
  const stamps = plain.stamps.length > 0 ? plain.stamps : marked.stamps;
  return replyOf({ ...(quoting && marked.found && marked.reply !== '' ? marked : plain), stamps });
}

const replyOf = ({ reply, whole, stamps }: Outcome): Reply => ({
  text: reply,
  from: reply === whole ? 'whole' : 'split',
  stamps: stamps.map(({ kind: what, place, text }) => ({ kind: what, place, text })),
});

/** Begin with letters that are rare in texts: the search is as fast as memchr. The colours are those of Outlook's line above a quotation. */
const QUOTE_MARKS = ['quote', 'QUOTE', 'RplyFwdMsg', '#E1E1E1', '#B5C4DF'];
const hasQuoteMarkup = (html: string): boolean => QUOTE_MARKS.some((mark) => html.includes(mark));

function fromHtml(html: string, patterns: readonly Pattern[], answers: boolean): Outcome {
  const rendered = htmlToText(html.slice(0, MAX_HTML), { maxOutput: MAX_INPUT });
  return newPart(rendered.text, rendered.marks, patterns, answers);
}

/** Each searched by itself: many times as fast as one pattern for all, and nearly always in vain. */
const INVISIBLE = ['\u200b', '\ufeff', '\u00a0'];

interface Outcome {
  reply: string;
  /** Some quotation was recognised. */
  found: boolean;
  /** All of the text, without stamps. */
  whole: string;
  stamps: Stamp[];
}

/** `marks`: per line, what the html said (htmlToText). */
function newPart(
  input: string,
  marksOfText: readonly number[] | undefined,
  patterns: readonly Pattern[],
  answers: boolean,
): Outcome {
  const visible = INVISIBLE.some((c) => input.includes(c)) ? input.replace(/[\u200b\ufeff\u00a0]/g, ' ') : input;
  let shown = visible.split('\n');
  for (let k = 0; k < shown.length; k++) {
    const last = (shown[k] as string).charCodeAt((shown[k] as string).length - 1);
    if (last === 0x20 || last === 0x09 || last === 0x0d) shown[k] = (shown[k] as string).trimEnd();
  }
  const stamps = findStamps(shown, patterns, marksOfText);
  const isStamped = (k: number): boolean => stamps.some(({ from, to }) => k >= from && k < to);
  const marks = stamps.length === 0 ? marksOfText : marksOfText?.filter((_, k) => !isStamped(k));
  if (stamps.length > 0) shown = shown.filter((_, k) => !isStamped(k));
  shown = splitShared(visible, shown, marks);
  return { ...withoutHistory(shown, hasUnseen(visible), marks, answers), whole: tidy(shown), stamps };
}

/** `directed`: some line has marks of direction, which Gmail puts around what it writes in Hebrew, Arabic or Persian: they are not matched. */
function withoutHistory(
  shown: readonly string[],
  directed: boolean,
  marks: readonly number[] | undefined,
  answers: boolean,
): Pick<Outcome, 'reply' | 'found'> {
  const lines = directed ? shown.map(plainLine) : shown;
  const whole = (): string => tidy(shown);
  const marked = (k: number, bit: number): boolean => ((marks?.[k] ?? 0) & bit) !== 0;

  // 1. Where does history begin that is not marked line by line? Everything from there on is dropped.
  let end = lines.length;
  const kinds = new Uint8Array(lines.length);
  let firstQuote = -1;
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k] as string;
    kinds[k] = line === '' ? kind.blank : isQuoted(line) && !isBrokenOff(line, lines[k - 1]) ? kind.quote : kind.text;
    if (kinds[k] === kind.quote && firstQuote === -1) firstQuote = k;
  }
  if (firstQuote !== -1) joinWrapped(lines, kinds, firstQuote);
  const attributions = attributionsOf(lines, kinds);
  let attributionFrom = -1;
  let attributionTo = -1;
  let forwarded = false;
  const labels: Labels = [];
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k] as string;
    if (marked(k, 2)) {
      end = k;
      break;
    }
    if (kinds[k] === kind.blank || line.length > MAX_LINE) continue;
    const separator = separatorOf(line) ?? (isForwardBegin(line) ? 'forward' : undefined);
    if (separator !== undefined) {
      forwarded = separator === 'forward';
      end = k;
      break;
    }
    if (isHeaderBlock(lines, kinds, k, labels, answers)) {
      end = k;
      break;
    }
    if (kinds[k] === kind.quote) {
      if (k === firstQuote && isGroupWise(line, lines[k + 1]) && hasText(kinds, 0, k)) {
        end = k;
        break;
      }
      continue;
    }
    const attribution: Attribution | undefined = marked(k, 4) ? { to: k + 1, certain: true } : attributions.get(k);
    if (attribution === undefined) continue;
    const next = nextContent(kinds, attribution.to);
    const quoted = next !== -1 && kinds[next] === kind.quote;
    if (attributionFrom !== -1) {
      // That of a quotation within the quotation, which the client did not mark: nobody's answer.
      if (quoted) kinds.fill(kind.quote, k, attribution.to);
    } else if (quoted || (attribution.certain && k === firstContent(kinds) && next !== -1)) {
      attributionFrom = k;
      attributionTo = attribution.to;
    } else if (attribution.certain) {
      // Not followed by marked lines: all the rest is history.
      end = k;
      break;
    }
    k = attribution.to - 1;
  }

  // 2. Separators directly above the history belong to it.
  let cut = end;
  while (
    cut > 0 &&
    (kinds[cut - 1] === kind.blank ||
      /^[\s>]*[_\-=*—–]{3,}\s*$/.test(lines[cut - 1] as string) ||
      (end < lines.length && (isOriginalWords(lines[cut - 1] as string) || isNotesLine(lines[cut - 1] as string))))
  )
    cut--;
  const found = end < lines.length || firstQuote !== -1 || attributionFrom !== -1;

  // 3. Which stretches are the writer's own, which are quoted, above the cut.
  const own: number[] = [];
  for (let k = 0; k < cut; k++) {
    if (kinds[k] === kind.text && !(k >= attributionFrom && k < attributionTo) && !marked(k, 8)) own.push(k);
  }
  if (own.length === 0) {
    // Nothing of the writer's own: a bare forward, or all of it quoted. The whole is kept rather than nothing.
    return { reply: whole(), found: false };
  }
  const quoteFrom = attributionFrom !== -1 ? attributionFrom : firstQuote !== -1 && firstQuote < cut ? firstQuote : -1;
  let from = 0;
  let to = cut;
  // An unmarked quotation line on top and the answer below it.
  if (attributionFrom !== -1 && lastOf(kinds, kind.quote, cut) === -1) from = attributionTo;
  if (quoteFrom !== -1) {
    const lastQuote = lastOf(kinds, kind.quote, cut);
    const before = own.some((k) => k < quoteFrom);
    const bottom = lastQuote === -1 ? [] : own.filter((k) => k > quoteFrom);
    const signatureAt = signatureStart(lines, kinds, Math.max(quoteFrom, 0), cut, marks);
    const replies = bottom.filter((k) => k < signatureAt && !isFooter(lines[k] as string));
    const between = replies.some((k) => k < lastQuote);
    if (replies.length === 0) {
      if (before) to = quoteFrom;
    } else if (!before && !between && attributionFrom !== -1) {
      from = lastQuote + 1; // one quotation, the answer below it
    } else {
      // Interleaved: all of it, up to the last answer; only the line that introduces the quotation goes.
      const kept: string[] = [];
      const last = replies[replies.length - 1] as number;
      for (let k = 0; k <= last; k++) if (!(k >= attributionFrom && k < attributionTo)) kept.push(shown[k] as string);
      return { reply: tidy(kept), found };
    }
  }
  if (
    end < lines.length &&
    !forwarded &&
    own.some((k) => k < end && answersBelow.test((lines[k] as string).slice(0, 300)))
  ) {
    return { reply: whole(), found: false };
  }

  // 4. Signature.
  const stop = signatureStart(lines, kinds, from, to, marks);
  if (from === 0 && stop >= lines.length) return { reply: whole(), found };
  const kept: string[] = [];
  for (let k = from; k < Math.min(stop, to); k++) kept.push(shown[k] as string);
  const reply = tidy(kept);
  return reply === '' ? { reply: tidy(shown.slice(from, to)) || whole(), found } : { reply, found };
}
