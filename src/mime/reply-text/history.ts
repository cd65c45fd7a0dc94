// Where quoted history begins that is not marked line by line: a separator, a block of header fields, a line like "Jane wrote:".
import { type Attribution, attributionsOf } from './attribution.ts';
import { isHeaderBlock, type Labels } from './header-block.ts';
import { firstContent, hasText, isBrokenOff, isQuoted, joinWrapped, kind, MAX_LINE, nextContent } from './lines.ts';
import { isForwardBegin, isGroupWise, separatorOf } from './separators.ts';

/** A text line by line, with what each line is. */
export interface Lines {
  lines: readonly string[];
  /** Of each line: text, blank or quote. */
  kinds: Uint8Array;
  /** First line marked with `>`, or -1. */
  firstQuote: number;
  /** What the html said of each line (htmlToText). */
  marks: readonly number[] | undefined;
}

export interface History {
  /** Everything from this line on is dropped. */
  end: number;
  /** The mail passes another one on. */
  forwarded: boolean;
  /** The lines that introduce a marked quotation. */
  attribution: { from: number; to: number } | undefined;
}

export const isMarked = (marks: readonly number[] | undefined, k: number, bit: number): boolean =>
  ((marks?.[k] ?? 0) & bit) !== 0;

export function readLines(lines: readonly string[], marks: readonly number[] | undefined): Lines {
  const kinds = new Uint8Array(lines.length);
  let firstQuote = -1;
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k] as string;
    kinds[k] = line === '' ? kind.blank : isQuoted(line) && !isBrokenOff(line, lines[k - 1]) ? kind.quote : kind.text;
    if (kinds[k] === kind.quote && firstQuote === -1) firstQuote = k;
  }
  if (firstQuote !== -1) joinWrapped(lines, kinds, firstQuote);
  return { lines, kinds, firstQuote, marks };
}

/** Quotations within the quotation that the client did not mark become so in `kinds`. `answers`: the mail refers to another one. */
export function findHistory(text: Lines, answers: boolean): History {
  const { lines, kinds, firstQuote, marks } = text;
  const attributions = attributionsOf(lines, kinds);
  const labels: Labels = [];
  let attribution: History['attribution'];
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k] as string;
    if (isMarked(marks, k, 2)) return { end: k, forwarded: false, attribution };
    if (kinds[k] === kind.blank || line.length > MAX_LINE) continue;
    const separator = separatorOf(line) ?? (isForwardBegin(line) ? 'forward' : undefined);
    if (separator !== undefined) return { end: k, forwarded: separator === 'forward', attribution };
    if (isHeaderBlock(lines, kinds, k, labels, answers)) return { end: k, forwarded: false, attribution };
    if (kinds[k] === kind.quote) {
      if (k === firstQuote && isGroupWise(line, lines[k + 1]) && hasText(kinds, 0, k))
        return { end: k, forwarded: false, attribution };
      continue;
    }
    const found: Attribution | undefined = isMarked(marks, k, 4) ? { to: k + 1, certain: true } : attributions.get(k);
    if (found === undefined) continue;
    const next = nextContent(kinds, found.to);
    const quoted = next !== -1 && kinds[next] === kind.quote;
    if (attribution !== undefined) {
      // That of a quotation within the quotation, which the client did not mark: nobody's answer.
      if (quoted) kinds.fill(kind.quote, k, found.to);
    } else if (quoted || (found.certain && k === firstContent(kinds) && next !== -1)) {
      attribution = { from: k, to: found.to };
    } else if (found.certain) {
      // Not followed by marked lines: all the rest is history.
      return { end: k, forwarded: false, attribution };
    }
    k = found.to - 1;
  }
  return { end: lines.length, forwarded: false, attribution };
}
