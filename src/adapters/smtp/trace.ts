// A trace of the SMTP protocol for one email server, on demand: by an allow-list. Of a command its verb, of AUTH the mechanism, of MAIL the announced
// size; of an answer the reply code and the enhanced code. Addresses, credentials and the mail itself are in none of these. Grade `answers` adds the
// text of an answer, scrubbed like any error's.
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
 * For nodemailer, with `transactionLog`. It logs more than the protocol: what it does with a token, to whom a mail goes. Only entries of a client's or
 * server's line are taken, and of these only what the allow-list knows.
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
  // A level that is missing would be answered by another one.
  return { trace: nothing, debug, info: nothing, warn: nothing, error: nothing, fatal: nothing };
}
