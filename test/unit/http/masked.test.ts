// A viewer sees the state of everything and no customer's address.
import { expect, it } from 'vitest';
import { MailroomError } from '../../../src/domain/errors.ts';
import { createHttp } from '../../../src/http/index.ts';
import { masked, maskedText } from '../../../src/http/masked.ts';
import { problemOf } from '../../../src/http/problem.ts';
import { as, fakeApi, fakeDeps, result } from './fixtures.ts';

it.each([
  ['kim.customer@example.org', 'k•••@example.org'],
  ['"a@b"@example.org', '"•••@example.org'],
  ['@example.org', '@example.org'],
  ['nobody', 'nobody'],
])('%s is shown as %s', (address, shown) => expect(masked(address)).toBe(shown));

it.each([
  ['550 5.1.1 <kim@example.org>: no such user', '550 5.1.1 <k•••@example.org>: no such user'],
  ['kim@a.example, lee@b.example', 'k•••@a.example, l•••@b.example'],
  ['at 12 @ noon', 'at 12 @ noon'],
  ['no address', 'no address'],
])('%s is shown as %s', (text, shown) => expect(maskedText(text)).toBe(shown));

const remote = { system: 'smtp', code: '550', text: '5.1.1 <kim@example.org> is unknown' } as const;
const refused = {
  ...result('r1', 'rejected'),
  recipients: [
    { address: 'kim@example.org', state: 'rejected' as const, remote },
    {
      address: 'kim@example.org',
      state: 'accepted' as const,
      delivery: 'bounced' as const,
      report: { learntAt: '2026-11-30T10:00:00.000Z', text: '550 5.1.1 <kim@example.org> is unknown' },
    },
  ],
  remote,
  failure: { code: 'RECIPIENT_UNKNOWN', class: 'permanent' as const, message: 'kim@example.org is unknown', remote },
  warnings: ['kim@example.org was refused'],
  answeredElsewhere: { by: 'sent' as const, who: 'kim@example.org' },
};

it.each([
  ['grafana', false],
  ['desk', true],
  ['ops', true],
] as const)('%s sees addresses in a result: %s', async (who, sees) => {
  const api = fakeApi({ getReply: async () => refused, listReplies: async () => ({ replies: [refused] }) });
  const http = await createHttp(fakeDeps({ api }));
  for (const url of ['/v1/replies/r1', '/v1/replies']) {
    const { body } = await http.inject({ url, headers: as(who) });
    expect(body.includes('kim@')).toBe(sees);
    expect(body).toContain('@example.org');
  }
  await http.close();
});

it("a problem contains a remote system's words without the personal data they may quote", () => {
  const text = '550 5.7.1 <kim@example.org> said "My order" with token=abcdefgh, Subject: My order';
  const { remote: shown } = problemOf(
    new MailroomError('SEND_AS_DENIED', { remote: { system: 'smtp', code: '550', text } }),
    false,
  );
  expect(shown).toMatchObject({ system: 'smtp', code: '550', text: expect.stringContaining('550 5.7.1') });
  expect(shown?.text).not.toMatch(/kim|My order|abcdefgh/);
});
