// mailroom.result/1: the result of a reply. It is the BullMQ return value of an accepted reply, the failure reason (as JSON) of a refused one,
// and the body of GET /v1/replies/:id.
import { z } from 'zod';
import { optional, optionalText, text } from './field.ts';

export const RESULT_SCHEMA = 'mailroom.result/1';

/** Class of a failure, the same in every part of Mailroom. */
export const failureClasses = [
  'auth',
  'permission',
  'throttle',
  'transient',
  'permanent',
  'size',
  'ambiguous',
  'invalid',
] as const;
export type FailureClass = (typeof failureClasses)[number];

/** The remote system's own words. */
export const remoteSchema = z.object({
  system: z.enum(['imap', 'smtp', 'oauth', 'redis', 'blob', 'network', 'dns', 'tls']),
  code: optionalText('SMTP reply code, IMAP response code, OAuth error, errno'),
  enhancedCode: optionalText('RFC 3463, e.g. 5.7.60'),
  command: z.string().optional(),
  text: optionalText('Verbatim, with tokens and addresses of third parties masked, at most 500 characters'),
});

export const failureSchema = z.object({
  code: text('Stable code of the error catalogue (docs/errors.md)'),
  class: z.enum(failureClasses),
  message: z.string(),
  hint: optionalText('What the administrator can do'),
  permitted: optional(z.array(z.string()), 'With FROM_NOT_PERMITTED: the addresses that are'),
  remote: remoteSchema.optional(),
});

/** What is known about a mail after the server accepted it, in ascending order: a later value replaces an earlier one (domain/delivery.ts). */
export const deliveries = ['unknown', 'delayed', 'delivered', 'bounced', 'read'] as const;
export type Delivery = (typeof deliveries)[number];

/** Why a mail did not arrive, or not yet. */
export const bounceClasses = [
  'address-unknown',
  'mailbox-full',
  'blocked',
  'content',
  'policy',
  'size',
  'quota',
  'relay',
  'other',
] as const;
export type BounceClass = (typeof bounceClasses)[number];

/** The report from which a delivery is known. */
export const reportSchema = z.object({
  class: optional(z.enum(bounceClasses), 'With bounced and delayed: why'),
  code: optionalText('With class: stable code of the error catalogue (docs/errors.md)'),
  status: optionalText('RFC 3463, e.g. 5.1.1'),
  text: optionalText('The reporting system’s words; addresses of others masked, at most 300 characters'),
  hint: optionalText('With class: what to do'),
  learntAt: z.iso.datetime(),
  messageKey: optionalText('The report itself, a message on the queue of its email flow'),
});

const recipientFields = {
  address: z.string(),
  delivery: optional(
    z.enum(deliveries),
    'After the server accepted it. unknown: no report so far, which is how most mails that arrive stay. delayed: still being tried. delivered, read: a report confirms it. bounced: not delivered',
  ),
  report: reportSchema.optional(),
  attempts: optional(z.int().min(0), 'Submissions in which this recipient was named'),
  code: optionalText('Stable code of the error catalogue, of one that was refused or deferred'),
  remote: remoteSchema.optional(),
};
const recipientSchema = z.object({ ...recipientFields, state: z.enum(['accepted', 'rejected']) });
const openRecipientSchema = z.object({
  ...recipientFields,
  state: z
    .enum(['deferred', 'uncertain', 'pending'])
    .describe(
      'deferred: not accepted for now, tried again separately. uncertain: sent, and no answer came. pending: not submitted yet',
    ),
});

export const resultSchema = z.object({
  schema: z.literal(RESULT_SCHEMA),
  replyId: z.string(),
  state: z.enum([
    'queued',
    'prepared',
    'submitting',
    'data-begun',
    'accepted',
    'rejected',
    'uncertain',
    'held',
    'dropped',
  ]),
  ended: optional(
    z.enum(['cancelled', 'expired']),
    'With dropped: who decided. cancelled: its backend. expired: its expiresAt. Missing: a person',
  ),
  server: z.string(),
  from: optionalText('Header From actually used'),
  messageId: optionalText('Message-ID as we wrote it'),
  serverMessageId: optionalText('Id that the server assigned, an alias of messageId'),
  acceptedAt: z.iso.datetime().optional(),
  recipients: optional(z.array(recipientSchema), 'Recipients that are settled'),
  openRecipients: optional(
    z.array(openRecipientSchema),
    'Recipients that are not settled, once a server has answered for another one',
  ),
  failure: failureSchema.optional(),
  remote: remoteSchema.optional(),
  warnings: z.array(z.string()).optional(),
  attempts: z.int().min(0).optional(),
  waiting: optionalText(
    'Why it is not sent, if waiting alone does not help: waiting-for-server (its SMTP server was deleted, renamed or disabled). More may be added',
  ),
  answeredElsewhere: z
    .object({
      by: z.enum(['flag', 'sent']).describe('As `answered.by` of mailroom.mailbox-event/1'),
      who: optionalText('Address of the colleague, if a mail in Sent shows it'),
      at: optional(z.iso.datetime(), 'When the answer was sent; with flag, when it was noticed'),
    })
    .optional()
    .describe('A colleague had answered the message in Outlook: why it is held, or what was known when it was sent'),
  expectedAt: optional(z.iso.datetime(), 'Expected time of submission, given pace and queue'),
});

export type DeliveryReport = z.infer<typeof reportSchema>;
export type Remote = z.infer<typeof remoteSchema>;
export type Failure = z.infer<typeof failureSchema>;
/** One recipient of a reply, as the journal keeps it and the result shows it. */
export type RecipientState = z.infer<typeof recipientSchema> | z.infer<typeof openRecipientSchema>;
export type Result = z.infer<typeof resultSchema>;
