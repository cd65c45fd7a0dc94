// Storing a blob of known bytes in one call.
import { Readable } from 'node:stream';
import type { BlobStore } from '../../src/domain/blob-store.ts';

export const storeBlob = (store: Pick<BlobStore, 'putStream'>, bytes: Uint8Array) =>
  store.putStream(Readable.from([bytes], { objectMode: false }));
