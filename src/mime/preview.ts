// One line for lists: the beginning of the new part.
import { clip } from '../lib/text.ts';
import { isQuoted } from './reply-text/lines.ts';

/** UTF-16 units of a preview. */
const MAX = 200;
/** Lines looked at for words of the writer's own. */
const MAX_LINES = 400;

/** The first 200 units of `text` on one line, without quoted lines, unless there are no others. */
export function previewOf(text: string): string {
  const lines = text.slice(0, 20_000).split('\n', MAX_LINES);
  const own = lines.filter((line) => !isQuoted(line)).join(' ');
  const words = own.trim() === '' ? lines.join(' ') : own;
  return clip(words.replace(/\s{1,1000}/g, ' ').trim(), MAX).trimEnd();
}
