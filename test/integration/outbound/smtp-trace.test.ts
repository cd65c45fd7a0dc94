// Provoked on real connections: a trace of the highest grade holds nothing of what was signed in with, by whatever mechanism, nor of the mail, its
// people and its words; also where sign-in and recipient are refused in words that quote them.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSubmitter, submitterDefaults } from '../../../src/adapters/smtp/submitter.ts';
import type { Submission } from '../../../src/domain/submission.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { smtpServer } from '../../support/servers.ts';
import { type Sink, startSink } from '../../support/smtp-sink.ts';

leakWatch();

const [USER, JANE] = ['agent@contoso.example', 'jane@customer.example'];
const [PASSWORD, TOKEN] = ['Geheim-4711-Passwort', 'ya29.token-of-the-agent-0815'];
const [SUBJECT, BODY] = ['Vertraulich-1508', 'Kontonummer-4712'];
const base64 = (text: string) => Buffer.from(text).toString('base64');
/** Plain, and as the mechanisms carry it, without what a different beginning changes. */
const SECRETS = [PASSWORD, TOKEN, SUBJECT, BODY, USER, JANE].flatMap((secret) => [
  secret,
  ...[0, 1, 2].map((shift) => base64('x'.repeat(shift) + secret).slice(4, -4)),
]);

let sink: Sink;
beforeEach(async () => {
  sink = await startSink();
});
afterEach(() => sink.stop());

const mail = `From: ${USER}\r\nTo: ${JANE}\r\nSubject: ${SUBJECT}\r\n\r\n${BODY}\r\nAUTH PLAIN ${base64(BODY)}\r\n.${BODY}\r\n`;
const submission = (): Submission => ({
  envelope: { from: USER, to: [JANE], smtpUtf8: false },
  from: USER,
  size: mail.length,
  async *bytes() {
    yield Buffer.from(mail);
  },
  tries: 1,
  onDataBegin: async () => {},
});

it.each([
  ['PLAIN', 'Password', undefined],
  ['LOGIN', 'Password', ['PLAIN', 'XOAUTH2']],
  ['XOAUTH2', 'OAuth2', undefined],
] as const)('%s', async (mechanism, type, disabled) => {
  if (disabled !== undefined) {
    await sink.stop();
    sink = await startSink({ authMethods: ['LOGIN'] });
  }
  const lines: string[] = [];
  const server = smtpServer(sink.port, {
    user: USER,
    authentication: type === 'Password' ? { type, password: PASSWORD } : { type, application: 'a', signIn: 'appOnly' },
  });
  const submitter = createSubmitter(
    server,
    async () => ({ accessToken: TOKEN, expiresAt: new Date(Date.now() + 3_600_000) }),
    {
      ...submitterDefaults,
      ehloName: 'mailroom.test',
      trace: { grade: () => 'answers', write: (from, line) => void lines.push(`${from} ${line}`) },
    },
  );
  try {
    sink.faults.push({ at: 'auth', reply: `535 5.7.8 no ${PASSWORD.length} for ${USER}` });
    // A token is renewed and tried again at once.
    expect(await submitter.submit(submission())).toMatchObject({ kind: type === 'Password' ? 'failed' : 'accepted' });
    sink.faults.push({ at: 'rcpt', reply: `550 5.1.1 <${JANE}> Subject: ${SUBJECT}` });
    expect(await submitter.submit(submission())).toMatchObject({ kind: 'failed' });
    expect(await submitter.submit(submission())).toMatchObject({ kind: 'accepted' });
  } finally {
    await submitter.close();
  }
  expect(lines).toContain(`client AUTH ${mechanism}`);
  expect(lines).toEqual(expect.arrayContaining(['client RCPT', 'client DATA', 'server 535 5.7.8 no 20 for (address)']));
  expect(lines.find((line) => line.startsWith('server 550 5.1.1'))).toBe('server 550 5.1.1 <(address)> Subject: …');
  const text = lines.join('\n');
  expect(SECRETS.filter((secret) => text.includes(secret))).toEqual([]);
});
