// Bytes of strangers on their way to a reader: raw mails and attachments, in ranges and in constant memory, never shown by a browser as ours.
import { Readable } from 'node:stream';
import type { BlobReference } from '../contract/message.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import { MailroomError } from '../domain/errors.ts';
import type { Emit } from '../telemetry/events.ts';
import { attachmentDisposition } from './content-disposition.ts';
import { keepsRange, matchesNone, type Range, requestedRange } from './ranges.ts';
import type { Asked } from './routes.ts';

export interface Download {
  filename: string;
  contentType: string;
  size: number;
  sha256: string;
  read(range: Range): AsyncIterable<Uint8Array>;
}

export const rawDownload = (messageKey: string, raw: BlobReference, blobs: Pick<BlobStore, 'read'>): Download => ({
  filename: `${messageKey}.eml`,
  contentType: 'message/rfc822',
  size: raw.size,
  sha256: raw.sha256,
  read: (range) => blobs.read(raw.blob, range),
});

/** Bytes of strangers: never shown by a browser as ours, never kept by a proxy, revalidated by ETag. */
export async function sendDownload(
  { request, reply }: Pick<Asked<unknown, unknown>, 'request' | 'reply'>,
  emit: Emit,
  file: Download,
): Promise<unknown> {
  const etag = `"${file.sha256}"`;
  const range = keepsRange([request.headers['if-range']].flat()[0], etag)
    ? requestedRange(request.headers.range, file.size)
    : undefined;
  reply
    .header('etag', etag)
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'private, no-cache')
    .header('vary', 'authorization');
  if (!matchesNone(request.headers['if-none-match'], etag)) return reply.code(304).send();
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${file.size}`);
    throw new MailroomError('HTTP_RANGE_NOT_SATISFIABLE', {
      message: `The content has ${file.size} bytes; the range asked for lies outside.`,
      field: 'Range',
    });
  }
  const { start, end } = range ?? { start: 0, end: file.size };
  reply
    .header('content-type', file.contentType)
    .header('content-disposition', attachmentDisposition(file.filename))
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "sandbox; default-src 'none'")
    .header('cross-origin-resource-policy', 'same-origin')
    .header('content-length', String(end - start));
  if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${file.size}`);
  if (request.method === 'HEAD') return reply.send(Readable.from([]));

  const bytes = file.read({ start, end })[Symbol.asyncIterator]();
  // The first bytes are fetched before the headers leave: a blob that is gone is a 404, not a broken download.
  const first = await bytes.next();
  async function* checked(): AsyncGenerator<Uint8Array> {
    let sent = 0;
    try {
      for (let next = first; next.done !== true; next = await bytes.next()) {
        sent += next.value.length;
        yield next.value;
      }
      if (sent !== end - start)
        throw new MailroomError('BLOB_DAMAGED', { message: 'The raw mail is shorter than its message says.' });
    } catch (err) {
      emit('DownloadBroken', { err, bytes: sent });
      throw err;
    } finally {
      await bytes.return?.();
    }
  }
  return reply.send(Readable.from(checked(), { objectMode: false, highWaterMark: 64 * 1024 }));
}
