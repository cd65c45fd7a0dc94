// Finds the beginning of quoted history that is not marked line by line: a separator, a block of header fields, a line like "Jane wrote:".
import { isMarked, type Marks, mark } from '../html-ranges.ts';
import { attributionsOf } from './attribution.ts';
import { isHeaderBlock, type Labels } from './header-block.ts';
import { isBrokenOff, isQuoted, joinWrapped, kind, MAX_LINE, nextContent } from './lines.ts';
import { isForwardBegin, isGroupWise, separatorOf } from './separators.ts';

export interface Lines {
  lines: readonly string[];
  /** Of each line: text, blank or quote. */
  kinds: Uint8Array;
  /** First line marked with `>`, or -1. */
  firstQuote: number;
  marks: Marks | undefined;
}

export interface History {
  /** First line of the history, which is dropped. */
  end: number;
  /** The history is a forwarded mail. */
  forwarded: boolean;
  /** The lines that introduce a marked quotation. */
  attribution: { from: number; to: number } | undefined;
}

export function readLines(lines: readonly string[], marks: Marks | undefined): Lines {
  const kinds = new Uint8Array(lines.length);
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k] as string;
    kinds[k] = line === '' ? kind.blank : isQuoted(line) && !isBrokenOff(line, lines[k - 1]) ? kind.quote : kind.text;
  }
  const firstQuote = kinds.indexOf(kind.quote);
  if (firstQuote !== -1) joinWrapped(lines, kinds, firstQuote);
  return { lines, kinds, firstQuote, marks };
}

/** Also changes the kind of unmarked attributions within a quotation to `quote`. `answers`: the mail refers to another one. */
export function findHistory(text: Lines, answers: boolean): History {
  const { lines, kinds, firstQuote, marks } = text;
  const attributions = attributionsOf(lines, kinds);
  const labels: Labels = [];
  let attribution: History['attribution'];
  const historyAt = (end: number, forwarded = false): History => ({ end, forwarded, attribution });
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k] as string;
    if (isMarked(marks, k, mark.history)) return historyAt(k);
    if (kinds[k] === kind.blank || line.length > MAX_LINE) continue;
    const separator = separatorOf(line) ?? (isForwardBegin(line) ? 'forward' : undefined);
    if (separator !== undefined) return historyAt(k, separator === 'forward');
    if (isHeaderBlock(lines, kinds, k, labels, answers)) return historyAt(k);
    if (kinds[k] === kind.quote) {
      if (k === firstQuote && isGroupWise(line, lines[k + 1]) && kinds.subarray(0, k).includes(kind.text))
        return historyAt(k);
      continue;
    }
    const found = isMarked(marks, k, mark.attribution) ? { to: k + 1, certain: true } : attributions.get(k);
    if (found === undefined) continue;
    const next = nextContent(kinds, found.to);
    const quoted = next !== -1 && kinds[next] === kind.quote;
    if (attribution !== undefined) {
      // The attribution of a quotation within the quotation, which the client did not mark.
      if (quoted) kinds.fill(kind.quote, k, found.to);
    } else if (quoted || (found.certain && k === nextContent(kinds, 0) && next !== -1)) {
      attribution = { from: k, to: found.to };
    } else if (found.certain) {
      // No marked lines follow: the rest is history.
      return historyAt(k);
    }
    k = found.to - 1;
  }
  return historyAt(lines.length);
}
