// Pure parts of the pages: fixes and steps of the connection test, warnings and refusals in German, pages of a long list, masked addresses.
import { describe, expect, it } from 'vitest';
import { parseEmailServer } from '../../../src/config/email-servers.ts';
import type { Problem } from '../../../src/config/problem.ts';
import { fixOf } from '../../../src/doctor/fixes.ts';
import type { CheckStep } from '../../../src/domain/doctor.ts';
import type { EmailServer } from '../../../src/domain/email-server.ts';
import { checkEmailServers } from '../../../src/domain/email-server-check.ts';
import { masked } from '../../../src/http/masked.ts';
import { findingNotes, fixList, stepItem, stepLines } from '../../../src/http/portal/findings.ts';
import { frameOf } from '../../../src/http/portal/layout.ts';
import { pageOf, pager } from '../../../src/http/portal/parts.ts';
import { findingIn, labelIn, problemIn } from '../../../src/http/portal/words-said.ts';

const frame = (language: 'en' | 'de') =>
  frameOf({ language, organisation: 'Contoso', session: undefined, url: '/portal', now: Date.UTC(2026, 10, 25) });

describe('advice', () => {
  it.each([
    ['Set TLS to enabled.', '<p>Set TLS to enabled.</p>'],
    [
      'Set-CASMailbox -Identity "a@b.example" -ImapEnabled $true; wait',
      '<ul class="fix"><li><code>Set-CASMailbox -Identity &quot;a@b.example&quot; -ImapEnabled $true</code></li><li>wait</li></ul>',
    ],
    [
      'Set-CASMailbox -ImapEnabled $true. It may take 30 minutes. Look there.',
      '<p><code>Set-CASMailbox -ImapEnabled $true</code>. It may take 30 minutes. Look there.</p>',
    ],
    [
      'Consent: https://login.example/a?b=c&d=e.',
      '<p>Consent: <a href="https://login.example/a?b=c&amp;d=e" rel="noreferrer" target="_blank">https://login.example/a?b=c&amp;d=e</a>.</p>',
    ],
    ['javascript:alert(1); <b>', '<ul class="fix"><li>javascript:alert(1)</li><li>&lt;b&gt;</li></ul>'],
  ])('%s', (fix, shown) => expect(fixList(fix).text).toBe(shown));

  it('keeps every word of the doctor’s own fixes', () => {
    const names = {
      provider: 'microsoft',
      server: 'S',
      host: 'h.example',
      port: 993,
      user: 'u@b.example',
      signIn: 'appOnly',
      person: '',
    } as const;
    const more = { from: 'f@b.example', folder: 'INBOX', application: 'A', clientId: 'c', tenant: 't' };
    const fix = fixOf('IMAP_NOT_CONNECTED', { ...names, ...more, consentUrl: 'https://x.example', permission: 'p' }).en;
    const shown = fixList(fix)
      .text.replace(/<\/li><li>/g, '; ')
      .replace(/<[^>]+>/g, '');
    expect(shown.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>')).toBe(fix);
  });
});

describe('a step', () => {
  const base = { server: 'S', informational: false, ms: 1234 } as const;
  const failed: CheckStep = {
    ...base,
    step: 'fullAccess',
    state: 'failed',
    failure: {
      code: 'IMAP_NOT_CONNECTED',
      class: 'permission',
      message: 'Signed in, but the mailbox does not open',
      fix: { en: 'Do <this>', de: 'Tun Sie <dies>' },
      remote: { system: 'imap', text: 'User is <b>authenticated</b> but not connected.' },
    },
  };
  it('that failed shows the remote words and what to do, escaped', () => {
    const text = stepItem(frame('de'), failed).text;
    expect(text).toContain('class="failed"');
    expect(text).toContain('fehlgeschlagen');
    expect(text).toContain('1.234 ms');
    expect(text).toContain('&lt;b&gt;authenticated&lt;/b&gt;');
    expect(text).toContain('Tun Sie &lt;dies&gt;');
    expect(text).not.toContain('Signed in, but');
  });
  it('names the portal’s button where the command line has a command', () => {
    const fix = {
      en: 'p@b.example must sign in: mailroom login "S". Mail waits.',
      de: 'p@b.example meldet sich an: mailroom login "S".',
    };
    const step = { ...failed, failure: { ...failed.failure, code: 'OAUTH_PASSWORD_WRONG', fix } } as CheckStep;
    for (const language of ['en', 'de'] as const) {
      const { text } = stepItem(frame(language), step);
      expect(text).not.toContain('mailroom login');
      expect(text).toContain(
        language === 'en'
          ? 'open the email server and choose “Sign in and consent”'
          : 'öffnen Sie den E-Mail Server und wählen Sie „Anmelden und zustimmen“',
      );
    }
  });
  it('that is not possible yet is a note, with what comes first', async () => {
    async function* run(): AsyncGenerator<CheckStep> {
      yield { ...base, step: 'config', state: 'ok' };
      yield { ...failed, step: 'token', failure: { ...failed.failure, code: 'OAUTH_SIGN_IN_NEEDED' } } as CheckStep;
    }
    const lines: { step?: string; summary?: string }[] = [];
    for await (const line of stepLines(frame('en'), 'SMTP', run())) lines.push(JSON.parse(line) as object);
    expect(lines[2]?.step).toContain('class="noted"');
    expect(lines[2]?.step).toContain('Not yet possible: first save the server');
    expect(lines.at(-1)?.summary).toContain('something is still to be done');
  });
  it('shows times with their zone', () => {
    const detail = { en: 'until 2026-11-30T02:31:36.000Z', de: 'bis 2026-11-30T02:31:36.000Z' };
    const { text } = stepItem(frame('de'), { ...base, step: 'token', state: 'ok', detail });
    expect(text).toContain(
      '<time datetime="2026-11-30T02:31:36.000Z" data-exact="1">30. Nov. 2026, 02:31:36 UTC</time>',
    );
  });
  it('that only informs does not fail the test', async () => {
    async function* run(): AsyncGenerator<CheckStep> {
      yield { ...base, step: 'config', state: 'ok' };
      yield { ...failed, step: 'pop3', informational: true };
    }
    const lines: { next?: string; step?: string; summary?: string }[] = [];
    for await (const line of stepLines(frame('en'), 'IMAP', run())) lines.push(JSON.parse(line) as object);
    expect(lines.map(({ next }) => next)).toEqual([
      'Definition …',
      'Host name resolves …',
      'Shared address is a permitted From …',
      '',
    ]);
    expect(lines[2]?.step).toContain('class="noted"');
    expect(lines[3]?.summary).toContain('All is well.');
  });
});

describe('in German', () => {
  const server = (fields: object): EmailServer => {
    const definition = { host: 'h.example', authenticationType: 'OAuth2', application: 'App', ...fields };
    const parsed = parseEmailServer({ definition, source: 'portal', at: '', index: 0, folder: '' }, {}, []);
    if (parsed === undefined) throw new Error('not valid');
    return parsed;
  };
  const delegated = { signIn: 'delegated', signInUser: 'p@b.example' };
  const findings = checkEmailServers(
    [
      server({ serverType: 'IMAP', name: 'In "1"', user: 's@b.example', emailFlow: 'F', ...delegated }),
      server({ serverType: 'IMAP', name: 'Plain', user: 'q@b.example', emailFlow: 'F', tls: 'disabled', port: 143 }),
      server({ serverType: 'SMTP', name: 'Out', user: 'o@b.example', additionalEmailFromAddresses: ['x@b.example'] }),
      server({ serverType: 'SMTP', name: 'Shared', user: 's@b.example', ...delegated, enabled: true }),
      ...Array.from({ length: 16 }, (_, i) =>
        server({ serverType: 'IMAP', name: `M${i}`, user: `m${i}@b.example`, emailFlow: 'F', ...delegated }),
      ),
    ],
    { applications: [], now: new Date('2026-11-30') },
  );

  it('every finding of the doctor is shown', () => {
    const codes = new Set(findings.map(({ code }) => code));
    expect([...codes].sort()).toEqual([
      'APPLICATION_NOT_CONFIGURED',
      'DELEGATED_USER_IS_SHARED',
      'DEVICE_CODE_MAY_BE_BLOCKED',
      'FROM_NEEDS_SEND_AS',
      'MANY_MAILBOXES_ON_ONE_PERSON',
      'SEND_AS_APP_BESIDE_RBAC',
      'SHARED_ADDRESS_NOT_PERMITTED',
      'TLS_DISABLED',
    ]);
    for (const finding of findings) {
      const text = findingIn('de', finding);
      expect(text, finding.message).not.toBe(finding.message);
      expect(text).not.toMatch(/\b(the|which|but|is|and|without)\b|\$\d/);
      expect(
        findingNotes(frame('de'), [finding])
          .map((one) => one.text)
          .join(),
      ).toContain(text.slice(0, 5).replaceAll('"', '&quot;'));
    }
  });

  const problemsOf = (fields: object, type = 'IMAP') => {
    const found: Problem[] = [];
    const good = { serverType: type, name: 'N', host: 'h.example', user: 'u@b.example', emailFlow: 'F' };
    const sign = { authenticationType: 'OAuth2', application: 'A' };
    const definition = { ...good, ...sign, ...fields };
    parseEmailServer({ definition, source: 'portal', at: '', index: 0, folder: '' }, {}, found);
    return found;
  };

  it.each([
    [{ name: '' }, 'Name: Füllen Sie dieses Feld aus.', 'Name: Fill in this field.'],
    [{ emailFlow: undefined }, 'Email Flow: Füllen Sie dieses Feld aus.', 'Email Flow: Fill in this field.'],
    [
      { port: 70_000 },
      'Port: Geben Sie eine Zahl von 1 bis 65535 ein. Angegeben: 70000',
      'Port: Enter a number from 1 to 65535. Entered: 70000',
    ],
    [
      { startFrom: 'soon' },
      'Abruf bei der ersten Verbindung: Wählen Sie einen Beginn, oder geben Sie ein Datum an. Angegeben: "soon"',
      'Fetch on first connection: Choose where to begin, or enter a date. Entered: "soon"',
    ],
    [
      { afterQueued: { move: '' } },
      'Nach der Übergabe: Wählen Sie, was mit der E-Mail geschieht; geben Sie zum Verschieben einen Ordner an.',
      'After it is queued: Choose what happens to the email; for moving it, enter a folder.',
    ],
    [
      { authenticationType: 'Token' },
      'Authentication Type: Wählen Sie OAuth2, Password oder None. Angegeben: "Token"',
      'Authentication Type: Choose OAuth2, Password or None. Entered: "Token"',
    ],
    [
      { application: undefined },
      'OAuth2-Anwendung: Wählen Sie eine OAuth2-Anwendung.',
      'OAuth2 application: Choose an OAuth2 application.',
    ],
    [
      { hots: 'x' },
      'hots: Diese Einstellung gibt es nicht. Meinten Sie host?',
      'hots: This setting does not exist. Did you mean host?',
    ],
  ])('the form names its field for %o', (fields, de, en) => {
    const [problem] = problemsOf(fields);
    if (problem === undefined) throw new Error('is valid');
    expect(`${labelIn('de', problem.field)}: ${problemIn('de', problem)}`).toBe(de);
    expect(`${labelIn('en', problem.field)}: ${problemIn('en', problem)}`).toBe(en);
  });

  it('names the field of the pace as in the form', () => {
    const [problem] = problemsOf({ emailFlow: undefined, pace: { perMinute: 0 } }, 'SMTP').filter(({ field }) =>
      /pace/.test(field),
    );
    expect(problem && `${labelIn('de', problem.field)}: ${problemIn('de', problem)}`).toBe(
      'Nachrichten pro Minute: Geben Sie eine Zahl von 1 bis 100.000 ein. Angegeben: 0',
    );
  });
});

describe('small parts', () => {
  it.each([
    ['jane.doe@customer.example', 'j•••@customer.example'],
    ['"a@b"@customer.example', '"•••@customer.example'],
    ['j@c.example', 'j•••@c.example'],
  ])('%s is masked', (address, text) => expect(masked(address)).toBe(text));

  it.each([
    [undefined, 1],
    ['3', 3],
    ['0', 1],
    ['-1', 1],
    ['1e99', 1],
    ['x', 1],
  ])('page %s is %i', (text, page) => expect(pageOf(text)).toBe(page));

  it('a pager links back and forward, and is absent for one page', () => {
    const at = (page: number, pages: number) =>
      pager(frame('en'), { at: page, pages, total: 1234, word: 'entries', url: (next) => `?page=${next}` }).text;
    expect(at(1, 1)).not.toContain('<nav');
    expect(at(1, 1)).toContain('1,234 entries');
    expect(at(1, 3)).toContain('href="?page=2"');
    expect(at(1, 3)).not.toContain('rel="prev"');
    expect(at(3, 3)).toContain('href="?page=2"');
    expect(at(3, 3)).not.toContain('rel="next"');
  });
});
