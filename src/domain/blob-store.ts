// Port of the blob store, as inbound, outbound and http use it. The implementations are in adapters/blobs (folder, S3).
import type { BlobReference } from '../contract/message.ts';

/** Blobs that are being written; work that needs only their references can proceed in the meantime. */
export interface StoringBatch {
  references: readonly BlobReference[];
  /** The references must not be passed on before this resolves, and the bytes must not change before it settles. */
  durable: Promise<void>;
}

/** Blobs that are already durable, in the form of a finished write. */
export const stored = (references: readonly BlobReference[]): StoringBatch => ({
  references,
  durable: Promise.resolve(),
});

/** A blob, stored no later than `at` (epoch ms). Without a key: a segment (a file of many blobs) of an older version, which does not list its blobs. */
export interface ListedBlob {
  key?: string;
  at: number;
}

export interface BlobStore {
  /** Stores several blobs at once, in the same order, at the lowest cost. Resolves when writing begins. Storing the same bytes again may store them twice. */
  putBatch(list: readonly Uint8Array[]): Promise<StoringBatch>;
  /** Streams without buffering the whole; resolves once it is durable. Storing the same bytes again may store them twice. */
  putStream(source: AsyncIterable<Uint8Array>): Promise<BlobReference>;
  /** Bytes [start, end) of the blob. Throws MailroomError BLOB_NOT_FOUND. */
  read(key: string, range?: { start: number; end: number }): AsyncIterable<Uint8Array>;
  has(key: string): Promise<boolean>;
  delete(key: string): Promise<void>;
  /** All blobs, in no order. */
  list(): AsyncGenerator<ListedBlob>;
  /** Creates a marker under a name; false if it already exists. Resolves once it is durable. Kept for 40 days, whatever the retention of blobs. */
  createMarker(name: string): Promise<boolean>;
  /** When the marker was created; undefined if it does not exist. */
  markedAt(name: string): Promise<Date | undefined>;
  /** Deletes blobs last touched before the instant; resolves with how many. */
  sweep(olderThan: Date): Promise<number>;
  /** Throws MailroomError BLOB_STORE_UNAVAILABLE / BLOB_STORE_FULL when writing would fail. */
  check(): Promise<void>;
  close(): Promise<void>;
}
