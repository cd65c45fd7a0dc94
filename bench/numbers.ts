// Medians, percentiles and rounding of the benchmarks.

export const median = (list: readonly number[]): number => percentile(list, 50);

/** Nearest rank; 0 of an empty list. */
export function percentile(list: readonly number[], percent: number): number {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
}

/** Three significant digits, whole numbers from 100 on. */
export function tidy(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

/** Field-wise median of the rounds. */
export function medians<T extends Record<string, number>>(rounds: readonly T[]): Record<keyof T & string, number> {
  const fields = Object.keys(rounds[0] ?? {}) as (keyof T & string)[];
  return Object.fromEntries(
    fields.map((field) => [field, tidy(median(rounds.map((round) => round[field] ?? 0)))]),
  ) as Record<keyof T & string, number>;
}
