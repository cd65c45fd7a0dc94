// The block of labels (From, Sent, To, Subject) that Outlook and similar programs write above the mail that they answer.
import { hasMailAddress, trimEndOf, trimStartOf } from '../../lib/text.ts';
import { otherLabels, senderLabels, subjectLabels } from './labels.ts';
import { kind, MAX_LINE } from './lines.ts';

interface Label {
  /** Lower case. */
  name: string;
  /** It is the sender's. */
  from: boolean;
}

/** Labels by line. A cache: a line is examined for each of the twelve lines before it. */
export type Labels = (Label | 'none' | undefined)[];

function labelAt(lines: readonly string[], known: Labels, k: number): Label | 'none' {
  let found = known[k];
  if (found === undefined) {
    const name = labelOf((lines[k] as string).slice(0, MAX_LABEL));
    const from = senderLabels.has(name);
    found = from || otherLabels.has(name) ? { name, from } : 'none';
    known[k] = found;
  }
  return found;
}

/** Whether a block of labels begins at line `k`. `labels`: empty at first, kept between the calls for one mail. */
export function isHeaderBlock(
  lines: readonly string[],
  kinds: Uint8Array,
  k: number,
  labels: Labels,
  answers: boolean,
): boolean {
  const line = lines[k] as string;
  let colon = line.indexOf(':');
  if (colon === -1) colon = line.indexOf('：');
  if (colon < 1 || colon > 40) return false;
  const begins = labelAt(lines, labels, k);
  if (begins === 'none') return false;
  let found = 1;
  let addressed = 0;
  let fromSeen = begins.from;
  let dated = false;
  const note = (whole: string): void => {
    const text = whole.slice(0, MAX_LINE);
    if (hasMailAddress(text)) addressed++;
    else if (/\d{1,2}:\d{2}|\b\d{1,2}\.\d{2}(?![.\d])/.test(text) && /\b(?:19|20)\d\d\b/.test(text)) dated = true;
  };
  note(line);
  const seen = new Set([begins.name]);
  let misses = 0;
  for (let n = k + 1; n < lines.length && n <= k + 12; n++) {
    if (kinds[n] === kind.blank) {
      if (found >= 3) break;
      if (++misses > 3) break;
      continue;
    }
    const what = labelAt(lines, labels, n);
    if (what !== 'none') {
      if (seen.has(what.name)) continue;
      seen.add(what.name);
      found++;
      note(lines[n] as string);
      fromSeen ||= what.from;
    } else if (++misses > 3) break;
  }
  const hasSubject = [...seen].some((name) => subjectLabels.has(name));
  // Filled-in forms have labels, too: a mail that answers none needs a whole header.
  if (!answers) return fromSeen && found >= 4 && hasSubject && addressed > 0;
  // Three labels including the sender, since writers list "To:" and "Subject:", or a journey "From:", "To:". Two suffice with a date and an address.
  const ofMail = addressed > 0 || dated || hasSubject;
  return (fromSeen && found >= 3 && ofMail) || (found >= 2 && dated && addressed > 0);
}

/** Longest label with its colon and the marks around it: `> *From*: `. */
const MAX_LABEL = 60;

/** The text before the first colon, without marks around it; '' without a colon. */
function labelOf(line: string): string {
  const colon = line.search(/[:：]/);
  if (colon < 1) return '';
  return trimEndOf(trimStartOf(line.slice(0, colon).trim(), ' \t>*_|'), ' \t*_').toLowerCase();
}
