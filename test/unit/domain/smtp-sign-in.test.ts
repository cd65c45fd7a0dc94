// What is shown of an SMTP server: never "ready to send" before a sign-in succeeded, and why not when it did not.
import { describe, expect, it } from 'vitest';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { type SignInNote, signInTarget, smtpState } from '../../../src/domain/smtp-sign-in.ts';

const note = (more: Partial<SignInNote> = {}): SignInNote => ({ target: 't', ...more });
const failed = (code: string, said?: string) => ({
  failure: { code, since: 5, nextAt: 9, ...(said === undefined ? {} : { said }) },
});
const pause = (code: string, by?: string) => ({ code, since: 1, until: 7, ...(by === undefined ? {} : { by }) });

describe('the state of an SMTP server', () => {
  it.each([
    ['nothing known', undefined, undefined, { state: 'unproven' }],
    ['a proof of another definition', undefined, note({ target: 'other', provenAt: 3 }), { state: 'unproven' }],
    ['a failure of another definition', undefined, note({ target: 'other', ...failed('X') }), { state: 'unproven' }],
    ['a sign-in that succeeded', undefined, note({ provenAt: 3 }), { state: 'sending', lastProvenAt: 3 }],
    [
      'an unreachable host',
      undefined,
      note(failed('SMTP_UNREACHABLE', 'getaddrinfo ENOTFOUND smtp.nowhere.example')),
      {
        state: 'retrying',
        code: 'SMTP_UNREACHABLE',
        said: 'getaddrinfo ENOTFOUND smtp.nowhere.example',
        since: 5,
        expectedAt: 9,
      },
    ],
    [
      'a sign-in that worked earlier and fails now',
      undefined,
      note({ provenAt: 3, ...failed('SMTP_AUTH_FAILED') }),
      { state: 'retrying', code: 'SMTP_AUTH_FAILED', since: 5, expectedAt: 9, lastProvenAt: 3 },
    ],
    [
      'no person has signed in',
      undefined,
      note(failed('OAUTH_SIGN_IN_NEEDED')),
      { state: 'sign-in-needed', code: 'OAUTH_SIGN_IN_NEEDED', since: 5, expectedAt: 9 },
    ],
    [
      'paused by a person',
      pause('SMTP_SERVER_PAUSED_BY_PERSON', 'Kim'),
      note({ provenAt: 3, ...failed('SMTP_AUTH_FAILED') }),
      { state: 'paused', code: 'SMTP_SERVER_PAUSED_BY_PERSON', since: 1, pausedBy: 'Kim', lastProvenAt: 3 },
    ],
    [
      'paused by a refusal of a reply',
      pause('SMTP_AUTH_DISABLED_MAILBOX'),
      note({ provenAt: 3 }),
      { state: 'retrying', code: 'SMTP_AUTH_DISABLED_MAILBOX', since: 1, expectedAt: 7, lastProvenAt: 3 },
    ],
    [
      'paused without a token, with the reason from the check',
      pause('SMTP_TOKEN_UNAVAILABLE'),
      note(failed('OAUTH_SIGN_IN_EXPIRED')),
      { state: 'sign-in-needed', code: 'OAUTH_SIGN_IN_EXPIRED', since: 1, expectedAt: 7 },
    ],
  ] as const)('%s', (_, paused, known, state) => expect(smtpState('t', { pause: paused, note: known })).toEqual(state));
});

describe('the subject of a recorded sign-in', () => {
  const server = {
    type: 'SMTP',
    name: 'Out',
    host: 'smtp.example.com',
    port: 587,
    tls: 'enabled',
    user: 'support@example.com',
    authentication: { type: 'Password', password: 'one' },
  } as SmtpServer;
  const target = signInTarget(server);
  it.each([
    ['another host', { host: 'smtp.example.org' }, false],
    ['another port', { port: 465 }, false],
    ['another user', { user: 'sales@example.com' }, false],
    ['another sign-in method', { authentication: { type: 'None' } }, false],
    ['another name', { name: 'Out 2' }, true],
    ['another pace', { pace: { perMinute: 1, connections: 1, recipientsPerDay: 1 } }, true],
    [
      'another password: Redis must not contain anything to test passwords against',
      { authentication: { type: 'Password', password: 'two' } },
      true,
    ],
  ])('%s', (_, change, same) => expect(signInTarget({ ...server, ...change } as SmtpServer) === target).toBe(same));
});
