// The size of values as JSON.

/** Bytes of JSON in UTF-8. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** The most that a UTF-16 unit takes: `\u001f`. */
const UNIT = 6;
/** A number, `null`, a boolean. */
const SCALAR = 25;

/** An upper limit of {@link jsonBytes} from the lengths of strings only: no text is written or read. */
export function jsonBytesAtMost(value: unknown): number {
  if (typeof value === 'string') return UNIT * value.length + 2;
  if (typeof value !== 'object' || value === null) return SCALAR;
  let bytes = 2;
  if (Array.isArray(value)) for (const one of value) bytes += jsonBytesAtMost(one) + 1;
  else
    for (const key in value) bytes += UNIT * key.length + 4 + jsonBytesAtMost((value as Record<string, unknown>)[key]);
  return bytes;
}
