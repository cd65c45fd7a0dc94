// What a search for a mail or reply finds, and the port of the index by address and conversation.

/** Days that an address or conversation is found at most. */
export const FIND_DAYS = 30;

export interface Found {
  kind: 'message' | 'reply';
  /** messageKey or replyId. */
  id: string;
  /** When it was indexed, epoch ms. */
  at: number;
}

export interface Indexed extends Pick<Found, 'kind' | 'id'> {
  /** Addresses and conversation ids by which it is to be found. */
  terms: readonly string[];
}

/** adapters/redis/find-index.ts keeps it. */
export interface FindIndex {
  add(all: readonly Indexed[]): Promise<void>;
  /** Newest first. `since` (epoch ms): what is older has been dropped. */
  find(term: string): Promise<{ found: Found[]; since?: number }>;
  /** Takes away what is older than it is kept. @returns how many entries */
  removeExpired(): Promise<number>;
  /** Takes every entry of an address or conversation away. @returns how many there were */
  forget(term: string): Promise<number>;
}
