// Authorities, scopes and identities per cloud, sign-in and protocol (docs/exchange-online.md §1, §6).
import { describe, expect, it } from 'vitest';
import { expiryWarning } from '../../../src/adapters/oauth/credentials.ts';
import { identityKey } from '../../../src/adapters/oauth/identity.ts';
import type { EmailServer, OAuthApplication } from '../../../src/domain/email-server.ts';
import { adminConsentUrl, authorityOf, personOf, scopesOf, xoauth2User } from '../../../src/domain/oauth-scopes.ts';

const application = (extra: Partial<OAuthApplication> = {}): OAuthApplication => ({
  name: 'Contoso',
  tenant: 'T',
  clientId: 'C',
  cloud: 'world',
  credentials: [],
  ...extra,
});

describe('authority', () => {
  const table: [Partial<OAuthApplication>, string][] = [
    [{}, 'https://login.microsoftonline.com/T'],
    [{ cloud: 'gccHigh' }, 'https://login.microsoftonline.us/T'],
    [{ cloud: 'dod' }, 'https://login.microsoftonline.us/T'],
    [{ cloud: 'china' }, 'https://login.partner.microsoftonline.cn/T'],
    [{ authority: 'https://localhost:1234' }, 'https://localhost:1234/T'],
    [{ authority: 'https://localhost:1234/' }, 'https://localhost:1234/T'],
    [{ authority: 'https://localhost:1234/other' }, 'https://localhost:1234/other'],
  ];
  it.each(table)('%j', (extra, expected) => expect(authorityOf(application(extra))).toBe(expected));
});

describe('scopes', () => {
  const table: [Partial<OAuthApplication>, 'appOnly' | 'delegated', 'imap' | 'smtp', string[]][] = [
    [{}, 'appOnly', 'imap', ['https://outlook.office365.com/.default']],
    [{}, 'appOnly', 'smtp', ['https://outlook.office365.com/.default']],
    [{}, 'delegated', 'imap', ['https://outlook.office.com/IMAP.AccessAsUser.All']],
    [{}, 'delegated', 'smtp', ['https://outlook.office.com/SMTP.Send']],
    [{ cloud: 'gccHigh' }, 'appOnly', 'imap', ['https://outlook.office365.us/.default']],
    [{ cloud: 'china' }, 'delegated', 'smtp', ['https://partner.outlook.cn/SMTP.Send']],
    [
      { generic: { tokenUrl: 'https://x', scopes: ['https://mail.google.com/'] } },
      'delegated',
      'imap',
      ['https://mail.google.com/'],
    ],
  ];
  it.each(table)('%j %s %s', (extra, signIn, protocol, expected) => {
    expect(scopesOf(application(extra), signIn, protocol)).toEqual(expected);
  });
});

describe('XOAUTH2 user', () => {
  const server = (type: 'IMAP' | 'SMTP', user: string, signIn: 'appOnly' | 'delegated', signInUser?: string) =>
    ({
      type,
      user,
      authentication: { type: 'OAuth2', application: 'A', signIn, ...(signInUser ? { signInUser } : {}) },
    }) as EmailServer;
  const table: [EmailServer, string, string][] = [
    [server('IMAP', 'shared@x', 'appOnly'), 'shared@x', 'shared@x'],
    [server('SMTP', 'shared@x', 'appOnly'), 'shared@x', 'shared@x'],
    [server('IMAP', 'shared@x', 'delegated', 'alex@x'), 'shared@x', 'alex@x'],
    [server('SMTP', 'alex@x', 'delegated'), 'alex@x', 'alex@x'],
    [server('SMTP', 'shared@x', 'delegated', 'alex@x'), 'alex@x', 'alex@x'],
  ];
  it.each(table)('%j', (given, user, person) => {
    expect(xoauth2User(given)).toBe(user);
    expect(personOf(given)).toBe(person);
  });
});

describe('identity in the cache', () => {
  it('ignores case, and differs by tenant, client and person', () => {
    const one = identityKey(application(), 'Alex@Contoso.example');
    expect(identityKey(application({ name: 'renamed' }), 'alex@contoso.example')).toBe(one);
    const others = [application({ tenant: 'U' }), application({ clientId: 'D' }), application({ cloud: 'china' })];
    const keys = [
      one,
      ...others.map((other) => identityKey(other, 'alex@contoso.example')),
      identityKey(application(), undefined),
    ];
    expect(new Set(keys).size).toBe(5);
  });
});

describe('admin consent', () => {
  it('requests the legacy scope of IMAP and the new one of SMTP', () => {
    const link = (protocol: 'imap' | 'smtp') =>
      new URL(adminConsentUrl(application(), protocol, 'https://portal/x', 's'));
    expect(link('imap').searchParams.get('scope')).toBe('https://ps.outlook.com/.default');
    expect(link('smtp').searchParams.get('scope')).toBe('https://outlook.office365.com/.default');
    expect(link('smtp').pathname).toBe('/T/v2.0/adminconsent');
  });
});

describe('expiry of credentials', () => {
  const now = new Date('2026-11-23T12:00:00Z');
  const table: [string | undefined, number | undefined][] = [
    ['2026-12-23', 30],
    ['2026-12-22', undefined],
    ['2026-12-07', 14],
    ['2026-11-30', 7],
    ['2026-11-24', 1],
    ['2026-11-20', -3],
    [undefined, undefined],
  ];
  it.each(table)('%s → %s', (expires, left) => expect(expiryWarning(expires, now)).toBe(left));
});
