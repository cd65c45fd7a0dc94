// The folder store without configuration, and storing a blob of known bytes in one call.
import { Readable } from 'node:stream';
import { openFolder } from '../../src/adapters/blobs/folder.ts';
import { createStore } from '../../src/adapters/blobs/store.ts';
import type { BlobStore } from '../../src/domain/blob-store.ts';

/** The production store, unencrypted. */
export const folderBlobs = async (folder: string): Promise<BlobStore> => createStore(await openFolder(folder));

export const storeBlob = (store: Pick<BlobStore, 'putStream'>, bytes: Uint8Array) =>
  store.putStream(Readable.from([bytes], { objectMode: false }));
