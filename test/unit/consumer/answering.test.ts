// reply() of the consumer: whatever a customer wrote, he can be answered; and an automatic answer is not for the draft to allow.
import { describe, expect, it } from 'vitest';
import { draftReply } from '../../../src/consumer/reply.ts';
import type { Message } from '../../../src/contract/message.ts';
import { checkHeaders, readRecipients } from '../../../src/outbound/compose.ts';
import { message } from '../http/fixtures.ts';

const KIM = { name: 'Kim', address: 'kim@example.org' };
const draft = (more: Partial<Message>, own: object = {}) =>
  draftReply({ ...message, from: [KIM], replyTo: [], ...more }, { server: 'S', text: 'x', ...own });
const long = 'x'.repeat(5_000);
const { threading } = message;

describe('a customer does not become unanswerable by', () => {
  it.each([
    ['a long subject', { subject: long }],
    ['a long subject with a reply prefix', { subject: `Re: ${'ü'.repeat(5_000)}` }],
    ['a subject of unpaired surrogates', { subject: '\ud800'.repeat(5_000) }],
    ['a subject with controls', { subject: 'a\r\nBcc: x@y\u0000' }],
    ['a long name', { from: [{ ...KIM, name: long }] }],
    ['a name with controls', { from: [{ ...KIM, name: 'a\u0007\r\nb' }] }],
    ['a long topic', { threading: { ...threading, threadTopic: long } }],
    ['a topic with controls', { threading: { ...threading, threadTopic: 'a\r\nb' } }],
    ['a long index', { threading: { ...threading, threadIndex: long } }],
    ['an index with controls', { threading: { ...threading, threadIndex: 'AA\r\n==' } }],
    ['a long id', { threading: { ...threading, messageId: `<${long}@x>` } }],
    ['an id with controls', { threading: { ...threading, messageId: '<a\u0000@x>' } }],
    ['references of all kinds', { threading: { ...threading, references: [`<${long}@x>`, '<a\n@x>', '<ok@x>'] } }],
    [
      'thousands of references',
      { threading: { ...threading, references: Array.from({ length: 999 }, (_, i) => `<${i}@x>`) } },
    ],
    ['an invalid Reply-To', { replyTo: [{ name: '', address: 'not an address' }] }],
    ['a Reply-To without an address', { replyTo: [{ name: 'Kim', address: '' }] }],
    ['a Reply-To with white space', { replyTo: [{ name: '', address: 'x\u00a0victim@example.org' }] }],
    ['a very long Reply-To', { replyTo: [{ name: '', address: `${long}@example.org` }] }],
  ] satisfies [string, Partial<Message>][])('%s', (_what, more) => {
    const reply = draft(more);
    expect(readRecipients(reply).all).toEqual([KIM.address]);
    expect(() => checkHeaders(reply)).not.toThrow();
  });

  it('and uses a Reply-To with one address among junk', () => {
    const replyTo = [
      { name: '', address: 'junk' },
      { name: 'Desk', address: 'desk@example.org' },
    ];
    expect(draft({ replyTo }).to).toEqual([{ name: 'Desk', address: 'desk@example.org' }]);
  });

  it('and keeps ordinary fields unchanged', () => {
    expect(
      draft({ subject: 'Größe 😀', threading: { ...threading, threadTopic: 'Größe', references: ['<a@x>'] } }),
    ).toMatchObject({
      subject: 'Re: Größe 😀',
      answers: { threadTopic: 'Größe', subject: 'Größe 😀', references: ['<a@x>'] },
    });
  });
});

it('reports which of our addresses the customer wrote to, which is the default From', () => {
  const addressedTo = [
    { address: 'orders@example.com', tag: '4711', header: 'To' },
    { address: 'orders@example.com', header: 'Delivered-To' },
    { address: 'service@example.com', header: 'Cc' },
  ];
  expect(draft({ addressedTo }).answers?.addressedTo).toEqual(['orders@example.com', 'service@example.com']);
  expect(draft({}).answers).not.toHaveProperty('addressedTo');
});

describe('an automatic answer', () => {
  const automatic = (kind: Message['automatic']['kind'], mayAutoRespond: boolean) => ({
    kind,
    mayAutoRespond,
    evidence: [],
  });
  it.each([
    ['none', true, false],
    ['none', false, true],
    ['auto-reply', false, true],
    ['list', true, true],
  ] as const)('to %s with mayAutoRespond %s is forbidden: %s, whatever the draft contains', (kind, may, forbidden) => {
    const own = { automatic: true, answers: { automatic: false } };
    expect(draft({ automatic: automatic(kind, may) }).answers?.automatic).toBe(forbidden);
    expect(draft({ automatic: automatic(kind, may) }, own).answers?.automatic).toBe(forbidden);
  });
});
