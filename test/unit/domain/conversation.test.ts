// Conversations: signed Message-IDs, aliases, chains; what was forged does not match.
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  baseSubject,
  matchConversation,
  readSignedMessageId,
  replyKeyOf,
  signedMessageId,
  signedTokens,
} from '../../../src/domain/conversation.ts';
import { parseMessageIds } from '../../../src/mime/message-ids.ts';

const key = 'first key, 32 bytes or more of it';
const newer = 'second key, after a rotation of it';
const signing = { keys: [key], installation: '' };
const ours = signedMessageId({ conversationId: 'c-1', replyId: 'reply-1', domain: 'example.net' }, signing);
/** As written before ids were bound to their domain. */
const OLD = '<mr1.Yy0x.yhHVp51hGDvC.MAC@example.net>';
const threading = (
  inReplyTo: string[] = [],
  references: string[] = [],
  more: { messageId?: string | undefined; threadIndex?: string } = {},
) => ({
  inReplyTo,
  references,
  messageId: '<new@customer.example>',
  ...more,
});
const match = (t: ReturnType<typeof threading>, rest: { subject?: string; bodyToken?: string } = {}) => {
  const input = { threading: t, emailFlow: 'F', from: 'a@b.example', subject: rest.subject ?? 'Hello' };
  const matched = matchConversation({ ...input, bodyToken: rest.bodyToken }, signing);
  // What the parser's worker takes out of the text says the same as the text.
  const tokens = rest.bodyToken === undefined ? undefined : signedTokens(rest.bodyToken);
  expect(matchConversation({ ...input, bodyToken: tokens }, signing)).toEqual(matched);
  return matched;
};

describe('signed Message-IDs', () => {
  it('contain conversation and reply, deterministically', () => {
    expect(ours).toBe(signedMessageId({ conversationId: 'c-1', replyId: 'reply-1', domain: 'example.net' }, signing));
    expect(ours).toMatch(/^<mr2\.[\w.-]+@example\.net>$/);
    expect(readSignedMessageId(ours, signing)).toEqual({ conversationId: 'c-1', replyKey: replyKeyOf('reply-1') });
  });

  it('are read with any of the keys, and with no other key', () => {
    expect(readSignedMessageId(ours, { keys: [newer, key], installation: '' })?.conversationId).toBe('c-1');
    expect(readSignedMessageId(ours, { keys: [newer], installation: '' })).toBeUndefined();
    expect(readSignedMessageId(ours, { keys: [], installation: '' })).toBeUndefined();
  });

  it('are rejected after any change', () => {
    const inner = ours.slice(5, ours.indexOf('@'));
    for (let k = 0; k < inner.length; k++) {
      const letter = inner[k];
      if (letter === '.') continue;
      const forged = `<mr2.${inner.slice(0, k)}${letter === 'A' ? 'B' : 'A'}${inner.slice(k + 1)}@example.net>`;
      expect(readSignedMessageId(forged, signing), forged).toBeUndefined();
    }
  });

  it('are found in every form in which a program writes them back', () => {
    const inner = ours.slice(1, -1);
    const [local, domain] = inner.split('@');
    const hex = (text: string): string =>
      [...Buffer.from(text)].map((b) => `=${b.toString(16).toUpperCase()}`).join('');
    const half = Math.ceil(inner.length / 2);
    for (const form of [
      `=?utf-8?q?${hex(`<${inner.slice(0, half)}`)}?= =?utf-8?q?${hex(`${inner.slice(half)}>`)}?=`,
      `=?us-ascii?B?${Buffer.from(ours).toString('base64')}?=`,
      `<${inner.slice(0, half)} ${inner.slice(half)}>`,
      `(Support <support@example.net> of Monday) ${ours}`,
      `<"${local}"@${domain}>`,
      encodeURIComponent(ours),
      `<${local}%40${domain}>`,
      `&lt;${inner}&gt;`,
      inner,
    ]) {
      const t = threading(parseMessageIds(form));
      expect(match(t), form).toMatchObject({ id: 'c-1', matchedBy: 'in-reply-to' });
    }
  });

  it('are bound to their domain and their installation', () => {
    expect(readSignedMessageId(ours.replace('example.net', 'example.org'), signing)).toBeUndefined();
    expect(readSignedMessageId(ours.replace('example.net', 'EXAMPLE.NET'), signing)?.conversationId).toBe('c-1');
    const staging = { ...signing, installation: 'staging' };
    expect(readSignedMessageId(ours, staging)).toBeUndefined();
    const there = signedMessageId({ conversationId: 'c-1', replyId: 'reply-1', domain: 'example.net' }, staging);
    expect(readSignedMessageId(there, staging)?.conversationId).toBe('c-1');
    expect(readSignedMessageId(there, signing)).toBeUndefined();
  });

  it('in the previous form are still read, unless the installation has a name', () => {
    const mac = createHmac('sha256', key)
      .update(`mailroom.message-id/1\nYy0x\n${replyKeyOf('reply-1')}`)
      .digest();
    const old = OLD.replace('yhHVp51hGDvC', replyKeyOf('reply-1')).replace(
      'MAC',
      mac.subarray(0, 15).toString('base64url'),
    );
    expect(readSignedMessageId(old, signing)?.conversationId).toBe('c-1');
    expect(readSignedMessageId(old, { ...signing, installation: 'staging' })).toBeUndefined();
    expect(readSignedMessageId(old.replace('mr1', 'mr2'), signing)).toBeUndefined();
  });

  it.each([
    ['Latin', 'x'.repeat(200)],
    ['Cyrillic', 'ж'.repeat(200)],
    ['Thai', 'ก'.repeat(200)],
    ['Japanese', '会話'.repeat(100)],
    ['emoji', '😀'.repeat(100)],
    ['separators', 'a:b/c d\ne.f|'.repeat(15)],
  ])('contain a conversation id of 200 characters: %s', (_script, conversationId) => {
    for (const domain of [
      'x.example',
      `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(50)}.example`,
    ]) {
      const id = signedMessageId({ conversationId, replyId: 'r', domain }, signing);
      expect(id.length).toBeLessThanOrEqual(990);
      expect(
        parseMessageIds(`<a@b>\r\n ${id}`).map((one) => readSignedMessageId(one, signing)?.conversationId),
      ).toEqual([undefined, conversationId]);
    }
  });

  it('are found behind forged ones', () => {
    const forged = `mr2.Yy0y.${'A'.repeat(12)}.${'A'.repeat(20)}@example.net`;
    const text = `${`${forged} `.repeat(50)} and [${ours.slice(1, -1)}]`;
    expect(readSignedMessageId(text, signing)?.conversationId).toBe('c-1');
    expect(match(threading(), { bodyToken: text })).toMatchObject({ id: 'c-1', matchedBy: 'token' });
    expect(match(threading([`<${forged}>`], [`<${forged}>`, ours, `<${forged}>`]))).toMatchObject({ id: 'c-1' });
  });

  it('support an unusual conversation id, and fit into a header line', () => {
    const id = signedMessageId({ conversationId: 'Fall 4711/ü', replyId: 'r', domain: 'x.example' }, signing);
    expect(readSignedMessageId(id, signing)?.conversationId).toBe('Fall 4711/ü');
    expect(id.length).toBeLessThan(200);
  });
});

describe('matching a message to its conversation', () => {
  it('uses In-Reply-To first, then References', () => {
    const other = signedMessageId({ conversationId: 'c-2', replyId: 'reply-2', domain: 'example.net' }, signing);
    expect(match(threading([ours], [other]))).toMatchObject({ signed: true, id: 'c-1', matchedBy: 'in-reply-to' });
    expect(match(threading(['<x@y>'], ['<x@y>', other, ours]))).toMatchObject({
      signed: true,
      id: 'c-1',
      matchedBy: 'references',
    });
  });

  it('uses the aliases that the server assigned', () => {
    const lookup = (messageId: string) =>
      messageId === '<alias@outlook.example>' ? { conversationId: 'c-9' } : undefined;
    expect(
      matchConversation(
        { threading: threading(['<alias@outlook.example>']), emailFlow: 'F', from: 'a@b', subject: 's' },
        signing,
        { lookupAlias: lookup },
      ),
    ).toMatchObject({ signed: true, id: 'c-9', matchedBy: 'in-reply-to' });
  });

  it('gives every message of a thread the same id without a table', () => {
    const first = match({ ...threading(), messageId: '<root@customer.example>' });
    expect(first.matchedBy).toBe('new');
    const second = match(threading(['<root@customer.example>'], ['<root@customer.example>']));
    const third = match(threading(['<b@x>'], ['<root@customer.example>', '<b@x>']));
    expect(second).toMatchObject({ id: first.id, matchedBy: 'references-chain', signed: false });
    expect(third.id).toBe(first.id);
  });

  it('is limited to one flow unless signed', () => {
    const input = { threading: threading([], ['<root@customer.example>']), from: 'a@b.example', subject: 's' };
    const ids = ['Sales', 'Service'].map((emailFlow) => matchConversation({ ...input, emailFlow }, signing).id);
    expect(new Set(ids).size).toBe(2);
    const ownIds = ['a@b.example', 'x@y.example'].map(
      (from) => matchConversation({ ...input, from, emailFlow: 'Sales' }, signing).ownId,
    );
    expect(new Set([...ids, ...ownIds]).size).toBe(4);
  });

  it('uses Thread-Index when the references were lost', () => {
    const head = Buffer.alloc(22, 7);
    const one = match(threading([], [], { threadIndex: Buffer.concat([head, Buffer.alloc(5, 1)]).toString('base64') }));
    const two = match(
      threading([], [], { threadIndex: Buffer.concat([head, Buffer.alloc(10, 2)]).toString('base64') }),
    );
    expect(one.matchedBy).toBe('thread-index');
    expect(two.id).toBe(one.id);
    const [first, named] = [undefined, '<named@b.example>'].map((messageId) =>
      match(threading([], [], { threadIndex: head.toString('base64'), messageId })),
    );
    expect(first).toMatchObject({ matchedBy: 'new', id: one.id });
    expect(named?.id).not.toBe(one.id);
  });

  it('finds a token in the body, and rejects forged ones', () => {
    const token = ours.slice(1, -1);
    expect(match(threading(), { bodyToken: `long text\n[Ref: ${token}]\nmore` })).toMatchObject({
      id: 'c-1',
      matchedBy: 'token',
      signed: true,
    });
    expect(match(threading(), { bodyToken: `[Ref: ${token.replace('@', 'x@')}]` }).matchedBy).toBe('new');
    expect(match(threading([`<mr2.Yy0x.${'A'.repeat(12)}.${'A'.repeat(20)}@example.net>`])).matchedBy).toBe(
      'references-chain',
    );
  });

  it('uses the subject only when enabled, with the sender, and only for replies', () => {
    const input = { threading: threading(), emailFlow: 'F', from: 'A@b.example', subject: 'AW: Re: Hello' };
    const lookupSubject = (subject: string, from: string) =>
      subject === 'Hello' && from === 'a@b.example' ? { conversationId: 'c-5' } : undefined;
    expect(matchConversation(input, signing, { lookupSubject })).toMatchObject({
      signed: false,
      id: 'c-5',
      matchedBy: 'subject',
    });
    expect(matchConversation({ ...input, subject: 'Hello' }, signing, { lookupSubject }).matchedBy).toBe('new');
  });

  it.each([
    ['Re: Hello', 'Hello', true],
    ['AW: WG: Re[2]: Hello', 'Hello', true],
    ['Hello', 'Hello', false],
    ['Regarding: it', 'Regarding: it', false],
  ])('base subject of %s', (subject, base, isReply) => {
    expect(baseSubject(subject)).toEqual({ subject: base, isReply });
  });
});
