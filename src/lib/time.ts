// Lengths of time that many files count in, and days of the calendar.

export const DAY_SECONDS = 86_400;
export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;

/**
 * Epoch ms of a date, or of a time, that begins with a day as YYYY-MM-DD. Undefined: it is none, or the day does not exist; Date.parse takes 2026-02-30
 * for the second of March.
 */
export function instantOf(text: string): number | undefined {
  const day = text.slice(0, 10);
  const [midnight, at] = [Date.parse(day), Date.parse(text)];
  const exists = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
  return exists && !Number.isNaN(at) ? at : undefined;
}
