// A trace of the IMAP protocol for one mailbox, on demand: by an allow-list. Of a command its name, its sequence set and nothing else; of an answer
// status, response code, kind and numbers. Bodies, headers, addresses, folder names, tokens and passwords are in none of these. Grade `answers` adds
// the text of a status answer, scrubbed like any error's.
import type { TraceGrade } from '../../telemetry/log-control.ts';
import { LONGEST_LINE, type ProtocolTrace, present, wordsFor } from '../../telemetry/protocol-trace.ts';

const COMMAND = /^([A-Z\d]{1,10}) (?:(UID) )?([A-Z\d-]{2,20})(?: ([\d:,*]{1,200}))?(?: |\r|\n|$)/i;
const STATUS =
  /^(\*|[A-Z\d]{1,10}) (OK|NO|BAD|BYE|PREAUTH)(?: \[([A-Z-]{1,40})(?: ([\d:,]{1,60}))?[^\]]{0,200}\])?(?: (.*))?/i;
const COUNTED = /^\* (\d{1,20}) (EXISTS|EXPUNGE|FETCH|RECENT)\b/i;
const UNTAGGED =
  /^\* (CAPABILITY|ENABLED|ESEARCH|FLAGS|ID|LIST|LSUB|NAMESPACE|QUOTA|QUOTAROOT|SEARCH|STATUS|VANISHED)\b/i;
const COMMANDS = new Set(
  'APPEND AUTHENTICATE CAPABILITY CLOSE COPY CREATE DONE ENABLE EXAMINE EXPUNGE FETCH GETQUOTAROOT ID IDLE LIST LOGIN LOGOUT LSUB MOVE NAMESPACE NOOP SEARCH SELECT STARTTLS STATUS STORE SUBSCRIBE UNSELECT'.split(
    ' ',
  ),
);
const UID = /\bUID (\d{1,20})\b/i;

/** @param line as imapflow logs it: it has removed literals and secrets, but that is not relied on */
export function tracedLine(from: 'client' | 'server', line: string, grade: TraceGrade): string {
  const text = line.slice(0, LONGEST_LINE);
  if (from === 'client') {
    const [, tag, uid, name, set] = COMMAND.exec(text) ?? [];
    return name !== undefined && COMMANDS.has(name.toUpperCase())
      ? present(tag, uid?.toUpperCase(), name.toUpperCase(), set)
      : '(continuation)';
  }
  const [, tag, status, code, numbers, words] = STATUS.exec(text) ?? [];
  if (status !== undefined) {
    const shown = code === undefined ? undefined : `[${present(code.toUpperCase(), numbers)}]`;
    return present(tag, status.toUpperCase(), shown, wordsFor(grade, words));
  }
  const [, count, kind] = COUNTED.exec(text) ?? [];
  if (kind !== undefined) return present('*', count, kind.toUpperCase(), UID.exec(text)?.[0]);
  return present('*', UNTAGGED.exec(text)?.[1]?.toUpperCase() ?? '(other)');
}

/** For imapflow's logger. */
export function traceEntry(trace: ProtocolTrace, entry: unknown): void {
  const grade = trace.grade();
  if (grade === undefined || typeof entry !== 'object' || entry === null) return;
  const { src, msg } = entry as { src?: unknown; msg?: unknown };
  if ((src !== 'c' && src !== 's') || typeof msg !== 'string') return;
  const from = src === 'c' ? 'client' : 'server';
  trace.write(from, tracedLine(from, msg, grade));
}
