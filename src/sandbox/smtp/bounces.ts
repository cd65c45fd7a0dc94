// Reports about mails that were accepted, for the fault `bounce` and POST /bounces: one of each class, as Exchange Online writes them.
// `remote`: the words of another organisation's server; otherwise the tenant's own.

export interface Bounce {
  status: string;
  /** Reply code, status and words. */
  text: string;
  /** The host that refused. */
  remote?: string;
}

const REMOTE = 'mx.customer.example';

const own = (text: string): Bounce => ({ status: text.slice(4).split(' ', 1)[0] ?? '', text });
const remote = (text: string): Bounce => ({ ...own(text), remote: REMOTE });

export const BOUNCES = {
  recipientNotFound: own('550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'),
  userUnknown: remote('550 5.1.1 User unknown'),
  mailboxFull: remote('552 5.2.2 mailbox full'),
  bannedAddress: remote('550 5.7.606 Access denied, banned sending IP [192.0.2.1]'),
  spam: remote('550 5.7.1 message looks like spam'),
  dmarc: remote('550 5.7.509 Access denied, sending domain does not pass DMARC verification'),
  unproven: remote(
    '550 5.7.515 Access denied, sending domain contoso.example does not meet the required authentication level',
  ),
  tooLarge: remote('552 5.3.4 Message size exceeds fixed maximum message size'),
  recipientRate: own("554 5.2.121 Recipient's per hour message receive limit from this sender exceeded"),
  relayDenied: remote('550 5.7.64 TenantAttribution; Relay Access Denied'),
  expired: own('550 4.4.7 QUEUE.Expired; message expired'),
  other: remote('550 5.0.0 no'),
  // Limits and blocks of our own tenant or mailbox: they come as reports, long after the 250.
  tenantQuota: own(
    "550 5.7.233 Your message can't be sent because your tenant has exceeded its daily limit for sending email to external recipients",
  ),
  tenantQuotaTrial: own(
    "550 5.7.232 Your message can't be sent because your trial tenant has exceeded its daily limit",
  ),
  tenantQuotaOnMicrosoft: own(
    '550 5.7.236 Your message can’t be sent because your tenant exceeded its limit for sending from onmicrosoft.com',
  ),
  senderBlocked: own('550 5.1.8 Access denied, bad outbound sender'),
  tenantBlocked: own('550 5.7.705 Access denied, tenant has exceeded threshold'),
  tenantLowReputation: own('550 5.7.708 Access denied, traffic not accepted from this IP'),
  tenantUnregistered: own('550 5.7.750 Client blocked from sending from unregistered domains'),
  tenantSpam: own('550 5.7.501 Access denied, spam abuse detected'),
  submissionQuota: own(
    '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a permanent exception',
  ),
} as const satisfies Record<string, Bounce>;

export type BounceName = keyof typeof BOUNCES;
