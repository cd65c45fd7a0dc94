// A shared mailbox that a colleague uses in Outlook as well, with real processes: our reply leaves its arrow, the colleague's answer arrives as an event
// and holds the reply that waits, and a supervisor who releases it sends it.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MailboxEvent } from '../../src/contract/mailbox-event.ts';
import { mailboxEventsQueue, mailboxId } from '../../src/contract/names.ts';
import { type Control, startControl } from '../../src/sandbox/control.ts';
import { type Desk, JANE, openDesk, SUPPORT } from '../support/desk.ts';
import { fixture } from '../support/fixture.ts';
import { replyJob } from '../support/journey.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

const ALEX = 'alex@contoso.example';
let desk: Desk;
let control: Control;

const redis = fixture(startRedis);
beforeAll(async () => {
  desk = await openDesk({
    redisUrl: redis.url,
    settings: { inbound: { startStaggerMs: 0, leaseSeconds: 2, deadAfterSeconds: 2, reconcileSeconds: 1 } },
    inbound: { startFrom: 'all', mailboxEvents: 'flags-and-sent' },
    outbound: { markAnswered: true },
    secrets: [JANE, ALEX],
  });
  control = await startControl(desk.sandbox, 0);
});
afterAll(async () => {
  await control.stop();
  await desk.stop();
});

it('a colleague and an agent do not both answer', async () => {
  const { sandbox, j } = desk;
  const events = async () =>
    (await j.queue(mailboxEventsQueue('F')).getJobs(['waiting'])).map((job) => job.data as MailboxEvent);
  const inOutlook = async (query: string) => {
    const answer = await fetch(`${control.url}/outlook/${SUPPORT}?${query}`, { method: 'POST' });
    expect(answer.status).toBe(202);
  };
  await j.start(['serve']).waitForEvent('GatewayStarted');
  for (const n of [1, 2])
    sandbox.mailboxes.deliver(
      SUPPORT,
      `Message-ID: <question-${n}@customer.example>\r\nFrom: ${JANE}\r\nTo: ${SUPPORT}\r\nSubject: Question ${n}\r\n\r\nHello\r\n`,
    );
  const messages = await j.waitForMessages('F', 2);
  const keyOf = (n: number) => messages.find(({ uid }) => uid === n)?.messageKey ?? '';
  const reply = (replyId: string, n: number, more: object = {}) =>
    j.addReply('Out', {
      ...{ replyId, from: SUPPORT, to: [JANE], subject: 'Re', text: 'Our answer', answers: { messageKey: keyOf(n) } },
      ...more,
    });

  // What was before the first look is nobody's news.
  const client = new Redis(redis.url);
  const view = `{mailroom}:view:${mailboxId({ host: 'localhost', user: SUPPORT, folder: 'INBOX' })}`;
  await waitFor(async () => (await client.hget(view, 'rest'))?.includes('"sent"'), {
    describe: () => 'the first look',
  });
  client.disconnect();

  await reply('ours', 1);
  expect(await j.result('Out', replyJob('ours'))).toMatchObject({ state: 'accepted' });
  await waitFor(() => sandbox.mailboxes.list(SUPPORT)[0]?.flags.includes('\\Answered'), {
    describe: () => 'the arrow',
  });

  await reply('waits', 2, { notBefore: new Date(Date.now() + 4_000).toISOString() });
  await inOutlook(`act=answer&uid=2&by=${ALEX}`);
  const result = await j.result('Out', replyJob('waits'));
  expect(result).toMatchObject({ state: 'held', failure: { code: 'REPLY_ANSWERED_ELSEWHERE' } });
  await waitFor(async () => (await events()).some(({ answered }) => answered?.by === 'sent'), {
    describe: () => 'the event',
  });
  const answered = (await events()).filter(({ event }) => event === 'answered');
  expect(answered.map(({ messageKey }) => messageKey)).toEqual([keyOf(2), keyOf(2)]);
  expect(answered.map((event) => [event.answered?.by, event.answered?.who]).sort()).toEqual([
    ['flag', undefined],
    ['sent', ALEX],
  ]);

  expect((await j.run('replies', 'release', 'waits')).output).toContain('released');
  expect(await j.result('Out', replyJob('waits'))).toMatchObject({ state: 'accepted' });
  const arrived = sandbox.mailboxes
    .list(JANE)
    .map(({ raw }) => /Written in Outlook|Our answer/.exec(raw.toString())?.[0]);
  expect(arrived).toEqual(['Our answer', 'Written in Outlook', 'Our answer']);
});
