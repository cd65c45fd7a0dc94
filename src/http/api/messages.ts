// Received messages: the JSON again, the raw mail, and attachments decoded on demand out of the raw mail, in ranges and in constant memory.
import { type Message, messageSchema } from '../../contract/message.ts';
import { inFlows, ownReplyId, type TokenScope } from '../../domain/access.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Emit } from '../../telemetry/events.ts';
import type { Principal } from '../auth.ts';
import { safeContentType } from '../content-disposition.ts';
import type { ApiDeps } from '../deps.ts';
import { rawDownload, sendDownload, sendText } from '../downloads.ts';
import { type Route, route } from '../routes.ts';

const keyParam = { key: 'messageKey of the message, which is its job id as well' };
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
  async function messageOf(key: string | undefined, { scope }: Principal): Promise<Message> {
    const message = key === undefined || key.length > 200 ? undefined : await deps.readMessage(key);
    if (message === undefined || !inFlows(scope, message.emailFlow))
      throw new MailroomError('MESSAGE_UNKNOWN', { field: 'key' });
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
      scoped: true,
      params: keyParam,
      answers: { 200: { description: 'mailroom.message/1', schema: messageSchema }, 404: { description: 'Unknown' } },
      handle: async ({ params, reply, principal }) => {
        reply.header('cache-control', 'private, no-store');
        return withOwnReplyId(await messageOf(params.key, principal), principal.scope);
      },
    }),
    route({
      method: 'GET',
      path: '/v1/messages/:key/raw',
      operationId: 'getRawMessage',
      stream: true,
      summary: 'The untouched mail (.eml)',
      tag: 'Messages',
      permission: 'messages:read',
      scoped: true,
      params: keyParam,
      answers: downloadAnswers,
      handle: async (asked) => {
        const { raw, messageKey } = await messageOf(asked.params.key, asked.principal);
        return sendDownload(asked, emit, rawDownload(messageKey, raw, deps.blobs));
      },
    }),
    ...(['text', 'html'] as const).map((kind) => {
      const contentType = kind === 'text' ? 'text/plain' : 'text/html';
      return route({
        method: 'GET',
        path: `/v1/messages/:key/${kind}`,
        operationId: kind === 'text' ? 'getText' : 'getHtml',
        stream: true,
        summary: `The whole ${kind} of the message in UTF-8, also where it is cut in the message`,
        tag: 'Messages',
        permission: 'messages:read',
        scoped: true,
        params: keyParam,
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
    route({
      method: 'GET',
      path: '/v1/messages/:key/attachments/:n',
      operationId: 'getAttachment',
      stream: true,
      summary: 'An attachment, decoded',
      tag: 'Messages',
      permission: 'messages:read',
      scoped: true,
      params: { ...keyParam, n: 'Number of the attachment, from 0' },
      answers: downloadAnswers,
      handle: async (asked) => {
        const { raw, attachments } = await messageOf(asked.params.key, asked.principal);
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
            slice.encoding === 'identity' && slice.signed === undefined
              ? deps.blobs.read(raw.blob, { start: slice.start + start, end: Math.min(slice.end, slice.start + end) })
              : window(deps.decodeSlice(slice, deps.blobs.read(raw.blob, slice)), start, end),
        });
      },
    }),
  ];
}

/** A report names the reply by the replyId of its backend, and not at all where the reply is another's. */
function withOwnReplyId(message: Message, scope: TokenScope | undefined): Message {
  const reply = message.deliveryStatus?.reply;
  if (scope?.replyNamespace === undefined || message.deliveryStatus === undefined || reply?.replyId === undefined)
    return message;
  const { replyId, ...rest } = reply;
  const own = ownReplyId(scope, replyId);
  const named = own === undefined ? rest : { ...rest, replyId: own };
  return { ...message, deliveryStatus: { ...message.deliveryStatus, reply: named } };
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
