// The sandbox's IMAP line by line: Exchange Online's own texts, literals, pipelining, what other sessions are told and when.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { ALEX, type BareClient, imapClient, mail, openedInbox, SHARED, testTenant, xoauth2 } from './support.ts';

let sandbox: Sandbox;
const clients: BareClient[] = [];

beforeAll(async () => {
  sandbox = await testTenant();
});
beforeEach(() => {
  for (const client of clients.splice(0)) client.close();
  sandbox.mailboxes.expunge(
    SHARED,
    sandbox.mailboxes.list(SHARED).map(({ uid }) => uid),
  );
  sandbox.mailboxes.setUidValidity(SHARED, 50);
});
afterAll(() => sandbox.stop());

async function inbox(): Promise<BareClient> {
  const client = await openedInbox(sandbox);
  clients.push(client);
  return client;
}
async function greeted(): Promise<BareClient> {
  const client = await imapClient(sandbox);
  clients.push(client);
  expect(await client.until('\r\n')).toMatch(
    /^\* OK The Microsoft Exchange IMAP4 service is ready\. \[[A-Za-z0-9=+/]+\]\r\n$/,
  );
  return client;
}

describe('signing in', () => {
  it('announces exactly what Exchange Online does', async () => {
    expect(await (await greeted()).command('CAPABILITY')).toBe(
      '* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+\r\nA1 OK CAPABILITY completed.\r\n',
    );
  });
  it('requests the response when it did not come with the command', async () => {
    const client = await greeted();
    client.write('x AUTHENTICATE XOAUTH2\r\n');
    expect(await client.until('\r\n')).toBe('+ \r\n');
    client.write(`${xoauth2(SHARED, sandbox.oauth.personToken(ALEX))}\r\n`);
    expect(await client.until('\r\n')).toBe('x OK AUTHENTICATE completed.\r\n');
    expect(await client.command('NAMESPACE')).toContain('* NAMESPACE (("" "/")) NIL NIL\r\n');
  });
  it('accepts AUTH PLAIN and LOGIN with literals', async () => {
    const plain = await greeted();
    expect(
      await plain.command(`AUTHENTICATE PLAIN ${Buffer.from(`\0${ALEX}\0alex-password`).toString('base64')}`),
    ).toContain('OK AUTHENTICATE completed.');
    const literal = await greeted();
    literal.write(`l LOGIN {${ALEX.length}}\r\n`);
    expect(await literal.until('\r\n')).toMatch(/^\+ /);
    literal.write(`${ALEX} "alex-password"\r\n`);
    expect(await literal.until('\r\n')).toBe('l OK LOGIN completed.\r\n');
  });
  it('refuses wrong passwords, and commands before the sign-in', async () => {
    const client = await greeted();
    expect(await client.command(`LOGIN ${ALEX} wrong`)).toBe('A1 NO LOGIN failed.\r\n');
    expect(await client.command('SELECT INBOX')).toBe('A2 BAD Command received in Invalid state.\r\n');
    expect(await client.command(`LOGIN ${SHARED} ""`)).toBe('A3 NO LOGIN failed.\r\n');
  });
});

describe('texts of Exchange', () => {
  it('refuses sequences beyond the end and * in an empty folder', async () => {
    const client = await inbox();
    expect(await client.command('FETCH * FLAGS')).toBe('A3 NO The specified message set is invalid.\r\n');
    expect(await client.command('SEARCH 1')).toBe('A4 NO The specified message set is invalid.\r\n');
    expect(await client.command('UID FETCH 1:* FLAGS')).toBe('A5 OK FETCH completed.\r\n');
  });
  it('closes the connection after ten errors', async () => {
    const client = await inbox();
    for (let error = 1; error < 10; error += 1)
      expect(await client.command('NONSENSE')).toContain('BAD Command Error. 12');
    client.write('z NONSENSE\r\n');
    expect(await client.until('<closed>')).toContain('* BYE Connection is closed. 14\r\n');
  });
  it('reports a message that another session removed', async () => {
    for (const name of ['a', 'b', 'c']) sandbox.mailboxes.append(SHARED, mail(name));
    const [reader, remover] = [await inbox(), await inbox()];
    await remover.command('UID STORE 2 +FLAGS.SILENT (\\Deleted)');
    expect(await remover.command('UID EXPUNGE 2')).toContain('* 2 EXPUNGE\r\n');
    // FETCH by sequence number must not shift the numbers: the EXPUNGE waits.
    const answer = await reader.command('FETCH 1:3 UID');
    expect(answer).not.toContain('EXPUNGE');
    expect(answer).toContain('NO Some of the requested messages no longer exist.');
    expect(await reader.command('NOOP')).toBe('* 2 EXPUNGE\r\nA4 OK NOOP completed.\r\n');
  });
});

describe('commands', () => {
  it('run in order when pipelined', async () => {
    sandbox.mailboxes.append(SHARED, mail('one'));
    const client = await inbox();
    client.write('p1 UID SEARCH ALL\r\np2 UID FETCH 1 (BODY.PEEK[TEXT])\r\np3 NOOP\r\n');
    const answers = await client.until('p3 OK NOOP completed.\r\n');
    expect([...answers.matchAll(/^(p\d) OK/gm)].map((match) => match[1])).toEqual(['p1', 'p2', 'p3']);
    expect(answers).toContain('* 1 FETCH (UID 1 BODY[TEXT] {8}\r\nHello.\r\n)\r\n');
  });
  it('fetch parts of parts, headers and ranges', async () => {
    sandbox.mailboxes.append(SHARED, mail('one'));
    const client = await inbox();
    expect(await client.command('FETCH 1 (BODY.PEEK[TEXT]<2.3>)')).toContain(
      '* 1 FETCH (BODY[TEXT]<2> {3}\r\nllo)\r\n',
    );
    expect(await client.command('FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT)]')).toContain(
      'BODY[HEADER.FIELDS (SUBJECT)] {16}\r\nSubject: one\r\n\r\n)',
    );
    expect(await client.command('FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (From To Date Message-ID)]')).toContain(
      '{16}\r\nSubject: one\r\n\r\n)',
    );
    expect(await client.command('FETCH 1 (BODY.PEEK[9] RFC822.SIZE)')).toContain('BODY[9] {0}\r\n RFC822.SIZE ');
    expect(await client.command('FETCH 1 (FLAGS NONSENSE)')).toContain('BAD Command Argument Error. 11');
  });
  it('mark as seen by BODY[] but not by BODY.PEEK[], and not in EXAMINE', async () => {
    sandbox.mailboxes.append(SHARED, mail('one'));
    const client = await inbox();
    await client.command('FETCH 1 BODY.PEEK[]');
    await client.command('EXAMINE INBOX');
    await client.command('FETCH 1 BODY[]');
    expect(await client.command('STORE 1 +FLAGS (\\Seen)')).toContain('NO Folder is read-only.');
    expect(sandbox.mailboxes.list(SHARED)[0]?.flags).toEqual([]);
    await client.command('SELECT INBOX');
    expect(await client.command('FETCH 1 BODY[]')).toContain('* 1 FETCH (FLAGS (\\Seen))');
    expect(sandbox.mailboxes.list(SHARED)[0]?.flags).toEqual(['\\Seen']);
  });
  it('append by literals of both kinds', async () => {
    const client = await inbox();
    client.write('s APPEND INBOX (\\Seen) " 2-Jan-2026 03:04:05 +0100" {5}\r\n');
    expect(await client.until('\r\n')).toMatch(/^\+ /);
    client.write('abc\r\n\r\n');
    expect(await client.until(/^s .*\r\n/m)).toContain('s OK [APPENDUID 50 1] APPEND completed.');
    client.write('t APPEND Nowhere {3+}\r\nabc\r\nu APPEND INBOX {3+}\r\nxyz\r\n');
    expect(await client.until(/^u .*\r\n/m)).toMatch(/t NO \[TRYCREATE\][\s\S]*u OK \[APPENDUID 50 2\]/);
    expect(sandbox.mailboxes.list(SHARED)).toMatchObject([
      { flags: ['\\Seen'], internalDate: new Date('2026-01-02T02:04:05Z'), raw: Buffer.from('abc\r\n') },
      { raw: Buffer.from('xyz') },
    ]);
  });
  it('create, rename, subscribe and delete folders', async () => {
    const client = await inbox();
    expect(await client.command('CREATE Teams/Blue')).toContain('OK CREATE completed.');
    expect(await client.command('RENAME Teams/Blue Teams/Green')).toContain('OK');
    expect(await client.command('UNSUBSCRIBE Teams/Green')).toContain('OK');
    expect(await client.command('LIST "" Teams*')).toBe(
      '* LIST (\\HasChildren) "/" "Teams"\r\n* LIST (\\HasNoChildren) "/" "Teams/Green"\r\nA6 OK LIST completed.\r\n',
    );
    expect(await client.command('LSUB "" Teams/%')).toBe('A7 OK LSUB completed.\r\n');
    expect(await client.command('DELETE Teams/Green')).toContain('OK');
    expect(await client.command('DELETE INBOX')).toContain("NO Can't delete INBOX.");
    expect(await client.command('SELECT Teams/Green')).toContain("NO Teams/Green doesn't exist.");
    await client.command('DELETE Teams');
  });
  it('end with LOGOUT', async () => {
    const client = await inbox();
    expect(await client.command('LOGOUT')).toContain('* BYE Microsoft Exchange Server IMAP4 server signing off.');
    expect(await client.until('<closed>')).toBe('<closed>');
  });
});
