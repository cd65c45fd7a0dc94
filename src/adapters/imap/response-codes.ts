// IMAP response codes (the word in brackets of NO, BAD and BYE) → code of the catalogue, by phase: one pure table with every code of RFC 9051 §7.1
// and RFC 5530 §3, and those of extensions that servers use. The server's code counts before the library's flags: a connection limit at sign-in is not a
// wrong password, although imapflow sets `authenticationFailed` for both.
import type { ErrorCode } from '../../domain/errors.ts';

/** `append`: storing a copy in Sent. */
export type ImapPhase = 'connect' | 'auth' | 'select' | 'command' | 'append';

interface ByPhase {
  /** In every phase not listed in `at`. Undefined: the code gives no reason; words, status and phase decide. */
  code: ErrorCode | undefined;
  at?: Partial<Record<ImapPhase, ErrorCode>>;
}

const row = (code: ErrorCode | undefined, at: ByPhase['at'] = {}): ByPhase => ({ code, at });
/** Informs about the mailbox or the command, not about a failure. */
const informs = row(undefined);

const rows: Readonly<Record<string, ByPhase>> = {
  // RFC 5530 §3
  UNAVAILABLE: row('IMAP_SERVER_UNAVAILABLE'),
  AUTHENTICATIONFAILED: row('IMAP_AUTH_FAILED'),
  AUTHORIZATIONFAILED: row('IMAP_NOT_CONNECTED'), // the sign-in was good, but not for this mailbox
  EXPIRED: row('IMAP_CREDENTIALS_EXPIRED'),
  PRIVACYREQUIRED: row('IMAP_TLS_REQUIRED'),
  CONTACTADMIN: row('IMAP_CONTACT_ADMIN'),
  NOPERM: row('IMAP_NO_PERMISSION'),
  INUSE: row('IMAP_MAILBOX_IN_USE'),
  EXPUNGEISSUED: row('IMAP_COMMAND_FAILED'), // somebody else removed messages; the next poll sees the folder as it is
  CORRUPTION: row('IMAP_SERVER_CORRUPTION'),
  SERVERBUG: row('IMAP_SERVER_BUG'),
  CLIENTBUG: row('IMAP_COMMAND_IMPOSSIBLE'),
  CANNOT: row('IMAP_COMMAND_IMPOSSIBLE'),
  // Sessions, at sign-in and opening (Dovecot's mail_max_userip_connections); later it is a rate (Yahoo).
  LIMIT: row('IMAP_CONNECTION_LIMIT', { command: 'IMAP_THROTTLED', append: 'IMAP_COMMAND_IMPOSSIBLE' }),
  // Gmail's bandwidth limit uses the same words, at any command.
  OVERQUOTA: row('IMAP_THROTTLED', { append: 'IMAP_MAILBOX_FULL' }),
  ALREADYEXISTS: row('IMAP_COMMAND_IMPOSSIBLE'),
  NONEXISTENT: row('IMAP_FOLDER_MISSING'),
  // RFC 9051 §7.1 beyond those
  ALERT: informs,
  APPENDUID: informs,
  BADCHARSET: row('IMAP_COMMAND_IMPOSSIBLE'),
  CAPABILITY: informs,
  CLOSED: informs,
  COPYUID: informs,
  HASCHILDREN: row('IMAP_COMMAND_IMPOSSIBLE'),
  NOTSAVED: informs,
  PARSE: informs,
  PERMANENTFLAGS: informs,
  'READ-ONLY': row('IMAP_NO_PERMISSION'),
  'READ-WRITE': informs,
  TRYCREATE: row('IMAP_FOLDER_MISSING'),
  UIDNEXT: informs,
  UIDNOTSTICKY: informs,
  UIDVALIDITY: informs,
  'UNKNOWN-CTE': row('IMAP_COMMAND_IMPOSSIBLE'),
  UNSEEN: informs, // RFC 3501
  // Extensions
  APPENDLIMIT: row('IMAP_APPEND_TOO_LARGE'), // RFC 7889; set by imapflow too
  TOOBIG: row('IMAP_APPEND_TOO_LARGE'), // RFC 4469
  BADURL: row('IMAP_COMMAND_IMPOSSIBLE'), // RFC 4469
  HIGHESTMODSEQ: informs, // RFC 7162
  MODIFIED: informs,
  NOMODSEQ: informs,
  MAILBOXID: informs, // RFC 8474
  REFERRAL: informs, // RFC 2221
  COMPRESSIONACTIVE: informs, // RFC 4978
  USEATTR: row('IMAP_COMMAND_IMPOSSIBLE'), // RFC 6154
  THROTTLED: row('IMAP_THROTTLED'), // Gmail, Zoho
  WEBALERT: row('IMAP_AUTH_FAILED'), // Gmail: sign in with a browser first
};

/** Every code that has a row: for the table test. */
export const responseCodes: readonly string[] = Object.keys(rows);

/** @returns undefined for a code that gives no reason, or has no row */
export function errorOfResponseCode(code: string | undefined, phase: ImapPhase): ErrorCode | undefined {
  const found = code === undefined ? undefined : rows[code.toUpperCase()];
  return found?.at?.[phase] ?? found?.code;
}
