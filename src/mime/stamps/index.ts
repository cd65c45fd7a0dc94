// Lines that a mail system wrote into a customer's mail, which are removed from the reply text and listed separately. A line counts only if it consists
// of known sentences. Linear; examines only the paragraphs at the top and those that name a scanner.
import type { Stamp } from '../../contract/message.ts';
import { beginningFinder, clip, phraseFinder, trimEndOf, trimStartOf } from '../../lib/text.ts';
import { isMarked, type Marks, mark } from '../html-ranges.ts';
import { isQuoted, plainLine } from '../reply-text/lines.ts';
import { matchesPattern, type Pattern } from './patterns.ts';
import * as phrases from './phrases.ts';

interface Found extends Stamp {
  /** The lines, as `slice` takes them. */
  from: number;
  to: number;
  /** Length of a tag before the customer's words in line `from`; `to` is `from` then. */
  begins?: number;
}

/** The kind of a stamp, and the line after it. */
type Match = { kind: Stamp['kind']; to: number } | undefined;

const MAX_LINES = 8;
const MAX_TEXT = 900;
const MAX_STAMPS = 10;
/** Paragraphs examined below the top. */
const MAX_TRIES = 60;

/**
 * The stamps, in order, without overlap.
 * @param text of which `lines` are the lines
 */
export function findStamps(
  text: string,
  lines: readonly string[],
  patterns: readonly Pattern[],
  marks: Marks | undefined,
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
      if ((lines[k] as string).trim() !== '') return -1; // a quotation ends the top
      k++;
    }
    return k < lines.length ? k : -1;
  };

  // Above the customer's words.
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
    let { to } = match;
    if (to < lines.length && isRow(lines[to] as string) && (row === 1 || isText(to))) to++;
    found.push({ kind: match.kind, place: 'top', text: textOf(lines, begin, match.to), from: top, to });
    top = nextText(to);
  }

  // Below them, in paragraphs that name a scanner (few mails do) or that a pattern of the tenant may match.
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
 * Whether html may hold stamps that the text beside it does not show. Cheap: searches only the ends, where mail systems write, but the whole for the
 * tenant's own patterns.
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
/** A banner is a table with its own styles, a few kilobytes of html. */
const TOP_UNITS = 6_144;
const END_UNITS = 4_096;
const ABOVE = ['LearnAboutSenderIdentification', 'CAUTION', 'Caution:', 'EXT', 'External', 'ACHTUNG', 'VORSICHT'];

/** Whether html contains avast.com or avg.com. Searches for the rare part: a search for a word that begins with "a" takes four times as long. */
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

/** The stamp at `from`, above the customer's words. It may end before the paragraph does. */
function stampAt(
  lines: readonly string[],
  from: number,
  to: number,
  patterns: readonly Pattern[],
  marks: Marks | undefined,
): Match {
  const configured = configuredAt(lines, from, to, patterns);
  if (configured !== -1) return { kind: 'configured', to: configured };
  // A quick test of the whole paragraph, which few pass.
  const whole = normal(lines.slice(from, to).join(' '));
  const linked = isMarked(marks, from, mark.tip);
  if (!linked && !whole.includes(phrases.TIP_LINK) && !beginsLikeTip(whole) && !beginsLikeBanner(whole))
    return undefined;
  for (let end = to; end > from; end--) {
    const text = normal(lines.slice(from, end).join(' '));
    if (isTip(text, linked && end - from === 1)) return { kind: 'safety-tip', to: end };
    if (isBanner(text)) return { kind: 'external', to: end };
  }
  return undefined;
}

function footerAt(lines: readonly string[], from: number, to: number, patterns: readonly Pattern[]): Match {
  const configured = configuredAt(lines, from, to, patterns);
  if (configured !== -1) return { kind: 'configured', to: configured };
  const written = lines.slice(from, to).filter((line) => !isRow(line));
  return isFooter(normal(written.join(' '))) ? { kind: 'scanner', to } : undefined;
}

/** End of the fewest lines from `from` on that a pattern of the tenant matches, or -1. */
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

/** Whether the first sentence may be a tip's. */
const beginsLikeTip = (text: string): boolean => holdsTip(text.slice(0, 400));
const holdsTip = phraseFinder(phrases.tipPhrases);

/** Whether the first sentence may be a banner's, which is a tag, or begins with an alert or "this message". Links may precede it. */
const beginsLikeBanner = (text: string): boolean =>
  text.startsWith('<http') || text.startsWith('(http') || beginsBanner(trimStartOf(text, EDGE));
const beginsBanner = beginningFinder([...phrases.alerts, ...phrases.subjects, ...phrases.externalTags]);

/** Sentences, without links and without brackets and stars around them. */
const sentencesOf = (text: string): string[] =>
  text
    .replace(/<https?:[^<>\s]{0,1500}>|\(https?:[^()\s]{0,1500}\)/g, ' ')
    .split(/[.!?。！？](?=[\s\])*]|$)|(?<=[。！？])|(?<=\])(?=\s?\S)/u)
    .map((sentence) => trimEndOf(trimStartOf(sentence.trim(), EDGE), EDGE))
    .filter((sentence) => sentence !== '');
const EDGE = ' [](){}*_-–—|:•⚠️🛑❗!"\'.';

function isTip(text: string, linked: boolean): boolean {
  if (text.length > 600) return false;
  // In any language the tip names the sender's address and links to Microsoft's page.
  if ((linked || text.includes(phrases.TIP_LINK)) && text.includes('@')) return text.length <= 400;
  const sentences = sentencesOf(text.replaceAll(/\S{1,200}@\S{1,200}/g, '@'));
  const [first, ...rest] = sentences;
  return (
    first !== undefined &&
    phrases.tipPhrases.some((phrase) => first.includes(phrase)) &&
    rest.every((sentence) => phrases.tipRest.some((phrase) => sentence.startsWith(phrase) || sentence.includes(phrase)))
  );
}

/** Whether every sentence states that the mail came from outside, or advises caution after one that does. */
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
/** Whether a single phrase is a tag rather than the word "external": in brackets or stars, or of several short words. */
const isTagged = (text: string): boolean => /^[[(*{<|_-]/.test(text) || (text.length <= 40 && text.includes(' '));

const TAG = /^\s{0,10}(\[{1,3}[^[\]]{2,40}\]{1,3}|\*{1,3}[^*]{2,40}\*{1,3}|\{[^{}]{2,40}\})[\s:–—-]{0,10}(?=\S)/u;

/** A tag in brackets or stars before the customer's first words. */
function tagBefore(line: string): { text: string; length: number } | undefined {
  const [whole = '', text = ''] = TAG.exec(line) ?? [];
  const words = trimEndOf(trimStartOf(normal(text), EDGE), EDGE);
  return phrases.externalTags.has(words) ? { text, length: whole.length } : undefined;
}

/** Whether every sentence is a scanner's: one that names the scanner and its work, and known sentences after it. */
function isFooter(text: string): boolean {
  if (text === '' || text.length > MAX_TEXT) return false;
  const sentences = sentencesOf(text.replace(/(?<=[^\s.])\.?(?=www\.(?:avast|avg)\.com)/g, '. '));
  let named = false;
  let signed = false;
  for (const sentence of sentences) {
    const names = phrases.scanners.some((name) => sentence.includes(name));
    if (phrases.virusFree.some((phrase) => sentence.startsWith(phrase))) signed = true;
    else if (names && isScanned(sentence)) signed = true;
    else if (
      !(names && ADDRESS.test(sentence)) &&
      !((signed || named) && phrases.scannerRest.some((phrase) => sentence.startsWith(phrase)))
    )
      return false;
    named ||= names;
  }
  return named && signed;
}
const ADDRESS = /^(?:www\.|https?:)\S{3,80}$/;
const SCANNED_BY =
  /^(?:scanned|checked|protected|geprüft|gescannt|analysé|analizado|verificato) (?:by|with|von|mit|par|por|con|da)\b/;
const isScanned = (sentence: string): boolean =>
  SCANNED_BY.test(sentence) ||
  (phrases.subjects.some((subject) => sentence.startsWith(subject)) &&
    phrases.scanned.some((word) => sentence.includes(word)));
