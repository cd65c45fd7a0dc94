// Every IMAP row of docs/exchange-online.md §9: words → code, class, action, hint.
import { describe, expect, it } from 'vitest';
import { type ImapPhase, imapError } from '../../../src/adapters/imap/errors.ts';
import { catalogue } from '../../../src/domain/catalogue/index.ts';

type Row = [
  name: string,
  error: object,
  phase: ImapPhase,
  bye: string | undefined,
  code: string,
  cls: string,
  action: string,
];

const rows: Row[] = [
  [
    'NO AUTHENTICATE failed',
    { authenticationFailed: true, responseStatus: 'NO', responseText: 'AUTHENTICATE failed.' },
    'auth',
    undefined,
    'IMAP_AUTH_FAILED',
    'auth',
    'renew-token',
  ],
  [
    'BAD authenticated but not connected',
    { responseStatus: 'BAD', responseText: 'User is authenticated but not connected.' },
    'select',
    undefined,
    'IMAP_NOT_CONNECTED',
    'permission',
    'back-off',
  ],
  [
    'Command Error. 10 on AUTH',
    { responseStatus: 'BAD', responseText: 'Command Error. 10' },
    'auth',
    undefined,
    'IMAP_TOKEN_REFUSED',
    'auth',
    'renew-token',
  ],
  [
    'Command Error. 12 on SELECT',
    { responseStatus: 'BAD', responseText: 'Command Error. 12' },
    'select',
    undefined,
    'IMAP_TOKEN_REFUSED',
    'auth',
    'renew-token',
  ],
  [
    'BYE AccessTokenExpired',
    { code: 'NoConnection' },
    'command',
    'Session invalidated - AccessTokenExpired',
    'IMAP_TOKEN_EXPIRED',
    'auth',
    'renew-token',
  ],
  [
    'throttled',
    {
      code: 'ETHROTTLE',
      responseStatus: 'BAD',
      responseText: 'Request is throttled. Suggested Backoff Time: 92415 milliseconds',
      throttleReset: 92_415,
      throttleWaited: 30_000,
    },
    'command',
    undefined,
    'IMAP_THROTTLED',
    'throttle',
    'back-off',
  ],
  [
    'BYE closed. 13',
    { code: 'NoConnection' },
    'command',
    'Connection is closed. 13',
    'IMAP_CONNECTION_CLOSED',
    'transient',
    'retry',
  ],
  [
    'BYE closed. 14',
    { code: 'NoConnection' },
    'command',
    'Connection closed. 14',
    'IMAP_CONNECTION_CLOSED',
    'transient',
    'retry',
  ],
  [
    'Server Unavailable. 15 on SELECT',
    { responseStatus: 'NO', responseText: 'Server Unavailable. 15' },
    'select',
    undefined,
    'IMAP_SERVER_UNAVAILABLE',
    'transient',
    'back-off',
  ],
  [
    'Server Unavailable. 15 on LOGIN',
    { authenticationFailed: true, responseStatus: 'NO', responseText: 'Server Unavailable. 15' },
    'auth',
    undefined,
    'IMAP_SERVER_UNAVAILABLE',
    'auth',
    'back-off',
  ],
  [
    'specified message set is invalid',
    { responseStatus: 'NO', responseText: 'The specified message set is invalid.' },
    'command',
    undefined,
    'IMAP_MESSAGE_SET_INVALID',
    'transient',
    'retry',
  ],
  [
    'append too large',
    { responseStatus: 'NO', responseText: 'Maximum size of appendable message has been exceeded' },
    'command',
    undefined,
    'IMAP_APPEND_TOO_LARGE',
    'size',
    'fail',
  ],
  [
    'Command Argument Error. 11',
    { responseStatus: 'BAD', responseText: 'Command Argument Error. 11' },
    'command',
    undefined,
    'IMAP_APPEND_TOO_LARGE',
    'size',
    'fail',
  ],
  [
    'Dovecot UNAVAILABLE at sign-in',
    { authenticationFailed: true, serverResponseCode: 'UNAVAILABLE', responseStatus: 'NO' },
    'auth',
    undefined,
    'IMAP_SERVER_UNAVAILABLE',
    'transient',
    'back-off',
  ],
  [
    'folder missing',
    { responseStatus: 'NO', serverResponseCode: 'NONEXISTENT', responseText: "Mailbox doesn't exist" },
    'select',
    undefined,
    'IMAP_FOLDER_MISSING',
    'permanent',
    'back-off',
  ],
  ['ENOTFOUND', { code: 'ENOTFOUND' }, 'connect', undefined, 'IMAP_HOST_UNKNOWN', 'transient', 'retry'],
  [
    'a proxy that refuses',
    { code: 'EPROXY', message: 'Failed to setup proxy connection' },
    'connect',
    undefined,
    'IMAP_UNREACHABLE',
    'transient',
    'retry',
  ],
  ['ECONNREFUSED', { code: 'ECONNREFUSED' }, 'connect', undefined, 'IMAP_UNREACHABLE', 'transient', 'retry'],
  [
    'certificate',
    { code: 'SELF_SIGNED_CERT_IN_CHAIN' },
    'connect',
    undefined,
    'IMAP_TLS_FAILED',
    'permanent',
    'back-off',
  ],
  [
    'expired certificate',
    { code: 'CERT_HAS_EXPIRED' },
    'connect',
    undefined,
    'IMAP_TLS_FAILED',
    'permanent',
    'back-off',
  ],
  ['silence', { code: 'ETIMEOUT' }, 'command', undefined, 'IMAP_SILENT', 'transient', 'retry'],
  ['reset', { code: 'ECONNRESET' }, 'command', undefined, 'IMAP_CONNECTION_CLOSED', 'transient', 'retry'],
  [
    'any other NO',
    { responseStatus: 'NO', responseText: 'Something' },
    'command',
    undefined,
    'IMAP_COMMAND_FAILED',
    'transient',
    'retry',
  ],
];

describe('IMAP answers', () => {
  it.each(rows)('%s', (_name, error, phase, bye, code, cls, action) => {
    const judged = imapError(error, phase, bye);
    expect(judged).toMatchObject({ code, class: cls });
    expect(catalogue[judged.code].action).toBe(action);
    expect(judged.hint.length).toBeGreaterThan(10);
  });

  it('obey a throttle hint to the millisecond, minus the time already waited', () => {
    const [, error] = rows.find(([name]) => name === 'throttled') as Row;
    expect(imapError(error, 'command').retryAfterMs).toBe(62_415);
    expect(
      imapError(
        { code: 'NoConnection' },
        'command',
        'Request is throttled. Suggested Backoff Time: 299961 milliseconds',
      ).retryAfterMs,
    ).toBe(299_961);
  });

  it("keep the server's own words", () => {
    const judged = imapError(
      { responseStatus: 'NO', responseText: 'Mailbox busy', serverResponseCode: 'INUSE' },
      'command',
    );
    expect(judged.remote).toMatchObject({ system: 'imap', code: 'INUSE', text: 'Mailbox busy' });
  });
});
