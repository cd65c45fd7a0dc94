// Conversations: signed Message-IDs, aliases, chains; what was forged does not match.
import { describe, expect, it } from 'vitest';
import {
  baseSubject,
  matchConversation,
  readSignedMessageId,
  replyKeyOf,
  signedMessageId,
} from '../../../src/domain/conversation.ts';

const key = 'first key, 32 bytes or more of it';
const newer = 'second key, after a rotation of it';
const ours = signedMessageId({ conversationId: 'c-1', replyId: 'reply-1', domain: 'example.net' }, key);
const threading = (
  inReplyTo: string[] = [],
  references: string[] = [],
  more: { messageId?: string; threadIndex?: string } = {},
) => ({
  inReplyTo,
  references,
  messageId: '<new@customer.example>',
  ...more,
});
const match = (t: ReturnType<typeof threading>, rest: { subject?: string; bodyToken?: string } = {}) =>
  matchConversation(
    { threading: t, from: 'a@b.example', subject: rest.subject ?? 'Hello', bodyToken: rest.bodyToken },
    [key],
  );

describe('signed Message-IDs', () => {
  it('carry conversation and reply, deterministically', () => {
    expect(ours).toBe(signedMessageId({ conversationId: 'c-1', replyId: 'reply-1', domain: 'example.net' }, key));
    expect(ours).toMatch(/^<mr1\.[\w.-]+@example\.net>$/);
    expect(readSignedMessageId(ours, [key])).toEqual({ conversationId: 'c-1', replyKey: replyKeyOf('reply-1') });
  });

  it('are read with any of the keys, and with none but them', () => {
    expect(readSignedMessageId(ours, [newer, key])?.conversationId).toBe('c-1');
    expect(readSignedMessageId(ours, [newer])).toBeUndefined();
    expect(readSignedMessageId(ours, [])).toBeUndefined();
  });

  it('are not believed after any change', () => {
    const inner = ours.slice(5, ours.indexOf('@'));
    for (let k = 0; k < inner.length; k++) {
      const letter = inner[k];
      if (letter === '.') continue;
      const forged = `<mr1.${inner.slice(0, k)}${letter === 'A' ? 'B' : 'A'}${inner.slice(k + 1)}@example.net>`;
      expect(readSignedMessageId(forged, [key]), forged).toBeUndefined();
    }
  });

  it('survive an unusual conversation id, and fit into a header line', () => {
    const id = signedMessageId({ conversationId: 'Fall 4711/ü', replyId: 'r', domain: 'x.example' }, key);
    expect(readSignedMessageId(id, [key])?.conversationId).toBe('Fall 4711/ü');
    expect(id.length).toBeLessThan(200);
  });
});

describe('matching', () => {
  it('goes by In-Reply-To first, then References', () => {
    const other = signedMessageId({ conversationId: 'c-2', replyId: 'reply-2', domain: 'example.net' }, key);
    expect(match(threading([ours], [other]))).toEqual({ id: 'c-1', matchedBy: 'in-reply-to' });
    expect(match(threading(['<x@y>'], ['<x@y>', other, ours]))).toEqual({ id: 'c-1', matchedBy: 'references' });
  });

  it('knows aliases that the server assigned', () => {
    const lookup = (messageId: string) =>
      messageId === '<alias@outlook.example>' ? { conversationId: 'c-9' } : undefined;
    expect(
      matchConversation(
        { threading: threading(['<alias@outlook.example>']), from: 'a@b', subject: 's' },
        [key],
        lookup,
      ),
    ).toEqual({ id: 'c-9', matchedBy: 'in-reply-to' });
  });

  it('gives every message of a thread the same id, without a table', () => {
    const first = match({ ...threading(), messageId: '<root@customer.example>' });
    expect(first.matchedBy).toBe('new');
    const second = match(threading(['<root@customer.example>'], ['<root@customer.example>']));
    const third = match(threading(['<b@x>'], ['<root@customer.example>', '<b@x>']));
    expect(second).toEqual({ id: first.id, matchedBy: 'references-chain' });
    expect(third.id).toBe(first.id);
  });

  it('goes by Thread-Index when the references were lost', () => {
    const head = Buffer.alloc(22, 7);
    const one = match(threading([], [], { threadIndex: Buffer.concat([head, Buffer.alloc(5, 1)]).toString('base64') }));
    const two = match(
      threading([], [], { threadIndex: Buffer.concat([head, Buffer.alloc(10, 2)]).toString('base64') }),
    );
    expect(one.matchedBy).toBe('thread-index');
    expect(two.id).toBe(one.id);
  });

  it('finds a token in the body, and believes no forged one', () => {
    const token = ours.slice(1, ours.indexOf('@'));
    expect(match(threading(), { bodyToken: `long text\n[Ref: ${token}]\nmore` })).toEqual({
      id: 'c-1',
      matchedBy: 'token',
    });
    expect(match(threading(), { bodyToken: `[Ref: ${token.slice(0, -1)}x]` }).matchedBy).toBe('new');
    expect(match(threading([`<mr1.Yy0x.${'A'.repeat(12)}.${'A'.repeat(20)}@example.net>`])).matchedBy).toBe(
      'references-chain',
    );
  });

  it('goes by subject only when asked, with the sender, and only for replies', () => {
    const input = { threading: threading(), from: 'A@b.example', subject: 'AW: Re: Hello' };
    const lookupSubject = (subject: string, from: string) =>
      subject === 'Hello' && from === 'a@b.example' ? { conversationId: 'c-5' } : undefined;
    expect(matchConversation(input, [key], { lookupSubject })).toEqual({ id: 'c-5', matchedBy: 'subject' });
    expect(matchConversation({ ...input, subject: 'Hello' }, [key], { lookupSubject }).matchedBy).toBe('new');
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
