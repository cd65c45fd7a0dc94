// Gets one access token: from another replica through the shared cache, or from the provider. Failures are kept for a moment and reported.
import { type ErrorCode, MailroomError } from '../../domain/errors.ts';
import type { TokenCache } from '../../domain/token-cache.ts';
import type { Emit } from '../../telemetry/events.ts';

export interface TokenRecord {
  accessToken: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  obtainedAt: number;
}

/** In this process the life of a token is measured by the monotonic clock: a step of the system's clock neither ends nor extends it. */
export interface HeldToken extends TokenRecord {
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

/** What this process has of one source. */
export interface Slot {
  token?: HeldToken;
  failure?: { error: MailroomError; until: number; version: object };
  running?: Promise<HeldToken>;
  /** Renews ahead of expiry. */
  timer?: NodeJS.Timeout;
  /** When the token was last requested; monotonic, as is `failure.until`. */
  askedAt: number;
  source: Source;
  /** The application that was tried last. If it differs from the source's, the application was changed and is tried while the token is still valid. */
  triedVersion?: object;
}

export interface ObtainSettings {
  cache: TokenCache;
  emit: Emit;
  now: () => number;
  /** ms that no step of the clock changes. */
  monotonic: () => number;
  /** Milliseconds before expiry at which renewal begins; a quarter of the token's life at most. */
  renewAheadMs: number;
  /** A token is in use from now until then (epoch ms). */
  onToken?: ((application: string, expiresAt: number) => void) | undefined;
  /** A token was issued after a failure. */
  onRecovered?: ((application: string) => void) | undefined;
}

/** How long tokens are still good for, ms. */
export function createLifetimes({ monotonic, renewAheadMs }: Pick<ObtainSettings, 'monotonic' | 'renewAheadMs'>) {
  const left = (token: HeldToken) => token.endsAt - monotonic();
  const life = (token: TokenRecord) => token.expiresAt - token.obtainedAt;
  return {
    left,
    /** Renewed when no more than this is left. */
    margin: (token: HeldToken) => Math.min(renewAheadMs, life(token) / 4),
    usable: (token: HeldToken) => left(token) > Math.min(60_000, life(token) / 10),
  };
}

/** @returns obtains the token of a slot, one replica at a time; `refused`: the token that the mail server refused */
export function createObtain(settings: ObtainSettings) {
  const { cache, emit, now, monotonic, onToken, onRecovered } = settings;
  const { left, margin } = createLifetimes(settings);
  const shared = sharedTokens(cache, emit);
  const held = (token: TokenRecord): HeldToken => ({ ...token, endsAt: monotonic() + token.expiresAt - now() });

  /** The token of another replica is used when it differs from ours and is not due itself. */
  async function fromReplica(slot: Slot, refused: string | undefined): Promise<HeldToken | undefined> {
    const record = await shared.read(slot.source);
    if (record === undefined) return undefined;
    const token = held(record);
    const known = refused ?? slot.token?.accessToken;
    return token.accessToken !== known && left(token) > margin(token) ? token : undefined;
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

  return async (slot: Slot, refused: string | undefined): Promise<HeldToken> => {
    const { source } = slot;
    slot.triedVersion = source.version;
    return cache.exclusively(source.lockKey, async () => {
      const token = (await fromReplica(slot, refused)) ?? (await issue(slot));
      slot.token = token;
      onToken?.(source.application, token.expiresAt);
      const recovered = slot.failure !== undefined;
      delete slot.failure;
      if (recovered) onRecovered?.(source.application);
      return token;
    });
  };
}

export const recordIn = (text: string | undefined): TokenRecord | undefined =>
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
export function failureMs(error: MailroomError): number {
  if (error.class === 'throttle') return error.retryAfterMs ?? 60_000;
  if (error.class === 'transient') return Math.max(1_000, error.retryAfterMs ?? 0);
  return 20_000;
}
