// Microsoft's dated changes with the clock moved: which configuration is warned, from which day on, in which words.
import { describe, expect, it } from 'vitest';
import { datedChanges, datedFindings } from '../../../src/domain/dated-changes.ts';
import type { EmailServer, OAuthApplication } from '../../../src/domain/email-server.ts';
import { findingText } from '../../../src/domain/finding.ts';

type Fields = Partial<EmailServer> & { password?: true; signIn?: 'appOnly' | 'delegated' };

function server(type: 'IMAP' | 'SMTP', { password, signIn = 'appOnly', ...fields }: Fields = {}): EmailServer {
  return {
    type,
    name: 'S',
    host: type === 'IMAP' ? 'outlook.office365.com' : 'smtp.office365.com',
    port: type === 'IMAP' ? 993 : 587,
    tls: 'enabled',
    enabled: true,
    source: 'file',
    user: 'support@contoso.example',
    additionalFromAddresses: [],
    authentication: password ? { type: 'Password', password: 'x' } : { type: 'OAuth2', application: 'Contoso', signIn },
    ...fields,
  } as EmailServer;
}
const application = (credential: object, fields: object = {}) =>
  ({ name: 'Contoso', credentials: [credential], ...fields }) as unknown as OAuthApplication;
const certificate = application({ kind: 'certificate' });
const secret = (expires?: string) => application({ kind: 'secret', ...(expires ? { expires } : {}) });

/** Day, server, application, codes (a note has a tilde before it). */
const table: [string, string, EmailServer, OAuthApplication, string[]][] = [
  ['a password over IMAP', '2026-11-30', server('IMAP', { password: true }), certificate, ['IMAP_PASSWORD_REFUSED']],
  ['the same before the end date', '2022-12-31', server('IMAP', { password: true }), certificate, []],
  [
    'a password over IMAP elsewhere',
    '2026-11-30',
    server('IMAP', { password: true, host: 'imap.ionos.de' }),
    certificate,
    [],
  ],
  [
    'a password over SMTP, a month before the end date',
    '2026-11-30',
    server('SMTP', { password: true }),
    certificate,
    ['PASSWORD_SIGN_IN_ENDS'],
  ],
  [
    'on the last day before the end date',
    '2026-12-30',
    server('SMTP', { password: true }),
    certificate,
    ['PASSWORD_SIGN_IN_ENDS'],
  ],
  ['and from the end date on', '2026-12-31', server('SMTP', { password: true }), certificate, ['PASSWORD_SIGN_IN_OFF']],
  [
    'no sign-in',
    '2026-12-31',
    server('SMTP', { authentication: { type: 'None' } as never, host: 'contoso.mail.protection.outlook.com' }),
    certificate,
    [],
  ],
  ['a certificate, app-only, SMTP', '2026-11-30', server('SMTP'), certificate, ['~SEND_AS_APP_BESIDE_RBAC']],
  ['a certificate, app-only, IMAP', '2026-11-30', server('IMAP'), certificate, []],
  ['delegated', '2026-11-30', server('IMAP', { signIn: 'delegated' }), certificate, ['~DEVICE_CODE_MAY_BE_BLOCKED']],
  ['a secret without an expiry date', '2026-11-30', server('IMAP'), secret(), ['~CLIENT_SECRET_MAY_BE_FORBIDDEN']],
  ['a secret that expires in 61 days', '2026-11-30', server('IMAP'), secret('2027-01-30'), []],
  ['in 60', '2026-11-30', server('IMAP'), secret('2027-01-29'), ['CLIENT_SECRET_ENDS']],
  ['tomorrow', '2026-11-30', server('IMAP'), secret('2026-12-01'), ['CLIENT_SECRET_ENDS']],
  ['today', '2026-11-30', server('IMAP'), secret('2026-11-30'), ['CLIENT_SECRET_ENDED']],
  [
    'a secret of another provider',
    '2026-11-30',
    server('IMAP', { host: 'imap.gmail.com' }),
    application({ kind: 'secret' }, { generic: {} }),
    [],
  ],
  [
    'the same behind a host that reveals no provider',
    '2026-11-30',
    server('IMAP', { host: 'proxy.example' }),
    application({ kind: 'secret' }, { generic: {} }),
    [],
  ],
  ['a missing application', '2026-11-30', server('IMAP'), { ...certificate, name: 'Other' }, []],
  [
    'the user at onmicrosoft.com',
    '2026-11-30',
    server('SMTP', { user: 'Support@Contoso.OnMicrosoft.com', password: true }),
    certificate,
    ['PASSWORD_SIGN_IN_ENDS', 'FROM_IS_ONMICROSOFT'],
  ],
  [
    'an additional From in that domain',
    '2026-11-30',
    server('SMTP', { additionalFromAddresses: ['x@contoso.onmicrosoft.com'] } as Fields),
    certificate,
    ['FROM_IS_ONMICROSOFT', '~SEND_AS_APP_BESIDE_RBAC'],
  ],
  [
    'before the limit applies',
    '2026-05-31',
    server('SMTP', { additionalFromAddresses: ['x@contoso.onmicrosoft.com'] } as Fields),
    certificate,
    ['~SEND_AS_APP_BESIDE_RBAC'],
  ],
  [
    'a domain that only looks similar',
    '2026-11-30',
    server('SMTP', { additionalFromAddresses: ['x@notonmicrosoft.com'] } as Fields),
    certificate,
    ['~SEND_AS_APP_BESIDE_RBAC'],
  ],
];

describe('dated changes', () => {
  it.each(table)('%s (%s)', (_what, day, one, app, expected) => {
    const found = datedFindings([one], [app], new Date(`${day}T00:00:00Z`));
    expect(found.map(({ code, severity }) => (severity === 'note' ? `~${code}` : code))).toEqual(expected);
    for (const { code, parameters, message, hint } of found) {
      expect(message).toBe(findingText(code, parameters, 'en'));
      for (const text of [message, findingText(code, parameters, 'de'), hint.en, hint.de]) {
        expect(text).not.toMatch(/[{}]|undefined|NaN/);
        expect(text.length).toBeGreaterThan(20);
      }
      expect(message).not.toBe(findingText(code, parameters, 'de'));
    }
  });

  it('each have a day and a source that a person can look up', () => {
    for (const { since, source } of datedChanges) {
      expect(new Date(since).toISOString().slice(0, 10)).toBe(since);
      expect(source).toMatch(/MC\d{6}|learn\.microsoft\.com|MT\.\d+/);
    }
  });

  it('each match something in this test', () => {
    const hit = new Set(
      table.flatMap(([, day, one, app]) =>
        datedChanges.filter(({ find }) => find(one, { applications: [app], now: new Date(day) }) !== undefined),
      ),
    );
    expect(hit.size).toBe(datedChanges.length);
  });
});
