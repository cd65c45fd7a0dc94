// Lines that a mail system wrote into the mail of a customer: found in the text, taken out of the reply text, and kept apart. A line that is
// not wholly made of known sentences is the customer's. Linear; only the paragraphs at the top and those that name a scanner are looked at.
import type { Stamp } from '../../contract/message.ts';
import { beginningFinder, clip, phraseFinder, trimEndOf, trimStartOf } from '../../lib/text.ts';
import { isQuoted, plainLine } from '../reply-text/lines.ts';
import { matchesPattern, type Pattern } from './patterns.ts';
import * as phrases from './phrases.ts';

/** Lines of one stamp, from and to as slice takes them. */
interface Found extends Stamp {
  from: number;
  to: number;
  /** A tag before the customer's words: no whole line, but these characters of line `from`. */
  begins?: number;
}

const MAX_LINES = 8;
const MAX_TEXT = 900;
const MAX_STAMPS = 10;
/** Paragraphs looked at from the top, and paragraphs that name a scanner. */
const MAX_TRIES = 60;
const LINK_BIT = 16;

/**
 * Ordered, without overlap.
 * @param text what the lines are of
 * @param marks what htmlToText said of the lines; the bit 16 is Exchange's link
 */
export function findStamps(
  text: string,
  lines: readonly string[],
  patterns: readonly Pattern[],
  marks?: readonly number[],
): Found[] {
  const found: Found[] = [];
  const isText = (k: number): boolean =>
    k < lines.length && (lines[k] as string).trim() !== '' && !isQuoted(lines[k] as string);
  const paragraphEnd = (from: number): number => {
    let to = from;
    while (isText(to) && to - from < MAX_LINES) to++;
    return to;
  };
  const nextText = (from: number): number => {
    let k = from;
    while (k < lines.length && !isText(k)) {
      if ((lines[k] as string).trim() !== '') return -1; // a quotation: nothing of the top is below it
      k++;
    }
    return k < lines.length ? k : -1;
  };

  // Those above the customer's words, one after the other.
  let top = nextText(0);
  while (top !== -1 && found.length < MAX_STAMPS) {
    const row = isRow(lines[top] as string) ? 1 : 0;
    const begin = top + row;
    const match = stampAt(lines, begin, paragraphEnd(begin), patterns, marks);
    if (match === undefined) {
      const tag = row === 0 ? tagBefore(lines[top] as string) : undefined;
      if (tag !== undefined)
        found.push({ kind: 'external', place: 'top', text: tag.text, from: top, to: top, begins: tag.length });
      break;
    }
    let to = match.to;
    if (row === 1 && to < lines.length && isRow(lines[to] as string)) to++;
    else if (isText(to) && isRow(lines[to] as string)) to++;
    found.push({ kind: match.kind, place: 'top', text: textOf(lines, begin, match.to), from: top, to });
    top = nextText(to);
  }

  // Those below, wherever a scanner is named or a pattern of the tenant's own fits. Nearly no mail names one.
  const below = found.at(-1)?.to ?? 0;
  const any = patterns.length > 0 || namesScanner(text);
  let tries = 0;
  for (let k = any ? below : lines.length; k < lines.length && tries < MAX_TRIES && found.length < MAX_STAMPS; ) {
    if (!isText(k)) {
      k++;
      continue;
    }
    const to = paragraphEnd(k);
    const whole = lines.slice(k, to).join(' ');
    if (whole.length > 2 * MAX_TEXT || !mayStamp(whole, patterns)) {
      k = to;
      continue;
    }
    tries++;
    for (let from = k; from < to; from++) {
      const match = footerAt(lines, from, to, patterns);
      if (match === undefined) continue;
      let begin = from;
      while (begin > 0 && isRow(lines[begin - 1] as string)) begin--;
      found.push({ kind: match.kind, place: 'bottom', text: textOf(lines, from, match.to), from: begin, to: match.to });
      break;
    }
    k = to;
  }
  return found;
}

/**
 * For the mails whose text does not show what their html does: cheap. Mail systems write above the body or below it, so that is where their words
 * are looked for; those of the tenant's own may be anywhere.
 */
export function mayHoldStamps(html: string, patterns: readonly Pattern[]): boolean {
  const body = Math.max(0, html.indexOf('<body'), html.indexOf('<BODY'));
  const top = html.slice(body, body + TOP_UNITS);
  const end = Math.max(body + TOP_UNITS, html.length - END_UNITS);
  const bottom = end < html.length ? html.slice(end) : '';
  if (ABOVE.some((hint) => top.includes(hint)) || linksScanner(bottom) || linksScanner(top)) return true;
  if (patterns.length === 0) return false;
  const lower = html.toLowerCase();
  return patterns.some((pattern) => lower.includes(pattern.longest));
}
/** A banner is a table with styles of its own, some kilobytes of html. */
const TOP_UNITS = 6_144;
const END_UNITS = 4_096;
const ABOVE = ['LearnAboutSenderIdentification', 'CAUTION', 'Caution:', 'EXT', 'External', 'ACHTUNG', 'VORSICHT'];

/** Holds avast.com or avg.com. The part that is rare comes first: a search for what begins with "a" takes four times as long. */
function linksScanner(html: string): boolean {
  for (let dot = html.indexOf('.com'); dot !== -1; dot = html.indexOf('.com', dot + 4))
    if (html.endsWith('avast', dot) || html.endsWith('avg', dot)) return true;
  return false;
}

const ROW = /^[\s>]{0,4}[-_=*~]{2,200}\s{0,4}$/;
const isRow = (line: string): boolean => line.length <= 200 && ROW.test(line);

const textOf = (lines: readonly string[], from: number, to: number): string =>
  clip(plainLine(lines.slice(from, to).join(' ')), 300);

const normal = (text: string): string =>
  plainLine(text.slice(0, MAX_TEXT)).toLowerCase().replaceAll('’', "'").replaceAll('\u0307', '');

/** The stamp that begins at `from`, above the customer's words: its lines may be fewer than the paragraph's. */
function stampAt(
  lines: readonly string[],
  from: number,
  to: number,
  patterns: readonly Pattern[],
  marks: readonly number[] | undefined,
): { kind: Stamp['kind']; to: number } | undefined {
  const configured = configuredAt(lines, from, to, patterns);
  if (configured !== -1) return { kind: 'configured', to: configured };
  // Once for the whole paragraph: nearly none holds any of the words.
  const whole = normal(lines.slice(from, to).join(' '));
  const marked = ((marks?.[from] ?? 0) & LINK_BIT) !== 0 || whole.includes(phrases.TIP_LINK);
  if (!marked && !beginsLikeTip(whole) && !beginsLikeBanner(whole)) return undefined;
  for (let end = to; end > from; end--) {
    const text = normal(lines.slice(from, end).join(' '));
    if (isTip(text, end - from === 1 && ((marks?.[from] ?? 0) & LINK_BIT) !== 0))
      return { kind: 'safety-tip', to: end };
    if (isBanner(text)) return { kind: 'external', to: end };
  }
  return undefined;
}

function footerAt(
  lines: readonly string[],
  from: number,
  to: number,
  patterns: readonly Pattern[],
): { kind: Stamp['kind']; to: number } | undefined {
  const configured = configuredAt(lines, from, to, patterns);
  if (configured !== -1) return { kind: 'configured', to: configured };
  const text = normal(
    lines
      .slice(from, to)
      .filter((line) => !isRow(line))
      .join(' '),
  );
  return isFooter(text) ? { kind: 'scanner', to } : undefined;
}

/** End of the fewest lines from `from` on that fit a pattern of the tenant's own, or -1. */
function configuredAt(lines: readonly string[], from: number, to: number, patterns: readonly Pattern[]): number {
  for (let end = from + 1; end <= to && patterns.length > 0; end++) {
    const text = normal(lines.slice(from, end).join(' '));
    if (patterns.some((pattern) => matchesPattern(pattern, text))) return end;
  }
  return -1;
}

function mayStamp(text: string, patterns: readonly Pattern[]): boolean {
  if (namesScanner(text)) return true;
  const lower = patterns.length === 0 ? '' : text.toLowerCase();
  return patterns.some((pattern) => lower.includes(pattern.longest));
}

const namesScanner = phraseFinder(phrases.scanners, true);

/** The first sentence of a tip holds one of its phrases. */
const beginsLikeTip = (text: string): boolean => holdsTip(text.slice(0, 400));
const holdsTip = phraseFinder(phrases.tipPhrases);

/** The first sentence of a banner is a tag, or begins with an alert or with what it is about; links in front of it are left out there. */
const beginsLikeBanner = (text: string): boolean =>
  text.startsWith('<http') || text.startsWith('(http') || beginsBanner(trimStartOf(text, EDGE));
const beginsBanner = beginningFinder([...phrases.alerts, ...phrases.subjects, ...phrases.externalTags]);

/** Sentences, without the brackets, stars and links around them. */
const sentencesOf = (text: string): string[] =>
  text
    .replace(/<https?:[^<>\s]{0,1500}>|\(https?:[^()\s]{0,1500}\)/g, ' ')
    .split(/[.!?。！？](?=[\s\])*]|$)|(?<=[。！？])|(?<=\])(?=\s?\S)/u)
    .map((sentence) => trimEndOf(trimStartOf(sentence.trim(), EDGE), EDGE))
    .filter((sentence) => sentence !== '');
const EDGE = ' [](){}*_-–—|:•⚠️🛑❗!"\'.';

function isTip(text: string, linked: boolean): boolean {
  if (text.length > 600) return false;
  // In any language: the tip names the sender's address and leads to Microsoft's page about it.
  if ((linked || text.includes(phrases.TIP_LINK)) && text.includes('@')) return text.length <= 400;
  const sentences = sentencesOf(text.replaceAll(/\S{1,200}@\S{1,200}/g, '@'));
  const [first, ...rest] = sentences;
  return (
    first !== undefined &&
    phrases.tipPhrases.some((phrase) => first.includes(phrase)) &&
    rest.every((sentence) => phrases.tipRest.some((phrase) => sentence.startsWith(phrase) || sentence.includes(phrase)))
  );
}

/** Every sentence tells that the mail came from outside, or advises caution behind one that does. */
function isBanner(text: string): boolean {
  if (text.length > 700) return false;
  const sentences = sentencesOf(text);
  if (sentences.length === 0 || sentences.length > 8) return false;
  if (sentences.length === 1 && phrases.externalTags.has(sentences[0] as string) && isTagged(text)) return true;
  let told = false;
  for (const sentence of sentences) {
    const alert = phrases.alerts.find((word) => sentence.startsWith(word) && !isLetter(sentence.charAt(word.length)));
    const rest = alert === undefined ? sentence : trimStartOf(sentence.slice(alert.length), ' :-–—]*!|,');
    const about = alert !== undefined || phrases.subjects.some((subject) => rest.startsWith(subject));
    if (sentences.length > 1 && phrases.externalTags.has(sentence)) told = true;
    else if (about && isFromOutside(rest)) told = true;
    else if (alert !== undefined && phrases.externalTags.has(rest)) told = true;
    else if (alert !== undefined && rest === '' && sentences.length > 1) continue;
    else if (!told || !phrases.advice.some((phrase) => sentence.includes(phrase))) return false;
  }
  return told;
}
const isFromOutside = (sentence: string): boolean =>
  [phrases.outside, phrases.organizations, phrases.mailWords].every((words) =>
    words.some((word) => sentence.includes(word)),
  );
const isLetter = (c: string): boolean => /\p{L}/u.test(c);
/** In brackets, stars or capitals that the text was lowered from: a tag, and not the word "external" of a sentence. */
const isTagged = (text: string): boolean => /^[[(*{<|_-]/.test(text) || (text.length <= 40 && text.includes(' '));

const TAG = /^\s{0,10}(\[{1,3}[^[\]]{2,40}\]{1,3}|\*{1,3}[^*]{2,40}\*{1,3}|\{[^{}]{2,40}\})[\s:–—-]{0,10}(?=\S)/u;

/** A tag in brackets or stars that shares the line with the customer's first words. */
function tagBefore(line: string): { text: string; length: number } | undefined {
  const [whole = '', text = ''] = TAG.exec(line) ?? [];
  const words = trimEndOf(trimStartOf(normal(text), EDGE), EDGE);
  return phrases.externalTags.has(words) ? { text, length: whole.length } : undefined;
}

/** Every sentence is a scanner's: one that names it and what it did, and what may follow that. */
function isFooter(text: string): boolean {
  if (text === '' || text.length > MAX_TEXT) return false;
  const sentences = sentencesOf(text.replace(/(?<=[^\s.])\.?(?=www\.(?:avast|avg)\.com)/g, '. '));
  let named = false;
  let signed = false;
  for (const sentence of sentences) {
    const names = phrases.scanners.some((name) => sentence.includes(name));
    if (phrases.virusFree.some((phrase) => sentence.startsWith(phrase))) signed = true;
    else if (names && /^(?:www\.|https?:)\S{3,80}$/.test(sentence)) named = true;
    else if (
      names &&
      phrases.subjects.some((subject) => sentence.startsWith(subject)) &&
      phrases.scanned.some((word) => sentence.includes(word))
    ) {
      named = true;
      signed = true;
    } else if (
      names &&
      /^(?:scanned|checked|protected|geprüft|gescannt|analysé|analizado|verificato) (?:by|with|von|mit|par|por|con|da)\b/.test(
        sentence,
      )
    ) {
      named = true;
      signed = true;
    } else if (!(signed || named) || !phrases.scannerRest.some((phrase) => sentence.startsWith(phrase))) return false;
    named ||= names;
  }
  return named && signed;
}
