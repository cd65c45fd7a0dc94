// Opens the blob store that the configuration names.
import type { Config } from '../../config/config.ts';
import type { BlobStore } from '../../domain/blob-store.ts';
import { openFolder } from './folder.ts';
import { createStore } from './store.ts';

/** @throws MailroomError BLOB_STORE_UNAVAILABLE when the folder cannot be made */
export async function createBlobStore(config: Config['blobs']): Promise<BlobStore> {
  return createStore(await openFolder(config.folder));
}
