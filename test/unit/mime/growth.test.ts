// Nothing that a stranger sends costs more than in proportion to its size: each attack of test/support/hostile.ts at n and 2n bytes.
import { describe, expect, test, vi } from 'vitest';
import { parseMessage } from '../../../src/mime/index.ts';
import { costlyGrowth } from '../../support/cpu.ts';
import { attacks } from '../../support/hostile.ts';

// The oracle counts CPU and repeats what is over its bound: wall time is the machine's.
vi.setConfig({ testTimeout: 120_000 });

describe('a whole mail takes time in proportion to its size', () => {
  test.each(attacks)('$name', ({ mail }) => {
    const problem = costlyGrowth((size) => {
      const raw = mail(size);
      return () => parseMessage(raw);
    });
    expect(problem).toBeUndefined();
  });
});
