// The life of access tokens in this process: kept in memory, shared through the token cache, renewed ahead of expiry by one replica at a
// time. A failure is cached for a moment, so that a hundred mailboxes of one application do not repeat it a hundred times.
import { type ErrorCode, MailroomError } from '../../domain/errors.ts';
import type { TokenCache } from '../../domain/token-cache.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { Emit } from '../../telemetry/events.ts';

interface TokenRecord {
  accessToken: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  obtainedAt: number;
}

/** In this process the life of a token is measured by the monotonic clock: a step of the system's clock neither ends nor extends it. */
interface HeldToken extends TokenRecord {
  /** Monotonic ms. */
  endsAt: number;
}

export interface Source {
  /** Key in the cache: identity and scopes. */
  key: string;
  /** Changes with the credentials: a cached failure is then forgotten. */
  version: object;
  application: string;
  /** Asks the provider. Runs under the lock of `lockKey`. */
  issue: () => Promise<{ accessToken: string; expiresAt: number }>;
  lockKey: string;
}

interface TokensSettings {
  cache: TokenCache;
  emit: Emit;
  now: () => number;
  /** ms that no step of the clock changes. */
  monotonic: () => number;
  random: () => number;
  /** Milliseconds before expiry at which renewal begins; a quarter of the token's life at most. */
  renewAheadMs: number;
  /** A token is in use from now until then (epoch ms). */
  onToken?: ((application: string, expiresAt: number) => void) | undefined;
  /** A token was issued after a failure. */
  onRecovered?: ((application: string) => void) | undefined;
}

interface Slot {
  token?: HeldToken;
  failure?: { error: MailroomError; until: number; version: object };
  running?: Promise<HeldToken>;
  timer?: NodeJS.Timeout;
  /** When the token was last requested; monotonic, as is `failure.until`. */
  askedAt: number;
  source: Source;
  /** The application that was tried last. If it differs from the source's, the application was changed and is tried while the token is still valid. */
  triedVersion?: object;
}

/** A token that was not requested for this long is no longer renewed ahead. */
const FORGET_MS = DAY_MS;
/** Renewed within this time for another caller: the same token serves both. */
const FRESH_MS = 5_000;

export function createTokens(settings: TokensSettings) {
  const { cache, emit, now, monotonic, random, renewAheadMs, onToken, onRecovered } = settings;
  const shared = sharedTokens(cache, emit);
  const slots = new Map<string, Slot>();
  let stopped = false;

  const held = (token: TokenRecord): HeldToken => ({ ...token, endsAt: monotonic() + token.expiresAt - now() });
  const left = (token: HeldToken) => token.endsAt - monotonic();
  const life = (token: TokenRecord) => token.expiresAt - token.obtainedAt;
  const margin = (token: HeldToken) => Math.min(renewAheadMs, life(token) / 4);
  const usable = (token: HeldToken) => left(token) > Math.min(60_000, life(token) / 10);

  /** The token of another replica is used when it differs from ours and is not due itself. */
  async function fromReplica(slot: Slot, refused: string | undefined): Promise<HeldToken | undefined> {
    const record = await shared.read(slot.source);
    if (record === undefined) return undefined;
    const token = held(record);
    const known = refused ?? slot.token?.accessToken;
    return token.accessToken !== known && left(token) > margin(token) ? token : undefined;
  }

  async function obtain(slot: Slot, refused: string | undefined): Promise<HeldToken> {
    const { source } = slot;
    slot.triedVersion = source.version;
    return cache.exclusively(source.lockKey, async () => {
      const token = (await fromReplica(slot, refused)) ?? (await issue(slot));
      slot.token = token;
      onToken?.(source.application, token.expiresAt);
      const recovered = slot.failure !== undefined;
      delete slot.failure;
      schedule(slot);
      if (recovered) onRecovered?.(source.application);
      return token;
    });
  }

  async function issue(slot: Slot): Promise<HeldToken> {
    const { source } = slot;
    const began = monotonic();
    try {
      const { accessToken, expiresAt } = await source.issue();
      const issued: TokenRecord = { accessToken, expiresAt, obtainedAt: now() };
      const token = held(issued);
      await shared.write(source, issued, left(token));
      emit('TokenIssued', {
        application: source.application,
        durationMs: monotonic() - began,
        detail: { secondsOfLife: Math.round(left(token) / 1000) },
      });
      return token;
    } catch (thrown) {
      const error = thrown instanceof MailroomError ? thrown : new MailroomError('OAUTH_REFUSED');
      slot.failure = { error, until: monotonic() + failureMs(error), version: source.version };
      emit(eventOf(error), { application: source.application, err: error });
      throw error;
    }
  }

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
    slot.running ??= obtain(slot, refused).finally(() => {
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

const recordIn = (text: string | undefined): TokenRecord | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as TokenRecord);

/** Access tokens in the cache that all replicas share. A cache that is away or unreadable does not prevent a token. */
function sharedTokens(cache: TokenCache, emit: Emit) {
  async function guarded<T>({ application }: Source, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      const code = error instanceof MailroomError ? error.code : 'REDIS_UNREACHABLE';
      if (code === 'SECRET_UNREADABLE') emit('TokenCacheUnreadable', { application, code });
      else emit('TokenCacheUnavailable', { code });
      return undefined;
    }
  }
  return {
    read: async (source: Source) => recordIn(await guarded(source, () => cache.read(`token:${source.key}`))),
    write: (source: Source, record: TokenRecord, ttlMs: number) =>
      guarded(source, () => cache.write(`token:${source.key}`, JSON.stringify(record), ttlMs)),
  };
}

/** A provider that is unreachable or busy has refused nothing. */
function eventOf(error: MailroomError): 'SignInNeeded' | 'TokenUnavailable' | 'TokenRefused' {
  if (NEEDS_PERSON.includes(error.code)) return 'SignInNeeded';
  return error.class === 'transient' || error.class === 'throttle' ? 'TokenUnavailable' : 'TokenRefused';
}

const NEEDS_PERSON: readonly ErrorCode[] = [
  'OAUTH_SIGN_IN_NEEDED',
  'OAUTH_SIGN_IN_EXPIRED',
  'OAUTH_MFA_REQUIRED',
  'OAUTH_CONDITIONAL_ACCESS',
];

/** How long the same failure is returned without another request. */
function failureMs(error: MailroomError): number {
  if (error.class === 'throttle') return error.retryAfterMs ?? 60_000;
  if (error.class === 'transient') return Math.max(1_000, error.retryAfterMs ?? 0);
  return 20_000;
}
