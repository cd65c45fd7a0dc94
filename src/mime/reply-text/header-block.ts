// The block of labels (From, Sent, To, Subject) that Outlook and its kin put above the mail answered.
import { kind } from './lines.ts';
import { headerFrom, headerOther } from './markers.ts';

/** Outlook's header: a From line (or another label) and at least two more labels within the next lines. */
export function isHeaderBlock(lines: readonly string[], kinds: Uint8Array, k: number): boolean {
  const line = lines[k] as string;
  let colon = line.indexOf(':');
  if (colon === -1) colon = line.indexOf('：');
  if (colon < 1 || colon > 40) return false;
  const begins = headerFrom.test(line);
  if (!begins && !headerOther.test(line)) return false;
  let labels = 1;
  let addressed = 0;
  let fromSeen = begins;
  const note = (text: string): void => {
    if (/\S@\S+\.\S/.test(text)) addressed++;
    else if (/\d{1,2}[:.]\d{2}/.test(text) && /\b(?:19|20)\d\d\b/.test(text)) dated = true;
  };
  let dated = false;
  note(line);
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
      note(next);
      fromSeen ||= isFrom;
    } else if (++misses > 3) break;
  }
  // Three labels, the sender among them: a list of "To:" and "Subject:" alone is the writer's own. Two suffice when they hold date and address.
  return (fromSeen && labels >= 3) || (labels >= 2 && dated && addressed > 0);
}

const labelOf = (line: string): string => (line.split(/[:：]/, 1)[0] ?? '').replace(/[\s>*_|]/g, '').toLowerCase();
