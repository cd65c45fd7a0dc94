// Received messages: the JSON, the raw mail, and attachments decoded from it on demand, in ranges and in constant memory.
import { type Message, messageSchema } from '../../contract/message.ts';
import { inFlows, ownReplyId, type TokenScope } from '../../domain/access.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Emit } from '../../telemetry/events.ts';
import type { Principal } from '../auth.ts';
import { safeContentType } from '../content-disposition.ts';
import type { ApiDeps } from '../deps.ts';
import { rawDownload, sendDownload, sendText } from '../downloads.ts';
import { get, type Route } from '../routes.ts';

const params = { key: 'messageKey of the message, which is its job id as well' };
const read = { tag: 'Messages', permission: 'messages:read', scoped: true } as const;
const downloadAnswers = {
  200: { description: 'The whole', contentType: 'application/octet-stream' },
  206: { description: 'The range asked for', contentType: 'application/octet-stream' },
  304: { description: 'Unchanged (If-None-Match)' },
  416: { description: 'The range lies outside' },
};

export function messageRoutes(
  deps: Pick<ApiDeps, 'readMessage' | 'blobs' | 'decodeSlice' | 'wholeBody'>,
  emit: Emit,
): Route[] {
  async function messageOf(key: string, { scope }: Principal): Promise<Message> {
    const message = key.length > 200 ? undefined : await deps.readMessage(key);
    if (message === undefined || !inFlows(scope, message.emailFlow))
      throw new MailroomError('MESSAGE_UNKNOWN', { field: 'key' });
    return message;
  }

  return [
    get('/v1/messages/:key', {
      ...read,
      operationId: 'getMessage',
      summary: 'A received message as it stood on its queue',
      params,
      answers: { 200: { description: 'mailroom.message/1', schema: messageSchema }, 404: { description: 'Unknown' } },
      handle: async (asked) =>
        withOwnReplyId(await messageOf(asked.params.key, asked.principal), asked.principal.scope),
    }),
    get('/v1/messages/:key/raw', {
      ...read,
      operationId: 'getRawMessage',
      stream: true,
      summary: 'The untouched mail (.eml)',
      params,
      answers: downloadAnswers,
      handle: async (asked) => {
        const { raw, messageKey } = await messageOf(asked.params.key, asked.principal);
        return sendDownload(asked, emit, rawDownload(messageKey, raw, deps.blobs));
      },
    }),
    ...(['text', 'html'] as const).map((kind) => {
      const contentType = kind === 'text' ? 'text/plain' : 'text/html';
      return get(`/v1/messages/:key/${kind}`, {
        ...read,
        operationId: kind === 'text' ? 'getText' : 'getHtml',
        stream: true,
        summary: `The whole ${kind} of the message in UTF-8, also where it is cut in the message`,
        params,
        answers: {
          200: { description: 'The whole', contentType },
          304: { description: 'Unchanged (If-None-Match)' },
          404: { description: 'Unknown, or it has no such text' },
        },
        handle: async (asked) => {
          const message = await messageOf(asked.params.key, asked.principal);
          const { raw, messageKey } = message;
          const body = deps.wholeBody(message, kind);
          if (body === undefined) throw new MailroomError('MESSAGE_TEXT_UNKNOWN', { field: kind });
          return sendText(asked, emit, {
            filename: `${messageKey}.${kind === 'text' ? 'txt' : 'html'}`,
            contentType: `${contentType}; charset=utf-8`,
            sha256: `${raw.sha256}-${kind}`,
            read: () => body,
          });
        },
      });
    }),
    get('/v1/messages/:key/attachments/:n', {
      ...read,
      operationId: 'getAttachment',
      stream: true,
      summary: 'An attachment, decoded',
      params: { ...params, n: 'Number of the attachment, from 0' },
      answers: downloadAnswers,
      handle: async (asked) => {
        const { raw, attachments } = await messageOf(asked.params.key, asked.principal);
        const { n } = asked.params;
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
          // Unencoded bytes are read in place; an encoding has to be decoded from its beginning, which costs time but no memory.
          read: ({ start, end }) =>
            slice.encoding === 'identity' && slice.signed === undefined
              ? deps.blobs.read(raw.blob, { start: slice.start + start, end: Math.min(slice.end, slice.start + end) })
              : window(deps.decodeSlice(slice, deps.blobs.read(raw.blob, slice)), start, end),
        });
      },
    }),
  ];
}

/** A report names the reply by the replyId of its backend, and omits it if the reply is another backend's. */
function withOwnReplyId(message: Message, scope: TokenScope | undefined): Message {
  const reply = message.deliveryStatus?.reply;
  if (scope?.replyNamespace === undefined || message.deliveryStatus === undefined || reply?.replyId === undefined)
    return message;
  const { replyId, ...rest } = reply;
  const own = ownReplyId(scope, replyId);
  const named = own === undefined ? rest : { ...rest, replyId: own };
  return { ...message, deliveryStatus: { ...message.deliveryStatus, reply: named } };
}

/** Bytes [start, end) of a stream, which is closed after them. */
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
