// Bounces per recipient, receipts, and the mail of ours that they are about.
import { describe, expect, it } from 'vitest';
import { mailboxContext } from '../../../src/domain/receiving-server.ts';
import { parseMessage } from '../../../src/mime/index.ts';

const dsn = (
  fields: string,
  third = 'Content-Type: message/rfc822\r\n\r\nMessage-ID: <ours@example.net>\r\nSubject: x\r\n\r\nbody',
): Buffer =>
  Buffer.from(
    `From: MAILER-DAEMON@x.example\r\nReturn-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nIt failed.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n${fields}\r\n--b\r\n${third}\r\n--b--`,
  );

describe('RFC 3464', () => {
  it('reports each recipient with status, code and permanence, and our Message-ID', () => {
    const message = parseMessage(
      dsn(
        'Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822;a@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 <a@x.example> unknown\r\n\r\nFinal-Recipient: rfc822; b@x.example\r\nAction: delayed\r\nStatus: 4.4.7',
      ),
    );
    expect(message.automatic.kind).toBe('bounce');
    expect(message.deliveryStatus).toEqual({
      originalMessageId: '<ours@example.net>',
      recipients: [
        {
          recipient: 'a@x.example',
          action: 'failed',
          status: '5.1.1',
          replyCode: 550,
          permanent: true,
          diagnostic: 'smtp; 550 5.1.1 <a@x.example> unknown',
        },
        { recipient: 'b@x.example', action: 'delayed', status: '4.4.7', permanent: false },
      ],
    });
    expect(message.text?.value).toBe('It failed.');
    expect(message.replyText).toBeUndefined();
  });

  it('separates recipients without a blank line, and accepts headers only as the third part', () => {
    const message = parseMessage(
      dsn(
        'Final-Recipient: rfc822;a@x.example\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp;552 5.2.2 full\r\nFinal-Recipient: rfc822;b@x.example\r\nAction: failed\r\nStatus: 5.1.1',
        'Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <ours2@example.net>',
      ),
    );
    expect(message.deliveryStatus?.recipients.map((r) => [r.recipient, r.status])).toEqual([
      ['a@x.example', '5.2.2'],
      ['b@x.example', '5.1.1'],
    ]);
    expect(message.deliveryStatus?.originalMessageId).toBe('<ours2@example.net>');
  });

  it.each([
    ['sendmail’s 5.1.1 for a full mailbox', '5.1.1', 'smtp; 552 5.2.2 Over quota', '5.2.2', 552],
    ['sendmail’s 5.1.1 for a policy', '5.1.1', 'smtp; 550 5.7.1 Not wanted', '5.7.1', 550],
    ['a class that differs from the answer', '4.5.0', 'smtp; 550 5.5.0 service refused', '5.5.0', 550],
    ['expired is the reporting system’s own', '4.4.7', 'smtp; 550 5.7.1 try later', '4.4.7', 550],
    [
      'expired, with the last answer quoted (Amazon SES)',
      '4.4.7',
      'smtp; 554 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.2 Connection timed out>',
      '4.4.2',
      421,
    ],
    [
      'expired, with the last answer quoted (Exchange)',
      '4.4.7',
      'smtp;550 4.4.7 QUEUE.Expired; message expired {LED=450 4.7.1 try again later};{FQDN=x};{IP=192.0.2.1}',
      '4.7.1',
      450,
    ],
    ['an exact status of one class', '5.2.1', 'smtp; 550 5.1.1 unknown', '5.2.1', 550],
    ['a successful answer before the failure', '5.0.0', 'smtp; 250 2.1.5 ok, then 554 5.6.0 bad content', '5.6.0', 554],
  ])('%s', (_name, status, diagnostic, expected, replyCode) => {
    const message = parseMessage(
      dsn(
        `Final-Recipient: rfc822;a@x.example\r\nAction: failed\r\nStatus: ${status}\r\nDiagnostic-Code: ${diagnostic}`,
      ),
    );
    expect(message.deliveryStatus?.recipients).toMatchObject([{ status: expected, replyCode, permanent: true }]);
  });

  it('completes a status of x.0.0 from the words about each recipient only', () => {
    const message = parseMessage(
      Buffer.from(
        'From: MAILER-DAEMON@y.example\r\nTo: us@example.net\r\nSubject: Delivery status notification: failed\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\na@x.example: 550 5.1.1 <a@x.example>: no such user\r\nb@x.example: 552 5.2.2 <b@x.example>: full\r\nc@x.example: gone\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; y.example\r\n\r\nFinal-Recipient: rfc822; a@x.example\r\nStatus: 5.0.0\r\n\r\nFinal-Recipient: rfc822; b@x.example\r\nStatus: 5.0.0\r\n\r\nFinal-Recipient: rfc822; c@x.example\r\nStatus: 5.0.0\r\n--b--\r\n',
      ),
    );
    expect(message.deliveryStatus?.recipients.map((r) => [r.recipient, r.status, r.replyCode])).toEqual([
      ['a@x.example', '5.1.1', 550],
      ['b@x.example', '5.2.2', 552],
      ['c@x.example', '5.0.0', undefined],
    ]);
  });

  it.each([
    ['delivered', 'Action: delivered\r\nStatus: 2.0.0'],
    ['deliverable, as Postfix reports of a test', 'Action: deliverable\r\nStatus: 2.1.5'],
    ['no action', 'Status: 2.1.5'],
  ])('does not treat a success report as a bounce: %s', (_name, fields) => {
    expect(parseMessage(dsn(`Final-Recipient: rfc822;a@x.example\r\n${fields}`)).automatic.kind).toBe('receipt');
  });

  it('is about the only addressee of the returned mail if it names nobody', () => {
    const message = parseMessage(
      dsn(
        'Reporting-MTA: dns; mx.example',
        'Content-Type: message/rfc822\r\n\r\nMessage-ID: <ours@example.net>\r\nTo: Kim <a@x.example>\r\n\r\nbody',
      ),
    );
    expect(message.deliveryStatus).toMatchObject({
      originalMessageId: '<ours@example.net>',
      recipients: [{ recipient: 'a@x.example', action: 'failed', permanent: true }],
    });
  });

  it('takes no codes from the returned mail, if its parts were lost', () => {
    const lost = `The original message was received at Mon, 2 Nov 2026 10:12:00 +0100\r\n\r\nFinal-Recipient: rfc822; a@x.example\r\nAction: failed\r\nStatus: 4.4.7\r\n\r\nReturn-Path: <us@example.net>\r\nTo: a@x.example\r\n\r\nWe are in room 507, 3rd floor.\r\n`;
    const message = parseMessage(
      Buffer.from(`From: MAILER-DAEMON@y.example\r\nSubject: Returned mail: see transcript for details\r\n\r\n${lost}`),
    );
    expect(message.deliveryStatus?.recipients).toEqual([
      { recipient: 'a@x.example', action: 'failed', status: '4.4.7', permanent: true },
    ]);
  });
});

it('reads receipts (RFC 8098)', () => {
  const message = parseMessage(
    Buffer.from(
      'From: a@x.example\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\r\nread\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;a@x.example\r\nOriginal-Message-ID: <ours@example.net>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--',
    ),
  );
  expect(message.automatic.kind).toBe('receipt');
  expect(message.deliveryStatus?.originalMessageId).toBe('<ours@example.net>');
});

describe('prose', () => {
  it.each([
    [
      'qmail',
      'Hi. This is the qmail-send program at x.example.\n\n<a@x.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n',
      '5.1.1',
      true,
    ],
    [
      'Exim',
      'This message was created automatically by mail delivery software.\n\n  a@x.example\n    SMTP error from remote mail server after RCPT TO:<a@x.example>:\n    host mx.x.example [192.0.2.1]: 550 5.7.1 blocked\n',
      '5.7.1',
      true,
    ],
    [
      'Postfix',
      "I'm sorry to have to inform you that your message could not\nbe delivered\n\n<a@x.example>: host mx.x.example[192.0.2.1] said: 452 4.2.2 over quota\n",
      '4.2.2',
      // Given up: RFC 3464 §2.3.3. That the cause is a passing one is what the status says.
      true,
    ],
    [
      'Postfix, while still trying',
      'Your message could not be delivered for more than 4 hour(s).\nIt will be retried until it is 5 day(s) old.\n\n<a@x.example>: host mx.x.example[192.0.2.1] said: 452 4.2.2 over quota\n',
      '4.2.2',
      false,
    ],
  ])('%s', (_name, body, status, permanent) => {
    const raw = `From: Mail Delivery System <MAILER-DAEMON@y.example>\nTo: us@example.net\nSubject: Undelivered Mail Returned to Sender\nReturn-Path: <>\n\n${body}\n--- Below this line is a copy of the message.\n\nReturn-Path: <us@example.net>\nMessage-ID: <ours@example.net>\nTo: other@z.example\n`;
    const message = parseMessage(Buffer.from(raw));
    expect(message.automatic.kind).toBe('bounce');
    expect(message.deliveryStatus?.originalMessageId).toBe('<ours@example.net>');
    expect(message.deliveryStatus?.recipients).toMatchObject([{ recipient: 'a@x.example', status, permanent }]);
  });

  it.each([
    [
      'Exim',
      'The following address(es) failed:\n\n  box4711@isp.example\n    (generated from jane@x.example)\n    SMTP error from remote mail server after RCPT TO:<box4711@isp.example>:\n    550 5.2.0 refused\n  other@x.example\n    550 5.1.1 unknown\n',
      ['jane@x.example', 'other@x.example'],
    ],
    [
      'sendmail',
      '   ----- The following addresses had permanent fatal errors -----\n<box4711@isp.example>\n    (reason: 550 5.1.1 unknown)\n    (expanded from: <jane@x.example>)\n\n   ----- Transcript of session follows -----\n550 5.1.1 <box4711@isp.example>... User unknown\n',
      ['jane@x.example'],
    ],
    [
      'an MMS centre',
      'Message could not be delivered to mobile.\n\nOriginal Message:\nFrom: us@example.net\nTo: jane@x.example\nSubject: x\n',
      ['jane@x.example'],
    ],
  ])('names the address that we wrote to, not the one that it forwards to: %s', (system, body, recipients) => {
    const from = system === 'an MMS centre' ? 'MMS Centre <sysadmin@mms.example>' : 'MAILER-DAEMON@mx.example';
    const message = parseMessage(
      Buffer.from(`From: ${from}\nTo: us@example.net\nSubject: Undeliverable Message\nReturn-Path: <>\n\n${body}`),
    );
    expect(message.automatic.kind).toBe('bounce');
    expect(message.deliveryStatus?.recipients.map((r) => r.recipient)).toEqual(recipients);
    expect(message.deliveryStatus?.recipients.every((r) => r.permanent)).toBe(true);
  });

  it('does not treat a customer’s complaint about mail as a bounce', () => {
    const message = parseMessage(
      Buffer.from(
        "From: Jane <jane@x.example>\nSubject: delivery failed again\n\nMy parcel could not be delivered to jane@x.example's address. User unknown, they say.\n",
      ),
    );
    expect(message.automatic.kind).toBe('none');
  });
});

describe('the words of a report', () => {
  const EXCHANGE = mailboxContext({ host: 'outlook.office365.com', user: 'a@contoso.example' });
  const NAMED = mailboxContext({ host: 'mail.proxy.example', user: 'a@x', trustedAuthservIds: ['*.prod.outlook.com'] });
  const OTHER = mailboxContext({ host: 'imap.example.net', user: 'a@x' });
  const MARK = 'X-MS-Exchange-Organization-AuthAs: Internal\r\n';
  const report = (header: string, fields = '') =>
    Buffer.concat([
      Buffer.from(header),
      dsn(`Final-Recipient: rfc822;a@x.example\r\nAction: failed\r\nStatus: 5.7.705${fields}`),
    ]);
  it.each([
    ['the header of Exchange, in a mailbox there', MARK, EXCHANGE, true],
    ['folded and in another case', 'x-ms-exchange-organization-authas:\r\n internal\r\n', EXCHANGE, true],
    ['behind a host that the definition says is Exchange', MARK, NAMED, true],
    ['in a mailbox elsewhere, where the header is not removed', MARK, OTHER, undefined],
    ['none', '', EXCHANGE, undefined],
    ['a guest of the tenant', MARK.replace('Internal', 'Anonymous'), EXCHANGE, undefined],
    ['two headers, one of which may be forged', `${MARK}${MARK}`, EXCHANGE, undefined],
  ] as const)('%s', (_, header, mailbox, internal) => {
    expect(parseMessage(report(header), { mailbox }).deliveryStatus?.internal).toBe(internal);
  });
  it('name the remote host that refused', () => {
    const { deliveryStatus } = parseMessage(report('', '\r\nRemote-MTA: dns; mx.customer.example'));
    expect(deliveryStatus?.recipients[0]?.remoteMta).toBe('mx.customer.example');
  });
});
