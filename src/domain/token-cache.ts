// Port of the token cache, as adapters/oauth uses it; adapters/redis implements it (encrypted, shared by replicas).

export interface TokenCache {
  /** The decrypted text of the key; undefined when there is none. Throws MailroomError SECRET_UNREADABLE or REDIS_UNREACHABLE. */
  read(key: string): Promise<string | undefined>;
  /** Stores encrypted; with `ttlMs` it expires. */
  write(key: string, text: string, ttlMs?: number): Promise<void>;
  remove(key: string): Promise<void>;
  /** Reads and removes in one step: only one of two callers gets it. */
  take(key: string): Promise<string | undefined>;
  /** Runs alone among all replicas that share the cache. Continues without the lock when it is not available in time. */
  exclusively<T>(key: string, run: () => Promise<T>): Promise<T>;
}
