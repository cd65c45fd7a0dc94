// The new part of a reply: without quoted history and signature. What is answered within the quotation is kept, with the quotation around it;
// when nothing certain can be said, the whole text is. Works line by line in linear time.
import { htmlToText } from '../html-text.ts';
import {
  answersBelow,
  attributionStart,
  attributions,
  clientSignature,
  forwardBegin,
  headerFrom,
  headerOther,
  originalSeparator,
  signatureDelimiter,
} from './markers.ts';

/** Text beyond this many UTF-16 units is not looked at; a mail that long is kept as far as it was read. */
export const MAX_INPUT = 33_000;
/** Outlook puts tens of kilobytes of styles before the first word. */
export const MAX_HTML = 250_000;
const MAX_LINE = 600;

export interface ReplyInput {
  /** The plain text of the mail, '' if there is none. */
  text: string;
  html: string | undefined;
  /** `text` was derived from `html`. */
  textIsDerived: boolean;
  /** The mail refers to another one: only then a quotation is looked for in the html beside a text. Default true. */
  answers?: boolean;
}

/** undefined when the mail has no text at all. */
export function replyText({ text, html, textIsDerived, answers = true }: ReplyInput): string | undefined {
  if (text.trim() === '' && html === undefined) return undefined;
  if (html !== undefined && (textIsDerived || text.trim() === '')) return fromHtml(html).reply;
  const plain = newPart(text.slice(0, MAX_INPUT));
  if (!plain.found && answers && html !== undefined && html.length < 2 * MAX_HTML && hasQuoteMarkup(html)) {
    // The text alternative shows no trace of the quotation, the html may.
    const marked = fromHtml(html);
    if (marked.found && marked.reply !== '') return marked.reply;
  }
  return plain.reply;
}

/** Begin with letters that are rare in texts: the search is as fast as memchr. The colours are those of Outlook's line above a quotation. */
const QUOTE_MARKS = ['quote', 'QUOTE', 'RplyFwdMsg', '#E1E1E1', '#B5C4DF'];
const hasQuoteMarkup = (html: string): boolean => QUOTE_MARKS.some((mark) => html.includes(mark));

function fromHtml(html: string): Outcome {
  const rendered = htmlToText(html.slice(0, MAX_HTML), MAX_INPUT);
  return newPart(rendered.text, rendered.marks);
}

interface Outcome {
  reply: string;
  /** Some quotation was recognised. */
  found: boolean;
}

const kind = { text: 0, blank: 1, quote: 2 } as const;

/** `marks`: per line, what the html said (htmlToText). */
export function newPart(input: string, marks?: readonly number[]): Outcome {
  const visible = /[\u200b\ufeff\u00a0]/.test(input) ? input.replace(/[\u200b\ufeff\u00a0]/g, ' ') : input;
  const lines = visible.split('\n');
  for (let k = 0; k < lines.length; k++) {
    const last = (lines[k] as string).charCodeAt((lines[k] as string).length - 1);
    if (last === 0x20 || last === 0x09 || last === 0x0d) lines[k] = (lines[k] as string).trimEnd();
  }
  const closers = attributionEnds(visible, lines);
  const whole = (): string => tidy(lines);
  const marked = (k: number, bit: number): boolean => ((marks?.[k] ?? 0) & bit) !== 0;

  // 1. Where does history begin that is not marked line by line? Everything from there on is dropped.
  let end = lines.length;
  const kinds = new Uint8Array(lines.length);
  let firstQuote = -1;
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k] as string;
    kinds[k] = line === '' ? kind.blank : isQuoted(line) ? kind.quote : kind.text;
    if (kinds[k] === kind.quote && firstQuote === -1) firstQuote = k;
  }
  let attributionFrom = -1;
  let attributionTo = -1;
  let forwarded = false;
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k] as string;
    if (marked(k, 2)) {
      end = k;
      break;
    }
    if (kinds[k] === kind.blank || line.length > MAX_LINE) continue;
    if (
      (line.length < 200 && SEPARATOR_START.test(line) && originalSeparator.test(line)) ||
      (line.endsWith(':') && forwardBegin.test(line.trim()))
    ) {
      forwarded = /forward|weitergeleitet|transf|reenviad|inoltrat|doorgestuurd|przek/i.test(line);
      end = k;
      break;
    }
    if (isHeaderBlock(lines, kinds, k)) {
      end = k;
      break;
    }
    if (kinds[k] === kind.quote) continue;
    if (attributionFrom === -1) {
      const span = marked(k, 4)
        ? 1
        : closers !== undefined && mayClose(closers, k)
          ? attributionAt(lines, kinds, k)
          : 0;
      if (span > 0) {
        const next = nextContent(kinds, k + span);
        if (next !== -1 && kinds[next] === kind.quote) {
          attributionFrom = k;
          attributionTo = k + span;
          k = k + span - 1;
          continue;
        }
        // Not followed by marked lines: all the rest is history, unless nothing stands before it (an answer below an unmarked quotation).
        if (hasText(kinds, 0, k) || next === -1) {
          end = k;
          break;
        }
        if (k === firstContent(kinds)) {
          attributionFrom = k;
          attributionTo = k + span;
          k = k + span - 1;
        }
      }
    }
  }

  // 2. Separators directly above the history belong to it.
  let cut = end;
  while (cut > 0 && (kinds[cut - 1] === kind.blank || /^[\s>]*[_\-=*]{3,}\s*$/.test(lines[cut - 1] as string))) cut--;
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
    const answers = bottom.filter((k) => k < signatureAt && !isFooter(lines[k] as string));
    const between = answers.some((k) => k < lastQuote);
    if (answers.length === 0) {
      if (before) to = quoteFrom;
    } else if (!before && !between && attributionFrom !== -1) {
      from = lastQuote + 1; // one quotation, the answer below it
    } else {
      // Interleaved: all of it, up to the last answer; only the line that introduces the quotation goes.
      const kept: string[] = [];
      const last = answers[answers.length - 1] as number;
      for (let k = 0; k <= last; k++) if (!(k >= attributionFrom && k < attributionTo)) kept.push(lines[k] as string);
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
  for (let k = from; k < Math.min(stop, to); k++) kept.push(lines[k] as string);
  const reply = tidy(kept);
  return reply === '' ? { reply: tidy(lines.slice(from, to)) || whole(), found } : { reply, found };
}

/** `> text`, `| text`, and `X> text` of old news readers. */
const isQuoted = (line: string): boolean => {
  const c = line.charCodeAt(0);
  if (c === 0x3e) return true;
  if (c === 0x20 && /^ {1,3}>/.test(line)) return true;
  return c === 0x7c && /^\|[\s|]/.test(line) && !/\|\s*$/.test(line.slice(1));
};

function tidy(lines: readonly string[]): string {
  let from = 0;
  let to = lines.length;
  while (from < to && (lines[from] as string).trim() === '') from++;
  while (to > from && (lines[to - 1] as string).trim() === '') to--;
  return lines
    .slice(from, to)
    .join('\n')
    .replace(/^[ \t]+/, '');
}

/**
 * Number of lines (1–4) that the attribution starting at `k` takes, or 0.
 */
function attributionAt(lines: readonly string[], kinds: Uint8Array, k: number): number {
  let joined = (lines[k] as string).trim();
  if (!attributionStart.test(joined)) return precedesQuote(lines, kinds, k, joined) ? 1 : 0;
  for (let span = 1; span <= 4; span++) {
    if (joined.length > MAX_LINE) return 0;
    if (
      /[:：-]$|wrote|schrieb|écrit|uhr$|写道$|寫道$/i.test(joined) &&
      hasWhen(joined) &&
      attributions.some((p) => p.test(joined))
    )
      return span;
    if (span === 1 && precedesQuote(lines, kinds, k, joined)) return 1;
    const next = lines[k + span];
    if (next === undefined || kinds[k + span] !== kind.text) return 0;
    joined = `${joined} ${next.trim()}`;
  }
  return 0;
}

const SEPARATOR_START = /^[\s>*]{0,20}[-_=]/;
const CLOSING_WORDS = [
  'wrote',
  'schrieb',
  'Uhr',
  'écrit',
  '写道',
  '寫道',
  'escribió',
  'scritto',
  'schreef',
  'napisał',
  'skrev',
];
const closes = (text: string): boolean => CLOSING_WORDS.some((word) => text.includes(word));

/** Per line, whether an attribution may end there; undefined when none does: nearly all lines are spared the patterns. */
function attributionEnds(text: string, lines: readonly string[]): Uint8Array | undefined {
  let ends: Uint8Array | undefined;
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k] as string;
    const last = line.charCodeAt(line.length - 1);
    if (last === 0x3a || last === 0xff1a || last === 0x2d || last === 0x53d9 || last === 0x9053) {
      ends ??= new Uint8Array(lines.length);
      ends[k] = 1;
    }
  }
  // Without any colon at a line's end, only a quotation marked line by line can have an attribution.
  if (ends === undefined && !text.includes('\n>')) return undefined;
  ends ??= new Uint8Array(lines.length);
  if (closes(text)) {
    for (let k = 0; k < lines.length; k++) {
      const line = lines[k] as string;
      if (ends[k] === 0 && line.length <= MAX_LINE && closes(line)) ends[k] = 1;
    }
  }
  return ends;
}

const mayClose = (ends: Uint8Array, k: number): boolean =>
  (ends[k] ?? 0) + (ends[k + 1] ?? 0) + (ends[k + 2] ?? 0) + (ends[k + 3] ?? 0) > 0;

/** A date, a time or an address: an attribution names at least one of them, prose that ends in "wrote:" seldom does. */
const hasWhen = (text: string): boolean => /\d|@|</.test(text);

/** In any language: one line with a colon at its end and a date and time or an address in it, directly before a quotation. */
function precedesQuote(lines: readonly string[], kinds: Uint8Array, k: number, line: string): boolean {
  if (!/[:：]$/.test(line) || line.length > 300) return false;
  const next = nextContent(kinds, k + 1);
  if (next === -1 || kinds[next] !== kind.quote || next - k > 3) return false;
  return /\d{1,2}[:.]\d{2}|<[^<>]{3,200}@|\d{4}|\S@\S/.test(line) && lines[k] !== undefined;
}

function nextContent(kinds: Uint8Array, from: number): number {
  for (let k = from; k < kinds.length; k++) if (kinds[k] !== kind.blank) return k;
  return -1;
}

const firstContent = (kinds: Uint8Array): number => nextContent(kinds, 0);

function hasText(kinds: Uint8Array, from: number, to: number): boolean {
  for (let k = from; k < to; k++) if (kinds[k] === kind.text) return true;
  return false;
}

function lastOf(kinds: Uint8Array, wanted: number, before: number): number {
  for (let k = before - 1; k >= 0; k--) if (kinds[k] === wanted) return k;
  return -1;
}

/** Outlook's header: a From line (or another label) and at least two more labels within the next lines. */
function isHeaderBlock(lines: readonly string[], kinds: Uint8Array, k: number): boolean {
  const line = lines[k] as string;
  let colon = line.indexOf(':');
  if (colon === -1) colon = line.indexOf('：');
  if (colon < 1 || colon > 40) return false;
  const begins = headerFrom.test(line);
  if (!begins && !headerOther.test(line)) return false;
  let labels = 1;
  let fromSeen = begins;
  const seen = new Set([labelOf(line)]);
  let misses = 0;
  for (let n = k + 1; n < lines.length && n <= k + 12; n++) {
    const next = lines[n] as string;
    if (kinds[n] === kind.blank) {
      if (labels >= 3) break;
      if (++misses > 3) break;
      continue;
    }
    const isFrom = headerFrom.test(next);
    if (isFrom || headerOther.test(next)) {
      const label = labelOf(next);
      if (seen.has(label)) continue;
      seen.add(label);
      labels++;
      fromSeen ||= isFrom;
    } else if (++misses > 3) break;
  }
  // Three labels, the sender among them: a list of "To:" and "Subject:" alone is the writer's own.
  return fromSeen && labels >= 3;
}

const labelOf = (line: string): string => (line.split(/[:：]/, 1)[0] ?? '').replace(/[\s>*_|]/g, '').toLowerCase();

const isFooter = (line: string): boolean =>
  /^[_=*-]{5,}\s*$/.test(line) || clientSignature.test(line.slice(0, MAX_LINE)) || /^https?:\S+$/.test(line);

/** First line of the signature in [from, to), or `to`. */
function signatureStart(
  lines: readonly string[],
  kinds: Uint8Array,
  from: number,
  to: number,
  marks: readonly number[] | undefined,
): number {
  let stop = to;
  const last = (): number => {
    let k = stop - 1;
    while (k >= from && kinds[k] === kind.blank) k--;
    return k;
  };
  for (let k = from; k < to; k++) {
    const line = lines[k] as string;
    if (kinds[k] !== kind.text) continue;
    const first = line.charCodeAt(0);
    const delimiter =
      (first === 0x2d && signatureDelimiter.test(line)) ||
      (first === 0x5f && /^_{10,}$/.test(line)) ||
      ((marks?.[k] ?? 0) & 8) !== 0;
    // Text must stand before it; a mail that begins with `--` is not all signature.
    if (delimiter && hasText(kinds, from, k)) {
      stop = k;
      break;
    }
  }
  for (;;) {
    const k = last();
    if (k < from) break;
    const line = (lines[k] as string).trim();
    const alone = k === from || kinds[k - 1] !== kind.text;
    if (line.length < MAX_LINE && clientSignature.test(line) && hasText(kinds, from, k)) stop = k;
    else if (alone && /^-{1,2}\s?\p{Lu}[\p{L}.'’]*(?: \p{Lu}?[\p{L}.'’]*){0,3}$/u.test(line) && hasText(kinds, from, k))
      stop = k;
    else if (/^[_=*-]{3,}$/.test(line) && hasText(kinds, from, k)) stop = k;
    else break;
  }
  return stop;
}
