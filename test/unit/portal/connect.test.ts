// The wizard's answers: what is defined, what is wrong in which step, and the PowerShell for the names typed so far.
import { describe, expect, it } from 'vitest';
import {
  answersOf,
  definitionsOf,
  powerShell,
  problemsIn,
  questionOf,
  quoted,
} from '../../../src/http/portal/connect.ts';

const answers = (more: Record<string, string> = {}) =>
  answersOf(
    new URLSearchParams({
      mailbox: 'Support <support@contoso.example>',
      emailFlow: 'Support',
      ...more,
    }),
    ['Contoso'],
  );

describe('definitions made by the wizard', () => {
  it('app-only: the shared address signs in to both', () => {
    const { imap, smtp } = definitionsOf(
      answers({ from: 'Support Team <support@contoso.example>; vip@contoso.example' }),
    );
    expect(imap).toMatchObject({
      ...{
        serverType: 'IMAP',
        name: 'support IMAP',
        host: 'outlook.office365.com',
        port: '993',
        user: 'support@contoso.example',
      },
      ...{
        authenticationType: 'OAuth2',
        application: 'Contoso',
        signIn: 'appOnly',
        emailFlow: 'Support',
        startFrom: 'now',
        enabled: true,
      },
    });
    expect(imap).not.toHaveProperty('signInUser');
    expect(smtp).toMatchObject({
      ...{
        serverType: 'SMTP',
        name: 'support SMTP',
        host: 'smtp.office365.com',
        port: '587',
        user: 'support@contoso.example',
      },
      additionalEmailFromAddresses: ['vip@contoso.example'],
      displayNames: { 'support@contoso.example': 'Support Team' },
    });
  });

  it('delegated: the person signs in; the shared address is a permitted From', () => {
    const { imap, smtp } = definitionsOf(answers({ signIn: 'delegated', person: 'mailto:alex@contoso.example' }));
    expect(imap).toMatchObject({
      user: 'support@contoso.example',
      signIn: 'delegated',
      signInUser: 'alex@contoso.example',
    });
    expect(smtp).toMatchObject({
      user: 'alex@contoso.example',
      additionalEmailFromAddresses: ['support@contoso.example'],
    });
  });

  it('another server: its login and password, without Microsoft’s hosts', () => {
    const other = answers({
      kind: 'other',
      imapHost: 'outlook.office365.com',
      smtpHost: 'mail.example.org',
      login: 'support-login',
    });
    expect(problemsIn('mailbox', other, []).map(({ field }) => field)).toEqual(['imapHost']);
    const { imap, smtp } = definitionsOf({ ...other, imapHost: 'mail.example.org' }, 'secret');
    expect(imap).toMatchObject({
      authenticationType: 'Password',
      password: 'secret',
      user: 'support-login',
      aliases: ['support@contoso.example'],
    });
    expect(smtp).toMatchObject({ user: 'support-login', additionalEmailFromAddresses: ['support@contoso.example'] });
  });
});

describe('wrong input', () => {
  it.each([
    ['mailbox', { mailbox: 'nobody' }, ['mailbox notAddress']],
    ['mailbox', { mailbox: 'a@b.example; c@d.example' }, ['mailbox notAddress']],
    ['mailbox', { name: 'Taken' }, ['name nameTaken']],
    ['mailbox', {}, []],
    ['signIn', { signIn: 'delegated', person: '' }, ['person notAddress']],
    ['signIn', {}, []],
    ['flow', { emailFlow: ' new', emailFlowNew: '' }, ['emailFlow empty']],
    ['flow', { from: 'support@contoso.example; x' }, ['from notAddress']],
    ['review', {}, []],
  ] as const)('%s %j', (step, more, expected) =>
    expect(problemsIn(step, answers(more), ['taken imap']).map(({ field, code }) => `${field} ${code}`)).toEqual(
      expected,
    ),
  );
});

it.each([
  ['imap', 'host', {}, 'imapHost'],
  ['smtp', 'port', {}, 'smtpPort'],
  ['imap', 'user', {}, 'mailbox'],
  ['smtp', 'user', {}, 'mailbox'],
  ['imap', 'user', { signIn: 'delegated' }, 'mailbox'],
  ['smtp', 'user', { signIn: 'delegated' }, 'person'],
  ['smtp', 'user', { kind: 'other', signIn: 'delegated' }, 'login'],
  ['imap', 'signInUser', {}, 'person'],
  ['imap', 'aliases[0]', {}, 'mailbox'],
  ['smtp', 'displayNames.a@b.example', {}, 'from'],
  ['smtp', 'additionalEmailFromAddresses[3]', {}, 'from'],
  ['imap', 'emailFlow', {}, 'emailFlow'],
] as const)('a problem of the %s server’s %s (%j) belongs to the question %s', (type, field, more, question) =>
  expect(questionOf(type, field, answers(more))).toBe(question),
);

describe('generated PowerShell', () => {
  const placeholders = { objectId: '<object id>', clientId: '<client id>' };
  it('app-only, with the client id that is known', () =>
    expect(
      powerShell(answers({ from: 'support@contoso.example, vip@contoso.example' }), 'c-1', placeholders).split('\n'),
    ).toEqual([
      'Connect-ExchangeOnline',
      "New-ServicePrincipal -AppId c-1 -ObjectId <object id> -DisplayName 'Contoso'",
      "Add-MailboxPermission -Identity 'support@contoso.example' -User <object id> -AccessRights FullAccess",
      "Add-RecipientPermission -Identity 'vip@contoso.example' -Trustee 'support@contoso.example' -AccessRights SendAs -Confirm:$false",
      "Set-CASMailbox -Identity 'support@contoso.example' -ImapEnabled $true -SmtpClientAuthenticationDisabled $false",
    ]));
  it('delegated, once the person is known', () => {
    expect(powerShell(answers({ signIn: 'delegated' }), undefined, placeholders)).toBe('');
    expect(
      powerShell(answers({ signIn: 'delegated', person: 'alex@contoso.example' }), undefined, placeholders),
    ).toContain(
      "Add-RecipientPermission -Identity 'support@contoso.example' -Trustee 'alex@contoso.example' -AccessRights SendAs",
    );
  });
  it.each([
    ["o'neil@b.example", "'o''neil@b.example'"],
    ['a’; Remove-Mailbox x; ‘b', "'a’’; Remove-Mailbox x; ‘‘b'"],
    ['$(evil)`n', "'$(evil)`n'"],
  ])('%s is a quoted string and nothing else', (text, shown) => expect(quoted(text)).toBe(shown));
});
