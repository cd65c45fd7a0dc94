// The wizard on a real gateway and Redis, as a browser without script goes through it: back and forth, a session that expires, two servers in one
// step; and the checklist of an empty installation.
import { beforeAll, describe, expect, it } from 'vitest';
import { createPortalSessions } from '../../../src/adapters/redis/portal-sessions.ts';
import { type Person, portalRoom, TOKENS } from './gateway.ts';

const portal = portalRoom();
let admin: Person;

beforeAll(async () => {
  admin = await portal.signIn(TOKENS.administrator);
});

const unescaped = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
const hidden = (page: string) =>
  Object.fromEntries(
    [...page.slice(page.indexOf('id="wizard"')).matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(
      ([, name = '', value = '']) => [name, unescaped(value)],
    ),
  );
/** Fills in a step and presses a button. */
async function press(page: string, entered: Record<string, string>, action = 'next') {
  const answer = await admin.post('/portal/connect', { ...hidden(page), ...entered, _action: action });
  return { answer, page: await answer.text() };
}
const other = (name: string) => ({
  kind: 'other',
  mailbox: `${name}@contoso.example`,
  imapHost: 'imap.example.org',
  smtpHost: 'smtp.example.org',
});
async function toReview(name: string): Promise<string> {
  const start = await (await admin.get('/portal/connect')).text();
  const second = await press(start, other(name));
  const third = await press(second.page, {});
  const review = await press(third.page, { emailFlow: ' new', emailFlowNew: `Flow ${name}` });
  expect(review.answer.status, review.page).toBe(200);
  return review.page;
}
const views = async () =>
  (
    (await (await portal.api('administrator', 'GET', '/v1/email-servers')).json()) as {
      emailServers: { name: string; definition: Record<string, unknown> }[];
    }
  ).emailServers;

describe('the wizard', () => {
  it('creates both servers in one step, after going back and forth', async () => {
    const start = await (await admin.get('/portal/connect')).text();
    expect(start).toMatch(/<button[^>]*name="_action" value="next"/);
    const refused = await press(start, { mailbox: 'nobody' });
    expect(refused.answer.status).toBe(422);
    expect(refused.page).toContain('id="problems" role="alert" tabindex="-1" autofocus');
    const second = await press(refused.page, other('both'));
    const back = await press(second.page, { login: 'both-login' }, 'back');
    expect(back.page).toContain('value="imap.example.org"');
    const again = await press((await press(back.page, other('both'))).page, { login: 'both-login' });
    const review = await press(again.page, {
      emailFlow: ' new',
      emailFlowNew: 'Flow both',
      from: 'Both <both@contoso.example>',
    });
    expect(review.page).toContain('both-login');
    // The password is asked for last, and comes with no other page.
    const missing = await press(review.page, {});
    expect(missing.answer.status).toBe(422);
    const made = await press(missing.page, { password: 'a-secret-password-5' });
    expect(made.answer.status, made.page).toBe(303);
    expect(made.answer.headers.get('location')).toBe('/portal/connect/servers?imap=both+IMAP&smtp=both+SMTP');
    const both = (await views()).filter(({ name }) => name.startsWith('both '));
    expect(both.map(({ definition }) => [definition.serverType, definition.user, definition.host])).toEqual([
      ['IMAP', 'both-login', 'imap.example.org'],
      ['SMTP', 'both-login', 'smtp.example.org'],
    ]);
    const next = await (await admin.get('/portal/connect/servers?imap=both+IMAP&smtp=both+SMTP')).text();
    expect(next).toContain('Test both');
    expect(next).toContain('value="both@contoso.example"');
    expect(next).not.toContain('a-secret-password-5');
  });

  it('refuses what saving would refuse at its own question, before the next step', async () => {
    const start = await (await admin.get('/portal/connect')).text();
    const wrongly = { ...other('wrong'), imapHost: 'two hosts', smtpPort: '587/tcp', name: 'x'.repeat(101) };
    const refused = await press(start, wrongly);
    expect(refused.answer.status).toBe(422);
    for (const field of ['imapHost', 'smtpPort', 'name'])
      expect(refused.page).toMatch(new RegExp(`data-error="${field}">[^<]`));
    expect(refused.page).toContain('value="587/tcp"');
    // A pasted URL is understood.
    const second = await press(refused.page, {
      ...other('wrong'),
      imapHost: 'https://imap.example.org:993/',
      name: '',
    });
    expect(second.answer.status).toBe(200);
    expect(hidden(second.page).imapHost).toBe('imap.example.org');
    const third = await press((await press(second.page, {})).page, {
      emailFlow: ' new',
      emailFlowNew: 'x'.repeat(101),
    });
    expect(third.page).toMatch(/data-error="emailFlow">[^<]/);
  });

  it('with a Microsoft mailbox shows what to register and the commands for the names entered so far', async () => {
    const start = await (await admin.get('/portal/connect')).text();
    const { page } = await press(start, { mailbox: "o'neil@contoso.example" });
    expect(page).toContain('Redirect URI (Web): ');
    expect(unescaped(page)).toContain("Set-CASMailbox -Identity 'o''neil@contoso.example' -ImapEnabled $true");
    const delegated = await press(page, { signIn: 'delegated', person: 'alex@contoso.example' }, 'update');
    expect(unescaped(delegated.page)).toContain("-User 'alex@contoso.example' -AccessRights FullAccess");
  });

  it('keeps everything entered when the session expires', async () => {
    const review = await toReview('kept');
    const lost = await portal.post('/portal/connect', { ...hidden(review), _action: 'next' });
    const page = await lost.text();
    expect(lost.status).toBe(401);
    const kept = Object.fromEntries(
      [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name = '', value = '']) => [
        name,
        unescaped(value),
      ]),
    );
    expect(kept).toMatchObject({
      _return: '/portal/connect',
      _step: 'review',
      mailbox: 'kept@contoso.example',
      emailFlow: 'Flow kept',
    });
    const secret = await createPortalSessions(portal.redis).invite({ name: 'Kim', role: 'administrator' });
    expect((await portal.post('/portal/sign-in', { ...kept, secret })).status).toBe(307);
    const back = await admin.post('/portal/connect', kept);
    expect(await back.text()).toContain('kept@contoso.example');
  });
});

describe('an empty installation', () => {
  const empty = portalRoom({ env: { MAILROOM_EMAIL_SERVERS_FILES: '/nowhere.yaml' } });

  it('shows the checklist, to viewers without its buttons', async () => {
    const page = async (token: string) => (await (await empty.signIn(token)).get('/portal')).text();
    const forAdministrator = await page(TOKENS.administrator);
    const forViewer = await page(TOKENS.viewer);
    expect(forAdministrator).toContain('href="/portal/connect"');
    expect(forAdministrator).toContain('Set up Mailroom');
    expect(forViewer).toContain('Set up Mailroom');
    expect(forViewer).not.toContain('href="/portal/connect"');
  });
});
