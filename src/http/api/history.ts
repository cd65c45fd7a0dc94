// The history over HTTP: what was counted in the last hours or days, of everything, of an email flow or of an email server.
import { z } from 'zod';
import { type History, type HistoryName, type HistorySubject, type Period, periods } from '../../domain/history.ts';
import { problemAnswer as problem } from '../problem.ts';
import { get, type Route } from '../routes.ts';

const periodNames = Object.keys(periods) as Period[];

export interface HistoryView extends History {
  subject: HistorySubject;
  names: readonly HistoryName[];
  /** Epoch ms of the first that was ever counted. */
  since?: number;
}

export interface HistoryApi {
  /** @throws MailroomError EMAIL_SERVER_NOT_FOUND, EMAIL_FLOW_UNKNOWN */
  history(wanted: {
    period: Period;
    emailFlow?: string | undefined;
    server?: string | undefined;
  }): Promise<HistoryView>;
}

const whole = z.int().optional();
const valuesSchema = z
  .object({
    messages: whole.describe('Messages enqueued'),
    backlog: whole.describe('Highest number of messages that waited to be consumed'),
    blindSeconds: whole.describe('Seconds in which mailboxes were not provably watched'),
    quarantined: whole.describe('Messages quarantined'),
    disconnected: whole.describe('Connections to mailboxes that were lost'),
    replies: whole.describe('Replies accepted by their SMTP servers'),
    waiting: whole.describe('Highest number of replies that waited to be sent'),
    failed: whole.describe('Replies rejected'),
  })
  .describe('Missing: nobody counted, because no replica of that role ran. 0: none');
const timesSchema = z
  .object({ count: z.int(), p50: z.number(), p99: z.number() })
  .describe('Seconds, between the bounds of a histogram')
  .optional();
const pointSchema = z.object({
  at: z.number().describe('Epoch milliseconds: begin'),
  ms: z.number().describe('Milliseconds that it covers; fewer while it lasts'),
  values: valuesSchema,
  times: z.object({
    arrival: timesSchema.describe('From arrival in the mailbox to the queue'),
    acceptance: timesSchema.describe('From handing in a reply to its acceptance'),
  }),
});
const historySchema = z.object({
  since: z.number().optional().describe('Epoch milliseconds of the first that was counted; absent: nothing yet'),
  points: z.array(pointSchema).describe('Oldest first, for a plot'),
  rows: z.array(pointSchema).describe('The same in larger steps, for a table'),
});

export function historyRoutes(api: HistoryApi): Route[] {
  return [
    get('/v1/history', {
      operationId: 'getHistory',
      summary:
        'What was counted in the last 2 hours, 24 hours or 30 days: of everything, of an email flow or of an email server',
      tag: 'Operation',
      permission: 'status:read',
      query: z.strictObject({
        period: z.enum(periodNames).default('24h').describe('2h by minute, 24h by 15 minutes, 30d by 6 hours'),
        emailFlow: z.string().max(400).optional(),
        server: z.string().max(400).optional().describe('Name of an email server; overrides emailFlow'),
      }),
      answers: {
        200: { description: 'History', schema: historySchema },
        404: problem('EMAIL_SERVER_NOT_FOUND, EMAIL_FLOW_UNKNOWN'),
      },
      handle: async ({ query }) => {
        const { since, points, rows } = await api.history(query);
        return { since, points, rows };
      },
    }),
  ];
}
