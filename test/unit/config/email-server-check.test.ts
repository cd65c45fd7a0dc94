// The cross-checks: what only all servers together can show. One table, every finding and its absence.
import { describe, expect, it } from 'vitest';
import type { EmailServer, ImapServer, SmtpServer } from '../../../src/domain/email-server.ts';
import { checkEmailServers } from '../../../src/domain/email-server-check.ts';

const base = { host: 'outlook.office365.com', port: 993, tls: 'enabled', enabled: true, source: 'file' } as const;
const appOnly = { type: 'OAuth2', application: 'Contoso', signIn: 'appOnly' } as const;
const delegated = (signInUser?: string) =>
  ({ type: 'OAuth2', application: 'Contoso', signIn: 'delegated', ...(signInUser ? { signInUser } : {}) }) as const;

const imap = (extra: Partial<ImapServer> = {}): ImapServer => ({
  ...base,
  type: 'IMAP',
  name: 'in',
  authentication: appOnly,
  user: 'support@contoso.example',
  emailFlow: 'F',
  folder: 'INBOX',
  startFrom: 'now',
  afterQueued: { action: 'leave' },
  maxMessageSize: 1,
  ...extra,
});
const smtp = (extra: Partial<SmtpServer> = {}): SmtpServer => ({
  ...base,
  type: 'SMTP',
  name: 'out',
  authentication: appOnly,
  user: 'support@contoso.example',
  additionalFromAddresses: [],
  sendMode: 'sendAs',
  displayNames: {},
  sentCopy: { policy: 'server' },
  pace: { perMinute: 30, connections: 3, recipientsPerDay: 1 },
  fromRoles: {},
  uncertain: 'hold',
  ...extra,
});
const person = 'alex@contoso.example';
const many = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    imap({ name: `in ${index}`, user: `m${index}@contoso.example`, authentication: delegated(person) }),
  );
const permitting = (count: number) =>
  smtp({ user: person, authentication: delegated(), additionalFromAddresses: many(count).map(({ user }) => user) });

const table: [string, EmailServer[], string[]][] = [
  ['shared address is the SMTP user', [imap(), smtp()], []],
  [
    'shared address is additional',
    [imap(), smtp({ user: person, authentication: delegated(), additionalFromAddresses: ['Support@CONTOSO.example'] })],
    [],
  ],
  [
    'shared address on no list',
    [imap(), smtp({ user: person, authentication: delegated() })],
    ['SHARED_ADDRESS_NOT_PERMITTED in'],
  ],
  ['only on a disabled server', [imap(), smtp({ enabled: false })], ['SHARED_ADDRESS_NOT_PERMITTED in']],
  ['no SMTP server at all', [imap()], ['SHARED_ADDRESS_NOT_PERMITTED in']],
  ['IMAP server disabled', [imap({ enabled: false })], []],
  ['user that is not an address', [imap({ user: 'office', authentication: { type: 'Password', password: 'x' } })], []],
  [
    'unknown application',
    [imap(), smtp({ authentication: { ...appOnly, application: 'Fabrikam' } })],
    ['APPLICATION_NOT_CONFIGURED out'],
  ],
  [
    'app-only with another From',
    [imap(), smtp({ additionalFromAddresses: ['billing@contoso.example'] })],
    ['FROM_NEEDS_SEND_AS out'],
  ],
  [
    'app-only with itself as additional From',
    [imap(), smtp({ additionalFromAddresses: ['support@contoso.example'] })],
    [],
  ],
  [
    'delegated SMTP as shared mailbox',
    [imap({ authentication: delegated(person) }), smtp({ authentication: delegated() })],
    ['DELEGATED_USER_IS_SHARED out'],
  ],
  [
    'delegated SMTP with another signInUser',
    [smtp({ authentication: delegated(person) })],
    ['DELEGATED_USER_IS_SHARED out'],
  ],
  [
    'delegated both as the mailbox itself',
    [imap({ authentication: delegated() }), smtp({ authentication: delegated() })],
    [],
  ],
  ['15 mailboxes on one person', [...many(15), permitting(15)], []],
  ['16 mailboxes on one person', [...many(16), permitting(16)], ['MANY_MAILBOXES_ON_ONE_PERSON in 15']],
  ['plain text', [imap({ tls: 'disabled' }), smtp({ tls: 'disabled', host: '127.0.0.1' })], ['TLS_DISABLED in']],
  ['plain text that was allowed', [imap({ tls: 'none', allowPlainText: true }), smtp({})], []],
  [
    'a host that only looks local',
    [imap({}), smtp({ tls: 'disabled', host: '127.0.0.1.example.com' })],
    ['TLS_DISABLED out'],
  ],
  [
    'app-only at Google: no advice for Exchange Online',
    [imap({}), smtp({ host: 'smtp.gmail.com', additionalFromAddresses: [imap({}).user, 'sales@contoso.example'] })],
    [],
  ],
];

const other = (name: string, user = person) => smtp({ name, user, authentication: delegated() });
it.each([
  ['the only one', [other('out')], '"out"', '„out“'],
  ['the only one of its domain', [other('out'), other('far', 'a@fabrikam.example')], '"out"', '„out“'],
  ['one of several: the reader decides', [other('out'), other('away')], 'the SMTP server that', 'des SMTP-Servers'],
  ['none', [], 'the SMTP server that', 'des SMTP-Servers'],
])('a missing shared address belongs to an SMTP server: %s', (_, servers, en, de) => {
  const [found] = checkEmailServers([imap(), ...servers], { applications: [{ name: 'Contoso', credentials: [] }] });
  expect(found?.code).toBe('SHARED_ADDRESS_NOT_PERMITTED');
  expect(found?.hint.en).toContain(en);
  expect(found?.hint.de).toContain(de);
  expect(found?.hint.de).toMatch(/ hinzu[.,]/);
});

const contoso = { name: 'Contoso', credentials: [] };

describe('checkEmailServers', () => {
  it.each(table)('%s', (_name, servers, expected) => {
    // Changes with a date have a table of their own (dated-changes.test.ts).
    const findings = checkEmailServers(servers, { applications: [contoso], now: new Date('2020-01-01') });
    expect(findings.map(({ code, server }) => `${code} ${server}`)).toEqual(expected);
    for (const { hint, message } of findings) {
      expect(hint.en.length).toBeGreaterThan(10);
      expect(hint.de).not.toBe('');
      expect(message).not.toBe('');
    }
  });

  it('names the server that should permit the address, and both addresses', () => {
    const [finding] = checkEmailServers(
      [imap(), smtp({ name: 'Alex out', user: person, authentication: delegated() })],
      { applications: [contoso] },
    );
    expect(finding?.hint.de).toBe(
      'Fügen Sie support@contoso.example den Additional Email From Addresses von „Alex out“ hinzu.',
    );
  });
});
