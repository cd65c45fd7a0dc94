// Common parts of the traces of IMAP and SMTP: allow-lists make the lines, and only the higher grade has words of a server, scrubbed like an error's.
import type { TraceGrade } from './log-control.ts';
import { scrub } from './serialize-error.ts';

export interface ProtocolTrace {
  /** Called for each line; undefined: no trace is on. */
  grade(): TraceGrade | undefined;
  write(from: 'client' | 'server', line: string): void;
}

/** Characters of a line that are examined. */
export const LONGEST_LINE = 2_000;
const LONGEST_WORDS = 300;

export const wordsFor = (grade: TraceGrade, words: string | undefined): string | undefined =>
  grade === 'answers' && words ? scrub(words).slice(0, LONGEST_WORDS) : undefined;

export const present = (...parts: (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(' ');
