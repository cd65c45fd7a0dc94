// The access tokens of this process: kept in memory, shared through the token cache, renewed ahead of expiry by one replica at a time. A failure is
// cached for a moment, so that a hundred mailboxes of one application do not repeat it a hundred times.
import { MailroomError } from '../../domain/errors.ts';
import { DAY_MS } from '../../lib/time.ts';
import {
  createLifetimes,
  createObtain,
  type HeldToken,
  type ObtainSettings,
  recordIn,
  type Slot,
  type Source,
  type TokenRecord,
} from './obtain-token.ts';

/** A token that was not requested for this long is no longer renewed ahead. */
const FORGET_MS = DAY_MS;
/** Renewed within this time for another caller: the same token serves both. */
const FRESH_MS = 5_000;

export function createTokens(settings: ObtainSettings & { random: () => number }) {
  const { cache, now, monotonic, random } = settings;
  const { left, margin, usable } = createLifetimes(settings);
  const obtain = createObtain(settings);
  const slots = new Map<string, Slot>();
  let stopped = false;

  function schedule(slot: Slot, afterMs?: number): void {
    clearTimeout(slot.timer);
    const { token } = slot;
    if (stopped || !token) return;
    // Jitter spreads replicas and applications; the first one renews for all.
    const wait = afterMs ?? left(token) - margin(token) * (1 + random() / 4);
    slot.timer = setTimeout(() => void ahead(slot), Math.max(1_000, wait));
    slot.timer.unref();
  }

  async function ahead(slot: Slot): Promise<void> {
    if (stopped || monotonic() - slot.askedAt > FORGET_MS) return;
    try {
      await single(slot, undefined);
    } catch (error) {
      const hint = error instanceof MailroomError ? (error.retryAfterMs ?? 0) : 0;
      if (slot.token && left(slot.token) > 0) schedule(slot, Math.max(hint, 5_000 + 10_000 * random()));
    }
  }

  /** All callers of this process share one attempt. */
  function single(slot: Slot, refused: string | undefined): Promise<HeldToken> {
    slot.running ??= obtain(slot, refused)
      .then((token) => {
        schedule(slot);
        return token;
      })
      .finally(() => {
        delete slot.running;
      });
    return slot.running;
  }

  return {
    /** A usable token. `renew`: the mail server refused the last one. */
    async get(
      source: Source,
      { renew = false, refused }: { renew?: boolean; refused?: string | undefined } = {},
    ): Promise<TokenRecord> {
      const slot = slots.get(source.key) ?? { askedAt: monotonic(), source };
      slots.set(source.key, slot);
      slot.source = source;
      slot.askedAt = monotonic();
      const { token, failure } = slot;
      const isRefused =
        token !== undefined &&
        (refused === undefined ? renew && now() - token.obtainedAt > FRESH_MS : token.accessToken === refused);
      if (token && usable(token) && !isRefused) {
        const changed = slot.triedVersion !== undefined && slot.triedVersion !== source.version;
        // A changed application is tried at once. If that fails, the earlier token remains valid, and the event has reported the failure.
        return changed ? single(slot, token.accessToken).catch(() => token) : token;
      }
      // If the renewal fails, no caller may get the refused token again.
      if (isRefused) delete slot.token;
      const isCached = failure && failure.version === source.version && monotonic() < failure.until;
      if (isCached && (!renew || failure.error.class === 'throttle')) throw failure.error;
      return single(slot, isRefused ? token?.accessToken : undefined);
    },
    /** When the token that all replicas share expires, epoch ms; sends no request. @throws MailroomError SECRET_UNREADABLE */
    async endsAt({ key }: Source): Promise<number | undefined> {
      return recordIn(await cache.read(`token:${key}`))?.expiresAt;
    },
    /** Forgets everything about an identity: a person signed in again. */
    forget(lockKey: string): void {
      for (const [key, slot] of slots) {
        if (slot.source.lockKey !== lockKey) continue;
        clearTimeout(slot.timer);
        slots.delete(key);
      }
    },
    /** Forgets the failures of an identity, whose cause may be gone. */
    retry(lockKey: string): void {
      for (const slot of slots.values()) if (slot.source.lockKey === lockKey) delete slot.failure;
    },
    stop(): void {
      stopped = true;
      for (const slot of slots.values()) clearTimeout(slot.timer);
      slots.clear();
    },
  };
}
