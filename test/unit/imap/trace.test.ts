// What a trace of the protocol shows, and that nothing else comes through: whatever line is given, hostile ones and those of other servers included.
import { describe, expect, it } from 'vitest';
import { tracedLine, traceEntry } from '../../../src/adapters/imap/trace.ts';

const SECRETS = [
  'hunter2',
  'eyJhbGciOiJSUzI1NiJ9',
  'jane@customer.example',
  'Kündigung',
  'dXNlcj1zdXBwb3J0',
  'Privat/Ärzte',
  'Sehr geehrte',
];

describe('a traced line', () => {
  it.each<['client' | 'server', string, string, string]>([
    ['client', 'A1 LOGIN jane@customer.example hunter2', 'A1 LOGIN', 'A1 LOGIN'],
    ['client', 'A2 AUTHENTICATE XOAUTH2 dXNlcj1zdXBwb3J0', 'A2 AUTHENTICATE', 'A2 AUTHENTICATE'],
    ['client', 'dXNlcj1zdXBwb3J0', '(continuation)', '(continuation)'],
    ['client', 'hunter2 Kündigung', '(continuation)', '(continuation)'],
    ['client', 'hunter2 HUNTER2 1:3', '(continuation)', '(continuation)'],
    ['client', 'A3 SELECT "Privat/Ärzte"', 'A3 SELECT', 'A3 SELECT'],
    ['client', 'A4 UID FETCH 7:*,9 (UID FLAGS BODY.PEEK[])', 'A4 UID FETCH 7:*,9', 'A4 UID FETCH 7:*,9'],
    ['client', 'A5 UID SEARCH HEADER Subject Kündigung', 'A5 UID SEARCH', 'A5 UID SEARCH'],
    ['client', 'A6 APPEND Sent {9}', 'A6 APPEND', 'A6 APPEND'],
    ['client', 'A7 IDLE', 'A7 IDLE', 'A7 IDLE'],
    ['server', '* OK [UIDNEXT 12] next', '* OK [UIDNEXT 12]', '* OK [UIDNEXT 12] next'],
    [
      'server',
      'A1 NO [AUTHENTICATIONFAILED] AUTHENTICATE failed for jane@customer.example',
      'A1 NO [AUTHENTICATIONFAILED]',
      'A1 NO [AUTHENTICATIONFAILED] AUTHENTICATE failed for (address)',
    ],
    ['server', 'A9 BAD Command Error. 12', 'A9 BAD', 'A9 BAD Command Error. 12'],
    ['server', '* 12 EXISTS', '* 12 EXISTS', '* 12 EXISTS'],
    ['server', '* 3 FETCH (UID 7 BODY[] "Subject: Kündigung Sehr geehrte")', '* 3 FETCH UID 7', '* 3 FETCH UID 7'],
    ['server', '* LIST (\\HasNoChildren) "/" "Privat/Ärzte"', '* LIST', '* LIST'],
    ['server', '* SEARCH 1 2 3', '* SEARCH', '* SEARCH'],
    ['server', '+ eyJhbGciOiJSUzI1NiJ9', '* (other)', '* (other)'],
    ['server', 'Sehr geehrte Damen', '* (other)', '* (other)'],
    ['server', '', '* (other)', '* (other)'],
  ])('%s: %s', (from, line, commands, answers) => {
    expect([tracedLine(from, line, 'commands'), tracedLine(from, line, 'answers')]).toEqual([commands, answers]);
    for (const secret of SECRETS) expect(`${commands} ${answers}`).not.toContain(secret);
  });
});

it('leaves out what imapflow logs besides protocol lines, and is not built when tracing is off', () => {
  const written: string[] = [];
  const write = (from: string, line: string) => void written.push(`${from} ${line}`);
  const on = { grade: () => 'answers' as const, write };
  traceEntry(on, { src: 'c', msg: 'A1 LOGIN a hunter2' });
  traceEntry(on, { msg: 'Failed for jane@customer.example', err: new Error('hunter2') });
  traceEntry(on, { src: 's', msg: 12 });
  traceEntry(on, 'hunter2');
  traceEntry({ grade: () => undefined, write }, { src: 'c', msg: 'A2 NOOP' });
  expect(written).toEqual(['client A1 LOGIN']);
});
