// What a kind of storage (folder, S3) must do for the blob store: keep opaque bytes under a key, durably. Content keys, encryption and verification
// are above it in store.ts, once for all kinds.
import type { ListedBlob } from '../../domain/blob-store.ts';

export interface BackendItem {
  key: string;
  bytes: Uint8Array;
}

export interface StoringItems {
  keys: readonly string[];
  durable: Promise<void>;
}

export interface OpenBlob {
  /** Bytes stored. */
  size: number;
  /** Bytes [start, end), both within size. */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface BlobBackend {
  /**
   * Resolves with all keys as soon as they are certain. A key may contain more than the content's own key (`<key>@<place>`), and the same bytes
   * stored again may be stored twice.
   */
  putBatch(items: readonly BackendItem[]): Promise<StoringItems>;
  /**
   * Resolves with the key once the blob is durable.
   * @param key called when the source has ended: only then is the content known
   */
  putStream(source: AsyncIterable<Uint8Array>, key: () => string): Promise<string>;
  /** @throws MailroomError BLOB_NOT_FOUND */
  open(key: string): Promise<OpenBlob>;
  has(key: string): Promise<boolean>;
  delete(key: string): Promise<void>;
  /** All blobs, in no order; one that is stored or deleted in the meantime may be included or not. */
  list(): AsyncGenerator<ListedBlob>;
  /** Creates an empty object under the key, separate from the blobs; false if it existed. */
  createMarker(key: string): Promise<boolean>;
  markedAt(key: string): Promise<Date | undefined>;
  sweep(olderThan: Date): Promise<number>;
  check(): Promise<void>;
  close(): Promise<void>;
}
