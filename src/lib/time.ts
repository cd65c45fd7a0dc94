// Lengths of time that many files count in, and days of the calendar.

export const DAY_SECONDS = 86_400;
export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;

/** Whether a text begins with a day that exists, as YYYY-MM-DD: Date.parse takes 2026-02-30 for the second of March. */
export function beginsWithDay(text: string): boolean {
  const day = text.slice(0, 10);
  const at = Date.parse(day);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}
