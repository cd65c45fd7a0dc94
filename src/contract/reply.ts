// mailroom.reply/1: the job data on an SMTP server's queue, an agent's reply to submit. Also the body of POST /v1/replies.
// This zod schema is the source; the JSON Schema under schemas/ is generated from it.
import { z } from 'zod';
import { optional, optionalText } from './field.ts';
import { unknownAtTop, unknownKeys } from './issues.ts';
import { LONGEST_TRACEPARENT } from './traceparent.ts';

export const REPLY_SCHEMA = 'mailroom.reply/1';

/** An address as `a@b` or as `{name, address}`. The sender policy decides whether it is a valid, single address, with its own codes. */
const mailAddress = z.union([
  z.string().min(1).max(1000),
  z.object({ name: z.string().max(500).optional(), address: z.string().min(1).max(500) }),
]);

export const replyAttachmentSchema = z
  .object({
    filename: z.string().min(1).max(255),
    contentType: z.string().max(255).optional(),
    contentId: z.string().max(255).optional().describe('Makes it an inline part that html refers to as cid:…'),
    content: z.base64().optional().describe('By value, base64'),
    blob: optionalText('By reference: a key in the blob store'),
    message: z
      .object({ messageKey: z.string(), n: z.int().min(0) })
      .optional()
      .describe('By reference: attachment n of a received message'),
  })
  .refine((a) => [a.content, a.blob, a.message].filter((x) => x !== undefined).length === 1, {
    error: 'exactly one of content, blob, message must be given',
  });

export const replySchema = z
  .object({
    schema: z.literal(REPLY_SCHEMA),
    replyId: z
      .string()
      .min(1)
      .max(200)
      .describe('Idempotency key: whatever is added under one replyId is sent at most once'),
    server: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('SMTP email server; required by POST /v1/replies, otherwise the queue determines it'),
    answers: z
      .object({
        messageKey: z.string().optional(),
        messageId: z.string().max(998).optional().describe('Message-ID of the message answered, with angle brackets'),
        references: z.array(z.string().max(998)).max(200).optional(),
        mailbox: optionalText('Shared address that the message came to: the default From when it is permitted'),
        addressedTo: z
          .array(z.string().max(500))
          .max(20)
          .optional()
          .describe(
            'Addresses of addressedTo of the message: the first that is permitted is the default From, before mailbox',
          ),
        subject: z.string().max(2000).optional(),
        threadTopic: z.string().max(2000).optional(),
        threadIndex: z.string().max(2000).optional(),
        automatic: optional(z.boolean(), 'The message answered was automatic mail'),
      })
      .optional(),
    conversationId: z.string().max(200).optional(),
    from: mailAddress.optional().describe('The From that the agent picked'),
    to: z.array(mailAddress).max(1000),
    cc: z.array(mailAddress).max(1000).default([]),
    bcc: z.array(mailAddress).max(1000).default([]),
    replyTo: z.array(mailAddress).max(10).optional(),
    subject: z.string().max(2000),
    text: z.string().max(5_000_000).optional().describe('This or html is required, and must not be empty'),
    html: z.string().max(20_000_000).optional(),
    quote: z.boolean().default(false).describe('Append the message answered as a quotation (needs answers.messageKey)'),
    attachments: z.array(replyAttachmentSchema).max(200).default([]),
    agent: z
      .object({
        id: z.string().max(200),
        name: z.string().max(200).optional(),
        roles: z.array(z.string().max(100)).max(50).optional(),
      })
      .optional(),
    automatic: z.boolean().default(false).describe('An automatic reply (acknowledgement), not a person’s'),
    priority: z.enum(['high', 'normal', 'low']).default('normal'),
    importance: z.enum(['low', 'normal', 'high']).default('normal'),
    force: z
      .boolean()
      .default(false)
      .describe('Sent although a colleague has answered the message in Outlook (answeredElsewhere of the SMTP server)'),
    markAnswered: optional(
      z.boolean(),
      'Once accepted, the message answered gets \\Answered in its mailbox; missing: markAnswered of the SMTP server decides',
    ),
    notBefore: optional(
      z.iso.datetime({ offset: true }),
      'Not submitted before this instant; until then it can be cancelled for certain',
    ),
    expiresAt: optional(
      z.iso.datetime({ offset: true }),
      'Not submitted from this instant on: it ends dropped, with ended: expired',
    ),
    requestReceipt: z
      .boolean()
      .default(false)
      .describe('Ask the recipients’ programs for a read receipt (RFC 8098), which most people decline'),
    dsn: z
      .array(z.enum(['success', 'failure', 'delay']))
      .min(1)
      .max(3)
      .optional()
      .describe('Reports to request from the servers on the way (RFC 3461). Missing: each server decides'),
    headers: z
      .record(z.string().max(100), z.string().max(2000))
      .default({})
      .describe('Additional headers: names that outbound.allowedHeaders allows (X-…), 20 at most'),
    traceparent: z
      .string()
      .max(LONGEST_TRACEPARENT)
      .optional()
      .describe(
        'W3C Trace Context of the backend’s span, or the traceparent of the message answered: the submission joins that trace. Not part of the content; one that is not valid is ignored',
      ),
  })
  .refine(saysSomething, {
    path: ['text'],
    error: 'text or html must be given and hold something (with an attachment, text may be empty)',
  });

/** Instead of a reply on its server's queue: the reply that is not to be sent. */
export const cancelSchema = z.strictObject({
  schema: z.literal(REPLY_SCHEMA),
  cancel: z.string().min(1).max(200).describe('replyId of the reply that is not to be sent'),
});

/** Maximum number of entries of a list or map, and of characters of a text. */
const MOST: Readonly<Record<string, number>> = {
  ...{ to: 1000, cc: 1000, bcc: 1000, replyTo: 10, attachments: 200, headers: 100 },
  ...{ text: 5_000_000, html: 5_000_000 },
};

/**
 * Counts before anything else is checked: the schema would check each of a million recipients, and report a problem for each.
 * @returns empty: the schema may check it
 */
export function countIssues(input: unknown): z.core.$ZodIssue[] {
  if (typeof input !== 'object' || input === null) return [];
  return Object.entries(MOST).flatMap(([name, most]) => {
    const given = (input as Record<string, unknown>)[name];
    const isText = typeof given === 'string';
    const count = isText ? given.length : typeof given === 'object' && given !== null ? Object.keys(given).length : 0;
    if (count <= most) return [];
    const message = `has ${count} ${isText ? 'characters' : 'entries'}; at most ${most} are taken`;
    return [{ code: 'custom', path: [name], message, input: undefined } as const];
  });
}

export type ParsedReply = { issues: readonly z.core.$ZodIssue[] } | { reply: Reply; unknown: readonly string[] };

/** Counts first, then the schema. `unknown`: keys that this version does not know, which the result names and nothing obeys. */
export function parseReply(input: unknown): ParsedReply {
  const counts = countIssues(input);
  if (counts.length > 0) return { issues: counts };
  const parsed = replySchema.safeParse(input);
  if (parsed.success) return { reply: parsed.data, unknown: unknownKeys(input, parsed.data) };
  return { issues: [...parsed.error.issues, ...unknownAtTop(replySchema, input)] };
}

/** As they appear in the warnings of a result. */
export const unknownWarnings = (unknown: readonly string[]): string[] =>
  unknown.map((key) => `${key} is not known here and was not obeyed`);

/** An empty mail usually comes from a misspelt key, `body` for `text`. */
function saysSomething({
  text,
  html,
  attachments,
}: {
  text?: string | undefined;
  html?: string | undefined;
  attachments: unknown[];
}): boolean {
  if (/\S/.test(text ?? '') || /\S/.test(html ?? '')) return true;
  return attachments.length > 0 && (text ?? html) !== undefined;
}

export type ReplyAttachment = z.infer<typeof replyAttachmentSchema>;
export type MailAddress = z.infer<typeof mailAddress>;
/** As a backend writes it (defaults may be left out). */
export type ReplyInput = z.input<typeof replySchema>;
/** As the worker sees it, defaults filled in. */
export type Reply = z.infer<typeof replySchema>;
