// Downloads of untrusted content: raw mails and attachments, in ranges and in constant memory, never rendered by a browser under our origin.
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

/** Untrusted content: never rendered by a browser, never kept by a proxy, revalidated by ETag. */
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
  neverRendered(reply, file).header('content-length', String(end - start));
  if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${file.size}`);
  if (request.method === 'HEAD') return reply.send(Readable.from([]));
  return send(reply, file.read({ start, end }), emit, end - start);
}

/** A text that is decoded while it is sent: its length is known only at the end, so there are no ranges. */
export async function sendText(
  { request, reply }: Asked<unknown, unknown>,
  emit: Emit,
  text: Omit<Download, 'size' | 'read'> & { read(): AsyncIterable<Uint8Array> },
): Promise<unknown> {
  const etag = `"${text.sha256}"`;
  reply.header('etag', etag).header('cache-control', 'private, no-cache').header('vary', 'authorization');
  if (!matchesNone(request.headers['if-none-match'], etag)) return reply.code(304).send();
  neverRendered(reply, text);
  if (request.method === 'HEAD') return reply.send(Readable.from([]));
  return send(reply, text.read(), emit);
}

/** JSON lines, each sent when it is made: a proxy must not collect them. */
export const sendLines = (reply: Reply, lines: AsyncIterable<string>): Reply =>
  reply
    .header('content-type', 'application/x-ndjson; charset=utf-8')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(lines, { objectMode: false }));

type Reply = Asked<unknown, unknown>['reply'];

const neverRendered = (reply: Reply, { contentType, filename }: Pick<Download, 'contentType' | 'filename'>): Reply =>
  reply
    .header('content-type', contentType)
    .header('content-disposition', attachmentDisposition(filename))
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "sandbox; default-src 'none'")
    .header('cross-origin-resource-policy', 'same-origin');

/** Reads the first bytes before it sends the headers: a missing blob is a 404, not a broken download. */
async function send(reply: Reply, source: AsyncIterable<Uint8Array>, emit: Emit, expected?: number): Promise<unknown> {
  const bytes = source[Symbol.asyncIterator]();
  const first = await bytes.next();
  return reply.send(
    Readable.from(checked(first, bytes, emit, expected), { objectMode: false, highWaterMark: 64 * 1024 }),
  );
}

async function* checked(
  first: IteratorResult<Uint8Array>,
  bytes: AsyncIterator<Uint8Array>,
  emit: Emit,
  expected: number | undefined,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  try {
    for (let next = first; next.done !== true; next = await bytes.next()) {
      sent += next.value.length;
      yield next.value;
    }
    if (expected !== undefined && sent !== expected)
      throw new MailroomError('BLOB_DAMAGED', { message: 'The raw mail is shorter than its message says.' });
  } catch (err) {
    emit('DownloadBroken', { err, bytes: sent });
    throw err;
  } finally {
    await bytes.return?.();
  }
}
