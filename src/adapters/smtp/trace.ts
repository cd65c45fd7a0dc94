// A trace of the SMTP protocol for one email server, on demand, by an allow-list: the verb of a command, the mechanism of AUTH, the size in MAIL, the reply
// code and enhanced code of an answer. None of these contains addresses, credentials or mail. Grade `answers` adds the text of an answer, scrubbed like
// an error's.
import type { TraceGrade } from '../../telemetry/log-control.ts';
import { LONGEST_LINE, type ProtocolTrace, present, wordsFor } from '../../telemetry/protocol-trace.ts';

const VERB = /^(AUTH|BDAT|DATA|EHLO|HELO|MAIL|NOOP|QUIT|RCPT|RSET|STARTTLS)(?: |:|$)/i;
const MECHANISM = /^AUTH (PLAIN|LOGIN|CRAM-MD5|XOAUTH2|OAUTHBEARER)(?: |$)/i;
const SIZE = / (SIZE=\d{1,15})(?: |$)/i;
const ANSWER = /^([2-5]\d\d)([ -]|$)(?:([245]\.\d{1,3}\.\d{1,3})(?: |$))?(.*)/;

/** One command, or one line of an answer. */
export function tracedLine(from: 'client' | 'server', line: string, grade: TraceGrade): string {
  const text = line.slice(0, LONGEST_LINE);
  if (from === 'client') {
    const verb = VERB.exec(text)?.[1]?.toUpperCase();
    if (verb === undefined) return '(continuation)';
    const size = verb === 'MAIL' ? SIZE.exec(text)?.[1] : undefined;
    return present(verb, MECHANISM.exec(text)?.[1]?.toUpperCase(), size?.toUpperCase());
  }
  const [, code, more, enhanced, words] = ANSWER.exec(text) ?? [];
  if (code === undefined) return '(other)';
  // A challenge is a part of the sign-in (RFC 4954).
  if (code === '334') return code;
  return present(more === '-' ? `${code}-` : code, enhanced, wordsFor(grade, words));
}

/**
 * For nodemailer, with `transactionLog`. It also logs tokens and recipients: only lines of client and server are taken, and only what the allow-list
 * permits.
 */
export function traceLogger(trace: ProtocolTrace) {
  const nothing = () => {};
  const debug = (entry: unknown, message: unknown) => {
    const grade = trace.grade();
    if (grade === undefined || typeof message !== 'string') return;
    const from = (entry as { tnx?: unknown } | null)?.tnx;
    if (from !== 'client' && from !== 'server') return;
    for (const line of message.split(/\r?\n/)) trace.write(from, tracedLine(from, line, grade));
  };
  // nodemailer would map a missing level to another one.
  return { trace: nothing, debug, info: nothing, warn: nothing, error: nothing, fatal: nothing };
}
