// Every response code of RFC 5530 and RFC 9051, and those of extensions that servers answer with, by phase: code, class, action and a hint.
import { describe, expect, it } from 'vitest';
import { imapError } from '../../../src/adapters/imap/errors.ts';
import { errorOfResponseCode, type ImapPhase, responseCodes } from '../../../src/adapters/imap/response-codes.ts';
import { catalogue, type ErrorCode } from '../../../src/domain/catalogue/index.ts';
import { retryOf } from '../../../src/inbound/retry.ts';

const RFC_5530 =
  'UNAVAILABLE AUTHENTICATIONFAILED AUTHORIZATIONFAILED EXPIRED PRIVACYREQUIRED CONTACTADMIN NOPERM INUSE EXPUNGEISSUED CORRUPTION SERVERBUG CLIENTBUG CANNOT LIMIT OVERQUOTA ALREADYEXISTS NONEXISTENT';
const RFC_9051 =
  'ALERT ALREADYEXISTS APPENDUID AUTHENTICATIONFAILED AUTHORIZATIONFAILED BADCHARSET CANNOT CAPABILITY CLIENTBUG CLOSED CONTACTADMIN COPYUID CORRUPTION EXPIRED EXPUNGEISSUED HASCHILDREN INUSE LIMIT NONEXISTENT NOPERM NOTSAVED OVERQUOTA PARSE PERMANENTFLAGS PRIVACYREQUIRED READ-ONLY READ-WRITE SERVERBUG TRYCREATE UIDNEXT UIDNOTSTICKY UIDVALIDITY UNAVAILABLE UNKNOWN-CTE';
const EXTENSIONS = 'TOOBIG BADURL APPENDLIMIT HIGHESTMODSEQ MODIFIED NOMODSEQ MAILBOXID REFERRAL USEATTR THROTTLED';
const known = [...new Set(`${RFC_5530} ${RFC_9051} ${EXTENSIONS}`.split(' '))];
const phases: readonly ImapPhase[] = ['connect', 'auth', 'select', 'command', 'append'];

/** Response code, phases, what it is taken for, its class, what happens. */
const rows: [string, readonly ImapPhase[], ErrorCode, string, string][] = [
  ['UNAVAILABLE', phases, 'IMAP_SERVER_UNAVAILABLE', 'transient', 'back-off'],
  ['AUTHENTICATIONFAILED', phases, 'IMAP_AUTH_FAILED', 'auth', 'renew-token'],
  ['AUTHORIZATIONFAILED', phases, 'IMAP_NOT_CONNECTED', 'permission', 'back-off'],
  ['EXPIRED', phases, 'IMAP_CREDENTIALS_EXPIRED', 'auth', 'renew-token'],
  ['PRIVACYREQUIRED', phases, 'IMAP_TLS_REQUIRED', 'permanent', 'back-off'],
  ['CONTACTADMIN', phases, 'IMAP_CONTACT_ADMIN', 'permanent', 'back-off'],
  ['NOPERM', phases, 'IMAP_NO_PERMISSION', 'permission', 'back-off'],
  ['READ-ONLY', ['command', 'append'], 'IMAP_NO_PERMISSION', 'permission', 'back-off'],
  ['INUSE', phases, 'IMAP_MAILBOX_IN_USE', 'transient', 'retry'],
  ['EXPUNGEISSUED', ['command'], 'IMAP_COMMAND_FAILED', 'transient', 'retry'],
  ['CORRUPTION', phases, 'IMAP_SERVER_CORRUPTION', 'permanent', 'back-off'],
  ['SERVERBUG', phases, 'IMAP_SERVER_BUG', 'transient', 'back-off'],
  ['CLIENTBUG', phases, 'IMAP_COMMAND_IMPOSSIBLE', 'permanent', 'back-off'],
  ['CANNOT', phases, 'IMAP_COMMAND_IMPOSSIBLE', 'permanent', 'back-off'],
  ['BADCHARSET', ['command'], 'IMAP_COMMAND_IMPOSSIBLE', 'permanent', 'back-off'],
  ['UNKNOWN-CTE', ['command'], 'IMAP_COMMAND_IMPOSSIBLE', 'permanent', 'back-off'],
  ['LIMIT', ['connect', 'auth', 'select'], 'IMAP_CONNECTION_LIMIT', 'throttle', 'back-off'],
  ['LIMIT', ['command'], 'IMAP_THROTTLED', 'throttle', 'back-off'],
  ['LIMIT', ['append'], 'IMAP_COMMAND_IMPOSSIBLE', 'permanent', 'back-off'],
  ['OVERQUOTA', ['auth', 'select', 'command'], 'IMAP_THROTTLED', 'throttle', 'back-off'],
  ['OVERQUOTA', ['append'], 'IMAP_MAILBOX_FULL', 'permanent', 'warn'],
  ['NONEXISTENT', phases, 'IMAP_FOLDER_MISSING', 'permanent', 'back-off'],
  ['TRYCREATE', phases, 'IMAP_FOLDER_MISSING', 'permanent', 'back-off'],
  ['TOOBIG', ['append'], 'IMAP_APPEND_TOO_LARGE', 'size', 'fail'],
  ['APPENDLIMIT', ['append'], 'IMAP_APPEND_TOO_LARGE', 'size', 'fail'],
  ['THROTTLED', phases, 'IMAP_THROTTLED', 'throttle', 'back-off'],
];

/** They tell about mailbox or command: words, status and phase decide. */
const informing =
  'ALERT CAPABILITY CLOSED COPYUID APPENDUID HIGHESTMODSEQ PARSE PERMANENTFLAGS READ-WRITE UIDNEXT UIDVALIDITY';

const refused = (code: string, phase: ImapPhase) => ({
  ...(phase === 'auth' ? { authenticationFailed: true } : {}),
  responseStatus: 'NO',
  serverResponseCode: code,
  responseText: 'Refused',
});

describe('IMAP response codes', () => {
  it('have a row for every code of RFC 5530 and RFC 9051', () => {
    expect(known.filter((code) => !responseCodes.includes(code))).toEqual([]);
  });

  it.each(rows)('[%s] at %j → %s', (response, at, code, cls, action) => {
    for (const phase of at) {
      const judged = imapError(refused(response, phase), phase);
      expect(judged, phase).toMatchObject({ code, class: cls, remote: { system: 'imap', code: response } });
      expect(catalogue[judged.code].action).toBe(action);
      const { en, de } = catalogue[judged.code].hint;
      expect(en.length > 10 && de.length > 10 && en !== de).toBe(true);
    }
  });

  it.each(informing.split(' '))('[%s] does not affect the classification', (response) => {
    for (const phase of phases) expect(errorOfResponseCode(response, phase)).toBeUndefined();
    expect(imapError(refused(response, 'auth'), 'auth').code).toBe('IMAP_AUTH_FAILED');
    expect(imapError(refused(response, 'command'), 'command').code).toBe('IMAP_COMMAND_FAILED');
  });

  it('are recognised in any case; an unknown one is classified by its status', () => {
    expect(errorOfResponseCode('inuse', 'auth')).toBe('IMAP_MAILBOX_IN_USE');
    expect(errorOfResponseCode('constructor', 'auth')).toBeUndefined();
    expect(imapError(refused('X-OWN', 'command'), 'command').code).toBe('IMAP_COMMAND_FAILED');
  });
});

describe('words without a response code', () => {
  it.each([
    ['Gmail', 'auth', 'ALERT', 'Too many simultaneous connections. (Failure)', 'IMAP_CONNECTION_LIMIT'],
    ['Gmail', 'auth', 'ALERT', 'Application-specific password required', 'IMAP_AUTH_FAILED'],
    ['Gmail', 'command', undefined, 'Account exceeded command or bandwidth limits.', 'IMAP_THROTTLED'],
    [
      'Dovecot',
      'auth',
      'UNAVAILABLE',
      'Maximum number of connections from user+IP exceeded (mail_max_userip_connections=2)',
      'IMAP_CONNECTION_LIMIT',
    ],
    ['Courier', 'auth', undefined, 'Temporary problem, please try again later', 'IMAP_SERVER_UNAVAILABLE'],
    ['Courier', 'auth', undefined, 'Login failed.', 'IMAP_AUTH_FAILED'],
    ['Cyrus', 'append', undefined, 'Over quota', 'IMAP_MAILBOX_FULL'],
  ] as const)('%s at %s: %s %s → %s', (_server, phase, response, responseText, code) => {
    const error = { ...refused('', phase), serverResponseCode: response, responseText };
    expect(imapError(error, phase).code).toBe(code);
  });

  it('recognise a connection limit in the BYE of a greeting', () => {
    const judged = imapError({ code: 'NoConnection', reason: 'Too many connections' }, 'auth');
    expect(judged.code).toBe('IMAP_CONNECTION_LIMIT');
  });
});

describe('a limit is not a wrong password', () => {
  it('and is retried soon, without another token', () => {
    const limits = { backoff: { baseMs: 1_000, capMs: 30_000 }, slowCapMs: 300_000, passwordCapMs: 900_000 };
    const delayAfter = (response: string) =>
      retryOf(
        {
          error: imapError(refused(response, 'auth'), 'auth'),
          attempt: 12,
          livedMs: 0,
          searching: false,
          oauth: false,
        },
        limits,
        () => 1,
      );
    expect(delayAfter('LIMIT')).toEqual({ delayMs: 30_000, renew: false });
    expect(delayAfter('AUTHENTICATIONFAILED').delayMs).toBe(900_000);
  });
});

describe('advice by provider', () => {
  const limit = refused('LIMIT', 'auth');
  it('names Microsoft’s and Google’s limits only for their hosts', () => {
    expect(imapError(limit, 'auth', undefined, 'microsoft').hint).toContain('Exchange Online');
    expect(imapError(limit, 'auth', undefined, 'google').hint).toContain('Gmail');
    expect(imapError(limit, 'auth').hint).not.toMatch(/Exchange|Gmail/);
  });
});
