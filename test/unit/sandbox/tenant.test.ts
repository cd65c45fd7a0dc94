// The sandbox's directory, list of faults, tokens and SMTP input, each without a server around it.

import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { demoTenant, withDefaults } from '../../../src/sandbox/config.ts';
import { createDirectory } from '../../../src/sandbox/directory.ts';
import { createFaults } from '../../../src/sandbox/faults.ts';
import { createTokens } from '../../../src/sandbox/oauth/tokens.ts';
import { createInput } from '../../../src/sandbox/smtp/input.ts';

const SHARED = 'support@contoso.example';
const BILLING = 'billing@contoso.example';
const ALEX = 'alex@contoso.example';
const MARIA = 'maria@contoso.example';

describe('directory', () => {
  const directory = createDirectory(
    withDefaults({
      ...demoTenant(),
      applications: [
        { clientId: 'all', secret: 's' },
        { clientId: 'one', mailboxes: [SHARED], sendAs: ['news@contoso.example'] },
      ],
      permissions: {
        fullAccess: { [SHARED]: [ALEX] },
        sendAs: { [SHARED]: [ALEX], [BILLING]: [SHARED] },
        sendOnBehalf: { [BILLING]: [ALEX] },
      },
    }),
  );
  const alex = { kind: 'person', address: ALEX } as const;
  const maria = { kind: 'person', address: MARIA } as const;
  const app = (clientId: string) => ({ kind: 'application', clientId }) as const;

  it.each([
    [alex, ALEX, true],
    [alex, 'Support@Contoso.Example', true],
    [alex, BILLING, false],
    [maria, SHARED, false],
    [app('all'), BILLING, true],
    [app('all'), ALEX, false],
    [app('one'), BILLING, false],
    [app('nobody'), SHARED, false],
  ])('%j opens %s: %s', (principal, mailbox, allowed) => {
    expect(directory.mayOpen(principal, mailbox)).toBe(allowed);
  });
  it.each([
    [alex, ALEX, SHARED, undefined, true],
    [alex, ALEX, BILLING, undefined, false],
    [alex, ALEX, BILLING, ALEX, true],
    [alex, ALEX, BILLING, MARIA, false],
    [maria, MARIA, SHARED, MARIA, false],
    [app('all'), SHARED, SHARED, undefined, true],
    [app('all'), SHARED, BILLING, undefined, true],
    [app('all'), BILLING, SHARED, undefined, false],
    [app('one'), SHARED, 'news@contoso.example', undefined, true],
  ])('%j as %s sends from %s with Sender %s: %s', (principal, mailbox, from, sender, allowed) => {
    expect(directory.maySendFrom(principal, mailbox, from, sender)).toBe(allowed);
  });
  it('lets a person submit as themselves only', () => {
    expect(directory.maySubmitAs(alex, ALEX)).toBe(true);
    expect(directory.maySubmitAs(alex, SHARED)).toBe(false);
    expect(directory.maySubmitAs(app('one'), SHARED)).toBe(true);
  });
});

describe('list of faults', () => {
  it('applies a fault a given number of times', () => {
    const faults = createFaults();
    faults.set({ name: 'emptyFetch', uid: 7, times: 2 });
    expect(faults.take('emptyFetch', { uid: 8 })).toBeUndefined();
    expect(faults.take('emptyFetch', { uid: 7 })?.struck).toBe(1);
    expect(faults.peek('emptyFetch', { uid: 7 })).toBeDefined();
    expect(faults.take('emptyFetch', { uid: 7 })?.struck).toBe(2);
    expect(faults.take('emptyFetch', { uid: 7 })).toBeUndefined();
    expect(faults.none).toBe(true);
  });
  it('ends a fault by the clock', () => {
    let clock = 1000;
    const faults = createFaults(() => clock);
    faults.set({ name: 'lateReadable', forMilliseconds: 500 });
    expect(faults.list()).toHaveLength(1);
    clock = 1500;
    expect(faults.peek('lateReadable')).toBeUndefined();
    expect(faults.list()).toEqual([]);
  });
  it('completes a named reply, and knows the stage of the others', () => {
    const faults = createFaults();
    faults.set({ name: 'smtpReply', reply: 'userUnknown' });
    faults.set({ name: 'dropBeforeData' });
    expect(faults.list()).toMatchObject([{ at: 'rcpt', code: 550, text: '5.1.1 User unknown' }, { at: 'rcpt' }]);
    expect(faults.take('smtpReply', { at: 'mail' })).toBeUndefined();
  });
  it('clears faults by id, by name or all', () => {
    const faults = createFaults();
    const id = faults.set({ name: 'http429' });
    faults.set({ name: 'http429' });
    faults.set({ name: 'slowToken' });
    faults.clear(id);
    expect(faults.list()).toHaveLength(2);
    faults.clear('http429');
    expect(faults.list().map(({ name }) => name)).toEqual(['slowToken']);
    faults.clear();
    expect(faults.none).toBe(true);
  });
});

describe('tokens', () => {
  let clock = Date.UTC(2026, 10, 23);
  const tokens = createTokens(
    () => 'https://localhost/tenant/v2.0',
    'tenant',
    () => clock,
  );
  const audience = 'https://outlook.office365.com';
  it('grant access by role and scope until they expire', () => {
    const person = tokens.forPerson('app', audience, ALEX, ['IMAP.AccessAsUser.All'], 60);
    expect(tokens.grant(person)).toMatchObject({
      principal: { kind: 'person', address: ALEX },
      protocols: { imap: true, smtp: false },
      expiresAt: clock + 60_000,
    });
    clock += 60_000;
    expect(tokens.grant(person)).toBeUndefined();
  });
  it('are refused when changed, or for another audience', () => {
    const token = tokens.forApplication('app', audience, ['IMAP.AccessAsApp'], 60);
    const [head, body, signature] = token.split('.');
    const forged = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(body ?? '', 'base64url').toString()), roles: ['SMTP.SendAsApp'] }),
    ).toString('base64url');
    expect(tokens.grant(`${head}.${forged}.${signature}`)).toBeUndefined();
    expect(
      tokens.grant(tokens.forApplication('app', 'https://graph.microsoft.com', ['IMAP.AccessAsApp'], 60)),
    ).toBeUndefined();
    expect(tokens.grant('rubbish')).toBeUndefined();
  });
});

describe('SMTP input', () => {
  const input = (pieces: string[]) => {
    const stream = new PassThrough();
    const made = createInput(stream as unknown as Socket);
    for (const piece of pieces) stream.write(piece);
    stream.end();
    return made;
  };
  it.each([
    ['at once', ['a\r\n..b\r\n.\r\nQUIT\r\n'], 'a\r\n.b\r\n'],
    ['byte by byte', [...'a\r\n..b\r\n.\r\nQUIT\r\n'], 'a\r\n.b\r\n'],
    ['empty', ['.\r\nQUIT\r\n'], ''],
    ['empty in pieces', ['.', '\r', '\nQUIT\r\n'], ''],
    ['dots at the start', ['..\r\n...\r\n.\r\nQUIT\r\n'], '.\r\n..\r\n'],
    ['dots within', ['a.\r\n.\nb\r\n.\r\nQUIT\r\n'], 'a.\r\n\nb\r\n'],
  ])('reads a message %s', async (_name, pieces, expected) => {
    const reading = input(pieces);
    expect((await reading.message())?.toString()).toBe(expected);
    expect(await reading.line()).toBe('QUIT');
    expect(await reading.line()).toBeUndefined();
  });
  it('reads counted chunks', async () => {
    const reading = input(['12', '345X\r\n']);
    expect((await reading.exactly(5))?.toString()).toBe('12345');
    expect(await reading.line()).toBe('X');
  });
  it('ends without the dot', async () => {
    expect(await input(['a\r\n']).message()).toBeUndefined();
  });
});
