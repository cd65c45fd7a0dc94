// Compares two JSON Schemas of one contract: what would break somebody who knows only the older one. Structure only; words may change.

type Schema = { readonly [key: string]: unknown };
const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const schemas = (value: unknown): Record<string, Schema> => (isSchema(value) ? (value as Record<string, Schema>) : {});

/**
 * @param direction read: we write, others read (nothing they rely on may go, no value they do not know may come);
 * write: others write, we read (nothing may be demanded or refused that was not)
 */
export function incompatibilities(older: Schema, newer: Schema, direction: 'read' | 'write', path = '$'): string[] {
  const found: string[] = [];
  // What one side promises, the other demands: `strict` must be at least as strict as `loose`.
  const [loose, strict] = direction === 'read' ? [older, newer] : [newer, older];
  const same = (key: string) => JSON.stringify(older[key]) === JSON.stringify(newer[key]);
  if (!same('type') || !same('const') || !same('format') || !same('pattern'))
    found.push(`${path}: type, const, format or pattern`);
  for (const name of list(loose.required)) {
    if (!list(strict.required).includes(name)) found.push(`${path}.${String(name)}: required`);
  }
  const [narrow, wide] = [list(strict.enum), list(loose.enum)];
  if (loose.enum !== undefined && (narrow.length === 0 || narrow.some((value) => !wide.includes(value)))) {
    found.push(`${path}: enum`);
  }
  for (const bound of ['maximum', 'maxLength', 'maxItems'] as const) {
    if (Number(strict[bound] ?? Number.POSITIVE_INFINITY) > Number(loose[bound] ?? Number.POSITIVE_INFINITY))
      found.push(`${path}: ${bound}`);
  }
  for (const bound of ['minimum', 'minLength', 'minItems'] as const) {
    if (Number(strict[bound] ?? Number.NEGATIVE_INFINITY) < Number(loose[bound] ?? Number.NEGATIVE_INFINITY))
      found.push(`${path}: ${bound}`);
  }
  if (newer.additionalProperties === false) found.push(`${path}: closed to further fields`);
  const after = schemas(newer.properties);
  for (const [name, before] of Object.entries(schemas(older.properties))) {
    const now = after[name];
    if (now === undefined) found.push(`${path}.${name}: gone`);
    else found.push(...incompatibilities(before, now, direction, `${path}.${name}`));
  }
  if (isSchema(older.items)) {
    found.push(
      ...(isSchema(newer.items)
        ? incompatibilities(older.items, newer.items, direction, `${path}[]`)
        : [`${path}[]: gone`]),
    );
  }
  const alternatives = list(newer.anyOf);
  for (const [i, before] of list(older.anyOf).entries()) {
    const now = alternatives[i];
    if (isSchema(before) && isSchema(now)) found.push(...incompatibilities(before, now, direction, `${path}|${i}`));
    else found.push(`${path}|${i}: gone`);
  }
  return found;
}
