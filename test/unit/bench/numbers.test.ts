// What the benchmarks rest on: a figure is only printed for correct work, and the figures are what they are called.
import { describe, expect, it } from 'vitest';
import { parseUsage } from '../../../bench/child.ts';
import { check } from '../../../bench/drain.ts';
import { intoDocument, markdown } from '../../../bench/markdown.ts';
import { median, medians, percentile, tidy } from '../../../bench/numbers.ts';
import { plot, share } from '../../../bench/plot.ts';
import { busyAt, goals, met, type Results, report } from '../../../bench/report.ts';

describe('check of a drain', () => {
  const expected = new Map([
    ['<1@x>', 10],
    ['<2@x>', 20],
  ]);
  it.each([
    [
      'complete, in any order',
      [
        ['<2@x>', 20],
        ['<1@x>', 10],
      ],
      undefined,
    ],
    ['one missing', [['<1@x>', 10]], '1 mails of 2'],
    [
      'one twice',
      [
        ['<1@x>', 10],
        ['<1@x>', 10],
      ],
      'twice',
    ],
    [
      'a wrong size',
      [
        ['<1@x>', 11],
        ['<2@x>', 20],
      ],
      'expected 10',
    ],
    ['a foreign mail', [['<3@x>', 10]], '<3@x>'],
    ['no Message-ID', [[undefined, 10]], 'undefined has'],
  ] as [string, [string | undefined, number][], string | undefined][])('%s', (_, found, error) => {
    if (error === undefined) expect(() => check(expected, found)).not.toThrow();
    else expect(() => check(expected, found)).toThrow(error);
  });
});

describe('numbers', () => {
  it.each([
    [[3, 1, 2], 50, 2],
    [[1, 2, 3, 4], 50, 2],
    [[5], 99, 5],
    [Array.from({ length: 100 }, (_, i) => i + 1), 99, 99],
    [[], 50, 0],
  ])('percentile of %j at %i is %i', (list, percent, wanted) => expect(percentile(list, percent)).toBe(wanted));
  it('calculates medians field by field', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(
      medians([
        { a: 1, b: 9 },
        { a: 2, b: 8 },
        { a: 9, b: 1 },
      ]),
    ).toEqual({ a: 2, b: 8 });
    expect([tidy(1234.5), tidy(0.123456)]).toEqual([1235, 0.123]);
  });
  it('reads /proc even when the command holds parentheses and spaces', () => {
    const stat = `42 (node (a) b) S 1 42 42 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 11 0 100 1 1`;
    expect(parseUsage(stat, 'VmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n')).toEqual({
      cpuSeconds: 3,
      peakMb: 200,
      rssMb: 100,
    });
  });
});

describe('report', () => {
  const results: Results = {
    date: '2026-11-23',
    machine: 'test',
    command: 'npm run bench',
    load: 0.3,
    seconds: { drain: 60 },
    failed: {},
    drain: {
      mails: 5_000,
      megabytes: 420,
      rounds: 3,
      product: { rate: 1_800, cpuPer1000: 0.5, peakMb: 200, redisKb: 10 },
      fetchAll: { rate: 290, cpuPer1000: 3.4, peakMb: 684, redisKb: 100 },
      streaming: { rate: 330, cpuPer1000: 3, peakMb: 221, redisKb: 100 },
      kept: { rate: 1_900, cpuPer1000: 0.5, peakMb: 150, redisKb: 9 },
      limit: { rate: 2_000, cpuPer1000: 0.36, peakMb: 103, redisKb: 0 },
      redisOnly: { rate: 8_000, cpuPer1000: 0.05, peakMb: 90, redisKb: 10 },
      timesDoItYourself: 6.2,
      timesLimit: 0.9,
      limitTimesDoItYourself: 6.9,
      keptTimesDoItYourself: 6.5,
      keptTimesLimit: 0.95,
    },
  };
  it('names exactly the missed goals', () => {
    expect(report(results).missed).toEqual(['drain: peak RSS, MB']);
    expect(goals(results).filter(met)).toHaveLength(4);
  });
  it('counts a bar beyond the line as a met goal', () => {
    for (const goal of goals(results)) expect(share(goal) >= 1).toBe(met(goal));
    expect(plot(results).match(/class="missed"/g)).toHaveLength(1);
    // One for the legend, one for each goal with a limit.
    expect(plot(results).match(/class="limit"/g)).toHaveLength(4);
  });
  it('replaces only its own part of the document', () => {
    const around = [
      '# Performance',
      '<!-- written by npm run bench: begin -->',
      '<!-- written by npm run bench: end -->',
      'x',
    ];
    const once = intoDocument(around.join('\n'), markdown(results));
    expect(once).toContain('| drain: peak RSS, MB | ≤ 180 | 200 | **no** |  |');
    expect(once).toContain(
      '| drain: × do-it-yourself | ≥ 6 | 6.2 | yes | 6.5: bare loop, mails durable, a job each, no parser |',
    );
    expect(once).toContain('| bare imapflow loop (6.9 × fetchAll) | 2000 | 0.36 | 103 | 0 |');
    expect(intoDocument(once, markdown(results))).toBe(once);
    expect([once.startsWith('# Performance\n'), once.endsWith('\nx')]).toEqual([true, true]);
    expect(() => intoDocument('# Performance', '')).toThrow('no lines');
  });
  it('names benchmarks without figures, and a busy machine', () => {
    const failed = { ...results, drain: undefined, failed: { drain: 'Error: twice\n    at' } };
    expect(report(failed).text).toContain('FAILED drain: Error: twice\n');
    expect(markdown(failed)).toContain('**drain**: no figures, Error: twice');
    expect([busyAt(0.3, 2), busyAt(3, 2)]).toEqual([false, true]);
  });
});
