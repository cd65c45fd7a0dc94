// Lists in order by one of their columns.

/** By which column a list is in order; `when` is every list's own time. */
export interface Sort {
  by: string;
  descending: boolean;
}

export const NEWEST_FIRST: Sort = { by: 'when', descending: true };

type SortValue = string | number;

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** In order by a column; what is equal stays newest first. @param entries newest first @param valueBy undefined: the list has no such column */
export function sorted<T>(
  entries: readonly T[],
  { by, descending }: Sort,
  valueBy: Readonly<Record<string, (entry: T) => SortValue>>,
): T[] {
  const value = Object.hasOwn(valueBy, by) ? valueBy[by] : undefined;
  if (value === undefined) return by === 'when' && !descending ? [...entries].reverse() : [...entries];
  const keyed = entries.map((entry) => ({ entry, key: value(entry) }));
  // Comparing texts is dear: each is compared once, however many entries have it.
  const texts = [...new Set(keyed.flatMap(({ key }) => (typeof key === 'string' ? [key] : [])))].sort(collator.compare);
  const rank = new Map(texts.map((text, i) => [text, i]));
  const place = (key: SortValue): number => (typeof key === 'number' ? key : (rank.get(key) ?? 0));
  const sign = descending ? -1 : 1;
  return keyed.sort((left, right) => sign * (place(left.key) - place(right.key))).map(({ entry }) => entry);
}
