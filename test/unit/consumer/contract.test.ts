// The contracts as others know them: frozen/*.json are the JSON Schemas of version 1 as published. A change of a contract that makes one of these
// tests fail is a new version beside the old one, not a new frozen file.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { readMessage } from '../../../src/consumer/index.ts';
import { draftReply } from '../../../src/consumer/reply.ts';
import type { Message } from '../../../src/contract/message.ts';
import { contractSchemas } from '../../../src/http/api/json-schemas.ts';
import { message, result } from '../http/fixtures.ts';
import { incompatibilities } from './compatibility.ts';

type Validate = ((value: unknown) => boolean) & { errors?: unknown };
const Ajv2020 = createRequire(import.meta.url)('ajv/dist/2020').default as new (
  options: object,
) => {
  compile(schema: object): Validate;
};
const compile = (schema: object): Validate => new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
const frozen = (name: string) =>
  JSON.parse(readFileSync(new URL(`./frozen/${name}.json`, import.meta.url), 'utf8')) as Record<string, unknown>;
const names = ['message-1', 'reply-1', 'result-1', 'outcome-1'] as const;

/** A message as a later minor version may look: every optional field there, and fields nobody knows yet at every level. */
const full: Message = {
  ...message,
  date: '2026-11-23T10:00:00.000Z',
  sender: { name: '', address: 'kim@example.org' },
  text: { value: 'Hello', truncated: false, length: 5 },
  html: { value: '<p>Hello', truncated: true, length: 500_000 },
  replyText: 'Hello',
  replyTextFrom: 'split',
  preview: 'Hello',
  stamps: [{ kind: 'safety-tip', place: 'top', text: 'You don’t often get email from kim@example.org' }],
  links: [{ text: 'bank.example', target: 'https://evil.example/', wrapped: 'safelinks', differs: true }],
  threading: {
    messageId: '<1@x>',
    inReplyTo: ['<0@x>'],
    references: ['<0@x>'],
    threadTopic: 'Rechnung',
    threadIndex: 'AdY=',
  },
  automatic: {
    kind: 'bounce',
    evidence: [{ header: 'content-type', value: 'multipart/report', source: 'RFC 3464' }],
    mayAutoRespond: false,
  },
  deliveryStatus: {
    reply: { replyId: 'r1', messageId: '<r1@x>' },
    originalMessageId: '<r1@x>',
    recipients: [
      { recipient: 'a@x', action: 'failed', status: '5.1.1', replyCode: 550, permanent: true, diagnostic: 'unknown' },
    ],
  },
  warnings: [{ code: 'charset-repaired', detail: 'text' }],
};
function withUnknownFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withUnknownFields);
  if (typeof value !== 'object' || value === null) return value;
  const known = Object.entries(value).map(([key, inner]) => [key, withUnknownFields(inner)]);
  return { ...Object.fromEntries(known), laterField: { deep: [1] } };
}

describe('an old consumer', () => {
  it.each([
    ['the smallest message', message],
    ['a full message', full],
    ['a message of a later minor version', withUnknownFields(full)],
  ])('reads %s: frozen schema and typed consumer', (_, value) => {
    const validate = compile(frozen('message-1'));
    expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
    expect(readMessage(value)).toBe(value);
  });

  it.each([
    ['another contract', { ...message, schema: 'mailroom.message/2' }, 'mailroom.message/2'],
    ['a reply', result('r1'), 'mailroom.result/1'],
    ['nothing', undefined, 'not a mailroom.message/1'],
    ['a field of the wrong type', { ...message, uid: '7' }, 'uid'],
    ['a missing field', { ...message, conversation: {} }, 'conversation.id'],
  ])('refuses %s by name', (_, value, words) => {
    expect(() => readMessage(value)).toThrow(words);
  });
});

describe('the current JSON Schema', () => {
  it.each(names)('of %s is compatible with the published one', (name) => {
    const direction = name === 'reply-1' ? 'write' : 'read';
    expect(incompatibilities(frozen(name), contractSchemas()[name], direction)).toEqual([]);
  });

  it.each([
    ['message-1', message],
    ['message-1', full],
    ['result-1', result('r1', 'held')],
    ['reply-1', draftReply(message, { server: 'S', text: 'Hello' })],
    ['reply-1', { schema: 'mailroom.reply/1', replyId: 'r', to: ['a@x'], subject: '' }],
  ] as const)('of %s accepts its examples', (name, value) => {
    const validate = compile(contractSchemas()[name]);
    expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...value, schema: 'other' })).toBe(false);
  });
});

describe('an incompatible change is', () => {
  const object = (properties: object, required: string[] = []) => ({ type: 'object', properties, required });
  const text = { type: 'string' };
  it.each([
    ['read', object({ a: text }, ['a']), object({ a: text }), ['$.a: required']],
    ['read', object({ a: text }), object({}), ['$.a: gone']],
    ['read', object({ a: { enum: ['x'] } }), object({ a: { enum: ['x', 'y'] } }), ['$.a: enum']],
    ['read', object({ a: { enum: ['x', 'y'] } }), object({ a: { enum: ['x'] } }), []],
    ['read', object({ a: text }), object({ a: { type: 'number' } }), ['$.a: type, const, format or pattern']],
    ['read', object({}), object({ b: text }, ['b']), []],
    ['write', object({}), object({ b: text }, ['b']), ['$.b: required']],
    ['write', object({ a: { enum: ['x', 'y'] } }), object({ a: { enum: ['x'] } }), ['$.a: enum']],
    [
      'write',
      object({ a: { type: 'string', maxLength: 9 } }),
      object({ a: { type: 'string', maxLength: 5 } }),
      ['$.a: maxLength'],
    ],
    ['read', { type: 'array', items: object({ a: text }) }, { type: 'array', items: object({}) }, ['$[].a: gone']],
  ] as const)('%s %j → %j', (direction, older, newer, expected) => {
    expect(incompatibilities(older, newer, direction)).toEqual(expected);
  });
});

describe('a reply drafted from a message', () => {
  it('answers the sender in the thread exactly once', () => {
    expect(draftReply(full, { server: 'S', text: 'Hello' })).toMatchObject({
      schema: 'mailroom.reply/1',
      replyId: 're-m-abc-1-7',
      server: 'S',
      to: [{ name: 'Kim', address: 'kim@example.org' }],
      subject: 'Re: Rechnung',
      conversationId: 'c-1',
      answers: {
        messageKey: 'm-abc-1-7',
        messageId: '<1@x>',
        references: ['<0@x>'],
        mailbox: 'service@example.com',
        automatic: true,
      },
    });
  });
  it('goes to Reply-To, keeps an existing reply prefix, and gives the draft precedence', () => {
    const asked = { ...message, subject: 'AW: Rechnung', replyTo: [{ name: '', address: 'team@example.org' }] };
    expect(draftReply(asked, { server: 'S', text: 'Hello' })).toMatchObject({
      to: [{ address: 'team@example.org' }],
      subject: 'AW: Rechnung',
    });
    const own = { server: 'S', replyId: 'mine', to: ['x@example.org'], subject: 'New', html: '<p>Hi' };
    expect(draftReply(asked, own)).toMatchObject(own);
  });
});
