// What is a W3C traceparent and what is none: https://www.w3.org/TR/trace-context/#traceparent-header
import { expect, it } from 'vitest';
import { parseTraceparent, traceparentOf } from '../../../src/contract/traceparent.ts';

const [TRACE, SPAN] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
const good = `00-${TRACE}-${SPAN}-01`;

it.each([
  [good, 1],
  [`00-${TRACE}-${SPAN}-00`, 0],
  [`cc-${TRACE}-${SPAN}-01`, 1],
  [`cc-${TRACE}-${SPAN}-01-what-a-later-version-adds`, 1],
])('reads %s', (text, traceFlags) =>
  expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags }),
);

it.each([
  ['nothing', undefined],
  ['a number', 7],
  ['an empty text', ''],
  ['an unknown version', good.replace(/^00/, 'ff')],
  ['version 00 with more fields', `${good}-more`],
  ['capitals', good.toUpperCase()],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['blanks around it', ` ${good} `],
  ['a second line', `${good}\n`],
  ['a text without end', `cc-${TRACE}-${SPAN}-01-${'x'.repeat(1_000)}`],
])('%s is none', (_name, text) => expect(parseTraceparent(text)).toBeUndefined());

it('is written as it is read', () => {
  expect(traceparentOf({ traceId: TRACE, spanId: SPAN, traceFlags: 1 })).toBe(good);
  expect(traceparentOf({ traceId: TRACE, spanId: SPAN, traceFlags: 0x103 })).toBe(`00-${TRACE}-${SPAN}-03`);
});
