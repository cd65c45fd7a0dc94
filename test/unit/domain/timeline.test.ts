// What became of a message or reply, oldest first, from what is kept of it; neither subject nor text.
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../../src/domain/reply-journal.ts';
import { type JobFacts, messageTimeline, replyTimeline } from '../../../src/domain/timeline.ts';
import { failureOf } from '../../../src/outbound/results.ts';
import { message } from '../http/fixtures.ts';

const at = (second: number) => Date.UTC(2026, 10, 23, 10, 0, second);
const job = (more: Partial<JobFacts>): JobFacts => ({ state: 'waiting', addedAt: at(1), attempts: 0, ...more });

describe('a message', () => {
  it.each([
    ['waits', job({}), ['arrived', 'enqueued']],
    ['is taken', job({ state: 'active', processedAt: at(2), attempts: 1 }), ['arrived', 'enqueued', 'taken']],
    [
      'is done',
      job({ state: 'completed', processedAt: at(2), finishedAt: at(3), attempts: 1 }),
      ['arrived', 'enqueued', 'taken', 'completed'],
    ],
    [
      'was given up after retries',
      job({ state: 'failed', processedAt: at(2), finishedAt: at(3), attempts: 3, failedReason: 'no route' }),
      ['arrived', 'enqueued', 'retried', 'failed'],
    ],
    ['has lost its job', undefined, ['arrived']],
  ])('that %s', (_, facts, steps) => {
    const timeline = messageTimeline({ message, job: facts, quarantined: undefined, answer: undefined });
    expect(timeline.events.map(({ step }) => step)).toEqual(steps);
    expect(JSON.stringify(timeline)).not.toContain(message.subject);
  });

  it('that was quarantined and answered names the reason and the colleague', () => {
    const { events } = messageTimeline({
      message,
      job: job({}),
      quarantined: { reason: 'parser-failed', at: '2026-11-23T10:00:02.000Z' },
      answer: { by: 'sent', who: 'alex@contoso.example', at: '2026-11-23T10:00:05.000Z' },
    });
    expect(events.slice(2)).toEqual([
      { step: 'quarantined', at: at(2), code: 'parser-failed' },
      { step: 'answered', at: at(5), who: 'alex@contoso.example' },
    ]);
  });
});

it('a message that came to other mailboxes too names their copies', () => {
  const of = (siblings: string[]) =>
    messageTimeline({ message: { ...message, siblings }, job: job({}), quarantined: undefined, answer: undefined });
  expect(of(['m-2-1-1']).siblings).toEqual(['m-2-1-1']);
  expect('siblings' in of([])).toBe(false);
});

describe('a reply', () => {
  const entry: JournalEntry = {
    ...{ replyId: 'r', state: 'accepted', server: 'Out', createdAt: at(0), updatedAt: at(9), fence: 1, begins: 1 },
    attempts: 1,
    dataBegunAt: at(2),
    evidence: ['2026-11-23T10:00:01.000Z 421 later', 'no time'],
    envelope: { from: 'shared@contoso.example', to: ['kim@example.org'], smtpUtf8: false },
    result: {
      schema: 'mailroom.result/1',
      ...{ replyId: 'r', state: 'accepted', server: 'Out' },
      acceptedAt: '2026-11-23T10:00:03.000Z',
      remote: { system: 'smtp', text: '250 queued as 7' },
    },
    deliveries: {
      'kim@example.org': {
        delivery: 'bounced',
        report: { learntAt: '2026-11-23T10:00:08.000Z', code: 'BOUNCE_ADDRESS_UNKNOWN', text: '550 no such user' },
      },
    },
  };
  it('lists its steps in order, with the words of the servers', () => {
    expect(replyTimeline(entry).events).toEqual([
      { step: 'queued', at: at(0) },
      { step: 'noted', at: at(1), said: '421 later' },
      { step: 'data-begun', at: at(2) },
      { step: 'accepted', at: at(3), said: '250 queued as 7' },
      { step: 'bounced', at: at(8), who: 'kim@example.org', code: 'BOUNCE_ADDRESS_UNKNOWN', said: '550 no such user' },
      { step: 'noted', said: 'no time' },
    ]);
  });

  it.each(['rejected', 'held', 'dropped'] as const)('that is %s ends with the reason', (state) => {
    const { acceptedAt: _, ...result } = entry.result as NonNullable<JournalEntry['result']>;
    const failure = failureOf('SMTP_FROM_REFUSED', { remote: { system: 'smtp', text: '550 no' } });
    const { events } = replyTimeline({ ...entry, state, deliveries: {}, result: { ...result, state, failure } });
    expect(events.filter(({ step }) => step === state)).toEqual([
      { step: state, at: at(9), code: 'SMTP_FROM_REFUSED', said: '550 no' },
    ]);
  });
});
