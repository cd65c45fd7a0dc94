// Sizes as people read them: a limit is never shown larger than it is, and never as nothing.
import { expect, it } from 'vitest';
import { shownSize } from '../../../src/domain/size.ts';

it.each([
  [900, '900 bytes', '900 Bytes'],
  [500_000, '488 KB', '488 KB'],
  [1_048_575, '1023 KB', '1023 KB'],
  [1_048_576, '1 MB', '1 MB'],
  [2_000_000, '1.9 MB', '1,9 MB'],
  [10_240_000, '9.7 MB', '9,7 MB'],
  [36_700_160, '35 MB', '35 MB'],
  [157_286_400, '150 MB', '150 MB'],
])('%i bytes', (bytes, en, de) => {
  expect(shownSize(bytes)).toEqual({ en, de });
});
