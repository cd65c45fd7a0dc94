// Dead letters: messages that the consumer of their email flow has given up. A person retries them, moves them to another flow, or deletes them.
import { z } from 'zod';
import type { ListPage, ListRange } from '../ports.ts';
import { problemAnswer as problem } from '../problem.ts';
import { flowParam, get, post, type Route } from '../routes.ts';

const deadLetterSchema = z.object({
  emailFlow: z.string(),
  jobId: z.string(),
  messageKey: z.string().describe('Without what a decision or replay added to the job id'),
  server: z.string().describe('IMAP email server; empty when no server watches its mailbox any more'),
  failedAt: z.number().describe('Epoch milliseconds: when the consumer gave up'),
  attempts: z.int(),
  reason: z.string().describe("The consumer's own words"),
});
type DeadLetterView = z.infer<typeof deadLetterSchema>;

/** With the fields that need the permission to read messages, or to see addresses. */
export interface DeadLetter extends DeadLetterView {
  subject?: string;
  sender?: string;
  /** Date of the mail, ISO 8601. */
  date?: string;
}

interface DeadLetterFilter extends Partial<ListRange> {
  emailFlow?: string;
  server?: string;
  /** Part of the reason. */
  reason?: string;
  /** Address of the sender, whole; FIND_DAYS back (domain/found.ts). */
  person?: string;
}

const actions = ['retry', 'move', 'delete'] as const;
export type DeadLetterAction = (typeof actions)[number];

export interface DeadLettersApi {
  /** Those that match, of the 10,000 newest. @throws MailroomError EMAIL_FLOW_UNKNOWN */
  deadLetters(filter: DeadLetterFilter, page: { offset: number; limit: number }): Promise<ListPage<DeadLetter>>;
  /**
   * @param to email flow for `move`
   * @throws MailroomError DEAD_LETTER_UNKNOWN, EMAIL_FLOW_UNKNOWN
   */
  decideDeadLetter(
    action: DeadLetterAction,
    job: { emailFlow: string; jobId: string; to?: string | undefined },
    by: string,
  ): Promise<void>;
}

export function deadLetterRoutes(api: DeadLettersApi): Route[] {
  const tag = 'Email flows';
  const path = '/v1/email-flows/:flow/dead-letters';
  return [
    get(path, {
      operationId: 'listDeadLetters',
      summary: 'Messages that the consumer of the flow has given up, newest first',
      tag,
      permission: 'dead-letters:read',
      params: flowParam,
      query: z.strictObject({
        offset: z.coerce.number().int().min(0).max(10_000).default(0),
        limit: z.coerce.number().int().min(1).max(200).default(100),
      }),
      answers: {
        200: {
          description: 'Those of the page, and how many there are',
          schema: z.object({ deadLetters: z.array(deadLetterSchema), total: z.int() }),
        },
        404: problem('EMAIL_FLOW_UNKNOWN'),
      },
      handle: async ({ params, query }) => {
        const { entries, total } = await api.deadLetters({ emailFlow: params.flow }, query);
        return { deadLetters: entries.map(({ subject: _, sender: __, date: ___, ...one }) => one), total };
      },
    }),
    post(`${path}/:key`, {
      operationId: 'decideDeadLetter',
      summary: 'Try one again, move it to another email flow, or delete its job (the mail stays in the mailbox)',
      tag,
      permission: 'dead-letters:decide',
      params: { ...flowParam, key: 'jobId' },
      body: z.strictObject({
        action: z.enum(actions),
        to: z.string().min(1).max(400).optional().describe('For move: an email flow of a defined IMAP server'),
      }),
      answers: {
        204: { description: 'Done' },
        404: problem('DEAD_LETTER_UNKNOWN, EMAIL_FLOW_UNKNOWN'),
      },
      handle: ({ params: { flow, key }, body: { action, to }, principal }) =>
        api.decideDeadLetter(action, { emailFlow: flow, jobId: key, to }, principal.name),
    }),
  ];
}
