// An IMAP server's answer → code, class, action and hint: one pure function. In this order: words that mean more than their code, the response code
// (response-codes.ts), words without one, then the error of the library or the network.
import { hintFor } from '../../domain/catalogue/index.ts';
import { type ErrorCode, MailroomError } from '../../domain/errors.ts';
import type { MailProvider } from '../../domain/mail-provider.ts';
import { isTlsCode } from '../../lib/tls-codes.ts';
import { errorOfResponseCode, type ImapPhase } from './response-codes.ts';

export type { ImapPhase };

/** The fields of imapflow's and Node's errors that are used here. */
interface ImapFlowError {
  message?: string;
  code?: string;
  authenticationFailed?: boolean;
  serverResponseCode?: string;
  responseText?: string;
  responseStatus?: string;
  /** Text of the answer, after a failed sign-in; else imapflow's parsed response. */
  response?: unknown;
  executedCommand?: string;
  oauthError?: unknown;
  throttleReset?: number;
  throttleWaited?: number;
  /** BYE text, where imapflow has it. */
  reason?: string;
}

/** Words that mean more than the code they come with, most of them Exchange Online's (docs/exchange-online.md §9). */
const byWords: readonly (readonly [RegExp, ErrorCode])[] = [
  [/Request is throttled/i, 'IMAP_THROTTLED'],
  [/authenticated but not connected/i, 'IMAP_NOT_CONNECTED'],
  [/AccessTokenExpired/i, 'IMAP_TOKEN_EXPIRED'],
  [/Connection (is )?closed\. 1[34]/i, 'IMAP_CONNECTION_CLOSED'],
  [/specified message set is invalid/i, 'IMAP_MESSAGE_SET_INVALID'],
  // Dovecot 2.3 puts it under [UNAVAILABLE], Gmail under [ALERT], Cyrus and Courier under nothing.
  [
    /too many (simultaneous |concurrent |open )?(connections|logins|sessions)|maximum (number of )?connections?\b|connection limit/i,
    'IMAP_CONNECTION_LIMIT',
  ],
  [/Maximum size of appendable message|Command Argument Error\. 11/i, 'IMAP_APPEND_TOO_LARGE'],
];

/** Of servers that send no code, or send it in a BYE, of which imapflow keeps only the words (Gmail, Courier, Cyrus, older Dovecot). */
const byOtherWords: readonly (readonly [RegExp, ErrorCode])[] = [
  [/exceeded (command or )?bandwidth|rate limit/i, 'IMAP_THROTTLED'],
  [/plaintext authentication (is )?(disallowed|disabled)|must issue a STARTTLS|TLS required/i, 'IMAP_TLS_REQUIRED'],
  [/temporary (authentication )?(problem|failure)|try again later|system (i\/o )?error/i, 'IMAP_SERVER_UNAVAILABLE'],
  [/over ?quota|quota exceeded|mailbox is full/i, 'IMAP_MAILBOX_FULL'],
];

const byNodeCode: Readonly<Record<string, ErrorCode>> = {
  ENOTFOUND: 'IMAP_HOST_UNKNOWN',
  EAI_AGAIN: 'IMAP_HOST_UNKNOWN',
  ECONNREFUSED: 'IMAP_UNREACHABLE',
  EHOSTUNREACH: 'IMAP_UNREACHABLE',
  ENETUNREACH: 'IMAP_UNREACHABLE',
  EADDRNOTAVAIL: 'IMAP_UNREACHABLE',
  EPROXY: 'IMAP_UNREACHABLE',
  ETIMEDOUT: 'IMAP_UNREACHABLE',
  CONNECT_TIMEOUT: 'IMAP_UNREACHABLE',
  GREETING_TIMEOUT: 'IMAP_SILENT',
  UPGRADE_TIMEOUT: 'IMAP_SILENT',
  ETIMEOUT: 'IMAP_SILENT',
  ETHROTTLE: 'IMAP_THROTTLED',
  EMAIL_SERVER_HOST_REFUSED: 'EMAIL_SERVER_HOST_REFUSED',
};

/**
 * @param phase the same words mean different things at sign-in and later
 * @param bye text of an untagged BYE before the connection closed, if any
 * @param provider of the server: the hint is for it
 */
export function imapError(
  thrown: unknown,
  phase: ImapPhase,
  bye?: string,
  provider: MailProvider = 'other',
): MailroomError {
  if (thrown instanceof MailroomError) return thrown;
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : { message: String(thrown) }) as ImapFlowError;
  const answer = typeof error.response === 'string' ? error.response : undefined;
  const words = [error.responseText ?? answer, bye, error.reason]
    .filter((text) => text !== undefined && text !== '')
    .join(' / ');
  const code = classify(error, words || (error.message ?? ''), phase);
  const retryAfterMs = throttleRest(error, words);
  const command = error.executedCommand?.split(' ').slice(1, 3).join(' ').slice(0, 40);
  return new MailroomError(code, {
    // At Exchange it may mean a password where OAuth2 is required: such sign-ins must not be retried quickly.
    ...(phase === 'auth' && SERVER_UNAVAILABLE_15.test(words) ? { class: 'auth' as const } : {}),
    hint: hintFor(code, provider).en,
    remote: {
      system: /^IMAP_(HOST_UNKNOWN|UNREACHABLE)$/.test(code) ? 'network' : code === 'IMAP_TLS_FAILED' ? 'tls' : 'imap',
      ...optional('code', error.serverResponseCode ?? error.responseStatus ?? error.code),
      ...optional('command', command),
      ...optional('text', (words || error.message || '').slice(0, 500)),
    },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: thrown,
  });
}

const SERVER_UNAVAILABLE_15 = /Server Unavailable\. 15/i;

function classify(error: ImapFlowError, words: string, phase: ImapPhase): ErrorCode {
  for (const [pattern, code] of byWords) if (pattern.test(words)) return code;
  if (/Command Error\. 1[02]/i.test(words) && (phase === 'auth' || phase === 'select')) return 'IMAP_TOKEN_REFUSED';
  if (SERVER_UNAVAILABLE_15.test(words)) return 'IMAP_SERVER_UNAVAILABLE';
  const byResponse = errorOfResponseCode(error.serverResponseCode, phase);
  if (byResponse !== undefined) return byResponse;
  if (error.responseStatus !== undefined || error.authenticationFailed === true || BYE.test(error.code ?? ''))
    for (const [pattern, code] of byOtherWords) if (pattern.test(words)) return code;
  if (error.authenticationFailed === true || /AUTHENTICATE failed|LOGIN failed/i.test(words)) return 'IMAP_AUTH_FAILED';
  if (phase === 'select' && error.responseStatus === 'NO') return 'IMAP_FOLDER_MISSING';
  const byCode = error.code === undefined ? undefined : byNodeCode[error.code];
  if (byCode !== undefined) return byCode;
  if (isTlsCode(error.code ?? '')) return 'IMAP_TLS_FAILED';
  if (error.responseStatus === 'NO' || error.responseStatus === 'BAD') {
    return phase === 'auth' ? 'IMAP_AUTH_FAILED' : 'IMAP_COMMAND_FAILED';
  }
  return 'IMAP_CONNECTION_CLOSED';
}

/** imapflow's code for a command that met the end of the connection; the BYE's words are in `reason`. */
const BYE = /^NoConnection$/;

/** The wait that the server demanded, less what imapflow has waited already. */
function throttleRest(error: ImapFlowError, words: string): number | undefined {
  const hint = error.throttleReset ?? Number(/Backoff Time[:=\s]+(\d+)/i.exec(words)?.[1] ?? Number.NaN);
  if (Number.isNaN(hint)) return undefined;
  return Math.max(0, hint - (error.throttleWaited ?? 0));
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
}
