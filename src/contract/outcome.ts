// mailroom.outcome/1: the job data on the queue reply-outcomes. One outcome when a reply is settled, and one for each report about it
// that arrives afterwards. This zod schema is the source; the JSON Schema under schemas/ is generated from it.
import { z } from 'zod';
import { optional, optionalText, text } from './field.ts';
import { deliveries, reportSchema, resultSchema } from './result.ts';

export const OUTCOME_SCHEMA = 'mailroom.outcome/1';

export const outcomeSchema = z.object({
  schema: z.literal(OUTCOME_SCHEMA),
  outcomeKey: text('Identity of this fact, equal to the BullMQ job id: ignore one that you have already processed'),
  kind: z
    .enum(['settled', 'delivery'])
    .describe(
      'settled: the reply is accepted, rejected, held or dropped (`result`). delivery: a report about a submitted reply arrived (`recipients`)',
    ),
  at: z.iso.datetime().describe('When Mailroom learned it'),
  replyId: z.string(),
  server: text('SMTP email server'),
  messageId: optionalText('Message-ID as we wrote it, once the mail was composed'),
  result: optional(resultSchema, 'With settled'),
  recipients: z
    .array(z.object({ address: z.string(), delivery: z.enum(deliveries), report: reportSchema }))
    .optional()
    .describe('With delivery: the recipients about whom the report contains something new'),
});

export type Outcome = z.infer<typeof outcomeSchema>;
