// An administrator in a real browser: steps 4 to 6 of the handbook for a shared mailbox of the sandbox tenant, in both languages: fill in, see
// the warning, test, sign in, enable; then a mail arrives on the flow's queue and a reply leaves, and one that was held is released from the
// page. Every page is held against axe and weighed. With MAILROOM_SCREENSHOTS=1 it writes the screenshots of docs/img.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.ts';
import { fixture } from '../support/fixture.ts';
import { journey, replyJob } from '../support/journey.ts';
import { startRedis } from '../support/redis.ts';
import { freePort, tempDir, waitFor } from '../support/temp.ts';

const SUPPORT = 'support@contoso.example';
const SALES = 'vertrieb@contoso.example';
const CLAIMS = 'claims@contoso.example';
const RETURNS = 'retouren@contoso.example';
const ALEX = 'alex@contoso.example';
const BEA = 'bea@contoso.example';
/** Signs in by the wizard alone: a sign-in holds for every server of a person, and the forms begin without one. */
const CARL = 'carl@contoso.example';
const JANE = 'jane@customer.example';
const CLIENT = '7d3f2c1a-5b4e-4f60-9a8b-1c2d3e4f5a6b';
const SECRET = 'portal~journey~client~secret';
const axe = createRequire(import.meta.url).resolve('axe-core');
/** Screenshots go into docs/img when asked for (MAILROOM_SCREENSHOTS=1), else they are taken all the same and thrown away: a run leaves nothing changed. */
const image = (name: string) =>
  process.env.MAILROOM_SCREENSHOTS === '1'
    ? fileURLToPath(new URL(`../../docs/img/${name}.png`, import.meta.url))
    : `${dir.path}/${name}.png`;

const shot = (name: string) => `${process.env.SHOTS ?? dir.path}/${name}.png`;

let dir: ReturnType<typeof tempDir>;
let j: ReturnType<typeof journey>;
let base: string;
let browser: Browser;

const redis = fixture(startRedis);
const sandbox = fixture(() =>
  startSandbox({
    users: [
      { address: SUPPORT, kind: 'shared' },
      { address: SALES, kind: 'shared' },
      { address: CLAIMS, kind: 'shared' },
      { address: RETURNS, kind: 'shared' },
      { address: ALEX, displayName: 'Alex Weber', password: 'sandbox-alex' },
      { address: BEA, displayName: 'Bea Braun', password: 'sandbox-bea' },
      { address: CARL, displayName: 'Carl Clausen', password: 'sandbox-carl' },
      { address: JANE, kind: 'customer' },
    ],
    applications: [{ clientId: CLIENT, secret: SECRET }],
    permissions: {
      fullAccess: { [SUPPORT]: [ALEX], [SALES]: [BEA], [RETURNS]: [CARL] },
      sendAs: { [SUPPORT]: [ALEX], [SALES]: [BEA], [RETURNS]: [CARL] },
    },
  }),
);
beforeAll(async () => {
  dir = tempDir('portal-journey');
  const port = await freePort();
  base = `http://localhost:${port}`;
  j = journey({
    redisUrl: redis.url,
    ca: sandbox.caPem,
    // Read-only in the portal; there for each test, in whatever order they run.
    emailServers: [
      {
        serverType: 'SMTP',
        name: 'Archive SMTP',
        host: 'smtp.office365.com',
        authenticationType: 'OAuth2',
        application: 'Contoso',
        user: 'archive@contoso.example',
        enabled: false,
      },
    ],
    settings: {
      organisation: 'Contoso',
      http: { host: '127.0.0.1', port, publicUrl: base },
      // A reply whose answer was lost is held after one look into Sent.
      outbound: { uncertain: { lookForMinutes: 0 } },
      oauthApplications: [
        {
          name: 'Contoso',
          tenant: sandbox.tenant,
          clientId: CLIENT,
          authority: sandbox.authority.slice(0, sandbox.authority.lastIndexOf('/')),
          credentials: [{ secretEnv: 'MAILROOM_SECRET_APP' }],
        },
      ],
    },
    env: { MAILROOM_SECRET_APP: SECRET },
  });
  await j.start(['serve']).waitForEvent('GatewayStarted');
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});
afterAll(async () => {
  await browser?.close();
  await j?.stop();
  dir?.remove();
});

/**
 * Serious or not: no rule may be broken. A live part may be put in place while axe measures the old one, which then has no size: what is found counts
 * if it is found again.
 */
async function accessible(page: Page): Promise<void> {
  await page.evaluate(await axeSource());
  let found = await violations(page);
  if (found.length > 0) found = await violations(page);
  expect(found, page.url()).toEqual([]);
}
const violations = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await run.run({ rules: { 'target-size': { enabled: true } } })).violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`,
    );
  });
let source: string | undefined;
async function axeSource(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  source ??= await readFile(axe, 'utf8');
  return source;
}

/** Bytes of a page with its style sheet and script: never a burden. */
async function light(page: Page): Promise<void> {
  const bytes = await page.evaluate(() => {
    const { performance: seen } = globalThis as unknown as {
      performance: {
        getEntriesByType(type: string): { name: string; decodedBodySize: number; transferSize: number }[];
      };
    };
    const loaded = [...seen.getEntriesByType('navigation'), ...seen.getEntriesByType('resource')];
    return loaded
      .filter(({ name }) => !name.includes('/check') && !name.includes('/events'))
      .map(({ name, decodedBodySize }) => ({ host: new URL(name).host, decodedBodySize }));
  });
  expect(new Set(bytes.map(({ host }) => host))).toEqual(new Set([new URL(base).host]));
  expect(bytes.reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0)).toBeLessThan(100_000);
}

/** A page that is as it has to be. */
async function sound(page: Page): Promise<void> {
  await accessible(page);
  const over = await page.evaluate(() => {
    const { document, innerWidth } = globalThis as unknown as Wide;
    return document.documentElement.scrollWidth - innerWidth;
  });
  expect(over, `${page.url()} is wider than the window`).toBeLessThanOrEqual(0);
}

/** Presses the button and waits for the end of the connection test. */
async function tested(page: Page, button: Locator): Promise<Locator> {
  await button.click();
  await page.locator('#test-log .end p').waitFor();
  await sound(page);
  return page.locator('#test-log');
}

/** Presses a button again while the answer to the first press is on its way. */
async function pressTwice(page: Page, button: Locator, url: RegExp): Promise<void> {
  const [answered, pressed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await page.route(url, async (route) => {
    const response = await route.fetch({ maxRedirects: 0 });
    answered.resolve();
    await pressed.promise;
    await route.fulfill({ response }).catch(() => {}); // given up for the second
  });
  await button.hover();
  for (let press = 0; press < 2; press += 1) {
    await page.mouse.down();
    await page.mouse.up();
    await answered.promise;
  }
  pressed.resolve();
}

/** Printed and ended are two moments: the code is waited for, not the end. */
async function oneTimeCode(role: string): Promise<string> {
  const invite = j.start(['invite', '--name', 'Kim', '--role', role]);
  return waitFor(() => /^[\w-]{43}$/m.exec(invite.output())?.[0], {
    timeoutMs: 60_000,
    describe: () => `a one-time secret; printed: ${invite.output()}`,
  });
}

async function open(
  locale: string,
  options: object = {},
  role = 'administrator',
): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext({
    locale,
    viewport: { width: 1200, height: 800 },
    ignoreHTTPSErrors: true,
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const secret = await oneTimeCode(role);
  await page.goto(`${base}/portal`);
  await page.locator('#secret').fill(secret);
  await page.locator('main button').click();
  await page.locator('main [role=alert], nav.menu-bar').first().waitFor();
  expect(await page.locator('main [role=alert]').allTextContents()).toEqual([]);
  return { page, context };
}

interface Wide {
  document: { documentElement: { scrollWidth: number } };
  innerWidth: number;
}
interface Words {
  locale: string;
  title: string;
  addImap: string;
  addSmtp: string;
  addAddress: string;
  save: string;
  warning: RegExp;
  consent: string;
  watching: string;
  disabled: string;
  deleteAsk: string;
  /** Before and after somebody has signed in. */
  signInNeeded: string;
  ready: string;
  test: string;
  release: string;
  heldHeading: RegExp;
}
const languages: (Words & { mailbox: string; flow: string; person: string })[] = [
  {
    locale: 'en-GB',
    title: 'Email servers',
    addImap: 'Add IMAP server',
    addSmtp: 'Add SMTP server',
    addAddress: 'Add address',
    save: 'Save',
    warning: /personal address/,
    consent: 'Sign in and consent',
    watching: 'Watching',
    disabled: 'Disabled',
    deleteAsk: 'Delete this email server?',
    signInNeeded: 'Sign-in needed',
    ready: 'Ready to send',
    test: 'Start test',
    release: 'Send again',
    heldHeading: /Held \(1\)/,
    mailbox: SUPPORT,
    flow: 'Support',
    person: ALEX,
  },
  {
    locale: 'de-DE',
    title: 'E-Mail Server',
    addImap: 'IMAP-Server anlegen',
    addSmtp: 'SMTP-Server anlegen',
    addAddress: 'Adresse hinzufügen',
    save: 'Speichern',
    warning: /persönlichen Adresse/,
    consent: 'Anmelden und zustimmen',
    watching: 'Überwacht',
    disabled: 'Deaktiviert',
    deleteAsk: 'Diesen E-Mail Server löschen?',
    signInNeeded: 'Anmeldung nötig',
    ready: 'Sendebereit',
    test: 'Test starten',
    release: 'Erneut senden',
    heldHeading: /Zurückgehalten \(1\)/,
    mailbox: SALES,
    flow: 'Vertrieb & Beratung',
    person: BEA,
  },
];

describe.each(languages)('the handbook’s steps 4 to 6 ($locale)', (words) => {
  const { flow, mailbox } = words;
  const language = words.locale.slice(0, 2);
  const imapName = `${flow} IMAP`;
  const smtpName = `${flow} SMTP`;

  it('lead to a mail on the flow’s queue and a reply that is sent', async () => {
    const { page, context } = await open(words.locale);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on(
      'console',
      (line) =>
        void (line.type() === 'error' && /Content.Security|refused/i.test(line.text()) && problems.push(line.text())),
    );

    const warning = page.locator('#warnings p', { hasText: mailbox }).filter({ hasText: words.warning });

    // Step 4: the menu leads to the list.
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
    await page.getByRole('navigation').getByRole('link', { name: words.title }).click();
    await page.getByRole('heading', { level: 1, name: words.title }).waitFor();
    await sound(page);

    // Step 5: the IMAP server, fields in the handbook's order.
    await page.getByRole('link', { name: words.addImap }).click();
    const labels = await page
      .locator('.card')
      .first()
      .locator('label, legend')
      .filter({ visible: true })
      .allTextContents();
    // The fields of the contact center's handbook, in its order and words: not the page's own list.
    expect(labels.filter((label) => !/new Email Flow|neuen Email Flow/.test(label))).toEqual([
      'Server Type',
      'Name',
      'Host',
      'Port',
      'TLS',
      'Authentication Type',
      'User',
      'Email Flow',
      'Enabled',
    ]);
    expect(await page.getByLabel('Host').inputValue()).toBe('outlook.office365.com');
    await page.getByLabel('Name', { exact: true }).fill(imapName);
    await page.getByLabel('Host').fill('localhost');
    await page.getByLabel('Port').fill(String(sandbox.imap.port));
    await page.getByLabel('User', { exact: true }).fill(mailbox);
    await warning.waitFor();
    // Inline: a field left empty says so before anything is saved.
    await page.locator('#emailFlow').selectOption(' new');
    await page.locator('#emailFlowNew').fill('x');
    await page.locator('#emailFlowNew').fill('');
    await page.getByLabel('Name', { exact: true }).focus();
    await page.locator('#emailFlow-error:not(:empty)').waitFor();
    await page.locator('#emailFlowNew').fill(flow);
    await page.locator('details.card summary').click();
    await page.locator('#startFrom').selectOption('all');
    // The folders of the mailbox, asked of its server; what was entered stays.
    await page.locator('button[value=folders]').click();
    await page.locator('#folder-list option[value=INBOX]').waitFor({ state: 'attached' });
    expect(await page.locator('#startFrom').inputValue()).toBe('all');
    await sound(page);
    await page.screenshot({ path: shot(`form-folders-${language}`), fullPage: true });
    await page.locator('#emailFlow-error:empty').waitFor({ state: 'attached' });
    await page.getByLabel('Enabled').uncheck();
    // Tested before anything is saved: every step that the doctor knows, each with its outcome.
    const imapTest = await tested(page, page.getByRole('button', { name: words.test }));
    expect(await imapTest.locator('li').count()).toBe(13);
    expect(await imapTest.locator('li.failed').count(), (await imapTest.textContent()) ?? '').toBe(0);
    await imapTest.locator('.end .note.ok').waitFor();
    await page.getByRole('button', { name: words.save }).click();
    // Enabled from the list, it comes alive without a reload; the list shows the handbook's note as a warning.
    const rowOf = (name: string) => page.locator('tbody', { has: page.getByRole('link', { name, exact: true }) });
    const row = rowOf(imapName);
    await row.locator('.badge', { hasText: words.disabled }).waitFor();
    await row.getByRole('switch').click();
    await row.getByText(words.warning).waitFor();
    await row.locator('.badge.ok', { hasText: words.watching }).waitFor();
    await sound(page);
    await light(page);
    await page.screenshot({ path: image(`portal-warning-${language}`) });

    // Step 6: the SMTP server of the person, who consents; the shared address is missing at first.
    await page.getByRole('link', { name: words.addSmtp }).click();
    const smtpLabels = await page
      .locator('.card')
      .first()
      .locator('label, legend')
      .filter({ visible: true })
      .allTextContents();
    expect(smtpLabels).toEqual([
      'Server Type',
      'Name',
      'Host',
      'Port',
      'TLS',
      'Authentication Type',
      'User',
      'Additional Email From Addresses',
      'Enabled',
    ]);
    await page.getByLabel('Name', { exact: true }).fill(smtpName);
    await page.getByLabel('Host').fill('localhost');
    await page.getByLabel('Port').fill(String(sandbox.smtp.port));
    await page.getByLabel('User', { exact: true }).fill(words.person);
    await page.locator('select[name=signIn]').selectOption('delegated');
    await warning.waitFor();
    await page.getByRole('button', { name: words.addAddress }).click();
    await page.locator('#address-1').fill(`info-${language}@contoso.example`);
    await sound(page);
    await page
      .locator('#warnings')
      .evaluate((box) => (box as unknown as { scrollIntoView(where: object): void }).scrollIntoView({ block: 'end' }));
    await page.screenshot({ path: image(`portal-form-${language}`) });
    await page.locator('#address-0').fill(mailbox);
    await warning.waitFor({ state: 'detached' });
    await page.locator('fieldset.list button.remove').nth(1).click();
    expect(await page.locator('fieldset.list input').count()).toBe(1);
    // A wrong value is marked while it is typed; what saving has marked stays until it is corrected, whatever else is typed.
    await page.locator('details.card summary').click();
    await page.locator('#perMinute').fill('0');
    await page.getByLabel('Name', { exact: true }).focus();
    await page.locator('#perMinute-error:not(:empty)').waitFor();
    await page.getByRole('button', { name: words.save }).click();
    await page.locator('#problems a[href="#perMinute"]').waitFor();
    const checked = page.waitForResponse(/email-servers\/check$/);
    await page.getByLabel('Name', { exact: true }).fill(smtpName);
    await checked;
    await sound(page);
    await page.locator('#perMinute-error:not(:empty)').waitFor();
    await page.locator('#perMinute').fill('30');
    await page.locator('#perMinute-error:empty').waitFor({ state: 'attached' });
    // Nobody has signed in yet: the test says so, and what to do.
    const early = await tested(page, page.getByRole('button', { name: words.test }));
    // Not wrong, only not yet possible: a note.
    expect(await early.locator('li.failed').count()).toBe(0);
    await early.locator('li.noted', { hasText: 'OAUTH_' }).waitFor();
    await pressTwice(page, page.getByRole('button', { name: words.save }), /email-servers\/new$/);
    await rowOf(smtpName).locator('.badge.bad', { hasText: words.signInNeeded }).waitFor();
    await page.getByRole('link', { name: smtpName, exact: true }).click();
    await page.getByRole('button', { name: words.consent }).click();
    await sound(page);
    await page.locator('#continue').click();
    await page.getByRole('button', { name: words.person }).click();
    await page.waitForURL(/\/portal\/email-servers\?done=signedInDone/);
    expect(await row.getByText(words.warning).count()).toBe(0);
    // The sign-in is checked at once, without a reply.
    await rowOf(smtpName).locator('.badge.ok', { hasText: words.ready }).waitFor();
    // From the list, with real mail from each From address this time.
    await rowOf(smtpName).locator('.menu summary').click();
    await sound(page);
    await rowOf(smtpName).locator('.menu a').first().click();
    await page.locator('#sendProbe').check();
    const smtpTest = await tested(page, page.getByRole('button', { name: words.test }));
    await smtpTest.locator('.end .note.ok').waitFor();
    expect(await smtpTest.locator('li.ok', { hasText: mailbox }).count()).toBeGreaterThan(0);
    await page.screenshot({ path: image(`portal-test-${language}`) });

    // A mail arrives on the flow's queue, a reply leaves from the shared address.
    const raw = `From: Jane <${JANE}>\r\nTo: ${mailbox}\r\nSubject: Question\r\nMessage-ID: <portal-${language}@customer.example>\r\n\r\nHello\r\n`;
    sandbox.mailboxes.deliver(mailbox, raw, JANE);
    const [message] = await j.waitForMessages(flow, 1);
    expect(message).toMatchObject({ emailFlow: flow, mailbox });
    await j.addReply(smtpName, {
      replyId: `portal-${language}`,
      from: mailbox,
      to: [JANE],
      subject: 'Re: Question',
      text: 'Answer',
      answers: { messageId: `<portal-${language}@customer.example>`, mailbox },
    });
    const result = await j.result(smtpName, replyJob(`portal-${language}`), 60_000);
    expect(result, JSON.stringify(result)).toMatchObject({ state: 'accepted', from: mailbox });

    // A reply whose answer was lost, and that is not in Sent, is held; a person looks at what is known and sends it again.
    sandbox.faults.set({ name: 'dropAfterDotUnaccepted', times: 1 });
    const heldId = `held-${language}`;
    await j.addReply(smtpName, { replyId: heldId, from: mailbox, to: [JANE], subject: 'Re: Question', text: 'Once' });
    await page.goto(`${base}/portal/replies`);
    await page.getByRole('link', { name: words.heldHeading }).waitFor();
    const held = page.locator('tbody', { hasText: heldId });
    expect(await held.textContent()).toContain(JANE);
    expect(await held.textContent()).not.toContain('Re: Question');
    await sound(page);
    await light(page);
    await page.screenshot({ path: image(`portal-replies-${language}`) });
    // Found by its id, with its timeline; and marked, it would be decided on with others.
    await page.goto(`${base}/portal/find?q=${heldId}`);
    await sound(page);
    await page.getByRole('link', { name: heldId, exact: true }).click();
    await page.locator('#timeline').waitFor();
    await sound(page);
    await page.goto(`${base}/portal/replies?sort=reply`);
    await held.getByRole('checkbox').check();
    await page.locator('button[value="drop:marked"]').click();
    await page.locator('.ask').waitFor();
    await sound(page);
    await page.locator('.ask a.button').click();
    expect(new URL(page.url()).search).toContain('sort=reply');
    await held.getByRole('link', { name: words.release }).click();
    await sound(page);
    await page.getByRole('button', { name: words.release }).click();
    await page.getByRole('status').filter({ hasText: heldId }).waitFor();
    const late = await waitFor(
      async () => {
        const one = await j.result(smtpName, replyJob(heldId), 60_000);
        return one.state === 'accepted' ? one : undefined;
      },
      { timeoutMs: 60_000 },
    );
    expect(late).toMatchObject({ state: 'accepted', from: mailbox });

    // Paused and resumed from the page.
    await page.goto(`${base}/portal/email-servers/pause?name=${encodeURIComponent(smtpName)}`);
    await sound(page);
    await page.locator('main form button').click();
    await rowOf(smtpName).locator('.note', { hasText: 'Kim' }).waitFor();
    await sound(page);
    await rowOf(smtpName).locator('.menu summary').click();
    await rowOf(smtpName).locator('.menu button').click();
    await rowOf(smtpName).locator('.badge.ok', { hasText: words.ready }).waitFor();

    // Overview, changes, quarantine, and the question before deleting.
    await page.goto(`${base}/portal/quarantine`);
    await sound(page);
    await page.goto(`${base}/portal/nowhere`);
    await page.getByRole('alert').waitFor();
    await sound(page);
    await page.goto(`${base}/portal`);
    await page.getByRole('rowheader', { name: flow, exact: true }).waitFor();
    await sound(page);
    await page.screenshot({ path: image(`portal-overview-${language}`) });
    // One more mail appears in the log of its server while one looks at it, and the history counts.
    await page.goto(`${base}/portal/email-servers/status?name=${encodeURIComponent(imapName)}`);
    const logged = page.locator('[data-live="log"] tr', { hasText: 'MessageEnqueued' });
    await logged.first().waitFor();
    sandbox.mailboxes.deliver(mailbox, raw.replace('<portal-', '<live-'), JANE);
    await logged.nth(1).waitFor();
    await sound(page);
    await page.goto(`${base}/portal/history?of=${encodeURIComponent(`flow:${flow}`)}`);
    await page.locator('.plot .strong').first().waitFor();
    await sound(page);
    await light(page);
    await page.goto(`${base}/portal/audit`);
    await sound(page);
    await page.goto(`${base}/portal/email-servers`);
    await page.screenshot({ path: image(`portal-list-${language}`) });
    await page.goto(`${base}/portal/email-servers/delete?name=${encodeURIComponent(imapName)}`);
    await page.getByRole('heading', { name: words.deleteAsk }).waitFor();
    expect(await page.locator('main').textContent()).toContain(mailbox);
    await sound(page);
    expect(problems).toEqual([]);
    await context.close();
  });
});

/** Presses Tab until the element has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 80; i += 1) {
    await page.keyboard.press('Tab');
    const focused = page.locator(`${selector}:focus`);
    if ((await focused.count()) > 0) return;
  }
  throw new Error(`${selector} cannot be reached with Tab on ${page.url()}`);
}

describe('the wizard', () => {
  it('connects a mailbox app-only, by keyboard on a phone: both servers, tested, with one mail in each direction', async () => {
    const { page, context } = await open('en-GB', { viewport: { width: 390, height: 844 } });
    const type = async (field: string, text: string) => {
      await tabTo(page, `#${field}`);
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(text);
    };
    await page.goto(`${base}/portal/connect`);
    await sound(page);
    await type('mailbox', `Claims <${CLAIMS}>`);
    await tabTo(page, 'details.hosts > summary');
    await page.keyboard.press('Enter');
    for (const [field, text] of [
      ['imapHost', 'localhost'],
      ['imapPort', String(sandbox.imap.port)],
      ['smtpHost', 'localhost'],
      ['smtpPort', String(sandbox.smtp.port)],
    ] as const)
      await type(field, text);
    // Enter in a field continues.
    await page.keyboard.press('Enter');
    await page.locator('#commands', { hasText: CLAIMS }).waitFor();
    await sound(page);
    await page.screenshot({ path: shot('wizard-2'), fullPage: true });
    await tabTo(page, '#wizard button.main');
    await page.keyboard.press('Enter');
    await page.locator('#from').waitFor();
    await sound(page);
    await tabTo(page, '#emailFlow');
    await page.keyboard.press('End');
    await type('emailFlowNew', 'Claims');
    await page.screenshot({ path: shot('wizard-3'), fullPage: true });
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Create both email servers' }).waitFor();
    await sound(page);
    await page.screenshot({ path: shot('wizard-4'), fullPage: true });
    await tabTo(page, '#wizard button.main');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/portal\/connect\/servers/);
    await sound(page);
    await tabTo(page, 'button[value=test]');
    await page.keyboard.press('Enter');
    await page.locator('#test-log .end p.ok').waitFor();
    await sound(page);
    // To itself it comes back without anybody's answer, and the page shows it without a reload.
    await tabTo(page, '#to');
    await page.keyboard.press('Enter');
    await page.locator('[data-live=trip].ok').waitFor();
    await page.screenshot({ path: shot('wizard-5'), fullPage: true });
    await sound(page);
    const [message] = await j.waitForMessages('Claims', 1);
    expect(message).toMatchObject({ emailFlow: 'Claims', mailbox: CLAIMS });
    await context.close();
  });

  it('asks for the hosts of another server, and says what is missing', async () => {
    const { page, context } = await open('de-DE', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
    const next = () => page.locator('#wizard button.main').click();
    await page.goto(`${base}/portal/connect`);
    await page.locator('#kind').selectOption('other');
    await next();
    await page.locator('#problems').waitFor();
    await sound(page);
    await page.goto(`${base}/portal/connect`);
    await page.locator('#kind').selectOption('other');
    await page.locator('#imapHost').fill('mail.shop.example'); // its part of the page has opened
    await page.locator('#smtpHost').fill('mail.shop.example');
    await page.locator('#mailbox').fill('desk@shop.example');
    await next();
    await page.locator('#login').fill('desk');
    await sound(page);
    await next();
    await page.locator('#emailFlow').selectOption(' new');
    await page.locator('#emailFlowNew').fill('Desk');
    await sound(page);
    await next();
    await page.locator('#password').waitFor();
    await sound(page);
    await next();
    await page.locator('#problems').waitFor();
    expect(await page.locator('#problems li').count()).toBe(1);
    await sound(page);
    await context.close();
  });

  it('connects a mailbox delegated, in German and without script', async () => {
    const { page, context } = await open('de-DE', { javaScriptEnabled: false });
    await page.goto(`${base}/portal/connect`);
    await page.locator('#mailbox').fill(RETURNS);
    await page.locator('details.hosts > summary').click();
    await page.locator('#imapHost').fill('localhost');
    await page.locator('#imapPort').fill(String(sandbox.imap.port));
    await page.locator('#smtpHost').fill('localhost');
    await page.locator('#smtpPort').fill(String(sandbox.smtp.port));
    await page.getByRole('button', { name: 'Weiter', exact: true }).last().click();
    await page.locator('#signIn').selectOption('delegated');
    await page.locator('#person').fill(CARL);
    await page.getByRole('button', { name: 'Befehle aktualisieren' }).click();
    await page.locator('#commands', { hasText: CARL }).waitFor();
    await page.screenshot({ path: shot('wizard-de'), fullPage: true });
    await page.getByRole('button', { name: 'Weiter', exact: true }).last().click();
    await page.locator('#emailFlow').selectOption(' new');
    await page.locator('#emailFlowNew').fill('Retouren');
    await page.getByRole('button', { name: 'Weiter', exact: true }).last().click();
    await page.getByRole('button', { name: 'Beide E-Mail Server anlegen' }).click();
    for (const name of ['retouren IMAP', 'retouren SMTP']) {
      const consent = page.getByRole('button', { name: `Anmelden und zustimmen: ${name}` });
      if ((await consent.count()) === 0) continue; // one sign-in may be enough for both
      await consent.click();
      await page.locator('#continue').click();
      await page.getByRole('button', { name: CARL }).click();
      await page.waitForURL(/\/portal\/connect\/servers/);
    }
    await page.getByRole('button', { name: 'Beide testen' }).click();
    await page.locator('#test-log .end p.ok').waitFor();
    await page.screenshot({ path: shot('wizard-tested-de'), fullPage: true });
    await page.getByRole('button', { name: 'Test-E-Mail senden' }).click();
    await waitFor(
      async () => {
        if ((await page.locator('[data-live=trip].ok').count()) > 0) return true;
        await page.getByRole('link', { name: 'Erneut nachsehen' }).click();
        return undefined;
      },
      { timeoutMs: 60_000, describe: () => 'the test mail in the flow' },
    );
    await context.close();
  });
});

it('a viewer sees everything, finds no button that changes anything, and is refused when trying', async () => {
  const { page, context } = await open('en-GB', {}, 'viewer');
  for (const url of ['/portal', '/portal/email-servers', '/portal/replies']) {
    await page.goto(base + url);
    await sound(page);
    const buttons = await page
      .locator('main button:not([role=search] button), main [role=switch], main a.button')
      .allTextContents();
    expect([url, buttons]).toEqual([url, []]);
  }
  await page.goto(`${base}/portal/email-servers`);
  await page.locator('tbody th a').first().click();
  expect(await page.locator('main button').count()).toBe(0);
  await sound(page);
  for (const url of ['/portal/email-servers/new', '/portal/audit', '/portal/quarantine']) {
    const answer = await page.goto(base + url);
    expect([url, answer?.status()]).toEqual([url, 403]);
    await page.getByRole('alert').waitFor();
    await sound(page);
  }
  await context.close();
});

it('fits a phone, is readable in the dark, and needs no script', async () => {
  const { page, context } = await open('de-DE', {
    viewport: { width: 390, height: 844 },
    colorScheme: 'dark',
    javaScriptEnabled: true,
  });
  const lists = ['/replies?sort=-server&person=x', '/quarantine', '/dead-letters', '/audit', '/find'];
  const pages = ['', '/email-servers', '/email-servers/new?type=SMTP', '/replies', ...lists, '/nowhere'];
  for (const url of pages) {
    await page.goto(`${base}/portal${url}`);
    await sound(page);
  }
  await page.goto(`${base}/portal/email-servers/new?type=SMTP`);
  await page.screenshot({ path: image('portal-phone-dark') });
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'New SMTP server' }).waitFor();
  // Leaving what was typed asks first.
  await page.getByLabel('Name', { exact: true }).click();
  await page.keyboard.type('Typed and not saved');
  const asked: string[] = [];
  page.once('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  await page.goto(`${base}/portal/email-servers/new?type=SMTP`);
  expect(asked).toEqual(['beforeunload']);
  // A session that ends while one types loses nothing.
  await page.getByLabel('Name', { exact: true }).fill('Outlives its session');
  await context.clearCookies({ name: 'mailroom_session' });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').filter({ hasText: 'what you entered is kept' }).waitFor();
  await sound(page);
  await page.screenshot({ path: shot('expired') });
  await page.locator('#secret').fill(await oneTimeCode('administrator'));
  await page.locator('main form:has(#secret) button').click();
  await page.getByRole('status').filter({ hasText: 'has been kept' }).waitFor();
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Outlives its session');
  await sound(page);
  await page.screenshot({ path: shot('kept') });

  // Two people have the same server open: who changed what, and which value is to be kept.
  await page.getByLabel('Name', { exact: true }).fill('Contested');
  await page.getByLabel('User', { exact: true }).fill('contested@contoso.example');
  await page.locator('#enabled').uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  const edit = `${base}/portal/email-servers/edit?name=Contested`;
  await page.goto(edit);
  const other = await context.newPage();
  await other.goto(edit);
  for (const [one, address] of [
    [other, 'theirs@contoso.example'],
    [page, 'mine@contoso.example'],
  ] as const) {
    await one.locator('#address-0').fill(address);
    await one.getByRole('button', { name: 'Save' }).last().click();
    await one.locator('main [role=status], main [role=alert]').first().waitFor();
  }
  await other.close();
  expect(await page.locator('main [role=alert]').textContent()).toContain('Additional Email From Addresses');
  await sound(page);
  await page.locator('input[name="_take.additionalEmailFromAddresses"][value=theirs]').check();
  await page.locator('button[value=merge]').click();
  await page.getByRole('status').filter({ hasText: 'Contested' }).waitFor();
  await page.goto(edit);
  expect(await page.locator('#address-0').inputValue()).toBe('theirs@contoso.example');
  await context.close();

  const plain = await open('en-GB', { javaScriptEnabled: false });
  await plain.page.goto(`${base}/portal/email-servers/new?type=SMTP`);
  await plain.page.getByLabel('Name', { exact: true }).fill('No script');
  await plain.page.getByRole('button', { name: 'Add address' }).click();
  await plain.page.locator('#address-1').fill(SUPPORT);
  await plain.page.getByRole('button', { name: 'Save' }).click();
  await plain.page.getByRole('alert').getByRole('link', { name: 'User' }).waitFor();
  expect(await plain.page.locator('#address-0').inputValue()).toBe(SUPPORT);
  await plain.page.getByLabel('User', { exact: true }).fill('no-script@contoso.example');
  await plain.page.locator('#enabled').uncheck();
  // The test's page comes when it has ended, with all that was entered.
  await plain.page.getByRole('button', { name: 'Start test' }).click();
  await plain.page.locator('#test-log .end p').waitFor();
  expect(await plain.page.getByLabel('User', { exact: true }).inputValue()).toBe('no-script@contoso.example');
  await plain.page.getByRole('button', { name: 'Save' }).click();
  const row = plain.page.locator('tbody', { hasText: 'No script' });
  await row.locator('.menu summary').click();
  await row.getByRole('link', { name: 'Delete' }).click();
  await plain.page.getByRole('button', { name: 'Delete' }).click();
  await plain.page.getByRole('status').waitFor();
  expect(await plain.page.getByRole('link', { name: 'No script', exact: true }).count()).toBe(0);
  await plain.page.getByLabel('Search').fill('ARCHIVE office365');
  await plain.page.getByRole('button', { name: 'Apply' }).click();
  expect(await plain.page.locator('tbody').count()).toBe(1);
  await plain.context.close();
});
