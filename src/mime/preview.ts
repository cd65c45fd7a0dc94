// One line for lists: the beginning of the new part.
import { clip } from '../lib/text.ts';
import { isQuoted } from './reply-text/lines.ts';

/** UTF-16 units of a preview. */
const MAX = 200;
/** Lines examined, and units per line: more than a preview holds once blanks are folded. */
const MAX_LINES = 400;
const MAX_LINE = 4 * MAX;
/** Units, with blanks folded, that fill a preview. */
const ENOUGH = MAX + 2;

/** White space other than single blanks. */
const ODD_BLANKS = /[^\S ]| {2}/;

/** The first 200 units of `text` on one line, without quoted lines unless there are no others. */
export function previewOf(text: string): string {
  const words = firstLines(text, (line) => !isQuoted(line));
  return clip((words === '' ? firstLines(text, () => true) : words).trim(), MAX).trimEnd();
}

/** Joins the lines that `isWanted`, with blanks folded, up to ENOUGH units. */
function firstLines(text: string, isWanted: (line: string) => boolean): string {
  let found = '';
  for (let from = 0, k = 0; from < text.length && k < MAX_LINES && found.length < ENOUGH; k++) {
    const end = text.indexOf('\n', from);
    const line = text.slice(from, Math.min(end === -1 ? text.length : end, from + MAX_LINE));
    if (isWanted(line)) {
      const words = (ODD_BLANKS.test(line) ? line.replace(/\s{1,1000}/g, ' ') : line).trim();
      if (words !== '') found += `${words} `;
    }
    from = end === -1 ? text.length : end + 1;
  }
  return found;
}
