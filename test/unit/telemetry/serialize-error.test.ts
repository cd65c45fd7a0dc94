// What of an error may be shown: a table of what libraries hang on theirs, and of words that quote what they must not.
import { describe, expect, test } from 'vitest';
import { MailroomError } from '../../../src/domain/errors.ts';
import { errorText, scrub, serializeError } from '../../../src/telemetry/serialize-error.ts';

const SECRET = 'hunter2-very-secret';
/** The secret as text, as base64 and as the numbers that a Buffer becomes in JSON. */
const forms = [SECRET, Buffer.from(SECRET).toString('base64').slice(0, -2), [...Buffer.from(SECRET)].join(',')];

describe('fields that a library added to its error', () => {
  const cases: [string, object][] = [
    ['ioredis: the command with its arguments', { command: { name: 'auth', args: [SECRET, Buffer.from(SECRET)] } }],
    ['ioredis: errors of a pipeline', { previousErrors: [{ command: { name: 'set', args: [SECRET] } }] }],
    [
      'imapflow: answer and socket',
      { response: { attributes: [{ value: SECRET }] }, _logger: { secret: SECRET }, responseText: SECRET },
    ],
    [
      'nodemailer: response and rejected recipients',
      { response: `550 ${SECRET}`, rejected: [SECRET], rejectedErrors: [new Error(SECRET)] },
    ],
    [
      'MSAL: request, answer, claims',
      { errorMessage: SECRET, correlationId: SECRET, claims: SECRET, subError: SECRET },
    ],
    [
      'AWS SDK: request and answer',
      { $response: { body: SECRET }, $metadata: { httpStatusCode: 403, requestId: SECRET }, Key: SECRET },
    ],
    ['fetch: config with headers', { config: { headers: { authorization: `Bearer ${SECRET}` } }, request: SECRET }],
    ['zod: the input', { issues: [{ input: SECRET, path: ['password'] }] }],
    ['an invalid code', { code: `x ${SECRET}`, syscall: `x ${SECRET}`, address: `x ${SECRET}` }],
    [
      'a cause with all of these fields',
      { cause: Object.assign(new Error('below'), { command: { name: 'hello', args: ['3', 'AUTH', SECRET] } }) },
    ],
  ];
  test.each(cases)('%s', (_, fields) => {
    const shown = JSON.stringify(serializeError(Object.assign(new Error('failed'), fields)));
    for (const form of forms) expect(shown).not.toContain(form);
    expect(errorText(Object.assign(new Error('failed'), fields))).not.toContain(SECRET);
  });
});

describe('words of an error', () => {
  const cases: [what: string, said: string, shown: string][] = [
    [
      'a password in an address',
      `connect redis://default:${SECRET}@10.0.0.5:6379 failed`,
      'connect redis://…@10.0.0.5:6379 failed',
    ],
    ['a token', `Bearer ${SECRET} is not valid`, 'Bearer … is not valid'],
    ['a JWT', `token eyJhbGciOi.eyJzdWIiOi.c2lnbmF0 expired`, 'token … expired'],
    ['a parameter of a form', `client_secret=${SECRET}&scope=x`, 'client_secret=…&scope=x'],
    ['a field of JSON', `{"password":"${SECRET} with words","a":1}`, '{"password":…,"a":1}'],
    ['a mail address', '550 5.1.1 <jane@customer.example> User unknown', '550 5.1.1 <(address)> User unknown'],
    [
      'a subject in quotes',
      '554 5.7.1 Message "Where is my order" looks like spam',
      '554 5.7.1 Message "…" looks like spam',
    ],
    [
      'a subject in single quotes',
      "554 5.7.1 'Where is my order' refused; we don't take it",
      "554 5.7.1 '…' refused; we don't take it",
    ],
    ['a subject after its field name', '554 5.6.0 Subject: Where is my order', '554 5.6.0 Subject: …'],
    [
      'the sign-in of SMTP',
      '535 5.7.8 no: AUTH PLAIN AGFAYi5jAGh1bnRlcg== failed',
      '535 5.7.8 no: AUTH PLAIN … failed',
    ],
    ['the sign-in of IMAP', `BAD a1 LOGIN jane@customer.example ${SECRET}`, 'BAD a1 LOGIN (address) …'],
    [
      'no word about a sign-in',
      'NO AUTHENTICATE PLAIN disabled, LOGIN disabled here',
      'NO AUTHENTICATE PLAIN disabled, LOGIN disabled here',
    ],
    ['a long run of base64', `line ${'QUJD'.repeat(20)} too long`, 'line … too long'],
    ['a name of a command in quotes', "ERR unknown command 'WAITAOF'", "ERR unknown command 'WAITAOF'"],
    [
      'the meaning of a server’s answer',
      '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled',
      '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled',
    ],
  ];
  test.each(cases)('%s', (_, said, shown) => expect(scrub(said)).toBe(shown));

  test('lose the arguments that Redis repeats', () => {
    const error = new Error(`ERR unknown command 'FOO', with args beginning with: '${SECRET}' 'b'`);
    expect(serializeError(error)?.message).toBe("ERR unknown command 'FOO'");
  });

  test('do not repeat JSON that cannot be read', () => {
    const broken = () => JSON.parse(`Dear team, ${SECRET}`);
    expect(broken).toThrow(SyntaxError);
    try {
      broken();
    } catch (error) {
      expect(JSON.stringify(serializeError(error))).not.toMatch(/Dear|hunter/);
    }
  });

  test('are scrubbed quickly when very long', () => {
    const began = process.cpuUsage();
    for (const text of [
      "'".repeat(5_000),
      '"'.repeat(5_000),
      'a@'.repeat(5_000),
      `subject${' '.repeat(5_000)}`,
      'password-'.repeat(2_000),
    ])
      scrub(text);
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(500);
  });
});

describe('what is shown', () => {
  test('of our own error: code, class, hint, the remote words, and the cause with address and errno', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), {
      code: 'ECONNREFUSED',
      errno: -111,
      syscall: 'connect',
      address: '127.0.0.1',
      port: 6379,
    });
    const error = new MailroomError('REDIS_UNREACHABLE', {
      cause,
      remote: { system: 'redis', code: 'ECONNREFUSED', text: `AUTH secret=${SECRET}` },
    });
    expect(serializeError(error)).toMatchObject({
      type: 'MailroomError',
      code: 'REDIS_UNREACHABLE',
      class: 'transient',
      hint: expect.stringContaining('redis.url'),
      remote: { system: 'redis', code: 'ECONNREFUSED', text: 'AUTH secret=…' },
      cause: { code: 'ECONNREFUSED', errno: -111, address: '127.0.0.1', port: 6379 },
    });
  });

  test('of another error: type, words, code, name of the command, frames of the stack', () => {
    const error = Object.assign(new Error('OOM command not allowed when used memory > maxmemory'), {
      name: 'ReplyError',
      command: { name: 'evalsha', args: [] },
    });
    expect(serializeError(error)).toMatchObject({
      type: 'ReplyError',
      command: 'evalsha',
      message: 'OOM command not allowed when used memory > maxmemory',
    });
    expect(serializeError(error)?.stack).toMatch(/^\s+at /);
  });

  test('of several addresses that were tried: the first one', () => {
    const parts = ['127.0.0.1', '::1'].map((address) =>
      Object.assign(new Error('refused'), { code: 'ECONNREFUSED', address, port: 25 }),
    );
    expect(errorText(new AggregateError(parts))).toContain('ECONNREFUSED refused (127.0.0.1:25)');
  });

  test('of a value that is not an error: its type, and words if it has any', () => {
    expect(serializeError({ password: SECRET })).toEqual({ type: 'object', message: '' });
    expect(serializeError(`password=${SECRET}`)).toEqual({ type: 'string', message: 'password=…' });
    expect(serializeError(undefined)).toBeUndefined();
  });
});
