// Port of the token cache, as the OAuth room uses it. The implementation (encrypted, in Redis, shared by replicas) is in adapters/redis.

export interface TokenCache {
  /** The decrypted text of the key; undefined when there is none. Throws MailroomError SECRET_UNREADABLE or REDIS_UNREACHABLE. */
  read(key: string): Promise<string | undefined>;
  /** Stores encrypted; with `ttlMs` it expires. */
  write(key: string, text: string, ttlMs?: number): Promise<void>;
  remove(key: string): Promise<void>;
  /** Reads and removes in one step: of two callers, one gets it. */
  take(key: string): Promise<string | undefined>;
  /** Keys that begin with the prefix. */
  list(prefix: string): Promise<string[]>;
  /** Runs alone among all replicas that share the cache. Continues without the lock when it is not available in time. */
  exclusively<T>(key: string, run: () => Promise<T>): Promise<T>;
}
