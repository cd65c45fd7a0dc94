// How much of its limit of recipients in 24 hours a sending mailbox has used, and when it will reach the limit at its present rate. Pure.
import { HOUR_MS } from '../lib/time.ts';
import type { PaceUsed } from './reply-pace.ts';

/** The recipients of an hour count until its last minute is this many hours old. */
export const COUNTED_HOURS = 24;

/** Share of the limit above which it is near, and below which it is far again. */
const NEAR_PART = 0.8;
const FAR_PART = 0.75;
/** Time to the limit below which it is near, and above which it is far again, ms. */
const NEAR_MS = 2 * HOUR_MS;
const FAR_MS = 3 * HOUR_MS;

type Sent = Pick<PaceUsed, 'now' | 'hours'>;

/** Recipients that still count at the beginning of that hour, of those sent by now. */
const countedAt = ({ hours }: Sent, hour: number): number =>
  [...hours].reduce((sum, [of, count]) => (of >= hour - COUNTED_HOURS ? sum + count : sum), 0);

export const recipientsUsed = (sent: Sent): number => Math.max(0, countedAt(sent, Math.floor(sent.now / HOUR_MS)));

/**
 * At the rate of this hour and the one before, minus what leaves the 24-hour window meanwhile.
 * @returns epoch ms of Redis' clock; now: it is reached; undefined: not within a day
 */
export function limitReachedAt(sent: Sent, limit: number): number | undefined {
  const { now, hours } = sent;
  if (recipientsUsed(sent) >= limit) return now;
  const hour = Math.floor(now / HOUR_MS);
  const lately = (hours.get(hour) ?? 0) + (hours.get(hour - 1) ?? 0);
  const perMs = lately / (now - hour * HOUR_MS + HOUR_MS);
  if (perMs <= 0) return undefined;
  for (let ahead = hour; ahead <= hour + COUNTED_HOURS; ahead++) {
    const reached = now + (limit - countedAt(sent, ahead)) / perMs;
    const at = Math.max(reached, ahead * HOUR_MS, now);
    if (at < (ahead + 1) * HOUR_MS) return Math.round(at);
  }
  return undefined;
}

/** `between`: it stays what it was before. */
export function nearnessOf(
  used: number,
  limit: number,
  reachedAt: number | undefined,
  now: number,
): 'near' | 'between' | 'far' {
  const leftMs = reachedAt === undefined ? Number.POSITIVE_INFINITY : reachedAt - now;
  if (used >= limit * NEAR_PART || leftMs <= NEAR_MS) return 'near';
  return used < limit * FAR_PART && leftMs > FAR_MS ? 'far' : 'between';
}
