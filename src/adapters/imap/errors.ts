// What an IMAP server said → code, class, action and hint: one pure function, by the table of exchange-online.md §9. The server's words are
// judged before the library's code.
import { type ErrorCode, MailroomError } from '../../domain/errors.ts';

/** What imapflow or Node put on an error, as far as it matters here. */
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

export type ImapPhase = 'connect' | 'auth' | 'select' | 'command';

const byWords: readonly (readonly [RegExp, ErrorCode])[] = [
  [/Request is throttled/i, 'IMAP_THROTTLED'],
  [/authenticated but not connected/i, 'IMAP_NOT_CONNECTED'],
  [/AccessTokenExpired/i, 'IMAP_TOKEN_EXPIRED'],
  [/Connection (is )?closed\. 1[34]/i, 'IMAP_CONNECTION_CLOSED'],
  [/specified message set is invalid/i, 'IMAP_MESSAGE_SET_INVALID'],
  [/Maximum size of appendable message|Command Argument Error\. 11/i, 'IMAP_APPEND_TOO_LARGE'],
];

const byNodeCode: Readonly<Record<string, ErrorCode>> = {
  ENOTFOUND: 'IMAP_HOST_UNKNOWN',
  EAI_AGAIN: 'IMAP_HOST_UNKNOWN',
  ECONNREFUSED: 'IMAP_UNREACHABLE',
  EHOSTUNREACH: 'IMAP_UNREACHABLE',
  ENETUNREACH: 'IMAP_UNREACHABLE',
  EADDRNOTAVAIL: 'IMAP_UNREACHABLE',
  ETIMEDOUT: 'IMAP_UNREACHABLE',
  CONNECT_TIMEOUT: 'IMAP_UNREACHABLE',
  GREETING_TIMEOUT: 'IMAP_SILENT',
  UPGRADE_TIMEOUT: 'IMAP_SILENT',
  ETIMEOUT: 'IMAP_SILENT',
  ETHROTTLE: 'IMAP_THROTTLED',
  EMAIL_SERVER_HOST_REFUSED: 'EMAIL_SERVER_HOST_REFUSED',
};

/**
 * @param phase where it happened: the same words mean different things at sign-in and later
 * @param bye text of an untagged BYE heard before the connection closed, if any
 */
export function imapError(thrown: unknown, phase: ImapPhase, bye?: string): MailroomError {
  if (thrown instanceof MailroomError) return thrown;
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : { message: String(thrown) }) as ImapFlowError;
  const answer = typeof error.response === 'string' ? error.response : undefined;
  const words = [error.responseText ?? answer, bye, error.reason]
    .filter((text) => text !== undefined && text !== '')
    .join(' / ');
  const code = judge(error, words || (error.message ?? ''), phase);
  const retryAfterMs = throttleRest(error, words);
  const command = error.executedCommand?.split(' ').slice(1, 3).join(' ').slice(0, 40);
  return new MailroomError(code, {
    ...(code === 'IMAP_SERVER_UNAVAILABLE' && phase === 'auth' ? { class: 'auth' as const } : {}),
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

function judge(error: ImapFlowError, words: string, phase: ImapPhase): ErrorCode {
  for (const [pattern, code] of byWords) if (pattern.test(words)) return code;
  if (/Command Error\. 1[02]/i.test(words) && (phase === 'auth' || phase === 'select')) return 'IMAP_TOKEN_REFUSED';
  if (/Server Unavailable\. 15/i.test(words)) return 'IMAP_SERVER_UNAVAILABLE';
  // Dovecot answers NO [UNAVAILABLE] when its own look-up fails, although imapflow says authenticationFailed.
  if (error.serverResponseCode === 'UNAVAILABLE') return 'IMAP_SERVER_UNAVAILABLE';
  if (error.authenticationFailed === true || /AUTHENTICATE failed|LOGIN failed/i.test(words)) return 'IMAP_AUTH_FAILED';
  if (error.serverResponseCode === 'NONEXISTENT' || error.serverResponseCode === 'TRYCREATE')
    return 'IMAP_FOLDER_MISSING';
  if (phase === 'select' && error.responseStatus === 'NO') return 'IMAP_FOLDER_MISSING';
  const byCode = error.code === undefined ? undefined : byNodeCode[error.code];
  if (byCode !== undefined) return byCode;
  if (/^(ERR_TLS|ERR_SSL|EPROTO|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|HOSTNAME_MISMATCH)/.test(error.code ?? ''))
    return 'IMAP_TLS_FAILED';
  if (error.responseStatus === 'NO' || error.responseStatus === 'BAD') {
    return phase === 'auth' ? 'IMAP_AUTH_FAILED' : 'IMAP_COMMAND_FAILED';
  }
  return 'IMAP_CONNECTION_CLOSED';
}

/** What is left of the wait that the server asked for, after what imapflow has waited itself. */
function throttleRest(error: ImapFlowError, words: string): number | undefined {
  const hint = error.throttleReset ?? Number(/Backoff Time[:=\s]+(\d+)/i.exec(words)?.[1] ?? Number.NaN);
  if (Number.isNaN(hint)) return undefined;
  return Math.max(0, hint - (error.throttleWaited ?? 0));
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
}
