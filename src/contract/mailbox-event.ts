// mailroom.mailbox-event/1: the job data on `mailbox-events.<flow>`: what people did in a mailbox that Mailroom watches too (read, answered, moved,
// deleted). This zod schema is the source; the JSON Schema under schemas/ is generated from it.
import { z } from 'zod';
import { optional, optionalText, text } from './field.ts';

export const MAILBOX_EVENT_SCHEMA = 'mailroom.mailbox-event/1';

export const mailboxEventKinds = ['answered', 'seen', 'unseen', 'gone', 'returned', 'overflow'] as const;

export const mailboxEventSchema = z.object({
  schema: z.literal(MAILBOX_EVENT_SCHEMA),
  eventId: text('Job id. Unique for each event; an event that is delivered twice has the same one'),
  event: z
    .enum(mailboxEventKinds)
    .describe(
      'answered: see `answered`. seen, unseen: marked as read or unread. gone: no longer in the folder (moved or deleted; `movedTo` where that is known). returned: in the folder again under the same UID. overflow: changes that are not reported one by one, see `overflow`. More may be added',
    ),
  emailFlow: z.string(),
  server: text('Email server (IMAP) that watches the mailbox'),
  mailbox: text('Address of the shared mailbox'),
  folder: z.string(),
  messageKey: optionalText('The message on the email flow’s queue; missing with overflow'),
  noticedAt: z.iso.datetime().describe('When Mailroom noticed it'),
  since: optional(z.iso.datetime(), 'The previous poll, which did not show it yet: it happened between the two'),
  answered: z
    .object({
      by: z
        .enum(['flag', 'sent'])
        .describe('flag: the message carries \\Answered. sent: a mail in Sent has it in In-Reply-To'),
      who: optionalText('Address of Sender, else of From, of the mail in Sent; unknown with flag'),
      at: optional(z.iso.datetime(), 'When the mail arrived in Sent'),
      messageId: optionalText('Message-ID of the mail in Sent'),
    })
    .optional(),
  movedTo: z
    .object({
      server: z.string().optional(),
      messageKey: text('The same mail (by Message-ID) in another watched folder'),
    })
    .optional()
    .describe('Only where another watched folder holds it; missing: deleted, or moved to a folder that nobody watches'),
  overflow: z
    .object({
      reason: z
        .enum(['too-many', 'backlog', 'uids-reset'])
        .describe(
          'too-many: more changes at one poll than are reported. backlog: the queue is full because nobody consumes it. uids-reset: the server renumbered the folder (UIDVALIDITY); changes of that moment are unknown',
        ),
      changes: z.int().min(0).describe('How many changes were not reported'),
      kinds: z.record(z.string(), z.int().min(0)).describe('The same by kind of event'),
    })
    .optional(),
});

export type MailboxEvent = z.infer<typeof mailboxEventSchema>;
export type MailboxEventKind = MailboxEvent['event'];
