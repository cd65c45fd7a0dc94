// What a kind of storage (folder, S3) must do for the blob store: keep opaque bytes under a key, durably. Content keys, encryption and
// verification stand above it in store.ts, once for all kinds.

import type { ListedBlob } from '../../domain/blob-store.ts';

export type { ListedBlob };

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
   * Resolves with the key of each as soon as they are certain. The key may tell more than the content's own (`<key>@<place>`), and the same bytes
   * stored again may be stored twice.
   */
  putBatch(items: readonly BackendItem[]): Promise<StoringItems>;
  /**
   * What exists already with the same size is touched: its age counts from now.
   * @param key asked when the source has ended: only then is the content known
   */
  putStream(source: AsyncIterable<Uint8Array>, key: () => string): Promise<void>;
  /** @throws MailroomError BLOB_NOT_FOUND */
  open(key: string): Promise<OpenBlob>;
  has(key: string): Promise<boolean>;
  delete(key: string): Promise<void>;
  /** All blobs, in no order; one that is stored or deleted meanwhile may be among them or not. */
  list(): AsyncGenerator<ListedBlob>;
  /** Leaves an empty object under the key, apart from the blobs; false if it was there. */
  createMarker(key: string): Promise<boolean>;
  markedAt(key: string): Promise<Date | undefined>;
  sweep(olderThan: Date): Promise<number>;
  check(): Promise<void>;
  close(): Promise<void>;
}
