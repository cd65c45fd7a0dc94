// What traces of IMAP and SMTP have in common: they are asked for line by line, made by allow-lists, and words of a server are in the higher grade
// only, scrubbed like any error's.
import type { TraceGrade } from './log-control.ts';
import { scrub } from './serialize-error.ts';

export interface ProtocolTrace {
  /** Asked for each line: undefined as long as nobody wants one. */
  grade(): TraceGrade | undefined;
  write(from: 'client' | 'server', line: string): void;
}

/** Characters of a line that are looked at. */
export const LONGEST_LINE = 2_000;
const LONGEST_WORDS = 300;

export const wordsFor = (grade: TraceGrade, words: string | undefined): string | undefined =>
  grade === 'answers' && words ? scrub(words).slice(0, LONGEST_WORDS) : undefined;

export const present = (...parts: (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(' ');
