// Quarantined messages: mails that could not be read or parsed. Each is on its flow's queue as a job with the raw mail. A person downloads the raw
// mail, has it parsed and enqueued again, or accepts it as it is.
import { z } from 'zod';
import type { BlobReference } from '../../contract/message.ts';
import type { BlobStore } from '../../domain/blob-store.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Emit } from '../../telemetry/events.ts';
import { rawDownload, sendDownload } from '../downloads.ts';
import type { ListRange } from '../ports.ts';
import { problemAnswer as problem } from '../problem.ts';
import { get, post, type Route } from '../routes.ts';

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

/** With the fields that need the permission to read messages. */
export interface QuarantinedMessage extends Quarantined {
  subject?: string;
  sender?: string;
  /** Date of the mail, ISO 8601. */
  date?: string;
  /** To read it again, it must be fetched from its mailbox. */
  fetchesAgain: boolean;
}

/** Which messages; default newest first. */
interface QuarantineFilter extends Partial<ListRange> {
  server?: string | undefined;
  reason?: string;
  /** Address of the sender, whole; FIND_DAYS back (domain/found.ts). */
  person?: string;
}

export interface QuarantineApi {
  /** Those that match, in order; only the messages of the page are read completely. */
  quarantined(
    filter: QuarantineFilter,
    page: { offset: number; limit: number },
  ): Promise<{ messages: QuarantinedMessage[]; total: number; reasons: string[] }>;
  /** Undefined: not quarantined. */
  quarantinedOne(messageKey: string): Promise<QuarantinedMessage | undefined>;
  /** Undefined: not quarantined, or its job is no longer kept. */
  quarantinedRaw(messageKey: string): Promise<BlobReference | undefined>;
  /**
   * Parses the raw mail again (or fetches it again if it never arrived), and puts it on its flow's queue with the same messageKey.
   * @param alsoCrashed also if parsing it ended processes
   * @throws MailroomError MESSAGE_NOT_QUARANTINED, MESSAGE_STILL_UNREADABLE, REPLAY_REFUSED; what the connection to the mailbox throws
   */
  enqueueAgain(messageKey: string, by: string, options?: { alsoCrashed?: boolean }): Promise<Quarantined>;
  /** A person has dealt with it; its job is unchanged. @throws MailroomError MESSAGE_NOT_QUARANTINED */
  acceptQuarantined(messageKey: string, by: string): Promise<Quarantined>;
}

export function quarantineRoutes(api: QuarantineApi, blobs: Pick<BlobStore, 'read'>, emit: Emit): Route[] {
  const read = { tag: 'Quarantined messages', permission: 'quarantine:read' } as const;
  const params = { key: 'messageKey' };
  const decide = {
    tag: 'Quarantined messages',
    permission: 'quarantine:release',
    params,
    answers: {
      200: { description: 'What was decided on', schema: quarantinedSchema },
      404: problem('MESSAGE_NOT_QUARANTINED'),
    },
  } as const;
  return [
    get('/v1/quarantined-messages', {
      ...read,
      operationId: 'listQuarantined',
      summary: 'Messages that could not be read or parsed and that nobody has dealt with, newest first',
      query: z.strictObject({
        server: z.string().max(100).optional().describe('Only those of this IMAP email server'),
        limit: z.coerce.number().int().min(1).max(1000).default(200),
      }),
      answers: { 200: { description: 'Messages', schema: z.object({ messages: z.array(quarantinedSchema) }) } },
      handle: async ({ query: { server, limit } }) => {
        const { messages } = await api.quarantined({ server }, { offset: 0, limit });
        return { messages: messages.map(({ subject: _, sender: __, date: ___, fetchesAgain: ____, ...one }) => one) };
      },
    }),
    get('/v1/quarantined-messages/:key/raw', {
      ...read,
      operationId: 'getQuarantinedRaw',
      stream: true,
      summary: 'The untouched mail (.eml)',
      params,
      answers: {
        200: { description: 'The mail', contentType: 'message/rfc822' },
        404: problem('MESSAGE_NOT_QUARANTINED'),
      },
      handle: async (asked) => {
        const { key } = asked.params;
        const raw = await api.quarantinedRaw(key);
        if (raw === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED', { field: 'key' });
        return sendDownload(asked, emit, rawDownload(key, raw, blobs));
      },
    }),
    post('/v1/quarantined-messages/:key/enqueue', {
      ...decide,
      operationId: 'enqueueQuarantined',
      summary: 'Parse it again, or fetch it from its mailbox again where it never came, and enqueue it once more',
      answers: {
        ...decide.answers,
        422: problem('MESSAGE_STILL_UNREADABLE'),
        503: problem('REPLAY_REFUSED, or what the connection to its mailbox failed with'),
      },
      handle: ({ params: { key }, principal }) => api.enqueueAgain(key, principal.name),
    }),
    post('/v1/quarantined-messages/:key/accept', {
      ...decide,
      operationId: 'acceptQuarantined',
      summary: 'Take it off the list as it is',
      handle: ({ params: { key }, principal }) => api.acceptQuarantined(key, principal.name),
    }),
  ];
}
