// Nothing that a stranger sends costs more than in proportion to its size: each attack of test/support/hostile.ts at n and 2n bytes.
import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../../src/mime/index.ts';
import { costlyGrowth } from '../../support/cpu.ts';
import { attacks } from '../../support/hostile.ts';

describe('a whole mail costs time in proportion to its size', () => {
  test.each(attacks)('$name', ({ mail }) => {
    const problem = costlyGrowth((size) => {
      const raw = mail(size);
      return () => parseMessage(raw);
    });
    expect(problem).toBeUndefined();
  });
});
