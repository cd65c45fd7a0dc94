// "On … X wrote:": the introduction of a quotation, in one to five lines. Matched from its last line upwards, so that it does not include lines of the
// writer above it.
import { hasMailAddress } from '../../lib/text.ts';
import { kind, MAX_LINE, nextContent, plainLine } from './lines.ts';
import { languages } from './templates.ts';

interface Attribution {
  /** First line after it. */
  to: number;
  /** It counts whatever follows; otherwise only directly before marked lines. */
  certain: boolean;
}

/** Lines that end like an attribution and are examined. */
const MAX_TRIES = 300;
const MAX_SPAN = 5;

/** The attributions of a mail, by their first line. Linear: matches at most {@link MAX_TRIES} ends with {@link MAX_SPAN} lines each. */
export function attributionsOf(lines: readonly string[], kinds: Uint8Array): Map<number, Attribution> {
  const found = new Map<number, Attribution>();
  let tries = 0;
  let above = 0;
  for (let k = 0; k < lines.length && tries < MAX_TRIES; k++) {
    const line = lines[k] as string;
    if (kinds[k] !== kind.text || line.length > MAX_LINE || !mayEnd(line)) continue;
    tries++;
    const match = endingAt(lines, kinds, k, above);
    if (match === undefined) continue;
    found.set(match.from, { to: k + 1, certain: match.certain });
    above = k + 1;
  }
  return found;
}

/** Whether a line may end an attribution, mostly by its last character. Cheap. */
function mayEnd(line: string): boolean {
  let end = line.length - 1;
  while (end > 0 && isMark(line.charCodeAt(end))) end--;
  const last = line.charCodeAt(end);
  if (last === 0x3a || last === 0xff1a) return true;
  const ruled =
    last === 0x2d &&
    (line.includes('wrote') || (line.startsWith('--') && (/\d/.test(line) || CLOSED.test(core(line)))));
  return ruled || CLOSED.test(line.slice(-20)) || datedName.test(line);
}
const isMark = (c: number): boolean =>
  c === 0x20 || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
/** Words that end the attribution of programs that omit the colon. */
const CLOSED =
  /(?:wrote|said|schrieb|geschrieben|écrit|escribió|scritto|schreef|napisał|skrev|uhr|写道|寫道|のメッセージ)$/i;

/** Attributions of old Gmail and forums, without a colon. They count only directly before marked lines. */
const datedName = /^(?:20\d\d[-/.]\d{1,2}[-/.]\d{1,2}\b.{2,200}|posted by .{2,80} on \d{1,2}[./]\d{1,2}[./]\d{4})$/i;

function endingAt(
  lines: readonly string[],
  kinds: Uint8Array,
  end: number,
  above: number,
): { from: number; certain: boolean } | undefined {
  const quoteFollows = isBeforeQuote(kinds, end);
  const named = !quoteFollows && isNamedQuote(lines[nextContent(kinds, end + 1)]);
  let joined = plainLine(lines[end] as string);
  /** Complete without a date ("Jane <j@x> wrote:"), unless a dated line above belongs to it. People write so, too, but within a paragraph. */
  let undated: { from: number; certain: boolean } | undefined;
  /** With a date and without an address, which may be in the line above, as in "Jane <j@x>, 3 Kas 2026, 10:12 tarihinde şunu yazdı:". */
  let bare: { from: number; certain: boolean } | undefined;
  for (let from = end; from > end - MAX_SPAN && from >= above; from--) {
    if (from < end) {
      if (kinds[from] !== kind.text) break;
      const line = plainLine(lines[from] as string);
      if (!isWrapped(line, joined)) break;
      if (bare !== undefined && !hasMailAddress(line) && !isDay(line)) break;
      joined = `${line} ${joined}`;
    }
    if (joined.length > MAX_LINE) break;
    const what = matchOf(joined, quoteFollows);
    if (what === 'template' || what === 'dated') {
      const addressed = hasMailAddress(joined);
      const certain = quoteFollows || (isComplete(joined, named) && standsAlone(joined, what, kinds, from, end));
      if (addressed && (YEAR.test(joined) || !isDayAbove(lines, kinds, from, above))) return { from, certain };
      if (bare === undefined || addressed) bare = { from, certain };
    } else if (what === 'undated')
      undated ??= { from, certain: quoteFollows || standsAlone(joined, what, kinds, from, end) };
    else if (bare !== undefined) break;
  }
  if (bare !== undefined) return bare;
  if (undated !== undefined) return undated;
  return quoteFollows && precedesQuote(plainLine(lines[end] as string)) ? { from: end, certain: false } : undefined;
}

/** "on 3 November … Kim <k@x> wrote:" in lower case is the writer's own sentence, whatever follows it. */
const IN_A_SENTENCE = /^(?:on|at|in|am|um|den|vom|le|el|op|il|em|no) /;

/** Programs that write no address mark their quotations. */
const isComplete = (line: string, named: boolean): boolean =>
  isClosed(line) && (named || hasMailAddress(line) || isRuled(line));

/** Whether a program wrote it, though no marked lines follow: people cite somebody within a paragraph. */
function standsAlone(line: string, what: Match, kinds: Uint8Array, from: number, end: number): boolean {
  if (what === 'template') return !IN_A_SENTENCE.test(line);
  // Without a verb it must begin a paragraph, below an answer.
  if (what === 'dated') return startsParagraph(kinds, from) && kinds.subarray(0, from).includes(kind.text);
  return isRuled(line) || (NAMED.test(line) && startsParagraph(kinds, from) && kinds[end + 1] === kind.blank);
}

/** A name, an address in brackets and nothing but a verb. */
const NAMED = /^(?:\p{Lu}[\p{L}.'’-]{0,30} ){1,4}<[^<>\s]{3,200}> [\p{L} ]{2,30}:$/u;

const startsParagraph = (kinds: Uint8Array, from: number): boolean => from === 0 || kinds[from - 1] !== kind.text;

/** Whether a line ends with the day of an attribution whose time is on the next line: "On Thu, Mar 8, 2018". */
const isDay = (line: string): boolean => line.length <= 50 && /\p{Nd}{4},?$/u.test(line) && startsDated(line);
const isDayAbove = (lines: readonly string[], kinds: Uint8Array, from: number, above: number): boolean =>
  from > above && kinds[from - 1] === kind.text && isDay(plainLine(lines[from - 1] as string));

/** `Jane> text`, the quotation marks of old news readers. */
const isNamedQuote = (line: string | undefined): boolean => line !== undefined && /^\p{L}{1,20}> /u.test(line);

const isBeforeQuote = (kinds: Uint8Array, k: number): boolean => {
  const next = nextContent(kinds, k + 1);
  return next !== -1 && kinds[next] === kind.quote && next - k <= 3;
};

/**
 * Whether a program may have broken a line here: the next word did not fit (programs break at 60 to 80 columns), or its template breaks here (after the
 * date, within or after the address).
 */
function isWrapped(line: string, next: string): boolean {
  const last = line.charAt(line.length - 1);
  if ('!?…。:;'.includes(last)) return false;
  if ('<,(['.includes(last) || line.lastIndexOf('<') > line.lastIndexOf('>')) return true;
  if (next.startsWith('<')) return true;
  const blank = next.indexOf(' ');
  if (line.length + (blank === -1 ? next.length : blank) >= 56) return true;
  if (/\p{Nd}$|\d ?[ap]\.?m\.?$/iu.test(line.slice(-8)) && startsDated(line)) return true;
  return '>)"'.includes(last) && next.length <= 30;
}

/** `template`: a known form with a date. `dated`: a date, a time and an address in any language. `undated`: a name, an address and a verb. */
type Match = 'template' | 'dated' | 'undated';

function matchOf(joined: string, quoteFollows: boolean): Match | undefined {
  const text = core(joined.toLowerCase());
  if (hasDate(text)) {
    const address = hasMailAddress(text);
    if ((address || quoteFollows || isFullDate(text)) && fitsTemplate(text)) return 'template';
    if (address && isClosed(joined) && isDatedAddress(text)) return 'dated';
  }
  if (text.includes('@') && hasMailAddress(text) && isClosed(joined) && namesWriter(text)) return 'undated';
  return undefined;
}

/** Between dashes: "------On 12/29/2026 17:32, Jane Doe wrote-----". */
const isRuled = (text: string): boolean => text.startsWith('--') && text.endsWith('--');

/** Without the colon, dashes and blanks around it. */
function core(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && '-—– *_'.includes(text.charAt(from))) from++;
  while (to > from && '-—–:： *_'.includes(text.charAt(to - 1))) to--;
  return text.slice(from, to);
}
const isClosed = (text: string): boolean => /[:：]\s?[*_]{0,2}$|-{2,10}$/.test(text.slice(-12));

const DATE =
  /\p{Nd}{4}|\p{Nd}{1,2}[:.h]\p{Nd}{2}|\p{Nd}{1,2}[./-] ?\p{Nd}{1,2}|\p{Nd}{1,2}\.? \p{L}{3}|\p{L}{3}\.? \p{Nd}{1,2}\b/u;
const hasDate = (text: string): boolean => DATE.test(text);
const TIME = /\p{Nd}{1,2} ?[:.h] ?\p{Nd}{2}|\p{Nd}{1,2}[時时]\p{Nd}|\p{Nd} ?[ap]\.?m\b/u;
const YEAR = /(?:^|\P{Nd})\p{Nd}{4}(?:$|\P{Nd})|\p{Nd}{1,2}[./-]\p{Nd}{1,2}[./-]\p{Nd}{2}/u;
/** A time of day or a year, which programs write and prose rarely does. */
const isFullDate = (text: string): boolean => TIME.test(text) || YEAR.test(text);

/** A date, a time and an address with few other words: the content of all templates, in any language. */
function isDatedAddress(text: string): boolean {
  if (text.length > 300 || !TIME.test(text) || !YEAR.test(text)) return false;
  if (!/<[^<>]{3,200}>|\([^()@]{1,100}@[^()]{1,100}\)/.test(text))
    return startsDated(text) && /\S@\S{1,100}$/.test(text);
  return text.split(' ').length <= 24 && (startsDated(text) || /[>)]$|[>)][,;]? .{0,60}$/.test(text.slice(-70)));
}

/** A number within the first words, as in dates. */
const startsDated = (text: string): boolean => /^\P{Nd}{0,30}\p{Nd}/u.test(text);
const isDateStart = (text: string): boolean =>
  /^(?:[^\p{Nd}\s]{1,20}[ \p{Nd}]){0,2}\p{Nd}|^[^\p{Nd}\s]{0,14}\p{Nd}/u.test(text.slice(0, 60));

type Piece = { literal: string } | { hole: 'd' | 'n' | '*' };
interface Template {
  pieces: readonly Piece[];
  first: string;
  last: string;
}

/** The table, with each verb filled in. */
const templates: readonly Template[] = [
  ...new Set(
    Object.values(languages).flatMap(({ verbs, templates: list }) =>
      list.flatMap((one) => (one.includes('{v}') ? verbs.split('|').map((verb) => one.replace('{v}', verb)) : [one])),
    ),
  ),
].map((source) => {
  const pieces = source
    .split(/(\{[dn*]\})/)
    .filter((piece) => piece !== '')
    .map((piece): Piece => (piece.startsWith('{') ? { hole: piece.charAt(1) as 'd' } : { literal: piece }));
  const [head] = pieces;
  const tail = pieces.at(-1);
  return {
    pieces,
    first: head !== undefined && 'literal' in head ? head.literal : '',
    last: tail !== undefined && 'literal' in tail ? tail.literal : '',
  };
});
/** By the last character; under undefined those that end in a name or a date. */
const byEnd = Map.groupBy(templates, ({ last }) => last.at(-1));
const fitsTemplate = (text: string): boolean =>
  [undefined, text.at(-1)].some((end) => byEnd.get(end)?.some((template) => fits(template, text)));
/** Verbs at the end of "name <address> verb". */
const writerVerbs: readonly string[] = [
  ...new Set(Object.values(languages).flatMap(({ verbs }) => verbs.split('|'))),
].map((verb) => ` ${verb}`);

/** Linear: each literal is searched once, after the one before it; the last one must be at the end. */
function fits({ pieces, first, last }: Template, text: string): boolean {
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length + 4) return false;
  let at = first.length;
  for (let p = first === '' ? 0 : 1; p < pieces.length; p += 2) {
    const hole = pieces[p];
    const next = pieces[p + 1];
    let to = text.length;
    if (next !== undefined && 'literal' in next) {
      to = p + 1 === pieces.length - 1 ? text.length - last.length : text.indexOf(next.literal, at + 1);
      if (to === -1) return false;
    }
    if (hole === undefined || !('hole' in hole) || !filled(hole.hole, text.slice(at, to).trim())) return false;
    at = to + (next !== undefined && 'literal' in next ? next.literal.length : 0);
  }
  return true;
}

function filled(hole: 'd' | 'n' | '*', text: string): boolean {
  if (text.length < 2 || text.length > 400) return false;
  if (hole === 'n') return text.length <= 300;
  if (hole === 'd') return text.length <= 110 && startsDated(text) && hasDate(text);
  // A date, then a name and an address.
  const writer = text.search(/\S{0,100}[@<]/);
  const date = writer === -1 ? text : text.slice(0, writer);
  return isDateStart(date) && hasDate(date);
}

/** "Jane Doe <j@x.example> wrote": a name of few words, an address, a verb. */
function namesWriter(text: string): boolean {
  const address = text.indexOf('@');
  if (text.length > 300 || text.slice(0, address).split(' ').length > 8) return false;
  const tail = text.slice(address);
  return (
    writerVerbs.some((verb) => tail.endsWith(verb)) ||
    (/^(?:quoting|zitat von|citando|citation de) /.test(text) && tail.length < 80)
  );
}

/** Whether a line directly before a quotation introduces it, in any language: a colon at the end, and a time, an address or a verb of writing. */
function precedesQuote(line: string): boolean {
  if (line.length > 300) return false;
  const colon = /[:：]$/.test(line);
  if (!colon) return datedName.test(line) || CLOSED.test(core(line));
  if (/\p{Nd}{1,2}[:.]\p{Nd}{2}|<[^<>]{3,200}@|\p{Nd}{4}|\S@\S/u.test(line)) return true;
  const text = core(line.toLowerCase());
  return text.length <= 120 && writerVerbs.some((verb) => text.endsWith(verb));
}
