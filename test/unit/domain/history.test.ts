// The history: what events add to which series, and how records become points and rows; a time in which nobody counted is a gap, not zero.
import { describe, expect, it } from 'vitest';
import {
  boundOf,
  type HistoryRecord,
  historyOf,
  measuresOf,
  type Period,
  periodStart,
  presenceCode,
  seriesOf,
} from '../../../src/domain/history.ts';
import { createHistoryCounter } from '../../../src/telemetry/history-counter.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 25, 12, 7, 30);
const record = (at: number, code: string, value: number, bound = 0): HistoryRecord => ({ at, code, bound, value });
const here = (from: number, to: number, code: string): HistoryRecord[] =>
  Array.from({ length: Math.ceil((to - from) / MINUTE) }, (_, i) => record(from + i * MINUTE, code, 1));

describe('points and rows', () => {
  it.each<[Period, number, number, number]>([
    ['2h', 120, MINUTE, 13],
    ['24h', 96, 15 * MINUTE, 25],
    ['30d', 120, 6 * HOUR, 31],
  ])('%s: %d points of %d ms, and rows that hold the first of them', (period, points, ms, rows) => {
    const shown = historyOf(measuresOf.all, { own: [], presence: [] }, period, NOW);
    expect(shown.points).toHaveLength(points);
    expect(shown.rows).toHaveLength(rows);
    expect(shown.points[0]).toEqual({ at: periodStart(period, NOW), ms, values: {}, times: {} });
    const last = shown.points.at(-1);
    expect((last?.at ?? 0) + (last?.ms ?? 0)).toBe(NOW);
  });

  it('what was not counted is missing, and what was counted without an event is 0', () => {
    const [ten, eleven, noon] = [10, 11, 12].map((hour) => Date.UTC(2026, 10, 25, hour)) as [number, number, number];
    const presence = [
      ...here(ten, ten + 5 * MINUTE, presenceCode.ingest),
      ...here(noon, NOW, presenceCode.ingest),
      ...here(eleven, noon, presenceCode.send),
    ];
    const own = [
      record(ten, 'm', 3),
      record(ten + MINUTE, 'm', 4),
      record(noon, 'w', 9),
      record(noon + MINUTE, 'w', 7),
    ];
    const { rows } = historyOf(['messages', 'backlog', 'replies'], { own, presence }, '24h', NOW);
    expect(rows.slice(-3).map(({ values }) => values)).toEqual([
      { messages: 7, backlog: 0 },
      { replies: 0 },
      { messages: 0, backlog: 9 },
    ]);
  });

  it.each<[string, number[], { count: number; p50: number; p99: number } | undefined]>([
    ['nothing', [], undefined],
    ['one of 1.5 s', [1.5], { count: 1, p50: 1.5, p99: 1.99 }],
    ['half fast, half slow', [0.1, 0.1, 50, 50], { count: 4, p50: 0.25, p99: 30 + 30 * ((3.96 - 2) / 2) }],
    ['beyond every bound', [100_000], { count: 1, p50: 14_400, p99: 14_400 }],
  ])('p50 and p99 of %s', (_, seconds, expected) => {
    const at = Math.floor(NOW / MINUTE) * MINUTE;
    const own = seconds.map((one) => record(at, 'a', 1, boundOf(one)));
    const { rows } = historyOf(['arrival'], { own, presence: here(at, NOW, presenceCode.ingest) }, '2h', NOW);
    expect(rows.at(-1)?.times.arrival).toEqual(expected);
  });
});

describe('events', () => {
  const added = (...events: Parameters<ReturnType<typeof createHistoryCounter>['observe']>[]) => {
    const counter = createHistoryCounter();
    for (const event of events) counter.observe(...event);
    return counter
      .take()
      .map(({ series, code, bound, value }) => `${series} ${code}${bound ?? ''} ${value}`)
      .sort();
  };
  it.each<[Parameters<typeof added>, string[]]>([
    [
      [
        ['MessageEnqueued', { server: 'In', emailFlow: 'Ärger', durationMs: 400 }, true],
        ['MessageEnqueued', { server: 'In', emailFlow: 'Ärger' }, true],
      ],
      ['all a1 1', 'all m 2', 'flow:%C3%84rger a1 1', 'flow:%C3%84rger m 2', 'server:In a1 1', 'server:In m 2'],
    ],
    [
      [['ReplyAccepted', { server: 'Out', durationMs: 90_000 }, true]],
      ['all r 1', 'all s9 1', 'server:Out r 1', 'server:Out s9 1'],
    ],
    [[['MailboxDisconnected', { server: 'In' }, true]], ['all d 1', 'server:In d 1']],
    [[['ReplyRejected', { server: 'Out', code: 'X' }, false]], ['all f 1', 'server:Out f 1']],
    [[['GatewayStarted', {}, true]], []],
  ])('%#', (events, expected) => expect(added(...events)).toEqual(expected));

  it('what could not be written is counted with what came meanwhile; a level is the higher one', () => {
    const counter = createHistoryCounter();
    counter.observe('ReplyRejected', { server: 'Out' }, true);
    const lost = [...counter.take(), { series: 'all', code: 'w', value: 5, high: true }];
    counter.observe('ReplyRejected', { server: 'Out' }, true);
    counter.putBack(lost);
    counter.putBack([{ series: 'all', code: 'w', value: 3, high: true }]);
    expect(counter.take().filter(({ series }) => series === 'all')).toEqual([
      { series: 'all', code: 'f', value: 2 },
      { series: 'all', code: 'w', value: 5, high: true },
    ]);
  });

  it('a flow and a server of one name are two series', () => {
    expect(seriesOf({ kind: 'flow', name: 'x:y' })).toBe('flow:x%3Ay');
    expect(seriesOf({ kind: 'IMAP', name: 'x:y' })).toBe('server:x%3Ay');
  });
});
