// Quarantined messages: mails that could not be read or parsed. Each is on its flow's queue as a job with the raw mail; here a person looks at
// the raw mail, has it parsed and enqueued once more, or accepts it as it is.
import { z } from 'zod';
import type { BlobReference } from '../../contract/message.ts';
import type { BlobStore } from '../../domain/blob-store.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Emit } from '../../telemetry/events.ts';
import { rawDownload, sendDownload } from '../downloads.ts';
import type { ListRange } from '../ports.ts';
import { problemAnswer as problem } from '../problem.ts';
import { type Route, route } from '../routes.ts';

const quarantinedSchema = z.object({
  messageKey: z.string(),
  server: z.string().describe('IMAP email server'),
  emailFlow: z.string(),
  folder: z.string(),
  uid: z.int(),
  reason: z
    .string()
    .describe('parser-failed, parse-timeout, parse-memory, parser-crashed, no-data, replacement-text …'),
  at: z.string().describe('ISO 8601'),
  size: z.int().optional().describe('Bytes of the raw mail; absent when its job is no longer kept'),
});
export type Quarantined = z.infer<typeof quarantinedSchema>;

/** With what only those see who may read messages. */
export interface QuarantinedMessage extends Quarantined {
  subject?: string;
  sender?: string;
  /** Date of the mail, ISO 8601. */
  date?: string;
  /** To read it again it is fetched from its mailbox. */
  fetchesAgain: boolean;
}

/** Which messages; default newest first. */
interface QuarantineFilter extends Partial<ListRange> {
  server?: string;
  reason?: string;
  /** Address of the sender, whole; FIND_DAYS back (domain/found.ts). */
  person?: string;
}

export interface QuarantineApi {
  /** Those that fit, in order: only what is on the page is read whole. */
  quarantined(
    filter: QuarantineFilter,
    page: { offset: number; limit: number },
  ): Promise<{ messages: QuarantinedMessage[]; total: number; reasons: string[] }>;
  /** Undefined: not quarantined. */
  quarantinedOne(messageKey: string): Promise<QuarantinedMessage | undefined>;
  /** Undefined: not quarantined, or its job is no longer kept. */
  quarantinedRaw(messageKey: string): Promise<BlobReference | undefined>;
  /**
   * Parses the raw mail again, or fetches it from its mailbox again where it never came, and puts it on its flow's queue with the same messageKey.
   * @param alsoCrashed also what ended processes when it was parsed
   * @throws MailroomError MESSAGE_NOT_QUARANTINED, MESSAGE_STILL_UNREADABLE, REPLAY_REFUSED; what the connection to the mailbox throws
   */
  enqueueAgain(messageKey: string, by: string, options?: { alsoCrashed?: boolean }): Promise<Quarantined>;
  /** Dealt with by a person; the job stays as it is. @throws MailroomError MESSAGE_NOT_QUARANTINED */
  acceptQuarantined(messageKey: string, by: string): Promise<Quarantined>;
}

export function quarantineRoutes(api: QuarantineApi, blobs: Pick<BlobStore, 'read'>, emit: Emit): Route[] {
  const tag = 'Quarantined messages';
  const params = { key: 'messageKey' };
  const decide = (action: 'enqueue' | 'accept') =>
    route({
      method: 'POST',
      path: `/v1/quarantined-messages/:key/${action}`,
      operationId: action === 'enqueue' ? 'enqueueQuarantined' : 'acceptQuarantined',
      summary:
        action === 'enqueue'
          ? 'Parse it again, or fetch it from its mailbox again where it never came, and enqueue it once more'
          : 'Take it off the list as it is',
      tag,
      permission: 'quarantine:release',
      params,
      answers: {
        200: { description: 'What was decided on', schema: quarantinedSchema },
        404: problem('MESSAGE_NOT_QUARANTINED'),
        ...(action === 'enqueue'
          ? {
              422: problem('MESSAGE_STILL_UNREADABLE'),
              503: problem('REPLAY_REFUSED, or what the connection to its mailbox failed with'),
            }
          : {}),
      },
      handle: async ({ params: { key = '' }, principal }) =>
        action === 'enqueue' ? api.enqueueAgain(key, principal.name) : api.acceptQuarantined(key, principal.name),
    });
  return [
    route({
      method: 'GET',
      path: '/v1/quarantined-messages',
      operationId: 'listQuarantined',
      summary: 'Messages that could not be read or parsed and that nobody has dealt with, newest first',
      tag,
      permission: 'quarantine:read',
      query: z.strictObject({
        server: z.string().max(100).optional().describe('Only those of this IMAP email server'),
        limit: z.coerce.number().int().min(1).max(1000).default(200),
      }),
      answers: { 200: { description: 'Messages', schema: z.object({ messages: z.array(quarantinedSchema) }) } },
      handle: async ({ query: { server, limit }, reply }) => {
        reply.header('cache-control', 'private, no-store');
        const filter = server === undefined ? {} : { server };
        const { messages } = await api.quarantined(filter, { offset: 0, limit });
        return { messages: messages.map(({ subject: _, sender: __, date: ___, fetchesAgain: ____, ...one }) => one) };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/quarantined-messages/:key/raw',
      operationId: 'getQuarantinedRaw',
      stream: true,
      summary: 'The untouched mail (.eml)',
      tag,
      permission: 'quarantine:read',
      params,
      answers: {
        200: { description: 'The mail', contentType: 'message/rfc822' },
        404: problem('MESSAGE_NOT_QUARANTINED'),
      },
      handle: async (asked) => {
        const key = asked.params.key ?? '';
        const raw = await api.quarantinedRaw(key);
        if (raw === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED', { field: 'key' });
        return sendDownload(asked, emit, rawDownload(key, raw, blobs));
      },
    }),
    decide('enqueue'),
    decide('accept'),
  ];
}
