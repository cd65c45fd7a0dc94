// Received messages: the JSON again, the raw mail, and attachments decoded on demand out of the raw mail, in ranges and in constant memory.
import { Readable } from 'node:stream';
import { type Message, messageSchema } from '../contract/message.ts';
import { MailroomError } from '../domain/errors.ts';
import type { Emit } from '../telemetry/events.ts';
import { attachmentDisposition, safeContentType } from './content-disposition.ts';
import type { ApiDeps } from './deps.ts';
import { keepsRange, matchesNone, type Range, requestedRange } from './ranges.ts';
import { type Asked, type Route, route } from './routes.ts';

interface Download {
  filename: string;
  contentType: string;
  size: number;
  sha256: string;
  read(range: Range): AsyncIterable<Uint8Array>;
}

const keyParam = { key: 'messageKey of the message, which is its job id as well' };
const downloadAnswers = {
  200: { description: 'The whole', contentType: 'application/octet-stream' },
  206: { description: 'The range asked for', contentType: 'application/octet-stream' },
  304: { description: 'Unchanged (If-None-Match)' },
  416: { description: 'The range lies outside' },
};

export function messageRoutes(deps: Pick<ApiDeps, 'readMessage' | 'blobs' | 'decodeSlice'>, emit: Emit): Route[] {
  async function messageOf(key: string | undefined): Promise<Message> {
    const message = key === undefined || key.length > 200 ? undefined : await deps.readMessage(key);
    if (message === undefined) throw new MailroomError('MESSAGE_UNKNOWN', { field: 'key' });
    return message;
  }

  return [
    route({
      method: 'GET',
      path: '/v1/messages/:key',
      operationId: 'getMessage',
      summary: 'A received message as it stood on its queue',
      tag: 'Messages',
      permission: 'messages:read',
      params: keyParam,
      answers: { 200: { description: 'mailroom.message/1', schema: messageSchema }, 404: { description: 'Unknown' } },
      handle: async ({ params, reply }) => {
        reply.header('cache-control', 'private, no-store');
        return messageOf(params.key);
      },
    }),
    route({
      method: 'GET',
      path: '/v1/messages/:key/raw',
      operationId: 'getRawMessage',
      summary: 'The untouched mail (.eml)',
      tag: 'Messages',
      permission: 'messages:read',
      params: keyParam,
      answers: downloadAnswers,
      handle: async (asked) => {
        const { raw, messageKey } = await messageOf(asked.params.key);
        return sendDownload(asked, emit, {
          filename: `${messageKey}.eml`,
          contentType: 'message/rfc822',
          size: raw.size,
          sha256: raw.sha256,
          read: (range) => deps.blobs.read(raw.blob, range),
        });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/messages/:key/attachments/:n',
      operationId: 'getAttachment',
      summary: 'An attachment, decoded',
      tag: 'Messages',
      permission: 'messages:read',
      params: { ...keyParam, n: 'Number of the attachment, from 0' },
      answers: downloadAnswers,
      handle: async (asked) => {
        const { raw, attachments } = await messageOf(asked.params.key);
        const n = asked.params.n ?? '';
        const attachment = /^\d{1,6}$/.test(n) ? attachments.find((candidate) => candidate.n === Number(n)) : undefined;
        if (attachment === undefined) {
          throw new MailroomError('ATTACHMENT_UNKNOWN', {
            message: `The message has ${attachments.length} attachments; there is none with this number.`,
            field: 'n',
          });
        }
        const { slice } = attachment;
        return sendDownload(asked, emit, {
          filename: attachment.filename,
          contentType: safeContentType(attachment.contentType),
          size: attachment.size,
          sha256: attachment.sha256,
          // Unencoded bytes are sought; an encoding has to be decoded from its beginning, which costs time but no memory.
          read: ({ start, end }) =>
            slice.encoding === 'identity'
              ? deps.blobs.read(raw.blob, { start: slice.start + start, end: Math.min(slice.end, slice.start + end) })
              : window(deps.decodeSlice(slice, deps.blobs.read(raw.blob, slice)), start, end),
        });
      },
    }),
  ];
}

/** Bytes [start, end) of a stream; it is left as soon as they have passed. */
async function* window(source: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
  let position = 0;
  if (start >= end) return;
  for await (const chunk of source) {
    const part = chunk.subarray(Math.max(0, start - position), Math.max(0, end - position));
    position += chunk.length;
    if (part.length > 0) yield part;
    if (position >= end) return;
  }
}

/** Bytes of strangers: never shown by a browser as ours, never kept by a proxy, revalidated by ETag. */
async function sendDownload({ request, reply }: Asked<unknown, unknown>, emit: Emit, file: Download): Promise<unknown> {
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
