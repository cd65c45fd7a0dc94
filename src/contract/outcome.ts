// mailroom.outcome/1: the job data on the queue reply-outcomes, what became of a reply. One when it is settled, one for each report that is learnt
// of it afterwards. This zod schema is the source; the JSON Schema under schemas/ is generated from it.
import { z } from 'zod';
import { deliveries, reportSchema, resultSchema } from './result.ts';

export const OUTCOME_SCHEMA = 'mailroom.outcome/1';

export const outcomeSchema = z.object({
  schema: z.literal(OUTCOME_SCHEMA),
  outcomeKey: z
    .string()
    .describe('Identity of this fact, equal to the BullMQ job id: drop one that you have had already'),
  kind: z
    .enum(['settled', 'delivery'])
    .describe(
      'settled: the reply is accepted, rejected, held or dropped (`result`). delivery: a report was learnt of a reply that had left (`recipients`)',
    ),
  at: z.iso.datetime().describe('When Mailroom learnt it'),
  replyId: z.string(),
  server: z.string().describe('SMTP email server'),
  messageId: z.string().optional().describe('Message-ID as we wrote it, once the mail was composed'),
  result: resultSchema.optional().describe('With settled'),
  recipients: z
    .array(z.object({ address: z.string(), delivery: z.enum(deliveries), report: reportSchema }))
    .optional()
    .describe('With delivery: the recipients about whom the report contains something new'),
});

export type Outcome = z.infer<typeof outcomeSchema>;
