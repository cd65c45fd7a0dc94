// What a search for a mail or reply returns, and the port of the index by address and conversation.

/** Days that an address or conversation can be found. */
export const FIND_DAYS = 30;

export interface Found {
  kind: 'message' | 'reply';
  /** messageKey or replyId. */
  id: string;
  /** When it was indexed, epoch ms. */
  at: number;
}

export interface Indexed extends Pick<Found, 'kind' | 'id'> {
  /** Addresses and conversation ids by which it can be found. */
  terms: readonly string[];
}

/** adapters/redis/find-index.ts keeps it. */
export interface FindIndex {
  add(all: readonly Indexed[]): Promise<void>;
  /** Newest first. `since` (epoch ms): older entries have been dropped. */
  find(term: string): Promise<{ found: Found[]; since?: number }>;
  /** Removes entries that are older than their retention. @returns how many */
  removeExpired(): Promise<number>;
  /** Removes every entry of an address or conversation. @returns how many */
  forget(term: string): Promise<number>;
}
