// The portal's pure parts: escaping, the form, and which hosts it may make Mailroom connect to.
import { describe, expect, it } from 'vitest';
import { hostPolicy } from '../../../src/gateway/host-policy.ts';
import { blank, definitionFrom, shownField } from '../../../src/http/portal/form.ts';
import { html } from '../../../src/http/portal/html.ts';
import { messageIn } from '../../../src/http/portal/words-said.ts';

describe('html', () => {
  it.each([
    [html`<b title="${'"\'<>&'}">${'<i>'}</b>`, '<b title="&quot;&#39;&lt;&gt;&amp;">&lt;i&gt;</b>'],
    [html`${html`<i>${'<'}</i>`}${['<', html`<u></u>`]}`, '<i>&lt;</i>&lt;<u></u>'],
    [html`${undefined}${null}${false}${0}`, '0'],
  ])('%o', (made, text) => expect(made.text).toBe(text));

  it('takes no foreign object for a template', () => {
    const forged = JSON.parse('{"text":"<script>"}') as { text: string };
    expect(() => html`${forged}`).toThrow(TypeError);
  });
});

describe('the form', () => {
  const fields = (more: Record<string, string> = {}) =>
    new URLSearchParams({
      serverType: 'IMAP',
      name: ' Support ',
      host: 'outlook.office365.com',
      port: '993',
      tls: 'enabled',
      authenticationType: 'OAuth2',
      application: 'Contoso',
      signIn: 'appOnly',
      user: 'support@contoso.example',
      emailFlow: 'Support',
      enabled: 'true',
      ...more,
    });

  it('makes a definition of fields, without those of the other type and way of signing in', () => {
    const entered = fields({
      password: 'x',
      signInUser: 'alex@contoso.example',
      additionalEmailFromAddresses: 'a@b.example',
      afterQueued: 'move: Done',
    });
    expect(definitionFrom(entered)).toEqual({
      serverType: 'IMAP',
      name: 'Support',
      host: 'outlook.office365.com',
      port: '993',
      tls: 'enabled',
      authenticationType: 'OAuth2',
      application: 'Contoso',
      signIn: 'appOnly',
      user: 'support@contoso.example',
      emailFlow: 'Support',
      enabled: true,
      afterQueued: { move: 'Done' },
    });
  });

  it('keeps what is stored and has no field, and takes several addresses of one line', () => {
    const entered = fields({
      serverType: 'SMTP',
      additionalEmailFromAddresses: 'a@b.example, c@d.example',
      perMinute: '10',
    });
    const stored = {
      serverType: 'SMTP',
      displayNames: { 'a@b.example': 'A' },
      pace: { perMinute: 30, connections: 2 },
    };
    expect(definitionFrom(entered, stored)).toMatchObject({
      displayNames: { 'a@b.example': 'A' },
      pace: { perMinute: '10', connections: 2 },
      additionalEmailFromAddresses: ['a@b.example', 'c@d.example'],
    });
  });

  it('a blank one holds the presets of Microsoft 365', () => {
    expect(blank('IMAP')).toMatchObject({
      host: 'outlook.office365.com',
      port: 993,
      tls: 'enabled',
      authenticationType: 'OAuth2',
    });
    expect(blank('SMTP')).toMatchObject({
      host: 'smtp.office365.com',
      port: 587,
      tls: 'enabled',
      authenticationType: 'OAuth2',
    });
  });

  it.each([
    ['afterQueued', { move: 'Done' }, 'move: Done'],
    ['maximumSize', 50 * 1024 ** 2, '50 MB'],
    ['port', 993, '993'],
    ['user', undefined, ''],
  ])('shows %s %o', (field, value, text) => expect(shownField({ [field]: value }, field)).toBe(text));

  it('says what is wrong in German', () => {
    expect(messageIn('de', 'must be 1–65535')).toBe('muss zwischen 1 und 65535 liegen');
    expect(messageIn('en', 'must be 1–65535')).toBe('must be 1–65535');
  });
});

describe('hosts', () => {
  const resolves: Readonly<Record<string, string[]>> = {
    'mail.example.org': ['10.1.2.3', '2001:db8::1'],
    'rebind.example.org': ['203.0.113.1', '169.254.169.254'],
    '0xa9fea9fe': ['169.254.169.254'],
  };
  const may = hostPolicy(async (host) => resolves[host] ?? Promise.reject(new Error('ENOTFOUND')));
  it.each([
    ['mail.example.org', true],
    ['unknown.example.org', true],
    ['127.0.0.1', true],
    ['10.0.0.5', true],
    ['rebind.example.org', false],
    ['0xa9fea9fe', false],
    ['169.254.169.254', false],
    ['169.254.0.1', false],
    ['[fe80::1]', false],
    ['::ffff:a9fe:a9fe', false],
    ['fd00:ec2::254', false],
    ['0.0.0.0', false],
    ['::', false],
    ['224.0.0.1', false],
    ['metadata.google.internal.', false],
    ['METADATA', false],
  ])('%s: %s', async (host, allowed) => expect(await may(host)).toBe(allowed));

  it('does not wait for a name server that does not answer', async () => {
    expect(await hostPolicy(() => new Promise(() => {}), 10)('slow.example.org')).toBe(true);
  });
});
