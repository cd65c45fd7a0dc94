// The data kept about one person: export and erasure. The address is in the body, so that access logs do not contain it.
import { Readable } from 'node:stream';
import { z } from 'zod';
import { attachmentDisposition } from '../content-disposition.ts';
import { problemAnswer as problem } from '../problem.ts';
import { post, type Route } from '../routes.ts';

export const parts = [
  'messages',
  'mailbox-events',
  'reply-jobs',
  'replies',
  'reply-outcomes',
  'mails',
  'audit',
  'set-aside',
  'other',
] as const;
export type Part = (typeof parts)[number];
export const reasons = ['waiting', 'at-work', 'undecided', 'needed', 'just-stored', 'not-ours'] as const;
/** Why something stays; the words are in the schema. */
export type Stays = (typeof reasons)[number];

const reportSchema = z.object({
  at: z.iso.datetime(),
  person: z.string().describe('First 16 hex digits of the SHA-256 of the address, as in the audit log'),
  dryRun: z.boolean().describe('True: nothing was changed; `erased` is what would be'),
  alsoWaiting: z.boolean(),
  erased: z.int(),
  stays: z.int(),
  counts: z.array(z.object({ part: z.enum(parts), erased: z.int(), stays: z.int() })),
  items: z.array(
    z.object({
      part: z.enum(parts),
      id: z.string().describe('Job id, replyId, blob key, id of the audit entry, or key in Redis'),
      stays: z
        .enum(reasons)
        .optional()
        .describe(
          'Why it stays: waiting (nobody has taken it; alsoWaiting erases it), at-work, undecided (a reply that may have left), needed (by a reply that has not left), just-stored (a mail of the last hour whose job may still come), not-ours. Missing: erased',
        ),
    }),
  ),
  hashesThatStay: z
    .array(z.string())
    .describe('What prevents that a mail is enqueued again or a reply sent again; hashes and numbers, no content'),
  unsearched: z
    .object({ segments: z.int(), newest: z.iso.datetime() })
    .optional()
    .describe(
      'Files of raw mails by an older version, in which mails without a job cannot be found; they go with blobs.retentionDays',
    ),
  unreadable: z.int().optional().describe('Blobs that could not be read: damaged, or their key is missing'),
});
export type ErasureReport = z.infer<typeof reportSchema>;

export interface PrivacyApi {
  /** A zip archive. @throws MailroomError PRIVACY_ADDRESS_INVALID, PRIVACY_ADDRESS_IS_OURS before its first byte */
  exportPerson(address: string, by: string): Promise<AsyncIterable<Uint8Array>>;
  /** @throws MailroomError PRIVACY_ADDRESS_INVALID, PRIVACY_ADDRESS_IS_OURS */
  erasePerson(address: string, options: { dryRun: boolean; alsoWaiting: boolean }, by: string): Promise<ErasureReport>;
}

const address = z.string().min(1).max(500);

export function privacyRoutes(api: PrivacyApi): Route[] {
  const manage = { tag: 'Privacy', permission: 'privacy:manage' } as const;
  const refused = { 422: problem('PRIVACY_ADDRESS_INVALID') };
  return [
    post('/v1/privacy/export', {
      ...manage,
      operationId: 'exportPerson',
      stream: true,
      summary: 'Everything kept of the person with this address, as a zip of JSON and eml',
      body: z.strictObject({ address }),
      answers: { 200: { description: 'The archive', contentType: 'application/zip' }, ...refused },
      handle: async ({ body, principal, reply }) =>
        reply
          .header('content-type', 'application/zip')
          .header('content-disposition', attachmentDisposition('personal-data.zip'))
          .send(Readable.from(await api.exportPerson(body.address, principal.name), { objectMode: false })),
    }),
    post('/v1/privacy/erase', {
      ...manage,
      operationId: 'erasePerson',
      summary: 'Erase everything kept of the person with this address; a dry run unless dryRun is false',
      body: z.strictObject({
        address,
        dryRun: z.boolean().default(true),
        alsoWaiting: z.boolean().default(false).describe('Also what no consumer has taken, and replies not sent yet'),
      }),
      answers: { 200: { description: 'What was erased and what stays', schema: reportSchema }, ...refused },
      handle: ({ body: { address: person, ...options }, principal }) =>
        api.erasePerson(person, options, principal.name),
    }),
  ];
}
