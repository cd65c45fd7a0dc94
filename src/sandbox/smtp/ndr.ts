// Exchange Online's reports of delivery: multipart/report with an empty X-MS-Exchange-Message-Is-Ndr header (RFC 3464; sisimai Lhost/Office365).
import { randomUUID } from 'node:crypto';
import { headerFields, headerLength, headerValue } from '../addresses.ts';
import { HOSTNAME, mailDate } from '../tenant.ts';
import { BOUNCES, type Bounce, type BounceName } from './bounces.ts';

export interface Report {
  recipients: readonly string[];
  action: 'failed' | 'delayed' | 'delivered';
  /** Why, according to a server; not with `delivered`. */
  bounce: BounceName;
}

const SUBJECT = { failed: 'Undeliverable', delayed: 'Delivery delayed', delivered: 'Delivered' } as const;
const WORDS = {
  failed: 'Delivery has failed to these recipients or groups:',
  delayed: 'Delivery to these recipients or groups is delayed:',
  delivered: 'Your message has been delivered to the following recipients:',
} as const;

function statusOf(recipient: string, { action, bounce }: Report): string[] {
  const head = [`Final-Recipient: rfc822;${recipient}`, `Action: ${action}`];
  if (action === 'delivered') return [...head, 'Status: 2.0.0'];
  const { text, status: permanent, remote }: Bounce = BOUNCES[bounce];
  // A delay has the status class of transient failures, 4.x.x (RFC 3463).
  const status = action === 'delayed' ? permanent.replace(/^5/, '4') : permanent;
  const diagnostic = [`Status: ${status}`, `Diagnostic-Code: smtp;${text.replace(permanent, status)}`];
  return [...head, ...diagnostic, ...(remote === undefined ? [] : [`Remote-MTA: dns;${remote}`])];
}

export function deliveryReport(domain: string, to: string, report: Report, original: Buffer): Buffer {
  const boundary = randomUUID();
  const fields = headerFields(original);
  const messageId = headerValue(fields, 'message-id') ?? '';
  const postmaster = `postmaster@${domain.split('.')[0]}.onmicrosoft.com`;
  const { recipients, action } = report;
  const status = recipients.map((recipient) => [...statusOf(recipient, report), ''].join('\r\n'));
  const head = [
    `From: Microsoft Outlook <${postmaster}>`,
    `To: ${to}`,
    `Date: ${mailDate()}`,
    `Message-ID: <${randomUUID()}@${postmaster.split('@')[1]}>`,
    `In-Reply-To: ${messageId}`,
    `References: ${messageId}`,
    `Subject: ${SUBJECT[action]}: ${headerValue(fields, 'subject') ?? ''}`,
    'Auto-Submitted: auto-replied',
    'X-MS-Exchange-Message-Is-Ndr:',
    // Written within the tenant only: the border removes it from mail of others (exchange.ts).
    'X-MS-Exchange-Organization-AuthAs: Internal',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset="us-ascii"',
    '',
    WORDS[action],
    '',
    ...recipients,
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    `Reporting-MTA: dns;${HOSTNAME}`,
    '',
    ...status,
    `--${boundary}`,
    'Content-Type: message/rfc822',
    '',
    '',
  ];
  const tail = `\r\n--${boundary}--\r\n`;
  return Buffer.concat([
    Buffer.from(head.join('\r\n'), 'latin1'),
    original.subarray(0, headerLength(original)),
    Buffer.from(tail),
  ]);
}
