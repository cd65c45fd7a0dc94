// Errors of file systems and S3 as codes of the catalogue. Pure.
import { catalogue } from '../../domain/catalogue/index.ts';
import { asError, MailroomError } from '../../domain/errors.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'XMinioStorageFull', 'QuotaExceeded', 'EntityTooLargeForQuota']);

/**
 * @param command the failed command: open, write, fsync, rename, GetObject…
 * @param place folder, or bucket and endpoint
 */
export function blobError(thrown: unknown, command: string, place: string): MailroomError {
  if (thrown instanceof MailroomError) return thrown;
  const error = asError(thrown) as Error & { code?: unknown; $metadata?: { httpStatusCode?: number } };
  const errno = typeof error.code === 'string' ? error.code : error.name;
  const code =
    FULL.has(errno) || error.$metadata?.httpStatusCode === 507 ? 'BLOB_STORE_FULL' : 'BLOB_STORE_UNAVAILABLE';
  return new MailroomError(code, {
    message: `${catalogue[code].message} (${place}, ${command}: ${errno})`,
    remote: { system: 'blob', code: errno, command },
    cause: error,
  });
}

export function notFound(key: string): MailroomError {
  return new MailroomError('BLOB_NOT_FOUND', { message: `The blob store does not hold ${key}.`, field: 'blob' });
}

export function damaged(key: string, what: string): MailroomError {
  return new MailroomError('BLOB_DAMAGED', { message: `Blob ${key} is damaged: ${what}.`, field: 'blob' });
}
