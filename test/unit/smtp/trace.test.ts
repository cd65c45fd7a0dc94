// What a trace of SMTP shows, and that nothing else comes through: whatever line is given, lines of a mail among them.
import { describe, expect, it } from 'vitest';
import { tracedLine, traceLogger } from '../../../src/adapters/smtp/trace.ts';

const SECRETS = ['hunter2', 'aHVudGVyMg', 'jane', 'Kündigung', 'Sehr geehrte', 'ya29', 'eyJzdGF0dXMi'];

describe('a traced line', () => {
  it.each<['client' | 'server', string, string, string]>([
    ['client', 'EHLO hunter2.example', 'EHLO', 'EHLO'],
    ['client', 'AUTH PLAIN AGphbmUAaHVudGVyMg==', 'AUTH PLAIN', 'AUTH PLAIN'],
    ['client', 'AUTH LOGIN', 'AUTH LOGIN', 'AUTH LOGIN'],
    ['client', 'AUTH XOAUTH2 ya29.dXNlcj1qYW5l', 'AUTH XOAUTH2', 'AUTH XOAUTH2'],
    ['client', 'AUTH hunter2', 'AUTH', 'AUTH'],
    ['client', 'amFuZQ==', '(continuation)', '(continuation)'],
    ['client', 'aHVudGVyMg==', '(continuation)', '(continuation)'],
    ['client', '*', '(continuation)', '(continuation)'],
    ['client', 'MAIL FROM:<jane@customer.example> SIZE=560 BODY=8BITMIME', 'MAIL SIZE=560', 'MAIL SIZE=560'],
    ['client', 'RCPT TO:<jane@customer.example> NOTIFY=FAILURE ORCPT=rfc822;jane@customer.example', 'RCPT', 'RCPT'],
    ['client', 'DATA', 'DATA', 'DATA'],
    ['client', 'Subject: Kündigung', '(continuation)', '(continuation)'],
    ['client', 'Sehr geehrte Damen und Herren', '(continuation)', '(continuation)'],
    ['client', 'Data hunter2', 'DATA', 'DATA'],
    ['client', 'Mail an jane, hunter2', 'MAIL', 'MAIL'],
    ['client', 'Database hunter2', '(continuation)', '(continuation)'],
    ['server', '220 smtp.example ESMTP', '220', '220 smtp.example ESMTP'],
    ['server', '250-SIZE 37748736', '250-', '250- SIZE 37748736'],
    ['server', '334 eyJzdGF0dXMiOiI0MDEifQ==', '334', '334'],
    ['server', '235 2.7.0 Authentication successful', '235 2.7.0', '235 2.7.0 Authentication successful'],
    ['server', '550 5.1.1 <jane@customer.example>: user unknown', '550 5.1.1', '550 5.1.1 <(address)>: user unknown'],
    ['server', '554 5.7.1 Subject: Kündigung refused', '554 5.7.1', '554 5.7.1 Subject: …'],
    ['server', '250', '250', '250'],
    ['server', 'Sehr geehrte', '(other)', '(other)'],
    ['server', '', '(other)', '(other)'],
  ])('%s: %s', (from, line, commands, answers) => {
    expect([tracedLine(from, line, 'commands'), tracedLine(from, line, 'answers')]).toEqual([commands, answers]);
    for (const secret of SECRETS) expect(`${commands} ${answers}`).not.toContain(secret);
  });
});

it('leaves out what nodemailer logs besides the protocol, and is not built when tracing is off', () => {
  const written: string[] = [];
  const write = (from: string, line: string) => void written.push(`${from} ${line}`);
  const on = traceLogger({ grade: () => 'answers', write });
  on.debug({ tnx: 'client' }, 'QUIT');
  on.debug({ tnx: 'server' }, '250-first\r\n250 last');
  on.debug({ tnx: 'send' }, 'Sending mail to jane@customer.example');
  on.debug({ tnx: 'OAUTH2' }, 'hunter2');
  on.debug({ tnx: 'client' }, { hunter2: true });
  on.debug(null, 'hunter2');
  for (const level of [on.info, on.warn, on.error, on.fatal, on.trace]) level();
  traceLogger({ grade: () => undefined, write }).debug({ tnx: 'client' }, 'RSET');
  expect(written).toEqual(['client QUIT', 'server 250- first', 'server 250 last']);
});
