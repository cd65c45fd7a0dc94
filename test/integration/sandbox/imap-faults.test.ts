// Every IMAP fault of the table is effective. The record below must name each of them, or it does not compile.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FAULTS, type Fault, type FaultName, type Sandbox } from '../../../src/sandbox/index.ts';
import { waitFor } from '../../support/temp.ts';
import { ALEX, type BareClient, imapClient, mail, openedInbox, SHARED, testTenant, xoauth2 } from './support.ts';

type ImapFault = { [Name in FaultName]: (typeof FAULTS)[Name]['protocol'] extends 'imap' ? Name : never }[FaultName];

let sandbox: Sandbox;
const clients: BareClient[] = [];

beforeAll(async () => {
  sandbox = await testTenant();
});
beforeEach(() => {
  sandbox.faults.clear();
  for (const client of clients.splice(0)) client.close();
  for (const folder of ['INBOX', 'Archive'])
    sandbox.mailboxes.expunge(
      SHARED,
      sandbox.mailboxes.list(SHARED, folder).map(({ uid }) => uid),
      folder,
    );
  sandbox.mailboxes.setUidValidity(SHARED, 100);
  for (let index = 1; index <= 3; index += 1) sandbox.mailboxes.append(SHARED, mail(`m${index}`));
});
afterAll(() => sandbox.stop());

const set = (fault: Omit<Fault, 'name'> & { name: ImapFault }) => sandbox.faults.set({ mailbox: SHARED, ...fault });

async function inbox(): Promise<BareClient> {
  const client = await openedInbox(sandbox);
  clients.push(client);
  return client;
}

async function greeted(): Promise<BareClient> {
  const client = await imapClient(sandbox);
  clients.push(client);
  await client.until('\r\n');
  return client;
}

const signIn = (client: BareClient) =>
  client.command(`AUTHENTICATE XOAUTH2 ${xoauth2(SHARED, sandbox.oauth.personToken(ALEX))}`);
const idle = async (client: BareClient): Promise<void> => {
  client.write('I1 IDLE\r\n');
  await client.until('+ IDLE');
  await waitFor(() => sandbox.sessions().some((session) => session.idling), { intervalMs: 2 });
};
const deliver = () => sandbox.mailboxes.append(SHARED, mail('new'));
const SOURCE = 'UID FETCH 1:* (UID BODY.PEEK[])';
const rows = (answer: string) => [...answer.matchAll(/^\* \d+ FETCH .*UID (\d+)/gm)].map((match) => Number(match[1]));

const effects: Record<ImapFault, () => Promise<void>> = {
  async authFailed() {
    set({ name: 'authFailed', times: 1 });
    const client = await greeted();
    expect(await signIn(client)).toMatch(/^A1 NO AUTHENTICATE failed\.\r\n/);
    expect(await signIn(client)).toContain('A2 OK');
  },
  async notConnected() {
    const client = await greeted();
    set({ name: 'notConnected' });
    expect(await signIn(client)).toContain('A1 OK');
    expect(await client.command('SELECT INBOX')).toBe('A2 BAD User is authenticated but not connected.\r\n');
    sandbox.faults.clear();
    expect((await inbox()).received).toBe('');
  },
  async commandError() {
    set({ name: 'commandError', command: 'SELECT', number: 12, times: 1 });
    const client = await greeted();
    await signIn(client);
    expect(await client.command('SELECT INBOX')).toBe('A2 BAD Command Error. 12\r\n');
    expect(await client.command('SELECT INBOX')).toContain('A3 OK');
  },
  async dropAfterLogin() {
    set({ name: 'dropAfterLogin', times: 1 });
    const client = await greeted();
    await signIn(client);
    expect(await client.command('NOOP')).toBe('<closed>');
  },
  async tokenExpiredNow() {
    const old = sandbox.oauth.personToken(ALEX);
    const client = await inbox();
    set({ name: 'tokenExpiredNow', refuseOldTokens: true });
    expect(await client.until('<closed>')).toBe('* BYE Session invalidated - AccessTokenExpired\r\n<closed>');
    const again = await greeted();
    expect(await again.command(`AUTHENTICATE XOAUTH2 ${xoauth2(SHARED, old)}`)).toContain('NO AUTHENTICATE failed.');
    expect(await signIn(again)).toContain('OK');
  },
  async serverUnavailable15() {
    set({ name: 'serverUnavailable15', at: 'login', times: 1 });
    const client = await greeted();
    expect(await signIn(client)).toBe('A1 NO Server Unavailable. 15\r\n');
    set({ name: 'serverUnavailable15', times: 1 });
    await signIn(client);
    expect(await client.command('SELECT INBOX')).toBe('A3 NO Server Unavailable. 15\r\n');
    set({ name: 'serverUnavailable15', at: 'raw', times: 1 });
    expect(await client.command('SELECT INBOX')).toBe(
      'Server Unavailable. 15\r\n* BYE Server Unavailable. 15\r\n<closed>',
    );
  },
  async imap4rev2FrontEnd() {
    sandbox.faults.set({ name: 'imap4rev2FrontEnd' });
    const client = await imapClient(sandbox);
    clients.push(client);
    expect(await client.until('\r\n')).toMatch(/AUTH=XOAUTH2.*LOGINDISABLED.*tcpproxy\/15\.21/);
    await signIn(client);
    await client.command('SELECT INBOX');
    expect(await client.command('SEARCH UNSEEN')).toContain('OK SEARCH');
    expect(await client.command('ENABLE IMAP4rev2')).toContain('* ENABLED IMAP4rev2');
    expect(await client.command('SEARCH UNSEEN')).toContain('BAD Command Argument Error. 12');
  },
  async throttleImap() {
    const client = await inbox();
    set({ name: 'throttleImap', milliseconds: 299_961, answer: 'NO', times: 1 });
    expect(await client.command('NOOP')).toBe(
      'A3 NO Request is throttled. Suggested Backoff Time: 299961 milliseconds\r\n',
    );
    expect(await client.command('NOOP')).toContain('OK');
  },
  async imapReply() {
    const client = await inbox();
    set({ name: 'imapReply', command: 'FETCH', text: 'NO Server error.', times: 1 });
    expect(await client.command('NOOP')).toContain('OK');
    expect(await client.command('FETCH 1 UID')).toBe('A4 NO Server error.\r\n');
  },
  async muteIdle() {
    const client = await inbox();
    await idle(client);
    const id = set({ name: 'muteIdle' });
    deliver();
    client.write('DONE\r\n');
    expect(await client.until('OK IDLE completed.')).not.toContain('EXISTS');
    sandbox.faults.clear(id);
    expect(await client.command('NOOP')).toContain('* 4 EXISTS');
  },
  async dropIdle() {
    const idling = await inbox();
    const busy = await inbox();
    await idle(idling);
    set({ name: 'dropIdle', times: 1 });
    expect(await idling.until('<closed>')).not.toContain('BYE');
    await idle(busy);
    expect(sandbox.faults.list()).toEqual([]);
  },
  async halfOpen() {
    const client = await inbox();
    await idle(client);
    set({ name: 'halfOpen' });
    deliver();
    client.write('DONE\r\n');
    const fresh = await inbox();
    expect(await fresh.command('NOOP')).toContain('OK');
    expect(client.received).not.toMatch(/EXISTS|OK IDLE|<closed>/);
    expect(client.socket.destroyed).toBe(false);
  },
  async drop() {
    const client = await inbox();
    const failed = new Promise<string>((resolve) =>
      client.socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? '')),
    );
    set({ name: 'drop', reset: true });
    expect(await client.until('<closed>')).not.toContain('BYE');
    expect(await failed).toBe('ECONNRESET');
  },
  async closed13() {
    const client = await inbox();
    set({ name: 'closed13', times: 1 });
    expect(await client.command('NOOP')).toBe('* BYE Connection is closed. 13\r\n<closed>');
  },
  async closed14() {
    const client = await inbox();
    set({ name: 'closed14', times: 1 });
    expect(await client.command('NOOP')).toBe('* BYE Connection is closed. 14\r\n<closed>');
  },
  async refuseConnections() {
    sandbox.faults.set({ name: 'refuseConnections', times: 1 });
    const client = await imapClient(sandbox);
    clients.push(client);
    expect(await client.until('\r\n')).toBe('<closed>');
  },
  async slowBytes() {
    const client = await inbox();
    set({ name: 'slowBytes', bytesPerSecond: 1000 });
    const start = performance.now();
    await client.command('UID FETCH 1 BODY.PEEK[]');
    expect(performance.now() - start).toBeGreaterThan(150);
  },
  async slowCommand() {
    const client = await inbox();
    set({ name: 'slowCommand', command: 'NOOP', milliseconds: 80, times: 1 });
    const start = performance.now();
    await client.command('NOOP');
    expect(performance.now() - start).toBeGreaterThan(70);
  },
  async emptyFetch() {
    const client = await inbox();
    set({ name: 'emptyFetch', uid: 2, times: 2 });
    expect(rows(await client.command(SOURCE))).toEqual([1, 3]);
    expect(await client.command('UID FETCH 2 BODY.PEEK[]')).toBe('A4 OK FETCH completed.\r\n');
    expect(rows(await client.command(SOURCE))).toEqual([1, 2, 3]);
  },
  async lateReadable() {
    const client = await inbox();
    const id = set({ name: 'lateReadable', uid: 2 });
    expect(await client.command('UID SEARCH ALL')).toContain('* SEARCH 1 2 3');
    expect(rows(await client.command('UID FETCH 1:* FLAGS'))).toEqual([1, 2, 3]);
    expect(rows(await client.command(SOURCE))).toEqual([1, 3]);
    sandbox.faults.clear(id);
    set({ name: 'lateReadable', uid: 2, forMilliseconds: 100 });
    await waitFor(async () => rows(await client.command(SOURCE)).length === 3);
  },
  async lateVisible() {
    const client = await inbox();
    const id = set({ name: 'lateVisible', uid: 2 });
    expect(await client.command('UID SEARCH ALL')).toContain('* SEARCH 1 3\r\n');
    expect(rows(await client.command('UID FETCH 1:* FLAGS'))).toEqual([1, 3]);
    sandbox.faults.clear(id);
    expect(await client.command('UID SEARCH ALL')).toContain('* SEARCH 1 2 3\r\n');
  },
  async poisonText() {
    const client = await inbox();
    set({ name: 'poisonText', uid: 3 });
    const answer = await client.command(SOURCE);
    expect(answer).toContain('Retrieval using the IMAP4 protocol failed for the following message: 3');
    expect(answer).toContain('Subject: m2');
    expect(answer).not.toContain('Subject: m3');
  },
  async shortFetch() {
    const client = await inbox();
    set({ name: 'shortFetch', after: 2, times: 1 });
    const answer = await client.command(SOURCE);
    expect(rows(answer)).toEqual([1, 2]);
    expect(answer).toContain('NO Some of the requested messages no longer exist.');
  },
  async truncateFetch() {
    const client = await inbox();
    set({ name: 'truncateFetch', uid: 2, times: 1 });
    const answer = await client.command(SOURCE);
    expect(answer).toContain('Subject: m2');
    expect(answer).not.toContain('Hello.\r\n UID 2');
    expect(answer).toMatch(/<closed>$/);
    expect(answer).not.toContain('completed');
  },
  async expungeWhileFetch() {
    const client = await inbox();
    set({ name: 'expungeWhileFetch', uid: 2, times: 1 });
    const answer = await client.command(SOURCE);
    expect(rows(answer)).toEqual([1, 3]);
    expect(answer).toMatch(/^\* 2 EXPUNGE\r\nA3 NO Some of the requested messages no longer exist\.\r\n$/m);
    expect(sandbox.mailboxes.list(SHARED).map(({ uid }) => uid)).toEqual([1, 3]);
  },
  async wrongSize() {
    const client = await inbox();
    set({ name: 'wrongSize', uid: 1 });
    const size = sandbox.mailboxes.list(SHARED)[0]?.raw.length ?? 0;
    expect(await client.command('UID FETCH 1 RFC822.SIZE')).toContain(`RFC822.SIZE ${size * 3})`);
  },
  async uidValidityChange() {
    sandbox.mailboxes.expunge(SHARED, [1]);
    const client = await inbox();
    set({ name: 'uidValidityChange' });
    expect(await client.until('<closed>')).toContain('BYE');
    expect(sandbox.mailboxes.status(SHARED)).toEqual({ uidValidity: 101, uidNext: 3, messages: 2 });
    expect(sandbox.faults.list()).toEqual([]);
  },
  async uidNextBack() {
    const client = await inbox();
    set({ name: 'uidNextBack', by: 2, times: 1 });
    expect(await client.command('STATUS INBOX (UIDNEXT)')).toContain('UIDNEXT 2)');
    expect(await client.command('STATUS INBOX (UIDNEXT)')).toContain('UIDNEXT 4)');
  },
};

describe('IMAP faults', () => {
  it.each(Object.entries(effects))('%s', async (_name, effect) => {
    await effect();
  });
});

describe('the list of faults', () => {
  it('affects only the mailbox it names', async () => {
    sandbox.faults.set({ name: 'throttleImap', mailbox: 'billing@contoso.example' });
    expect(await (await inbox()).command('NOOP')).toContain('OK');
  });
  it('refuses an unknown name', () => {
    expect(() => sandbox.faults.set({ name: 'nonsense' as FaultName })).toThrow(RangeError);
  });
  it('describes each fault', () => {
    for (const fault of Object.values(FAULTS)) expect(fault.description.length).toBeGreaterThan(20);
  });
});
