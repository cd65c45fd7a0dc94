// The digest that tells one reply from another under the same replyId.
import { describe, expect, it } from 'vitest';
import { replySchema } from '../../../src/contract/reply.ts';
import { replyDigest } from '../../../src/domain/reply-journal.ts';

const given = {
  schema: 'mailroom.reply/1',
  replyId: 'r',
  server: 's',
  to: [{ name: 'Jane', address: 'jane@example.net' }],
  subject: 'Re',
  text: 'x',
};
const digest = (more: object = {}) => replyDigest(replySchema.parse({ ...given, ...more }));

describe('digest of a reply', () => {
  it.each([
    ['keys in another order', { text: 'x', subject: 'Re' }],
    ['defaults written out', { cc: [], bcc: [], headers: {}, quote: false, priority: 'normal', automatic: false }],
    ['the span of another run', { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }],
  ])('%s: the same', (_what, more) => {
    expect(digest(more)).toBe(digest());
    expect(replyDigest(replySchema.parse({ ...more, ...given }))).toBe(digest());
  });

  it('a field that a later version adds, with its default: the same', () => {
    // What the schema of today does not know stands for one: a default that is left out of the digest cannot change it.
    const { cc, attachments, ...older } = replySchema.parse(given);
    expect({ cc, attachments }).toEqual({ cc: [], attachments: [] });
    expect(replyDigest(older as never)).toBe(digest());
  });

  it.each([
    ['text', { text: 'y' }],
    ['one more recipient', { cc: ['a@example.net'] }],
    ['another server', { server: 'other' }],
    ['automatic', { automatic: true }],
    ['the name of a recipient', { to: [{ name: 'John', address: 'jane@example.net' }] }],
  ])('%s: different', (_what, more) => {
    expect(digest(more)).not.toBe(digest());
  });
});
