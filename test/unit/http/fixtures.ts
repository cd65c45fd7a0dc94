// What the HTTP tests share: a message with attachments, and dependencies of the server that a test overrides one by one.
import { createHash } from 'node:crypto';
import type { Attachment, Message } from '../../../src/contract/message.ts';
import { MESSAGE_SCHEMA } from '../../../src/contract/message.ts';
import { RESULT_SCHEMA, type Result } from '../../../src/contract/result.ts';
import type { ApiToken } from '../../../src/http/auth.ts';
import type { ApiDeps, HttpDeps } from '../../../src/http/index.ts';
import { htmlToText, parseMessage } from '../../../src/mime/index.ts';
import { createWholeBodies } from '../../../src/parsing/index.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
export const pdf = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
const head = 'From: kim@example.org\r\n\r\n';
const plain = 'plain bytes of the second attachment';
const base64 = (pdf.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n');
export const rawMail = Buffer.from(`${head}${base64}\r\n${plain}`);

const attachment = (n: number, filename: string, bytes: Buffer, slice: Attachment['slice']): Attachment => ({
  n,
  filename,
  contentType: 'application/pdf',
  size: bytes.length,
  sha256: sha256(bytes),
  inline: false,
  part: String(n + 1),
  slice,
});

export const message: Message = {
  schema: MESSAGE_SCHEMA,
  messageKey: 'm-abc-1-7',
  emailFlow: 'Süd: Service/Retouren 100%',
  server: 'Service IMAP',
  mailbox: 'service@example.com',
  folder: 'INBOX',
  uidValidity: '1',
  uid: 7,
  receivedAt: '2026-11-23T10:00:00.000Z',
  parse: 'complete',
  subject: 'Rechnung',
  from: [{ name: 'Kim', address: 'kim@example.org' }],
  replyTo: [],
  to: [{ name: '', address: 'service@example.com' }],
  cc: [],
  deliveredTo: [],
  attachments: [
    attachment(0, 'Rechnung "Nr. 7" – 日本%.pdf', pdf, {
      start: head.length,
      end: head.length + base64.length,
      encoding: 'base64',
    }),
    attachment(1, 'note.txt', Buffer.from(plain), {
      start: rawMail.length - plain.length,
      end: rawMail.length,
      encoding: 'identity',
    }),
  ],
  raw: { blob: sha256(rawMail), size: rawMail.length, sha256: sha256(rawMail) },
  threading: { messageId: '<1@example.org>', inReplyTo: [], references: [] },
  conversation: { id: 'c-1', matchedBy: 'new' },
  automatic: { kind: 'none', evidence: [], mayAutoRespond: true },
  importance: 'normal',
  authenticationResults: [],
  siblings: [],
  warnings: [],
};

export const result = (replyId: string, state: Result['state'] = 'queued'): Result => ({
  schema: RESULT_SCHEMA,
  replyId,
  state,
  server: 'Service SMTP',
});

async function* fakeDecode(slice: Attachment['slice'], source: AsyncIterable<Uint8Array>) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  const decoded = slice.encoding === 'base64' ? Buffer.from(all.toString('latin1'), 'base64') : all;
  for (let i = 0; i < decoded.length; i += 100) yield decoded.subarray(i, i + 100);
}

/** The parser in this thread. */
export const wholeBodiesOf = (raw: Buffer) =>
  createWholeBodies(
    async function* (_blob, { start, end }) {
      yield raw.subarray(start, end);
    },
    {
      bodiesByReference: async (bytes) => parseMessage(bytes, { inlineTextBytes: 0 }),
      textOfHtml: async (html) => htmlToText(String(html)).text,
    },
  );

export const fakeApi = (overrides: Partial<ApiDeps> = {}): ApiDeps => ({
  readMessage: async (key) => (key === message.messageKey ? message : undefined),
  blobs: {
    async *read(_key, range) {
      yield rawMail.subarray(range?.start, range?.end);
    },
  },
  decodeSlice: fakeDecode,
  wholeBody: wholeBodiesOf(rawMail),
  submitReply: async (reply) => result(reply.replyId),
  getReply: async () => undefined,
  listReplies: async () => ({ replies: [] }),
  releaseHeld: async (replyId) => result(replyId),
  dropHeld: async (replyId) => result(replyId, 'dropped'),
  cancelReply: async (replyId) => ({ ...result(replyId, 'dropped'), ended: 'cancelled' }),
  raisePriority: async (replyId) => result(replyId),
  sendersOfFlow: async () => undefined,
  ...overrides,
});

const token = (name: string, role: ApiToken['role']): ApiToken => ({
  name,
  role,
  digest: sha256(Buffer.from(`token-of-${name}`)),
});
export const tokens = [token('ops', 'administrator'), token('desk', 'backend'), token('grafana', 'viewer')];
export const as = (name: 'ops' | 'desk' | 'grafana') => ({ authorization: `Bearer token-of-${name}` });

export const fakeDeps = (overrides: Partial<HttpDeps> = {}): HttpDeps => ({
  host: '127.0.0.1',
  port: 0,
  publicUrl: 'http://mailroom.test',
  bodyLimit: 10_000,
  apiTokens: tokens,
  emit: () => {},
  metrics: createMetrics(),
  health: async () => ({ ready: true, checks: { redis: { ok: true } } }),
  api: fakeApi(),
  ...overrides,
});
