// Header fields selected by the configuration (`inbound.messageHeaders`), decoded and bounded.
import { clip } from '../lib/text.ts';
import { decodeHeaderText, singleLine, unfold } from './encoded-words.ts';
import type { Warn } from './header-fields.ts';
import type { HeaderField } from './headers.ts';

/** Number of values; UTF-16 units of one value, and of all. */
const MAX_VALUES = 50;
const MAX_VALUE = 2_000;
const MAX_TOTAL = 16_000;

/** @param names lower case; a `*` at the end matches any ending */
export function chosenHeaders(
  fields: readonly HeaderField[],
  names: readonly string[],
  hint: string | undefined,
  warn: Warn,
): Record<string, string[]> | undefined {
  if (names.length === 0) return undefined;
  const exact = new Set(names.filter((name) => !name.endsWith('*')));
  const beginnings = names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
  const found = new Map<string, string[]>();
  let values = 0;
  let total = 0;
  for (const { name, value } of fields) {
    if (!exact.has(name) && !beginnings.some((beginning) => name.startsWith(beginning))) continue;
    // Decoded text is never longer than its bytes.
    const whole = singleLine(decodeHeaderText(unfold(value.slice(0, 4 * MAX_VALUE)), hint));
    const text = clip(whole, MAX_VALUE);
    if (text.length < whole.length || value.length > 4 * MAX_VALUE) warn('headers-shortened', name);
    if (values >= MAX_VALUES || total + text.length > MAX_TOTAL) {
      warn('headers-shortened');
      break;
    }
    values++;
    total += text.length + name.length;
    found.set(name, [...(found.get(name) ?? []), text]);
  }
  return values === 0 ? undefined : Object.fromEntries(found);
}
