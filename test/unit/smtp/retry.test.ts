// When a reply is submitted again, and after how many tries it fails: growing waits, waits that an answer announces.
import { expect, it } from 'vitest';
import { announcedMs, classifySubmission, type Phase } from '../../../src/adapters/smtp/errors.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const classify = (host: string, phase: Phase, text: string, tries = 1) =>
  classifySubmission(
    { phase, text, replyCode: Number(text.slice(0, 3)) },
    { user: 'support@contoso.example', from: 'info@contoso.example', server: 'Out', host, port: 587 },
    tries,
  );

it('retries SendAsDenied once, then fails', () => {
  expect(classify('smtp.office365.com', 'answer', '554 5.2.252 SendAsDenied', 1).action).toBe('retry');
  expect(classify('smtp.office365.com', 'answer', '554 5.2.252 SendAsDenied', 2).action).toBe('fail');
});

it('waits longer with each attempt, up to an hour', () => {
  const waits = [1, 2, 3, 10].map((tries) => classify('h', 'mail', '451 4.3.2 later', tries).retryAfterMs);
  expect(waits).toEqual([MINUTE, 2 * MINUTE, 4 * MINUTE, 60 * MINUTE]);
});

it('a limit of connections is waited for equally long each time: the whole server waits', () => {
  const waits = [1, 2, 10].map((tries) => classify('h', 'connect', '421 Too many concurrent SMTP connections', tries));
  expect(waits.map(({ retryAfterMs }) => retryAfterMs)).toEqual([45_000, 45_000, 45_000]);
});

it.each([
  ['451 greylisted, try again in 5 minutes', 5 * MINUTE],
  ['451 4.7.1 retry after 300 seconds', 5 * MINUTE],
  ['450 wait for 2 hours', 2 * HOUR],
  ['450 come back in 10s', 10_000],
  ['550 daily quota used up, try again in 1 day', 24 * HOUR],
  ['450 4.2.0 queue id 300 seconded', 0],
  ['450 later', 0],
])('the wait that an answer announces: %s', (text, ms) => expect(announcedMs(text)).toBe(ms));

it('an announced wait is kept, up to an hour for one reply and a day for a server', () => {
  expect(classify('h', 'rcpt', '451 greylisted, try again in 25 minutes').retryAfterMs).toBe(25 * MINUTE);
  expect(classify('h', 'rcpt', '451 greylisted, try again in 300 hours').retryAfterMs).toBe(HOUR);
  expect(classify('h', 'answer', '550 daily sending quota used, try again in 12 hours').retryAfterMs).toBe(12 * HOUR);
  expect(classify('h', 'answer', '550 daily sending quota used, try again in 99 hours').retryAfterMs).toBe(24 * HOUR);
});

it('an unknown refusal of MAIL FROM is tried three times before the reply fails', () => {
  expect([1, 2, 3].map((tries) => classify('h', 'mail', '501 5.5.4 odd', tries).action)).toEqual([
    'retry',
    'retry',
    'fail',
  ]);
});
