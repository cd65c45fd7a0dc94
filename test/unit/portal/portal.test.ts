// The portal's pure parts: escaping and the form.
import { describe, expect, it } from 'vitest';
import { blank, definitionFrom, fieldOf, NEW_FLOW, shownField } from '../../../src/http/portal/form.ts';
import { fieldsOf } from '../../../src/http/portal/form-fields.ts';
import { html } from '../../../src/http/portal/html.ts';
import { frameOf } from '../../../src/http/portal/layout.ts';

describe('html', () => {
  it.each([
    [html`<b title="${'"\'<>&'}">${'<i>'}</b>`, '<b title="&quot;&#39;&lt;&gt;&amp;">&lt;i&gt;</b>'],
    [html`${html`<i>${'<'}</i>`}${['<', html`<u></u>`]}`, '<i>&lt;</i>&lt;<u></u>'],
    [html`${undefined}${null}${false}${0}`, '0'],
  ])('%o', (made, text) => expect(made.text).toBe(text));

  it('rejects objects that are not templates', () => {
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

  it('makes a definition from its fields, without those of the other type and sign-in method', () => {
    const entered = fields({
      password: 'x',
      signInUser: 'alex@contoso.example',
      additionalEmailFromAddresses: 'a@b.example',
      afterQueued: 'move',
      afterQueuedFolder: 'Done',
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

  it('keeps stored values that have no field, and accepts several addresses on one line', () => {
    const entered = fields({
      serverType: 'SMTP',
      user: 'Person <mailto:p@b.example>',
      additionalEmailFromAddresses: 'A <a@b.example>; mailto:c@d.example, a@b.example',
      perMinute: '10',
    });
    const stored = {
      serverType: 'SMTP',
      displayNames: { 'a@b.example': 'Old', 'p@b.example': 'Old person', 'gone@b.example': 'Gone' },
      pace: { perMinute: 30, connections: 2 },
    };
    expect(definitionFrom(entered, stored)).toMatchObject({
      user: 'p@b.example',
      displayNames: { 'a@b.example': 'A', 'p@b.example': 'Person' },
      pace: { perMinute: '10', connections: 2 },
      additionalEmailFromAddresses: ['a@b.example', 'c@d.example'],
    });
  });

  it.each([
    ['an existing flow', { emailFlow: 'Support' }, 'Support'],
    ['a new flow', { emailFlow: NEW_FLOW, emailFlowNew: ' Sales ' }, 'Sales'],
    ['a new flow that was typed but not chosen', { emailFlow: 'Support', emailFlowNew: 'Sales' }, 'Support'],
    ['none chosen', { emailFlow: '' }, ''],
  ])('takes the Email Flow: %s', (_, entered, flow) => expect(definitionFrom(fields(entered)).emailFlow).toBe(flow));

  it('accepts flows by recipient, one a line, and names lines that are invalid', () => {
    const entered = fields({
      aliases: 'Orders <orders@contoso.example>\nnonsense',
      flowByRecipient: 'orders@contoso.example = Orders\n+vip=VIP = first\nnonsense\n+vip = Other',
      trustedAuthservIds: 'mx.example.com, *.example.org',
    });
    expect(definitionFrom(entered)).toMatchObject({
      aliases: ['orders@contoso.example', 'nonsense'],
      flowByRecipient: { 'orders@contoso.example': 'Orders', '+vip': 'VIP = first', nonsense: '', '+vip ': 'Other' },
      trustedAuthservIds: ['mx.example.com', '*.example.org'],
    });
  });

  it.each([
    ['https://outlook.office365.com/', 'outlook.office365.com'],
    ['https://outlook.office365.com/owa?x=1', 'outlook.office365.com'],
    ['imaps://outlook.office365.com:993', 'outlook.office365.com'],
    ['outlook.office365.com:993', 'outlook.office365.com'],
    ['outlook.office365.com:143', 'outlook.office365.com:143'],
    ['\u200boutlook.office365.com.\u00a0', 'outlook.office365.com'],
    ['müller.example', 'xn--mller-kva.example'],
    ['10.0.0.1', '10.0.0.1'],
    ['[2001:db8::993]:993', '2001:db8::993'],
    ['2001:db8::993', '2001:db8::993'],
    ['support@contoso.example', 'support@contoso.example'],
    ['two hosts', 'two hosts'],
    ['', ''],
  ])('takes the host from what was pasted, or keeps it: %j', (host, expected) =>
    expect(definitionFrom(fields({ host })).host).toBe(expected),
  );

  it('ignores invisible characters at both ends of a text', () => {
    const entered = fields({ name: '\ufeff Support\u200b', port: '993\u00a0', user: '\u200esupport@contoso.example' });
    expect(definitionFrom(entered)).toMatchObject({ name: 'Support', port: '993', user: 'support@contoso.example' });
  });

  it.each([
    ['pace.perMinute', {}, 'perMinute'],
    ['startFrom', { startFrom: '' }, 'startFromDate'],
    ['startFrom', { startFrom: 'never' }, 'startFromDate'],
    ['afterQueued', { afterQueued: { move: '' } }, 'afterQueuedFolder'],
    ['afterQueued', { afterQueued: 'nothing' }, 'afterQueued'],
    ['displayNames.a@b.example', {}, 'additionalEmailFromAddresses'],
    ['aliases[2]', {}, 'aliases'],
    ['host', {}, 'host'],
  ])('shows a problem of %s at the field where it was entered (%j)', (problem, definition, field) =>
    expect(fieldOf(problem, definition)).toBe(field),
  );

  it.each(['Anna', 'Weber, Alex', 'A "quoted" one', 'back\\slash', 'a@b'])(
    'shows the display name %j so that it can be read back',
    (name) => {
      const stored = {
        serverType: 'SMTP',
        additionalEmailFromAddresses: ['a@b.example'],
        displayNames: { 'a@b.example': name },
      };
      const state = { definition: stored, readOnly: false, problems: [], blankLines: 0, flows: [] };
      const frame = frameOf({ language: 'en', organisation: 'C', session: undefined, url: '/', now: 0 });
      const shown = /name="additionalEmailFromAddresses"[^>]* value="([^"]*)"/.exec(
        fieldsOf(frame, state).addresses().text,
      );
      const value = (shown?.[1] ?? '').replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
      const back = definitionFrom(fields({ serverType: 'SMTP', additionalEmailFromAddresses: value }), stored);
      expect(back).toMatchObject({
        additionalEmailFromAddresses: ['a@b.example'],
        displayNames: { 'a@b.example': name },
      });
    },
  );

  it('is preset for Microsoft 365 when blank', () => {
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

  it('reads start point and action from a choice and its field, and keeps a stored time', () => {
    const started = (startFrom: string, startFromDate: string, stored = {}) =>
      definitionFrom(fields({ startFrom, startFromDate }), { serverType: 'IMAP', ...stored }).startFrom;
    expect(started('all', '2026-11-01')).toBe('all');
    expect(started('since', '2026-11-01')).toBe('2026-11-01');
    expect(started('since', '2026-11-01', { startFrom: '2026-11-01T10:00:00Z' })).toBe('2026-11-01T10:00:00Z');
    expect(started('since', '2026-11-02', { startFrom: '2026-11-01T10:00:00Z' })).toBe('2026-11-02');
    expect(definitionFrom(fields({ afterQueued: 'seen', afterQueuedFolder: 'Done' })).afterQueued).toBe('seen');
  });

  it.each([
    ['startFrom', '2026-11-01', 'since'],
    ['startFrom', 'unseen', 'unseen'],
    ['afterQueued', { move: 'Done' }, 'move'],
    ['maximumSize', 50 * 1024 ** 2, '50 MB'],
    ['port', 993, '993'],
    ['user', undefined, ''],
  ])('shows %s %o', (field, value, text) => expect(shownField({ [field]: value }, field)).toBe(text));
});
