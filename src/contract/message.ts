// mailroom.message/1: the job data on an email flow's queue. This zod schema is the source; the JSON Schema under schemas/ is generated
// from it. A change that an old consumer could not read is a new version beside this one, never an edit.
import { z } from 'zod';
import { optional, optionalText, text } from './field.ts';

export const MESSAGE_SCHEMA = 'mailroom.message/1';

const count = z.int().min(0);
const transferEncoding = z.enum(['identity', 'base64', 'quoted-printable', 'uuencode']);

export const addressSchema = z.object({
  name: text('Display name, decoded; empty if there is none'),
  address: text('addr-spec as written by the sender, domain in Unicode; may be empty when the header was broken'),
});

export const warningSchema = z.object({
  code: text('Stable code of the repair or limit, e.g. charset-repaired'),
  detail: optionalText('Where or what, never content of the mail'),
});

export const attachmentSchema = z.object({
  n: count.describe(
    'Number of the attachment within this message, from 0; GET /v1/messages/{messageKey}/attachments/{n}',
  ),
  filename: text('Made safe: no path, no control or bidirectional-override characters, never empty'),
  contentType: text('Media type as declared, lower case, without parameters'),
  detectedType: optionalText(
    'Media type by its first bytes; missing where they say nothing. A warning where it contradicts contentType',
  ),
  executable: optional(z.boolean(), 'True: it runs when it is opened, by its first bytes or its name'),
  size: count.describe('Decoded size in bytes'),
  sha256: text('SHA-256 of the decoded bytes, hex'),
  contentId: optionalText(
    'Without angle brackets; characters that RFC 5322 does not permit are percent-encoded, as in a cid: URL',
  ),
  inline: z.boolean().describe('Shown within the html body (referenced by cid:), as opposed to offered for download'),
  part: text('IMAP part number within the raw mail, e.g. 1.2'),
  slice: z
    .object({
      start: count,
      end: count,
      encoding: z.enum(['identity', 'base64', 'quoted-printable', 'uuencode', 'tnef']),
      within: z
        .object({ encoding: transferEncoding, start: count, end: count })
        .optional()
        .describe(
          'With tnef: how the winmail.dat in the range is encoded, and which of its decoded bytes are this file',
        ),
      signed: z
        .object({ start: count, end: count, encoding: transferEncoding })
        .optional()
        .describe(
          'Present for a file within an S/MIME signature: the decoded range is a CMS message; the file is this range of its signed content, encoded so',
        ),
    })
    .describe('Byte range of the encoded body within the raw mail, and how it is encoded; decoded on demand'),
});

export const automaticSchema = z.object({
  kind: z.enum(['none', 'auto-reply', 'bounce', 'receipt', 'list', 'bulk', 'challenge']),
  evidence: z.array(z.object({ header: z.string(), value: z.string().optional(), source: z.string() })),
  mayAutoRespond: z.boolean().describe('False if an automatic answer could loop or annoy (RFC 3834)'),
});

export const deliveryStatusSchema = z.object({
  reply: z
    .object({
      replyId: z.string().optional(),
      messageId: z.string(),
      proof: optional(
        z.enum(['recipient-matches', 'message-id-only']),
        'recipient-matches: the report names a recipient of that reply. message-id-only: it names nobody, or the reply is not known any more; anybody who got the mail can write such a report',
      ),
    })
    .optional()
    .describe('The reply of ours that this report is about; missing where the report names none of its recipients'),
  originalMessageId: z.string().optional(),
  recipients: z.array(
    z.object({
      recipient: z.string(),
      action: z.enum(['failed', 'delayed', 'delivered', 'relayed', 'expanded']).optional(),
      status: optionalText('RFC 3463, e.g. 5.1.1'),
      replyCode: z.int().optional(),
      permanent: z
        .boolean()
        .describe('The reporting system has given up; false while it still tries, or when the mail arrived'),
      diagnostic: z.string().optional(),
      remoteMta: optionalText(
        'Host whose words the diagnostic are; missing where they are the reporting system’s own (RFC 3464)',
      ),
    }),
  ),
  internal: optional(
    z.boolean(),
    'True: written by the mail system that the mailbox belongs to, by a mark that nobody outside can set. Exchange Online only',
  ),
});

export const blobReferenceSchema = z.object({
  blob: text('Key in the blob store'),
  size: count,
  sha256: z.string(),
});

export const textPartSchema = z.object({
  part: text('IMAP part number within the raw mail'),
  contentType: text('text/plain, text/html …; plain text among html is escaped when shown'),
  charset: text('Of the decoded bytes: as declared, or what the bytes turned out to be'),
  slice: z.object({ start: count, end: count, encoding: transferEncoding }),
});

/** Inline text up to the bound, and references to the parts of the whole when it is cut. */
const bodySchema = z.object({
  value: text('The text; cut at the inline bound when truncated is true, html never within a tag or entity'),
  truncated: z.boolean(),
  length: count.describe('Length of the whole text in UTF-16 units'),
  parts: optional(
    z.array(textPartSchema),
    'With truncated: what of the raw mail makes up the whole, in order. Missing where the text was made of the html. GET /v1/messages/{messageKey}/text or /html gives the whole, decoded, in any case',
  ),
});

export const authenticationSchema = z
  .object({
    by: text('Source: the authserv-id, or the host that received the mail (Exchange Online)'),
    spf: optionalText('pass, fail, softfail, neutral, none, temperror, permerror'),
    dkim: optionalText('pass when one signature passed; else the result of the first'),
    dmarc: optionalText('pass, fail, none, temperror, permerror; Exchange Online: bestguesspass too'),
    arc: optionalText('pass, fail, none'),
    compauth: z
      .object({ result: z.string(), reason: z.string().optional() })
      .optional()
      .describe('Composite authentication of Exchange Online: pass, fail, softpass, none, with its three digits'),
    aligned: z
      .boolean()
      .describe(
        'The domain of From is the one that was authenticated: DMARC passed, or where it has no opinion SPF or DKIM for this domain',
      ),
    spam: z
      .object({
        scl: optional(z.int(), 'Spam confidence level, -1 to 9'),
        bcl: optional(z.int(), 'Bulk complaint level, 0 to 9'),
        category: optionalText('CAT: NONE, SPM, PHSH, SPOOF, BULK …'),
      })
      .optional()
      .describe('Exchange Online only'),
  })
  .describe(
    'The verdict of the receiving server about the sender. Missing if it gives none or the server is not known',
  );

export const stampSchema = z.object({
  kind: z
    .enum(['safety-tip', 'external', 'scanner', 'configured'])
    .describe(
      'safety-tip: of an unknown sender, by Exchange. external: a banner for mails from outside. scanner: a footer of a scanner. configured: one of inbound.stamps',
    ),
  place: z.enum(['top', 'bottom']).describe('Above or below what the customer wrote'),
  text: text('Its words on one line, the first 300 characters'),
});

export const linkSchema = z.object({
  text: text('As the reader sees it; the address itself in a plain text'),
  target: text('Where it leads, unwrapped; the address of the wrapper where only its server knows the target'),
  wrapped: optionalText('Whose wrapper was around it, e.g. safelinks, proofpoint, mimecast'),
  differs: z.boolean().describe('The text names another site than the one that the link leads to'),
});

export const messageSchema = z.object({
  schema: z.literal(MESSAGE_SCHEMA),
  messageKey: text('Deterministic identity of this message in this mailbox; equals the BullMQ job id'),
  emailFlow: z.string(),
  server: text('Name of the IMAP email server'),
  mailbox: text('User of the IMAP email server: the shared address'),
  folder: z.string(),
  uidValidity: text('Decimal'),
  uid: z.int().min(1),
  receivedAt: z.iso
    .datetime()
    .describe('INTERNALDATE of the server; where it gives none, the Date header, or the time of arrival here'),
  parse: z.enum(['complete', 'truncated', 'headers-only', 'failed']),
  subject: z.string(),
  date: optional(z.iso.datetime(), 'Date header, in UTC'),
  from: z.array(addressSchema),
  sender: addressSchema.optional(),
  replyTo: z.array(addressSchema),
  to: z.array(addressSchema),
  cc: z.array(addressSchema),
  deliveredTo: z.array(z.string()).describe('Delivered-To, X-Original-To and the like, as given'),
  addressedTo: z
    .array(
      z.object({
        address: text('Address of the mailbox, as its definition writes it'),
        tag: optionalText('Of a plus address: the text between + and @'),
        header: text('Where it was found: To, Cc, Delivered-To, Received …'),
      }),
    )
    .optional()
    .describe(
      'Which of our addresses (User and aliases of the email server) it was written to, To first. Missing where no header names one',
    ),
  headers: z
    .record(z.string(), z.array(z.string()))
    .optional()
    .describe('Headers that inbound.messageHeaders asks for: lower-case name → values, decoded'),
  text: bodySchema.optional(),
  html: bodySchema.optional(),
  replyText: optionalText('The new part of the mail without quoted history and signature; the whole text when unsure'),
  replyTextFrom: optional(
    z.enum(['split', 'whole']),
    'split: replyText is a part of the text, a quotation or signature was left out. whole: it is all of the text (without stamps), because no quotation or signature was found for certain',
  ),
  preview: optionalText(
    'The first 200 characters of the new part on one line, for lists; without quoted lines where there are others',
  ),
  stamps: optional(
    z.array(stampSchema),
    'What mail systems wrote into the mail; left out of replyText, still in text and html. Missing when there is none',
  ),
  links: optional(
    z.array(linkSchema),
    'The first links of the html, or of the text where there is no html: at most 30, without wrappers such as Safe Links. Missing when there is none, and in bounces and mass mailings',
  ),
  attachments: z.array(attachmentSchema),
  raw: blobReferenceSchema.describe('The untouched mail'),
  threading: z.object({
    messageId: optionalText('With angle brackets'),
    inReplyTo: z.array(z.string()),
    references: z.array(z.string()),
    threadTopic: z.string().optional(),
    threadIndex: z.string().optional(),
  }),
  conversation: z.object({
    id: z.string(),
    matchedBy: z.enum(['in-reply-to', 'references', 'references-chain', 'thread-index', 'token', 'subject', 'new']),
    proof: optional(
      z.enum(['signed', 'references', 'none']),
      'signed: it names a Message-ID that only recipients of our mail know. references: it names a mail of this conversation, and its From belongs to it; From can be forged. none: it begins the conversation',
    ),
    related: optionalText(
      'Conversation that the message names, without proof that its sender belongs to it: for a person to judge',
    ),
  }),
  automatic: automaticSchema,
  deliveryStatus: deliveryStatusSchema.optional(),
  importance: z.enum(['low', 'normal', 'high']),
  authenticationResults: z
    .array(z.string())
    .describe('Authentication-Results headers as given, no matter who wrote them; see authentication'),
  authentication: authenticationSchema.optional(),
  fingerprint: optionalText(
    'The same for the same mail of this mailbox under whatever UID: a mail that was moved out of the folder and back is a new message with a new messageKey and the old fingerprint',
  ),
  siblings: z
    .array(z.string())
    .describe(
      'messageKeys under which the same Message-ID was seen in the last days, in another mailbox or in this one (moved out of the folder and back)',
    ),
  warnings: z.array(warningSchema),
  traceparent: optionalText(
    'W3C Trace Context of the span that put this job on the queue, where Mailroom writes traces: continue it, and hand it back in the reply',
  ),
});

export type Address = z.infer<typeof addressSchema>;
export type Attachment = z.infer<typeof attachmentSchema>;
export type Automatic = z.infer<typeof automaticSchema>;
export type DeliveryStatus = z.infer<typeof deliveryStatusSchema>;
export type Stamp = z.infer<typeof stampSchema>;
export type Link = z.infer<typeof linkSchema>;
export type Warning = z.infer<typeof warningSchema>;
export type BlobReference = z.infer<typeof blobReferenceSchema>;
export type AddressedTo = NonNullable<z.infer<typeof messageSchema>['addressedTo']>[number];
export type Authentication = z.infer<typeof authenticationSchema>;
export type Body = z.infer<typeof bodySchema>;
export type TextPart = z.infer<typeof textPartSchema>;
export type Message = z.infer<typeof messageSchema>;
