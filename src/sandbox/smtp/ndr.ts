// Exchange Online's non-delivery report: multipart/report with an empty X-MS-Exchange-Message-Is-Ndr header (RFC 3464; sisimai Lhost/Office365).
import { randomUUID } from 'node:crypto';
import { headerFields, headerLength, headerValue } from '../addresses.ts';

export function nonDeliveryReport(domain: string, to: string, recipients: string[], original: Buffer): Buffer {
  const boundary = randomUUID();
  const fields = headerFields(original);
  const messageId = headerValue(fields, 'message-id') ?? '';
  const postmaster = `postmaster@${domain.split('.')[0]}.onmicrosoft.com`;
  const status = recipients.map((recipient) =>
    [
      `Final-Recipient: rfc822;${recipient}`,
      'Action: failed',
      'Status: 5.1.10',
      'Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup',
      '',
    ].join('\r\n'),
  );
  const head = [
    `From: Microsoft Outlook <${postmaster}>`,
    `To: ${to}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${randomUUID()}@${postmaster.split('@')[1]}>`,
    `In-Reply-To: ${messageId}`,
    `References: ${messageId}`,
    `Subject: Undeliverable: ${headerValue(fields, 'subject') ?? ''}`,
    'Auto-Submitted: auto-replied',
    'X-MS-Exchange-Message-Is-Ndr:',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset="us-ascii"',
    '',
    `Delivery has failed to these recipients or groups:`,
    '',
    ...recipients,
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    `Reporting-MTA: dns;SANDBOX.EURPRD01.PROD.OUTLOOK.COM`,
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
