// Bounces in prose as the mail systems of thirty years word them: who was not reached, why, and whether it is still tried. Each row stands for a fault that
// real mails of other libraries' suites showed; the mails are our own.
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/mime/index.ts';

const OURS = 'us@shop.example';

function parse(from: string, subject: string, body: string, more = ''): ReturnType<typeof parseMessage> {
  return parseMessage(
    Buffer.from(
      `From: ${from}\nTo: ${OURS}\nSubject: ${subject}\nContent-Type: text/plain; charset=utf-8\n${more}\n${body}\n`,
    ),
  );
}

const DAEMON = 'MAILER-DAEMON@mx.example';
type Row = [address: string, action: string, status?: string | undefined, replyCode?: number];
const rows: [name: string, from: string, subject: string, body: string, expected: Row[], more?: string][] = [
  [
    'MDaemon: a permanent failure with a transcript and a code of its own class',
    'MDaemon@mx.example',
    'Permanent Delivery Failure',
    'The attached message had PERMANENT fatal delivery errors!\n\nThe following addresses did NOT receive a copy of your message:\n\n> jane@x.example\n\n--- Session Transcript ---\n RCPT To: <jane@x.example>\n 552 <jane@x.example>, mailbox retry timeout\n',
    [['jane@x.example', 'failed', undefined, 552]],
  ],
  [
    'IMail: "userid:" is no message id',
    '"Postmaster" <postmaster@mx.example>',
    'Undeliverable Mail',
    'Invalid final delivery userid: jane@x.example\n\n\nOriginal message follows.\n\nTo: <other@x.example>\n',
    [['jane@x.example', 'failed', '5.1.1']],
  ],
  [
    'Exim hides the address and says what it was generated from',
    `Mail Delivery System <${DAEMON}>`,
    'Mail delivery failed: returning message to sender',
    'A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  an undisclosed address\n    (generated from jane@x.example)\n\n------ This is a copy of the message, including all the headers. ------\n',
    [['jane@x.example', 'failed']],
  ],
  [
    'Exchange 5.5: To and Cc of the original are not the failed ones; X.400 address',
    'System Administrator <postmaster@mx.example>',
    'Undeliverable: Offer',
    'Your message\n\n  To:      list@x.example\n  Cc:      other@x.example; third@x.example\n  Subject: RE: Offer\n  Sent:    Fri, 4 Oct 2002 17:10:56 -0400\n\ndid not reach the following recipient(s):\n\nc=US;a= ;p=IKON;o=Nexus2;dda:SMTP=jane@x.example; on Fri, 4 Oct 2002\n17:12:28 -0400\n    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=us;a=\n',
    [['jane@x.example', 'failed', '5.1.1']],
  ],
  [
    'SMTP server without a daemon’s name: list of failed recipients',
    'E500_SMTP_Mail_Service@mx.example',
    'Returned Mail - Error During Delivery',
    '------ Failed Recipients ------\n\n<jane@x.example>: Requested action not taken: mailbox unavailable. [SMTP Error Code 550]\n-------- Returned Mail --------\n\nReceived: from a\nMessage-ID: <ours@shop.example>\n',
    [['jane@x.example', 'failed', '5.1.1', 550]],
  ],
  [
    'a virus gateway that is still trying',
    'AntiVirus_for_SMTP_Gateways@mx.example',
    'Delivery failure notification',
    'Your message with Subject: Re: lost and found....\ncould not be delivered to the following recipients:\n\njane@x.example\n\nPlease do not resend your original message.\n\nDelivery attempts will continue to be made for 5  day(s).\n',
    [['jane@x.example', 'delayed']],
  ],
  [
    'postponed because of a full mailbox: a temporary 4.2.2',
    'Postmaster@mx.example',
    'Mail Delivery Warning',
    'Delivery of email to this address\n\n"jane@x.example"\n\nhas been postponed due to a full mailbox.\n\nWe will continue to try to deliver your message over the next few days.\n',
    [['jane@x.example', 'delayed', '4.2.2']],
  ],
  [
    'a final failure called a warning: user unknown',
    'MDaemon@mx.example',
    'Warning: jane@x.example - User unknown!',
    'jane@x.example - no such user here.\n\nThere is no user by that name at this server.\n',
    [['jane@x.example', 'failed', '5.1.1']],
  ],
  [
    'a French system without a daemon’s name',
    'mail.internet@mx.example',
    'RE: Offer : non remis\n\t(delivery failed)',
    "*****\nVotre message n'a pas pu etre delivre a\njane@x.example\n\n*****\nYour message could not be delivered to\njane@x.example\n",
    [['jane@x.example', 'failed']],
    'Return-Path: <>\n',
  ],
  [
    'sina: only the addresses are ASCII',
    DAEMON,
    '邮件发送失败！',
    'sina.com.\n邮件无法发送到您指定的地址中。\n\n<jane@x.example>:\n\n<joe@x.example>:\n\n--- 附件中的内容是原信件的一份拷贝\n',
    [
      ['jane@x.example', 'failed'],
      ['joe@x.example', 'failed'],
    ],
  ],
  [
    'AOL: the local part only',
    'Mail Delivery Subsystem <MAILER-DAEMON@aol.example>',
    'Mail Delivery Problem',
    `Your mail to the following recipients could not be delivered because they are not accepting mail from ${OURS}:\n\tscreenname\n`,
    [['screenname@aol.example', 'failed']],
  ],
  [
    'a telephone number is no reply code',
    DAEMON,
    'failure notice',
    "We're sorry. There's a problem with the e-mail address(es). Please contact Customer Support at (480) 624-2500.\n\n<jane@x.example>:\nThe e-mail message could not be delivered because the user's mailfolder is full.\n\n--- Below this line is a copy of the message.\n",
    [['jane@x.example', 'failed', '5.2.2']],
  ],
  [
    'prose that names other addresses',
    'postmaster@x.example (Automated response)',
    'FAILED MAIL to "jane" regarding "Offer"',
    'The standard form of email address here is lastnameNumber@x.example\nalthough individuals may choose an alternate email address. The address to\nwhich your message was addressed, jane@x.example, did not exactly match an\nemail address.\n\nThe following locator information may be of help:\n\n  Jane L. Doe            +1 925-xxx-xxxx       jane4@x.example\n\nOriginal message as received is as follows:\n',
    [['jane@x.example', 'failed', '5.1.1']],
  ],
  [
    'a mobile gateway: RCPT TO, and a Re: for a subject',
    'post_master@text.example',
    'Re:Test message',
    `Error: Invalid user address\n\nError message below:\n550 - Requested action not taken: no such user here\n\nMessage details:\n  Subject: Test message\n  MAIL FROM: ${OURS}\n  RCPT TO: 0123456789@text.example\n  From: other@shop.example\n`,
    [['0123456789@text.example', 'failed', '5.1.1', 550]],
  ],
  [
    'the answer after the address takes precedence over the code of the transcript',
    DAEMON,
    'Returned mail: Host unknown',
    '   ----- Transcript of session follows -----\n550 neko.x.example (smtp)... 550 Host unknown\n554 <jane@neko.x.example>... 550 Host unknown (Authoritative answer from name server)\n\n   ----- Unsent message follows -----\nTo: other@x.example\n',
    [['jane@neko.x.example', 'failed', '5.1.2', 550]],
  ],
  [
    'qmail gives up on a full mailbox: final, although the cause is temporary',
    DAEMON,
    'failure notice',
    'Hi. This is the qmail-send program.\n\n<jane@x.example>:\n192.0.2.135 does not like recipient.\nRemote host said: 450 4.2.2 <jane@x.example>... Mailbox Full\nGiving up on 192.0.2.135.\n',
    [['jane@x.example', 'failed', '4.2.2', 450]],
  ],
  [
    'OpenSMTPD: "warning" after a colon',
    `Mailer Daemon <${DAEMON}>`,
    'Delivery status notification: warning',
    '    A message is delayed for more than 10 minutes for the following\n    list of recipients:\n\njane@x.example: Network error on destination MXs\n\n    Please note that this is only a temporary failure report.\n\n    Below is a copy of the original message:\n\nTo: <other@x.example>\n',
    [['jane@x.example', 'delayed']],
  ],
  [
    'a postmaster as the failed recipient',
    'postmaster@mx.example',
    'Returned mail: Service unavailable',
    "   ----- The following addresses had delivery problems -----\npostmaster@x.example\n\n   ----- Non-delivered information -----\nThe number of messages in recipient's mailbox exceeded the local limit.\n",
    [['postmaster@x.example', 'failed']],
  ],
  [
    'Mimecast: after thirty attempts',
    '"Mail Delivery System" <mailer-daemon@mx.example>',
    '[Postmaster] Email Delivery Failure',
    `This is a delivery failure notification message indicating that\nan email ${OURS} addressed to email address :\n-- jane@x.example\n\nWith subject Re: Offer sent on the Mon, 14 Dec 2020\ncould not be delivered. The problem appears to be :\n-- Recipient server unavailable or busy\n\nAdditional information follows :\n-- 4.4.4 Temporary server error. Please try again later\n`,
    [['jane@x.example', 'failed', '4.4.4']],
  ],
  [
    'a report that lost its parts: the fields of RFC 3464 in the text',
    DAEMON,
    'Returned mail: Service unavailable',
    '   ----- The following addresses had permanent fatal errors -----\n"|exec procmail"\n    (expanded from: <jane@x.example>)\n\n   ----- Transcript of session follows -----\n554 "|exec procmail"... Service unavailable\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: RFC822; jane@mail.x.example\nAction: failed\nStatus: 5.5.0\n\nReturn-Path: <us@shop.example>\n',
    [['jane@mail.x.example', 'failed', '5.5.0', 554]],
  ],
  [
    'a mail to ourselves: our address is among the failed ones',
    DAEMON,
    'failure notice',
    `Hi. This is the mail program.\n\n<${OURS}>:\nRemote host said: 552 5.2.2 over quota\n`,
    [[OURS, 'failed', '5.2.2', 552]],
  ],
  [
    'only the addressee of the returned mail is named',
    DAEMON,
    'Returned mail: Deferred',
    '   ----- Transcript of session follows -----\nDeferred: Connection timed out with mx.x.example.\n\n   ----- Unsent message follows -----\nFrom: us@shop.example\nTo: Jane <jane@x.example>\nSubject: Offer\n',
    [['jane@x.example', 'failed', '4.4.7']],
  ],
  [
    'sendmail warns first, then states when the original was received',
    `Mail Delivery Subsystem <${DAEMON}>`,
    'Warning: could not send message for past 4 hours',
    '    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n    **********************************************\n\nThe original message was received at Mon, 2 Nov 2026 06:00:00 +0100\nfrom client.shop.example [192.0.2.7]\n\n   ----- The following addresses had transient non-fatal errors -----\n<jane@x.example>\n\n   ----- Transcript of session follows -----\n451 4.4.1 <jane@x.example>... reply: read error\n',
    [['jane@x.example', 'delayed', '4.4.1', 451]],
  ],
  [
    'a daemon with a null sender and auto-replied (RFC 3834 §2)',
    DAEMON,
    'A mail of yours',
    'Your message was rejected.\n\nThe server <mx.x.example> does not want the recipient <jane@x.example>: [550 5.1.1 no such user]\n',
    [['jane@x.example', 'failed', '5.1.1', 550]],
    'Return-Path: <>\nAuto-Submitted: auto-replied\n',
  ],
  [
    'a null sender, and a complete sentence about a mail and its address',
    'info@mx.example',
    'Mail',
    'Your message of this morning could not be delivered to the recipient\n<jane@x.example>, whose mailbox is full.\n',
    [['jane@x.example', 'failed', '5.2.2']],
    'Return-Path: <>\n',
  ],
  [
    'OpenSMTPD, with a null sender',
    'info@mx.example',
    'Mail',
    'An error has occurred while attempting to deliver a message for the following list of recipients:\n\njane@x.example: 550 5.1.1 no such user\n',
    [['jane@x.example', 'failed', '5.1.1', 550]],
    'Return-Path: <>\n',
  ],
  [
    'a transcript that begins with successful answers',
    `${DAEMON} (Mail Delivery System)`,
    'SMTP server: errors from client.shop.example',
    'Transcript of session follows.\n\n Out: 220 mx.example ESMTP\n In:  MAIL FROM:<us@shop.example>\n Out: 250 2.1.0 Ok\n In:  RCPT TO:<jane@x.example>\n Out: 250 2.1.5 Ok\n In:  DATA\n Out: 354 End data\n Out: 451 4.3.0 queue file write error\n In:  QUIT\n Out: 221 2.0.0 Bye\n',
    [['jane@x.example', 'failed', '4.3.0', 451]],
  ],
  [
    'an explicit status is not replaced by an interpretation of the words',
    DAEMON,
    'Mail delivery failed',
    'Your mail was not delivered to <jane@x.example>.\n\nThe server answered:\n550 5.0.0 <jane@x.example>: Recipient address rejected: greylisted for ever\n',
    [['jane@x.example', 'failed', '5.0.0', 550]],
  ],
  [
    'except by unmistakable words',
    DAEMON,
    'Mail delivery failed',
    'Your mail was not delivered:\n\n<jane@x.example>: 550 5.0.0 <jane@x.example>: user unknown\n',
    [['jane@x.example', 'failed', '5.1.1', 550]],
  ],
  [
    'Exchange names the status twice, first without the reply code',
    'postmaster@mx.example',
    'Undeliverable: Offer',
    `Delivery has failed to these recipients:\n\njane@x.example<mailto:jane@x.example>\nThe address you entered couldn't be found.\n\nSee DSN 5.1.10 in Exchange Online.\n${'\n'.repeat(14)}Diagnostic information for administrators:\n\nGenerating server: mx.example\n\njane@x.example\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'\n`,
    [['jane@x.example', 'failed', '5.1.10', 550]],
  ],
  ...(
    [
      ["jane wasn't found at x.example.", '5.1.1'],
      ['Die eingegebene E-Mail-Adresse konnte nicht gefunden werden.', '5.1.1'],
      ["L'adresse est introuvable.", '5.1.1'],
      ["The recipient's mailbox is full and can't accept messages now.", '5.2.2'],
      ["You don't have permission to send to this recipient.", '5.7.1'],
      ['Sie haben keine Berechtigung, an diesen Empfänger zu senden.', '5.7.1'],
    ] as const
  ).map(([words, status]): (typeof rows)[number] => [
    `Exchange in prose, without any code: ${words}`,
    'Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@shop.example>',
    'Undeliverable: Offer',
    `Delivery has failed to these recipients or groups:\n\njane@x.example<mailto:jane@x.example>\n${words}\n`,
    [['jane@x.example', 'failed', status]],
  ]),
];

describe('prose', () => {
  it.each(rows)('%s', (_name, from, subject, body, expected, more) => {
    const message = parse(from, subject, body, more);
    expect(message.automatic.kind).toBe('bounce');
    const got = message.deliveryStatus?.recipients ?? [];
    expect(got.map((r) => [r.recipient, r.action])).toEqual(expected.map(([address, action]) => [address, action]));
    for (const [i, [, action, status, replyCode]] of expected.entries()) {
      if (status !== undefined) expect(got[i]?.status).toBe(status);
      if (replyCode !== undefined) expect(got[i]?.replyCode).toBe(replyCode);
      expect(got[i]?.permanent).toBe(action === 'failed');
      expect(got[i]?.replyCode === undefined || got[i]?.status?.[0] === String(got[i]?.replyCode)[0]).toBe(true);
    }
  });

  it.each([
    [
      'a parcel',
      'Jane <jane@x.example>',
      'Delivery failed',
      'My parcel could not be delivered to the following address: jane@x.example',
    ],
    [
      'a shop',
      'no-reply@shop.example',
      'Zwrot zamówienia',
      'Your return was rejected, the mailbox is full. jane@x.example',
    ],
    [
      'a carrier',
      'no-reply@carrier.example',
      'Delivery problem',
      'Your parcel could not be handed over. Questions: jane@x.example',
    ],
    [
      'a forward',
      'jane@x.example',
      'Fwd: Undelivered Mail Returned to Sender',
      'What is this?\n\nThe message could not be delivered to joe@x.example',
    ],
  ])('%s is not a bounce', (_name, from, subject, body) => {
    expect(parse(from, subject, body).automatic.kind).not.toBe('bounce');
  });
});

describe('reports in other forms', () => {
  it.each([
    ['on the report', 'Any subject', 'X-HmXmrOriginalRecipient: jane@x.example\n', ''],
    ['on the mail', 'complaint about message from 192.0.2.7', '', 'X-HmXmrOriginalRecipient: jane@x.example\n'],
  ])('recognises a complaint of Outlook.com, which names the reader %s', (_where, subject, outer, inner) => {
    const message = parseMessage(
      Buffer.from(
        `From: staff@fbl.example\nTo: ${OURS}\nSubject: ${subject}\n${outer}Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n${inner}From: ${OURS}\nTo: jane@x.example\nMessage-ID: <ours@shop.example>\n\nHello\n--b--\n`,
      ),
    );
    expect(message.automatic).toMatchObject({ kind: 'receipt', mayAutoRespond: false });
    expect(message.deliveryStatus).toEqual({
      originalMessageId: '<ours@shop.example>',
      recipients: [{ recipient: 'jane@x.example', permanent: false, diagnostic: 'complaint: abuse' }],
    });
  });

  it('recognises a receipt of Sieve’s reject as a refusal (RFC 5429)', () => {
    const mdn = (words: string): ReturnType<typeof parseMessage> =>
      parseMessage(
        Buffer.from(
          `From: Mail Delivery Subsystem <admin@x.example>\nSubject: Automatically rejected mail\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\n${words}\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; jane@x.example\nOriginal-Message-ID: <ours@shop.example>\nDisposition: automatic-action/MDN-sent-automatically; deleted\n\n--b--\n`,
        ),
      );
    const rejected = mdn('Your message to <jane@x.example> was automatically rejected:\nQuota exceeded');
    expect(rejected.automatic.kind).toBe('bounce');
    expect(rejected.deliveryStatus).toMatchObject({
      originalMessageId: '<ours@shop.example>',
      recipients: [{ recipient: 'jane@x.example', action: 'failed', status: '5.2.2', permanent: true }],
    });
    expect(mdn('Your message was deleted without being read.').automatic.kind).toBe('receipt');
  });

  it('reads the report that a gateway attached to its own', () => {
    const message = parseMessage(
      Buffer.from(
        'From: postmaster@x.example\nSubject: Delivery Status Notification (Failure)\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\nFrom: postmaster@x.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822;jane@x.example\nAction: failed\nStatus: 5.1.1\n--b--\n--a--\n',
      ),
    );
    expect(message.deliveryStatus?.recipients).toMatchObject([{ recipient: 'jane@x.example', status: '5.1.1' }]);
  });

  it('names everybody who complained (RFC 5965)', () => {
    const report = (fields: string): ReturnType<typeof parseMessage> =>
      parseMessage(
        Buffer.from(
          `From: fbl@x.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nabuse\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n${fields}\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <ours@shop.example>\nTo: <jane@x.example>\n\nhi\n--b--\n`,
        ),
      );
    expect(
      report('Original-Rcpt-To: joe@x.example\nOriginal-Rcpt-To: <ann@x.example>\n').deliveryStatus?.recipients.map(
        (r) => r.recipient,
      ),
    ).toEqual(['joe@x.example', 'ann@x.example']);
    expect(report('Version: 1\n').deliveryStatus).toMatchObject({
      originalMessageId: '<ours@shop.example>',
      recipients: [{ recipient: 'jane@x.example', permanent: false }],
    });
  });

  it.each([
    [
      'Bounce',
      '{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"jane@x.example","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{"headers":[{"name":"Message-ID","value":"<ours@shop.example>"}]}}',
      'bounce',
      { recipient: 'jane@x.example', action: 'failed', status: '5.1.1', replyCode: 550, permanent: true },
    ],
    [
      'Complaint, wrapped and broken by an old relay',
      '{\n "Type" : "Notification", "Message" : "{\\"notificationType\\":\\"Complaint\\",\\"complaint\\":{\\"complainedRecipients\\":[{\\"emailAddress\\":\\"jane@x.exa!\n mple\\"}]},\\"mail\\":{\\"headers\\":[{\\"name\\":\\"Message-ID\\",\\"value\\":\\"<ours@shop.example>\\"}]}}" }',
      'receipt',
      { recipient: 'jane@x.example', permanent: false },
    ],
    [
      'Delivery',
      '{"notificationType":"Delivery","delivery":{"recipients":["jane@x.example"],"smtpResponse":"250 2.6.0 Message received"},"mail":{"headers":[{"name":"Message-ID","value":"<ours@shop.example>"}]}}\n\n--\nUnsubscribe: https://x.example',
      'receipt',
      { recipient: 'jane@x.example', action: 'delivered', status: '2.6.0', permanent: false },
    ],
  ])('Amazon SES: %s', (_name, json, kind, recipient) => {
    const message = parse('no-reply@sns.example', 'AWS Notification Message', json);
    expect(message.automatic.kind).toBe(kind);
    expect(message.deliveryStatus).toMatchObject({ originalMessageId: '<ours@shop.example>', recipients: [recipient] });
  });
});
