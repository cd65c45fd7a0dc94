// Opens the configured blob store.
import type { Config } from '../../config/config.ts';
import type { BlobStore } from '../../domain/blob-store.ts';
import { openFolder } from './folder.ts';
import { createStore } from './store.ts';

/** @throws MailroomError BLOB_STORE_UNAVAILABLE when the folder cannot be made, CONFIG_INVALID without a bucket */
export async function createBlobStore(config: Config['blobs']): Promise<BlobStore> {
  // The AWS SDK takes 14 MB: loaded only where it is used.
  const backend = config.kind === 's3' ? (await import('./s3.ts')).openS3(config.s3) : await openFolder(config.folder);
  return createStore(backend, config.encryptionKeys);
}
