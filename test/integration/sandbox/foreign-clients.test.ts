// Clients nobody here wrote fetch a mailbox out of the sandbox completely and byte for byte: Python's imaplib, mbsync, fetchmail, curl.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fileFolder, fixture } from '../../support/fixture.ts';
import { ALEX, mail, runProgram, SHARED, testTenant } from './support.ts';

const sandbox = fixture(testTenant);
const folder = fileFolder('sandbox-clients');
let ca: string;

const nasty = [
  mail('plain'),
  mail('dots', '.\r\n..\r\n.hidden\r\n'),
  mail('eight bit', 'Gr\xfc\xdfe \xe2\x82\xac\r\n'),
  mail('no line end', 'ends here'),
  mail('empty', ''),
  mail('quotes "and" \\back\\', 'x\r\n'),
  mail(
    'parts',
    '--b\r\nContent-Type: text/plain\r\n\r\none\r\n--b\r\nContent-Type: application/pdf; name="a (1).pdf"\r\nContent-Disposition: attachment; filename="a (1).pdf"\r\n\r\n%PDF\r\n--b--\r\n',
    'Content-Type: multipart/mixed; boundary="b"\r\n',
  ),
  mail('large', `${'x'.repeat(76)}\r\n`.repeat(40_000)),
  ...Array.from({ length: 200 }, (_, index) => mail(`number ${index}`, `Body ${index}\r\n`)),
];

const sum = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const expected = (): string[] =>
  sandbox.mailboxes
    .list(ALEX)
    .map(({ raw }) => sum(raw))
    .sort();

beforeAll(async () => {
  ca = await sandbox.caFile(join(folder, 'ca.pem'));
  for (const raw of nasty) sandbox.mailboxes.append(ALEX, Buffer.from(raw, 'latin1'), { flags: ['\\Flagged'] });
});

const IMAPLIB = `
import hashlib, imaplib, ssl, sys, json
port, ca, user, token = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
c = imaplib.IMAP4_SSL('localhost', port, ssl_context=ssl.create_default_context(cafile=ca))
if token: c.authenticate('XOAUTH2', lambda challenge: ('user=%s\\x01auth=Bearer %s\\x01\\x01' % (user, token)).encode())
else: c.login(user, 'alex-password')
typ, data = c.select('INBOX')
sums = []
for uid in c.uid('SEARCH', None, 'ALL')[1][0].split():
    typ, rows = c.uid('FETCH', uid, '(FLAGS BODY.PEEK[] BODYSTRUCTURE ENVELOPE)')
    sums.append(hashlib.sha256(rows[0][1]).hexdigest())
c.append('Archive', '(\\\\Seen)', None, b'Subject: from imaplib\\r\\n\\r\\nhi\\r\\n')
typ, found = c.search(None, 'SUBJECT', '"number 7"', 'FLAGGED')
print(json.dumps({'exists': int(data[0]), 'sums': sorted(sums), 'found': found[0].decode(), 'folders': len(c.list()[1])}))
c.close(); c.logout()
`;

describe('third-party clients', () => {
  it.each([
    ['password', ALEX, () => ''],
    ['XOAUTH2', ALEX, () => sandbox.oauth.personToken(ALEX)],
  ])('imaplib with %s reads every byte', async (_kind, user, token) => {
    const ran = await runProgram('python3', ['-c', IMAPLIB, String(sandbox.imap.port), ca, user, token()]);
    expect(ran.stderr).toBe('');
    const result = JSON.parse(ran.stdout) as { exists: number; sums: string[]; found: string; folders: number };
    expect(result.exists).toBe(nasty.length);
    expect(result.sums).toEqual(expected());
    expect(result.found.split(' ')).toHaveLength(11);
    expect(result.folders).toBe(6);
    expect(sandbox.mailboxes.list(ALEX, 'Archive').at(-1)?.raw.toString()).toBe('Subject: from imaplib\r\n\r\nhi\r\n');
  });

  it('imaplib opens the shared mailbox with a person’s token', async () => {
    sandbox.mailboxes.append(SHARED, mail('for the team'));
    const ran = await runProgram('python3', [
      '-c',
      IMAPLIB,
      String(sandbox.imap.port),
      ca,
      SHARED,
      sandbox.oauth.personToken(ALEX),
    ]);
    expect(JSON.parse(ran.stdout)).toMatchObject({ exists: 1 });
  });

  it('mbsync synchronises the mailbox into a Maildir', async () => {
    const maildir = join(folder, 'maildir');
    await mkdir(maildir);
    const config = join(folder, 'mbsyncrc');
    await writeFile(
      config,
      `IMAPAccount sandbox\nHost localhost\nPort ${sandbox.imap.port}\nUser ${ALEX}\nPass alex-password\nAuthMechs PLAIN\nSSLType IMAPS\nCertificateFile ${ca}\n\nIMAPStore far\nAccount sandbox\n\nMaildirStore near\nPath ${maildir}/\nInbox ${maildir}/INBOX\nSubFolders Verbatim\n\nChannel all\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSyncState *\nSync Pull\n`,
    );
    const ran = await runProgram('mbsync', ['-c', config, '-V', 'all']);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    const sums: string[] = [];
    for (const part of ['cur', 'new']) {
      for (const name of await readdir(join(maildir, 'INBOX', part))) {
        // Maildir holds LF; mbsync adds its X-TUID line to nothing when it only pulls with UIDPLUS.
        const stored = (await readFile(join(maildir, 'INBOX', part, name))).toString('latin1');
        sums.push(sum(Buffer.from(stored.replace(/^X-TUID: .*\n/m, ''), 'latin1')));
      }
    }
    const wanted = sandbox.mailboxes
      .list(ALEX)
      .map(({ raw }) => sum(Buffer.from(raw.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')));
    expect(sums.sort()).toEqual(wanted.sort());
  });

  it('fetchmail drains the mailbox', async () => {
    const out = join(folder, 'fetched');
    await mkdir(out);
    const config = join(folder, 'fetchmailrc');
    await writeFile(
      config,
      `poll localhost service ${sandbox.imap.port} proto imap auth password user "${ALEX}" pass "alex-password" ssl sslcertck sslcertfile ${ca} fetchall keep no rewrite mda "sh -c 'cat > ${out}/$$'"\n`,
      { mode: 0o600 },
    );
    const ran = await runProgram(
      'fetchmail',
      [
        '-f',
        config,
        '--nodetach',
        '--nosyslog',
        '--invisible',
        '--pidfile',
        join(folder, 'pid'),
        '--idfile',
        join(folder, 'ids'),
      ],
      {
        env: { FETCHMAILHOME: folder, HOME: folder },
      },
    );
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    const names = await readdir(out);
    expect(names).toHaveLength(nasty.length);
    const bodies = new Set(
      await Promise.all(
        names.map(async (name) => /^Subject: (.*)$/m.exec((await readFile(join(out, name))).toString('latin1'))?.[1]),
      ),
    );
    expect(bodies).toEqual(new Set(nasty.map((raw) => /^Subject: (.*)\r$/m.exec(raw)?.[1])));
  });

  it('curl fetches one message', async () => {
    const ran = await runProgram('curl', [
      '--silent',
      '--show-error',
      '--cacert',
      ca,
      '-u',
      `${ALEX}:alex-password`,
      `imaps://localhost:${sandbox.imap.port}/INBOX;UID=2`,
    ]);
    expect(ran.stderr).toBe('');
    expect(ran.stdout).toBe(nasty[1]);
  });
});
