// Definitions of email servers: the administrators' fields, defaults, and for every kind of mistake the message a person understands.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { combine, type Found, readDefinitionFile } from '../../../src/config/email-servers.ts';
import { readValueFile } from '../../../src/config/text-file.ts';
import { isImap, tlsModeOf } from '../../../src/domain/email-server.ts';
import { definitionOf } from '../../../src/operations/email-server-definition.ts';
import { emptyFolder } from '../../support/fixture.ts';
import { tempDir } from '../../support/temp.ts';

const imap = {
  serverType: 'IMAP',
  name: 'Support inbound',
  host: 'outlook.office365.com',
  port: 993,
  tls: 'enabled',
  authenticationType: 'OAuth2',
  user: 'support@contoso.example',
  emailFlow: 'Support',
  enabled: true,
  application: 'Contoso',
};
const smtp = {
  serverType: 'SMTP',
  name: 'Support outbound',
  host: 'smtp.office365.com',
  port: 587,
  tls: 'enabled',
  authenticationType: 'OAuth2',
  user: 'alex@contoso.example',
  additionalEmailFromAddresses: ['support@contoso.example'],
  enabled: true,
  application: 'Contoso',
  signIn: 'delegated',
};

const found = (definitions: unknown[], source: Found['source'] = 'file'): Found[] =>
  definitions.map((definition, index) => ({
    definition,
    source,
    at: `emailServers[${index}]`,
    index,
    folder: '/config',
  }));
const read = (...definitions: unknown[]) => combine(found(definitions), { IMAP_PASSWORD: 'from-env' });
const lines = (...definitions: unknown[]) =>
  read(...definitions).invalid.flatMap(({ problems }) => problems.map(({ field, message }) => `${field}: ${message}`));

describe('a list where one value is expected', () => {
  it.each([
    [{ ...imap, serverType: ['IMAP'] }, 'serverType'],
    [{ ...imap, port: [993] }, 'port'],
    [{ ...imap, tls: ['enabled'] }, 'tls'],
    [{ ...imap, authenticationType: ['OAuth2'] }, 'authenticationType'],
    [{ ...imap, startFrom: ['now'] }, 'startFrom'],
    [{ ...imap, maximumSize: [5_000_000] }, 'maximumSize'],
    [{ ...imap, enabled: [true] }, 'enabled'],
    [{ ...smtp, pace: { perMinute: [30] } }, 'pace.perMinute'],
    [{ ...smtp, sendMode: ['sendAs'] }, 'sendMode'],
    [{ ...smtp, uncertain: ['hold'] }, 'uncertain'],
  ])('%#: is refused, naming the field', (definition, field) => {
    const named = lines(definition);
    expect(named).toHaveLength(1);
    expect(named[0]).toContain(`emailServers[0].${field}: `);
  });
});

it('a file over 10 MB is refused by its size before it is parsed', () => {
  const folder = tempDir('definitions');
  const file = join(folder.path, 'email-servers.yaml');
  writeFileSync(file, `${' '.repeat(10 * 1024 ** 2)}[]`);
  const parse = () => {
    throw new Error('it was parsed');
  };
  expect(() => readDefinitionFile(file, parse)).toThrow(/email-servers.yaml: has 10485762 bytes; at most 10485760/);
  folder.remove();
});

describe('the fields of the handbook', () => {
  it('define an IMAP and an SMTP server, with defaults for the rest', () => {
    const { servers, invalid } = read(imap, smtp);
    expect(invalid).toEqual([]);
    expect(servers).toEqual([
      {
        type: 'IMAP',
        name: 'Support inbound',
        host: 'outlook.office365.com',
        port: 993,
        tls: 'enabled',
        authentication: { type: 'OAuth2', application: 'Contoso', signIn: 'appOnly' },
        user: 'support@contoso.example',
        enabled: true,
        source: 'file',
        emailFlow: 'Support',
        folder: 'INBOX',
        startFrom: 'now',
        afterQueued: { action: 'leave' },
        maxMessageSize: 52_428_800,
      },
      {
        type: 'SMTP',
        name: 'Support outbound',
        host: 'smtp.office365.com',
        port: 587,
        tls: 'enabled',
        authentication: { type: 'OAuth2', application: 'Contoso', signIn: 'delegated' },
        user: 'alex@contoso.example',
        enabled: true,
        source: 'file',
        additionalFromAddresses: ['support@contoso.example'],
        sendMode: 'sendAs',
        displayNames: {},
        sentCopy: { policy: 'server' },
        pace: { perMinute: 30, connections: 3, recipientsPerDay: 10_000 },
        fromRoles: {},
        uncertain: 'hold',
      },
    ]);
  });

  const readings: [object, object][] = [
    [{ ...imap, authenticationType: 'OAUTH2' }, { authentication: { type: 'OAuth2' } }],
    [{ ...imap, authenticationType: '0AUTH2' }, { authentication: { type: 'OAuth2' } }],
    [
      { ...imap, serverType: 'imap', tls: true },
      { type: 'IMAP', tls: 'enabled' },
    ],
    [
      { ...imap, port: '993', enabled: 'no' },
      { port: 993, enabled: false },
    ],
    [{ ...imap, startFrom: '2026-11-01' }, { startFrom: { since: '2026-11-01T00:00:00.000Z' } }],
    [
      { ...imap, startFrom: { since: '2026-11-01T08:00:00+01:00' } },
      { startFrom: { since: '2026-11-01T07:00:00.000Z' } },
    ],
    [{ ...imap, afterQueued: { move: 'Erledigt ✓' } }, { afterQueued: { action: 'move', folder: 'Erledigt ✓' } }],
    [{ ...imap, maximumSize: '25 MB' }, { maxMessageSize: 26_214_400 }],
    [
      { ...imap, aliases: 'Orders@Contoso.example, billing@contoso.example' },
      { aliases: ['Orders@contoso.example', 'billing@contoso.example'] },
    ],
    [
      { ...imap, trustedAuthservIds: ['MX.Example.com', '*.gateway.example'] },
      { trustedAuthservIds: ['mx.example.com', '*.gateway.example'] },
    ],
    [
      { ...imap, aliases: ['o@b.example'], flowByRecipient: { 'O@B.example': 'A', 'o+X@b.example': 'B', '+VIP': 'C' } },
      { flowByRecipient: { 'o@b.example': 'A', 'o+x@b.example': 'B', '+vip': 'C' } },
    ],
    [{ ...imap, emailFlow: 'Rechnungen & Zahlung: 支払い' }, { emailFlow: 'Rechnungen & Zahlung: 支払い' }],
    [{ ...imap, emailFlow: 'e\u0301'.repeat(100) }, { emailFlow: 'é'.repeat(100) }],
    [{ ...imap, emailFlow: '👍'.repeat(100) }, { emailFlow: '👍'.repeat(100) }],
    [
      { ...smtp, additionalEmailFromAddresses: 'a@b.example; c@d.example' },
      { additionalFromAddresses: ['a@b.example', 'c@d.example'] },
    ],
    [
      { ...smtp, displayNames: { 'Support@Contoso.Example': 'Contoso' } },
      { displayNames: { 'support@contoso.example': 'Contoso' } },
    ],
    [{ ...smtp, pace: { perMinute: 60 } }, { pace: { perMinute: 60, connections: 3, recipientsPerDay: 10_000 } }],
    [
      { ...smtp, sentCopy: { append: 'Gesendete Elemente' } },
      { sentCopy: { policy: 'append', folder: 'Gesendete Elemente' } },
    ],
  ];
  it.each([
    [{ aliases: ['orders'] }, /aliases\[0\]: must be a mail address/],
    [{ trustedAuthservIds: ['a b', '*'] }, /trustedAuthservIds\[\d\]: must be a name/],
    [
      { flowByRecipient: { 'x@other.example': 'A' } },
      /flowByRecipient\.x@other\.example: must be the User or one of the aliases/,
    ],
    [{ flowByRecipient: { '+VIP': 'A', '+vip': 'B' } }, /flowByRecipient\.\+vip: is the same as "\+VIP"/],
    [{ flowByRecipient: { '+a b': 'A' } }, /flowByRecipient.*: must map addresses or \+tags to email flows/],
    [{ flowByRecipient: { '+a': '' } }, /flowByRecipient\.\+a: must not be empty/],
  ])('refuses %j', (fields, expected) => {
    expect(lines({ ...imap, ...fields }).join(' ')).toMatch(expected);
  });

  it.each(readings)('%j', (definition, expected) => {
    expect(lines(definition)).toEqual([]);
    expect(read(definition).servers[0]).toMatchObject(expected);
  });

  it('take a password from value, file or environment', () => {
    const password = { ...imap, authenticationType: 'Password', application: undefined };
    const { servers } = read(
      { ...password, password: 'plain' },
      { ...password, name: 'b', user: 'b@x.example', passwordEnv: 'IMAP_PASSWORD' },
    );
    expect(servers.map(({ authentication }) => authentication)).toEqual([
      { type: 'Password', password: 'plain' },
      { type: 'Password', password: 'from-env' },
    ]);
  });

  it('describe the same server when read again, unless the secret is in another place', () => {
    const elsewhere = { ...imap, authenticationType: 'Password', application: undefined, passwordEnv: 'IMAP_PASSWORD' };
    const both = found([smtp, elsewhere]);
    const [first, changed] = ['one', 'two'].map((password) => combine(both, { IMAP_PASSWORD: password }).servers);
    expect(changed?.[0]).toBe(first?.[0]);
    expect([first, changed].map((servers) => servers?.[1]?.authentication)).toEqual([
      { type: 'Password', password: 'one' },
      { type: 'Password', password: 'two' },
    ]);
    const [portal] = combine(found([smtp], 'portal'), {}).servers;
    expect(portal).toEqual({ ...first?.[0], source: 'portal' });
  });

  it('leave placeholders as text: nothing is expanded', () => {
    const emailFlow = `$${'{HOME}'}`;
    expect(read({ ...imap, emailFlow }).servers[0]).toMatchObject({ emailFlow });
  });
});

describe('mistakes', () => {
  const table: [unknown, string][] = [
    [{ ...imap, port: 70000 }, 'emailServers[0].port: must be 1–65535, got 70000'],
    [{ ...imap, port: 0 }, 'emailServers[0].port: must be 1–65535, got 0'],
    [{ ...imap, port: 99.5 }, 'emailServers[0].port: must be 1–65535, got 99.5'],
    [{ ...imap, host: 'out look' }, 'emailServers[0].host: must be a host name or an IP address, got "out look"'],
    [{ ...imap, host: '' }, 'emailServers[0].host: must not be empty, got ""'],
    [
      { ...imap, authenticationType: 'Password', application: undefined, password: 'x\n' },
      'emailServers[0].password: must not hold control characters',
    ],
    [{ ...imap, host: undefined }, 'emailServers[0].host: is required'],
    [{ ...imap, name: '' }, 'emailServers[0].name: must not be empty, got ""'],
    [
      { ...imap, name: 'x'.repeat(101) },
      `emailServers[0].name: must be at most 100 characters, got "${'x'.repeat(76)}…`,
    ],
    [{ ...imap, emailFlow: 'a\u0000b' }, 'emailServers[0].emailFlow: must not hold control characters, got "a·b"'],
    [{ ...imap, emailFlow: 'a\u202Eb' }, 'emailServers[0].emailFlow: must not hold control characters, got "a·b"'],
    [{ ...imap, emailFlow: undefined }, 'emailServers[0].emailFlow: is required'],
    [
      { ...imap, tls: 'maybe' },
      'emailServers[0].tls: must be enabled, implicit, starttls, none or disabled, got "maybe"',
    ],
    [
      { ...imap, authenticationType: 'Kerberos' },
      'emailServers[0].authenticationType: must be OAuth2, Password or None, got "Kerberos"',
    ],
    [{ ...imap, enabled: 'perhaps' }, 'emailServers[0].enabled: must be true or false, got "perhaps"'],
    [{ ...imap, user: 'support' }, 'emailServers[0].user: must be a mail address with authenticationType OAuth2'],
    [
      { ...imap, application: undefined },
      'emailServers[0].application: is required with authenticationType OAuth2: name of an OAuth2 application',
    ],
    [
      { ...imap, authenticationType: 'Password', application: undefined },
      'emailServers[0].password: is required with authenticationType Password',
    ],
    [
      { ...imap, authenticationType: 'Password', password: 'x' },
      'emailServers[0].application: goes with authenticationType OAuth2',
    ],
    [{ ...imap, password: 'geheim' }, 'emailServers[0].password: goes with authenticationType Password'],
    [{ ...imap, emaiFlow: 'x' }, 'emailServers[0].emaiFlow: is not a known field; did you mean emailFlow?'],
    [{ ...imap, 'Email Flow': 'x' }, 'emailServers[0].Email Flow: is not a known field; did you mean emailFlow?'],
    [{ ...imap, sendMode: 'sendAs' }, 'emailServers[0].sendMode: belongs to servers of type SMTP'],
    [{ ...smtp, emailFlow: 'x' }, 'emailServers[0].emailFlow: belongs to servers of type IMAP'],
    [
      { ...imap, startFrom: 'yesterday' },
      'emailServers[0].startFrom: must be now, unseen, all or a date like 2026-11-01, got "yesterday"',
    ],
    ...['2026-02-30', '2026-04-31T08:00:00Z', { since: '2026-02-01', until: '2026-03-01' }].map(
      (startFrom): [unknown, string] => [
        { ...imap, startFrom },
        'emailServers[0].startFrom: must be now, unseen, all or a date like 2026-11-01',
      ],
    ),
    [
      { ...imap, afterQueued: { move: 'Done', seen: true } },
      'emailServers[0].afterQueued: must be leave, seen or { move: <folder> }',
    ],
    [
      { ...smtp, sentCopy: { append: 'Sent', always: true } },
      'emailServers[0].sentCopy: must be none, server or { append: <folder> }',
    ],
    [
      { ...imap, afterQueued: 'delete' },
      'emailServers[0].afterQueued: must be leave, seen or { move: <folder> }, got "delete"',
    ],
    [
      { ...imap, maximumSize: 'huge' },
      'emailServers[0].maximumSize: must be a size from 1 KB to 1 GB, like 25 MB, got "huge"',
    ],
    [{ ...imap, proxy: 'ftp://x' }, 'emailServers[0].proxy: must be a URL http://… or socks5://…, got "ftp://x"'],
    [
      { ...imap, proxy: 'ftp://user:geheim@x' },
      'emailServers[0].proxy: must be a URL http://… or socks5://…, got "ftp://…@x"',
    ],
    [
      { ...smtp, additionalEmailFromAddresses: ['no-address'] },
      'emailServers[0].additionalEmailFromAddresses[0]: must be a mail address like support@example.com, got "no-address"',
    ],
    [
      { ...smtp, additionalEmailFromAddresses: [{}] },
      'emailServers[0].additionalEmailFromAddresses[0]: must be a mail address',
    ],
    [
      { ...smtp, pace: { perMinut: 5 } },
      'emailServers[0].pace.perMinut: is not a known field; did you mean perMinute?',
    ],
    [{ ...smtp, signIn: 'magic' }, 'emailServers[0].signIn: must be appOnly or delegated, got "magic"'],
    [{ ...imap, serverType: 'POP3' }, 'emailServers[0].serverType: must be IMAP or SMTP, got "POP3"'],
    [{ name: 'x' }, 'emailServers[0].serverType: is required: IMAP or SMTP'],
    ['text', 'emailServers[0]: must be a definition with fields and values'],
    [null, 'emailServers[0]: must be a definition with fields and values'],
  ];
  it.each(table)('%j', (definition, line) => {
    expect(lines(definition)).toEqual([expect.stringContaining(line)]);
  });

  it('do not affect other definitions, and name their own', () => {
    const { servers, invalid } = read({ ...imap, port: -1 }, smtp);
    expect(servers.map(({ name }) => name)).toEqual(['Support outbound']);
    expect(invalid).toMatchObject([{ index: 0, source: 'file', name: 'Support inbound' }]);
  });

  it('are all named when one definition has several', () => {
    expect(lines({ ...imap, port: -1, tls: 'x', emailFlow: '' })).toHaveLength(3);
  });

  it('include a name repeated in another case or form; the second one is invalid', () => {
    const second = { ...smtp, name: 'SUPPORT Inbound' };
    expect(lines(imap, second)).toEqual([
      'emailServers[1].name: is used already by emailServers[0], got "SUPPORT Inbound"',
    ]);
  });

  it('include a mailbox watched twice, but not another folder or a disabled server', () => {
    const again = {
      ...imap,
      name: 'Second',
      user: 'SUPPORT@contoso.example',
      host: 'Outlook.Office365.com',
      folder: 'inbox',
    };
    expect(lines(imap, again)).toEqual([
      'emailServers[1].user: folder of this mailbox is watched already by "Support inbound", got "SUPPORT@contoso.example"',
    ]);
    expect(lines(imap, { ...again, folder: 'Archive' })).toEqual([]);
    expect(lines(imap, { ...again, enabled: false })).toEqual([]);
  });

  it('include files and environment variables in portal definitions', () => {
    const definition = { ...imap, authenticationType: 'Password', application: undefined, passwordFile: '/etc/passwd' };
    const { invalid } = combine(found([definition], 'portal'), {});
    expect(invalid[0]?.problems).toEqual([
      { field: 'emailServers[0].passwordFile', code: 'notInPortal', message: 'is not allowed in the portal' },
    ]);
  });

  it('never repeat a password', () => {
    expect(JSON.stringify(read({ ...imap, authenticationType: 'Password', password: 12345 }))).not.toContain('12345');
  });
});

describe('files', () => {
  const folder = emptyFolder('servers');
  const file = (text: string | Uint8Array): string => {
    writeFileSync(join(folder, 'email-servers.yaml'), text);
    return join(folder, 'email-servers.yaml');
  };

  it('may be missing, empty, a bare list, or a list under emailServers', () => {
    expect(readDefinitionFile(join(folder, 'none.yaml'))).toEqual([]);
    expect(readDefinitionFile(file('# nothing yet\n'))).toEqual([]);
    expect(readDefinitionFile(file('emailServers:\n'))).toEqual([]);
    expect(readDefinitionFile(file('- name: a\n'))).toHaveLength(1);
    expect(readDefinitionFile(file('emailServers:\n  - name: a\n  - name: b\n'))).toHaveLength(2);
  });

  const broken: [string, RegExp][] = [
    ['emailServers:\n  - name: "a\n', /email-servers\.yaml: line \d+, column \d+: /],
    ['emailServers:\n  - name: a\n   port: 1\n', /line 3, column \d+: /],
    ['emailServers: 5\n', /must hold emailServers: with a list/],
    ['emailServers:\n  - name: a\n    name: b\n', /line 3, column \d+: /],
    [
      'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n',
      /alias/,
    ],
  ];
  it.each(broken)('%j', (text, expected) => {
    expect(() => readDefinitionFile(file(text))).toThrow(expected);
  });

  it('in another encoding than UTF-8 are refused with the line, but not comments beside a certificate', () => {
    const latin1 = (text: string) => file(Buffer.from(text, 'latin1'));
    expect(() => readDefinitionFile(latin1('emailServers:\n  - emailFlow: Büro\n'))).toThrow(/is not UTF-8 \(line 2\)/);
    const pem = '# Müller CA\n-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';
    expect(readValueFile(latin1(pem))).toMatch(/^# M.+ller CA\n-----BEGIN/);
    expect(() => readValueFile(latin1('pässwort\n'))).toThrow(expect.objectContaining({ code: 'not UTF-8' }));
  });

  it('may share fields by merge keys, and a password of digits keeps its zeros', () => {
    const shared =
      '&all { serverType: IMAP, host: h.example, authenticationType: Password, emailFlow: F, password: 007 }';
    const found = readDefinitionFile(
      file(
        `emailServers:\n  - { <<: ${shared}, name: A, user: a@b.example }\n  - { <<: *all, name: B, user: b@b.example }\n`,
      ),
    );
    const { servers, invalid } = combine(found, {});
    expect(invalid).toEqual([]);
    expect(servers.map(({ name, authentication }) => [name, authentication])).toEqual([
      ['A', { type: 'Password', password: '007' }],
      ['B', { type: 'Password', password: '007' }],
    ]);
  });

  it('include the shipped example, which is valid', () => {
    const example = readDefinitionFile(
      fileURLToPath(new URL('../../../config/email-servers.example.yaml', import.meta.url)),
    );
    const { servers, invalid } = combine(example, {});
    expect(invalid).toEqual([]);
    expect(servers.map(({ type, user }) => [type, user])).toEqual([
      ['IMAP', 'support@contoso.example'],
      ['SMTP', 'support@contoso.example'],
    ]);
  });
});

describe('TLS is a choice, not a port', () => {
  const modes: [typeof imap | typeof smtp, number, string, string][] = [
    [imap, 993, 'enabled', 'implicit'],
    [imap, 143, 'enabled', 'starttls'],
    [imap, 10_993, 'enabled', 'implicit'],
    [imap, 993, 'starttls', 'starttls'],
    [imap, 143, 'implicit', 'implicit'],
    [smtp, 587, 'enabled', 'starttls'],
    [smtp, 465, 'enabled', 'implicit'],
    [smtp, 2525, 'enabled', 'starttls'],
    [smtp, 2525, 'implicit', 'implicit'],
    [smtp, 465, 'starttls', 'starttls'],
    [smtp, 25, 'disabled', 'none'],
  ];
  it.each(modes)('%j on %i: %s is %s', (definition, port, tls, mode) => {
    const { servers, invalid } = read({ ...definition, port, tls });
    expect(invalid).toEqual([]);
    expect(servers.map((server) => tlsModeOf(isImap(server) ? 'imap' : 'smtp', server))).toEqual([mode]);
    expect(servers.map((server) => definitionOf(server).tls)).toEqual([tls]);
  });

  const refused = 'emailServers[0].tls: must not be none for another machine, unless allowPlainText is true';
  it.each([
    ['localhost', undefined, []],
    ['127.8.0.1', undefined, []],
    ['::1', undefined, []],
    ['relay.contoso.example', true, []],
    ['relay.contoso.example', undefined, [refused]],
    ['localhost.contoso.example', undefined, [refused]],
    ['127.0.0.1.contoso.example', undefined, [refused]],
    ['10.0.0.1', false, [refused]],
  ])('none at %s, allowPlainText %s', (host, allowPlainText, problems) => {
    const given = { ...smtp, host, tls: 'none', ...(allowPlainText === undefined ? {} : { allowPlainText }) };
    expect(lines(given)).toEqual(problems);
  });
});

describe('a relay without sign-in', () => {
  const { application: _, signIn: __, ...bare } = smtp;
  const relay = { ...bare, authenticationType: 'None' };
  it('is accepted as an SMTP server', () => {
    const [server] = read(relay).servers;
    expect(server).toMatchObject({ type: 'SMTP', authentication: { type: 'None' } });
    expect(server && definitionOf(server)).toMatchObject({ authenticationType: 'None', user: 'alex@contoso.example' });
  });
  it.each([
    [{ ...relay, password: 'secret' }, 'password: goes with authenticationType Password'],
    [{ ...relay, application: 'Contoso' }, 'application: goes with authenticationType OAuth2'],
    [{ ...relay, user: 'relay' }, 'user: must be a mail address with authenticationType None, got "relay"'],
    [{ ...imap, application: undefined, authenticationType: 'None' }, 'authenticationType: must be OAuth2 or Password'],
  ])('%j: %s', (definition, line) => {
    expect(lines(definition)).toEqual([`emailServers[0].${line}`]);
  });
});
