// Real answers of submission servers, by who says them: what each means, and whether it burns a reply. Texts as published or seen in public logs.
import { describe, expect, it } from 'vitest';
import { classifySubmission, type Phase } from '../../../src/adapters/smtp/errors.ts';
import { catalogue } from '../../../src/domain/catalogue/index.ts';

const classify = (host: string, phase: Phase, text: string, tries = 1) =>
  classifySubmission(
    { phase, text, replyCode: Number(text.slice(0, 3)) },
    { user: 'support@contoso.example', from: 'info@contoso.example', server: 'Out', host, port: 587 },
    tries,
  );

type Row = [phase: Phase, text: string, code: string, action: string];

const servers: Record<string, { host: string; rows: Row[] }> = {
  'Exchange Online': {
    host: 'smtp.office365.com',
    rows: [
      [
        'auth',
        '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.',
        'SMTP_AUTH_DISABLED_TENANT',
        'pause-server',
      ],
      [
        'auth',
        '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.',
        'SMTP_AUTH_DISABLED_MAILBOX',
        'pause-server',
      ],
      [
        'auth',
        '535 5.7.139 Authentication unsuccessful, basic authentication is disabled.',
        'SMTP_BASIC_AUTH_DISABLED',
        'pause-server',
      ],
      [
        'auth',
        '535 5.7.139 Authentication unsuccessful, user is locked by your organization’s security defaults policy.',
        'SMTP_SECURITY_DEFAULTS',
        'pause-server',
      ],
      [
        'auth',
        '535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.',
        'SMTP_ACCESS_POLICY',
        'pause-server',
      ],
      [
        'auth',
        '535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.',
        'SMTP_AUTH_FAILED',
        'renew-token',
      ],
      ['auth', '535 5.7.3 Authentication unsuccessful', 'SMTP_AUTH_FAILED', 'renew-token'],
      [
        'auth',
        '550 5.7.30 Basic authentication is not supported for Client Submission.',
        'SMTP_BASIC_AUTH_DISABLED',
        'pause-server',
      ],
      ['auth', '454 4.7.0 Temporary authentication failure', 'SMTP_TRANSIENT', 'retry'],
      ['mail', '530 5.7.57 Client not authenticated to send mail.', 'SMTP_NOT_AUTHENTICATED', 'pause-server'],
      [
        'rcpt',
        '550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources',
        'SMTP_NOT_AUTHENTICATED',
        'pause-server',
      ],
      ['answer', '550 5.7.60 SMTP; Client does not have permissions to send as this sender', 'SEND_AS_DENIED', 'fail'],
      [
        'answer',
        '554 5.2.252 SendAsDenied; support@contoso.example not allowed to send as info@contoso.example',
        'SEND_AS_DENIED',
        'retry',
      ],
      [
        'mail',
        '432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending',
        'SMTP_CONNECTION_LIMIT',
        'back-off',
      ],
      [
        'answer',
        '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException',
        'SUBMISSION_QUOTA',
        'hold',
      ],
      [
        'answer',
        "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
        'SUBMISSION_QUOTA',
        'hold',
      ],
      [
        'answer',
        '550 5.7.232 Your message can’t be sent because your tenant exceeded its external recipient rate limit',
        'TENANT_QUOTA',
        'hold',
      ],
      [
        'answer',
        '550 5.7.233 Your message can’t be sent because your trial tenant exceeded its limit',
        'TENANT_QUOTA',
        'hold',
      ],
      [
        'rcpt',
        '550 5.7.236 Your message can’t be sent: onmicrosoft.com domains are limited to 100 external recipients',
        'TENANT_QUOTA',
        'hold',
      ],
      [
        'answer',
        '550 5.7.515 Access denied, sending domain contoso.example does not meet the required authentication level',
        'FROM_UNPROVEN',
        'fail',
      ],
      ['answer', '550 5.1.8 Access denied, bad outbound sender AS(42004)', 'SENDER_BLOCKED', 'pause-server'],
      ['answer', '554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException', 'OUTBOUND_SPAM', 'pause-server'],
      [
        'mail',
        '550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP',
        'TENANT_BLOCKED',
        'pause-server',
      ],
      [
        'answer',
        '554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded',
        'SENDING_MAILBOX_FULL',
        'pause-server',
      ],
      ['rcpt', '452 4.5.3 Too many recipients (AS780090)', 'SMTP_RECIPIENTS_LATER', 'retry'],
      ['rcpt', '451 4.7.500 Server busy. Please try again later from [203.0.113.7]. (S77719)', 'SMTP_BUSY', 'back-off'],
      [
        'connect',
        '421 4.3.2 The maximum number of concurrent server connections has exceeded a limit, closing transmission channel',
        'SMTP_TRANSIENT',
        'retry',
      ],
      [
        'rcpt',
        '554 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour',
        'RECIPIENT_RATE',
        'back-off',
      ],
      ['answer', '554 5.4.14 Hop count exceeded - possible mail loop ATTR34', 'MAIL_LOOP', 'fail'],
      ['ehlo', '501 5.5.4 Invalid domain name', 'SMTP_EHLO_NAME', 'pause-server'],
      ['rcpt', '550 5.4.1 Recipient address rejected: Access denied. AS(201806281)', 'RECIPIENT_UNKNOWN', 'fail'],
      ['answer', '552 5.3.4 Message size exceeds fixed maximum message size', 'MESSAGE_TOO_LARGE', 'fail'],
    ],
  },
  Gmail: {
    host: 'smtp.gmail.com',
    rows: [
      ['connect', '421 4.3.0 Temporary System Problem. Try again later (WS).', 'SMTP_TRANSIENT', 'retry'],
      ['connect', '421 4.4.5 Server busy, try again later.', 'SMTP_TRANSIENT', 'retry'],
      ['connect', '421 4.7.0 Try again later, closing connection.', 'SMTP_TRANSIENT', 'retry'],
      [
        'connect',
        '421 4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your IP address.',
        'SENDING_SUSPENDED',
        'hold',
      ],
      [
        'rcpt',
        '450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time.',
        'RECIPIENT_RATE',
        'back-off',
      ],
      [
        'rcpt',
        '550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages',
        'RECIPIENT_RATE',
        'back-off',
      ],
      [
        'mail',
        '450 4.2.1 Peak SMTP relay limit exceeded for customer. This is a temporary error.',
        'SMTP_BUSY',
        'back-off',
      ],
      ['answer', '451 4.3.0 Mail server temporarily rejected message.', 'SMTP_TRANSIENT', 'retry'],
      [
        'rcpt',
        '451 4.3.0 Multiple destination domains per transaction is unsupported. Please try again.',
        'SMTP_RECIPIENTS_LATER',
        'retry',
      ],
      ['rcpt', '452 4.2.2 The email account that you tried to reach is over quota.', 'RECIPIENT_MAILBOX_FULL', 'retry'],
      ['rcpt', '452 4.5.3 Your message has too many recipients.', 'SMTP_RECIPIENTS_LATER', 'retry'],
      [
        'auth',
        '454 4.7.0 Cannot authenticate due to temporary system problem. Try again later.',
        'SMTP_TRANSIENT',
        'retry',
      ],
      ['auth', '454 4.7.0 Too many login attempts, please try again later.', 'SMTP_SIGN_INS_LIMITED', 'back-off'],
      [
        'ehlo',
        '501 5.5.4 HELO/EHLO argument "localhost" invalid, closing connection.',
        'SMTP_EHLO_NAME',
        'pause-server',
      ],
      ['mail', '530 5.5.1 Authentication Required.', 'SMTP_NOT_AUTHENTICATED', 'pause-server'],
      ['mail', '530 5.7.0 Must issue a STARTTLS command first.', 'SMTP_TLS_REQUIRED', 'pause-server'],
      ['auth', '534 5.7.9 Application-specific password required.', 'SMTP_AUTH_FAILED', 'renew-token'],
      [
        'auth',
        '534 5.7.14 Please log in through your web browser and then try again.',
        'SMTP_AUTH_FAILED',
        'renew-token',
      ],
      ['auth', '535 5.7.8 Username and Password not accepted.', 'SMTP_AUTH_FAILED', 'renew-token'],
      ['rcpt', '550 5.1.1 The email account that you tried to reach does not exist.', 'RECIPIENT_UNKNOWN', 'fail'],
      ['rcpt', '550 5.2.1 The email account that you tried to reach is disabled.', 'RECIPIENT_REFUSED', 'fail'],
      ['answer', '550 5.4.5 Daily user sending quota exceeded. q1 - gsmtp', 'SUBMISSION_QUOTA', 'hold'],
      ['answer', '550 5.4.5 Daily SMTP relay sending quota exceeded for customer.', 'SUBMISSION_QUOTA', 'hold'],
      ['rcpt', '550 5.7.0 Mail relay denied.', 'RELAY_DENIED', 'retry'],
      [
        'answer',
        '550 5.7.26 This message does not have authentication information or fails to pass authentication checks.',
        'FROM_UNPROVEN',
        'fail',
      ],
      [
        'answer',
        '552 5.2.2 The email account that you tried to reach is over quota.',
        'RECIPIENT_MAILBOX_FULL',
        'fail',
      ],
      ['answer', '552 5.3.4 Your message exceeded Google’s message size limits.', 'MESSAGE_TOO_LARGE', 'fail'],
      [
        'answer',
        '552 5.7.0 This message was blocked because its content presents a potential security issue.',
        'SMTP_REJECTED',
        'fail',
      ],
      ['mail', '555 5.5.2 Syntax error.', 'SMTP_REJECTED', 'retry'],
    ],
  },
  Zoho: {
    host: 'smtp.zoho.eu',
    rows: [
      ['answer', '550 5.4.6 Unusual sending activity detected. Please try after sometime', 'SENDING_SUSPENDED', 'hold'],
      ['mail', '554 5.1.8 Email Outgoing Blocked', 'SENDER_BLOCKED', 'pause-server'],
      ['mail', '553 Relaying disallowed as info@contoso.example', 'SEND_AS_DENIED', 'fail'],
      ['rcpt', '553 5.7.1 Sender is not allowed to relay emails', 'SEND_AS_DENIED', 'fail'],
      ['auth', '535 Authentication Failed', 'SMTP_AUTH_FAILED', 'renew-token'],
      ['rcpt', '550 5.1.1 User does not exist - jane@customer.example', 'RECIPIENT_UNKNOWN', 'fail'],
      ['rcpt', '552 5.1.1 Mailbox delivery failure policy error', 'RECIPIENT_UNKNOWN', 'fail'],
      ['mail', '550 5.4.6 Hourly sending limit reached', 'SUBMISSION_QUOTA', 'hold'],
    ],
  },
  'GMX and IONOS': {
    host: 'mail.gmx.net',
    rows: [
      ['auth', '535 Authentication credentials invalid', 'SMTP_AUTH_FAILED', 'renew-token'],
      [
        'mail',
        '450 Requested mail action not taken: mailbox unavailable. Mail send limit exceeded.',
        'SUBMISSION_QUOTA',
        'hold',
      ],
      [
        'rcpt',
        '550 Requested action not taken: mailbox unavailable. Sender address is not allowed.',
        'SEND_AS_DENIED',
        'fail',
      ],
      [
        'connect',
        '421 gmx.net (mrgmx104) Nemesis ESMTP Service not available. Service temporarily unavailable',
        'SMTP_TRANSIENT',
        'retry',
      ],
      [
        'connect',
        '554 gmx.net (mxgmx016) Nemesis ESMTP Service not available. IP address is block listed',
        'CLIENT_ADDRESS_BLOCKED',
        'pause-server',
      ],
      ['rcpt', '550 Requested action not taken: mailbox unavailable', 'RECIPIENT_UNKNOWN', 'fail'],
      ['rcpt', '552 Requested mail action aborted: exceeded storage allocation', 'RECIPIENT_MAILBOX_FULL', 'fail'],
      ['answer', '554 Transaction failed. Reject due to policy restrictions.', 'SMTP_REJECTED', 'fail'],
    ],
  },
  Postfix: {
    host: 'relay.contoso.example',
    rows: [
      ['auth', '503 5.5.1 Error: authentication not enabled', 'SMTP_AUTH_NOT_OFFERED', 'pause-server'],
      ['auth', '504 5.7.4 Unrecognized authentication type', 'SMTP_AUTH_NOT_OFFERED', 'pause-server'],
      [
        'connect',
        '421 4.7.0 relay.contoso.example Error: too many connections from 203.0.113.7',
        'SMTP_CONNECTION_LIMIT',
        'back-off',
      ],
      ['rcpt', '421 4.7.0 relay.contoso.example Error: too many errors', 'SMTP_CONNECTION_ENDED', 'retry'],
      ['mail', '421 4.4.2 relay.contoso.example Error: timeout exceeded', 'SMTP_CONNECTION_ENDED', 'retry'],
      ['mail', '450 4.7.1 Error: too much mail from 203.0.113.7', 'SMTP_BUSY', 'back-off'],
      ['rcpt', '450 4.7.1 Error: too many recipients from 203.0.113.7', 'SMTP_RECIPIENTS_LATER', 'retry'],
      [
        'rcpt',
        '450 4.2.0 <jane@customer.example>: Recipient address rejected: Greylisted, see http://postgrey',
        'SMTP_TRANSIENT',
        'retry',
      ],
      [
        'rcpt',
        '450 4.1.2 <jane@customer.example>: Recipient address rejected: Domain not found',
        'SMTP_TRANSIENT',
        'retry',
      ],
      [
        'rcpt',
        '450 4.1.8 <info@contoso.example>: Sender address rejected: Domain not found',
        'SMTP_TRANSIENT',
        'retry',
      ],
      [
        'rcpt',
        '550 5.1.8 <info@contoso.example>: Sender address rejected: Domain not found',
        'SMTP_FROM_REFUSED',
        'fail',
      ],
      [
        'rcpt',
        '550 5.1.1 <jane@customer.example>: Recipient address rejected: User unknown in local recipient table',
        'RECIPIENT_UNKNOWN',
        'fail',
      ],
      [
        'rcpt',
        '553 5.7.1 <info@contoso.example>: Sender address rejected: not owned by user support',
        'SEND_AS_DENIED',
        'fail',
      ],
      [
        'rcpt',
        '553 5.7.1 <info@contoso.example>: Sender address rejected: not logged in',
        'SMTP_NOT_AUTHENTICATED',
        'pause-server',
      ],
      [
        'rcpt',
        '504 5.5.2 <host>: Helo command rejected: need fully-qualified hostname',
        'SMTP_EHLO_NAME',
        'pause-server',
      ],
      ['rcpt', '554 5.7.1 <jane@customer.example>: Relay access denied', 'RELAY_DENIED', 'retry'],
      [
        'rcpt',
        '554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org',
        'CLIENT_ADDRESS_BLOCKED',
        'pause-server',
      ],
      ['rcpt', '452 4.5.3 Error: too many recipients', 'SMTP_RECIPIENTS_LATER', 'retry'],
      ['mail', '452 4.3.1 Insufficient system storage', 'SMTP_TRANSIENT', 'retry'],
      ['mail', '552 5.3.4 Message size exceeds fixed limit', 'MESSAGE_TOO_LARGE', 'fail'],
      ['answer', '552 5.3.4 Error: message file too big', 'MESSAGE_TOO_LARGE', 'fail'],
      ['answer', '554 5.4.0 Error: too many hops', 'MAIL_LOOP', 'fail'],
      ['answer', '521 5.5.2 relay.contoso.example Error: bare <LF> received', 'SMTP_BARE_LF', 'fail'],
      ['mail', '530 5.7.0 Must issue a STARTTLS command first', 'SMTP_TLS_REQUIRED', 'pause-server'],
      ['auth', '535 5.7.8 Error: authentication failed: (reason unavailable)', 'SMTP_AUTH_FAILED', 'renew-token'],
      ['tls', '454 4.7.0 TLS not available due to local problem', 'SMTP_TRANSIENT', 'retry'],
      [
        'rcpt',
        '554 5.7.1 <jane@customer.example>: Recipient address rejected: Access denied',
        'RECIPIENT_REFUSED',
        'fail',
      ],
      [
        'answer',
        '552 5.2.2 <jane@customer.example> Quota exceeded (mailbox for user is full)',
        'RECIPIENT_MAILBOX_FULL',
        'fail',
      ],
      ['mail', '501 5.5.4 Syntax error in parameters or arguments (invalid SIZE parameter)', 'SMTP_REJECTED', 'retry'],
    ],
  },
  Exim: {
    host: 'mx.contoso.example',
    rows: [
      ['auth', '503 AUTH command used when not advertised', 'SMTP_AUTH_NOT_OFFERED', 'pause-server'],
      [
        'connect',
        '421 mx.contoso.example: Too many concurrent SMTP connections; please try again later.',
        'SMTP_CONNECTION_LIMIT',
        'back-off',
      ],
      ['mail', '421 too many messages in this connection', 'SMTP_CONNECTION_ENDED', 'retry'],
      ['data', '421 mx.contoso.example: SMTP command timeout - closing connection', 'SMTP_CONNECTION_ENDED', 'retry'],
      ['ehlo', '501 Syntactically invalid HELO argument(s)', 'SMTP_EHLO_NAME', 'pause-server'],
      ['auth', '535 Incorrect authentication data', 'SMTP_AUTH_FAILED', 'renew-token'],
      ['rcpt', '550 relay not permitted', 'RELAY_DENIED', 'retry'],
      ['rcpt', '550 Sender verify failed', 'SMTP_FROM_REFUSED', 'fail'],
      ['rcpt', '550 Unrouteable address', 'RECIPIENT_UNKNOWN', 'fail'],
      ['rcpt', '550 Administrative prohibition', 'RECIPIENT_REFUSED', 'fail'],
      ['rcpt', '451 Temporary local problem - please try later', 'SMTP_TRANSIENT', 'retry'],
      ['rcpt', '451 jane@customer.example greylisted, try again in 300 seconds', 'SMTP_TRANSIENT', 'retry'],
      ['mail', '452 space shortage, please try later', 'SMTP_TRANSIENT', 'retry'],
      ['answer', '552 Message size exceeds maximum permitted', 'MESSAGE_TOO_LARGE', 'fail'],
      [
        'answer',
        '550 Domain contoso.example has exceeded the max emails per hour (150/150 (100%)) allowed. Message discarded.',
        'SUBMISSION_QUOTA',
        'hold',
      ],
      ['rcpt', '550 Sender rate limit exceeded: 500 recipients per day', 'SUBMISSION_QUOTA', 'hold'],
    ],
  },
  OpenSMTPD: {
    host: 'bsd.contoso.example',
    rows: [
      ['connect', '421 4.3.0 Temporary Error', 'SMTP_TRANSIENT', 'retry'],
      ['mail', '530 5.5.1 Invalid command: Must issue an AUTH command first', 'SMTP_NOT_AUTHENTICATED', 'pause-server'],
      ['mail', '530 5.5.1 Invalid command: Must issue a STARTTLS command first', 'SMTP_TLS_REQUIRED', 'pause-server'],
      ['rcpt', '550 Invalid recipient: <jane@customer.example>', 'RECIPIENT_UNKNOWN', 'fail'],
      ['rcpt', '451 4.5.3 Too many recipients', 'SMTP_RECIPIENTS_LATER', 'retry'],
      ['auth', '535 Authentication failed', 'SMTP_AUTH_FAILED', 'renew-token'],
      ['answer', '554 5.3.4 Message too big', 'MESSAGE_TOO_LARGE', 'fail'],
      ['answer', '500 5.4.6 Routing error: Loop detected', 'MAIL_LOOP', 'fail'],
    ],
  },
  'Amazon SES': {
    host: 'email-smtp.eu-west-1.amazonaws.com',
    rows: [
      ['connect', '421 Too many concurrent SMTP connections', 'SMTP_CONNECTION_LIMIT', 'back-off'],
      ['mail', '451 Timeout waiting for data from client', 'SMTP_TRANSIENT', 'retry'],
      ['answer', '451 Temporary service failure', 'SMTP_TRANSIENT', 'retry'],
      ['answer', '454 Throttling failure: Maximum sending rate exceeded.', 'SMTP_BUSY', 'back-off'],
      ['answer', '454 Throttling failure: Daily message quota exceeded.', 'SUBMISSION_QUOTA', 'hold'],
      ['auth', '454 Temporary authentication failure', 'SMTP_TRANSIENT', 'retry'],
      ['mail', '530 Authentication required', 'SMTP_NOT_AUTHENTICATED', 'pause-server'],
      ['auth', '535 Authentication Credentials Invalid', 'SMTP_AUTH_FAILED', 'renew-token'],
      [
        'answer',
        '554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1',
        'FROM_NOT_VERIFIED',
        'fail',
      ],
      ['answer', '554 Access denied: User is not authorized to perform ses:SendRawEmail', 'SEND_AS_DENIED', 'fail'],
      ['answer', '554 Message rejected: Sending paused for this account.', 'SENDER_BLOCKED', 'pause-server'],
      ['answer', '554 Transaction failed: Invalid content', 'SMTP_REJECTED', 'fail'],
      ['answer', '552 Message is too large.', 'MESSAGE_TOO_LARGE', 'fail'],
    ],
  },
  sendmail: {
    host: 'mail.contoso.example',
    rows: [
      ['connect', '421 4.3.2 Connection rate limit exceeded.', 'SMTP_CONNECTION_LIMIT', 'back-off'],
      ['connect', '421 4.3.2 Too many open connections.', 'SMTP_CONNECTION_LIMIT', 'back-off'],
      ['rcpt', '550 5.7.1 <jane@customer.example>... Relaying denied', 'RELAY_DENIED', 'retry'],
      ['rcpt', '550 5.1.1 <jane@customer.example>... User unknown', 'RECIPIENT_UNKNOWN', 'fail'],
      ['rcpt', '451 4.7.1 Greylisting in action, please come back in 00:05:00', 'SMTP_TRANSIENT', 'retry'],
      ['mail', '452 4.4.5 Insufficient disk space; try again later', 'SMTP_TRANSIENT', 'retry'],
      ['mail', '552 5.2.3 Message size exceeds fixed maximum message size (10000000)', 'MESSAGE_TOO_LARGE', 'fail'],
      [
        'mail',
        '553 5.1.8 <info@contoso.example>... Domain of sender address info@contoso.example does not exist',
        'SMTP_FROM_REFUSED',
        'fail',
      ],
      ['answer', '554 5.4.6 Too many hops 26 (25 max)', 'MAIL_LOOP', 'fail'],
    ],
  },
  'a server that nobody has seen': {
    host: 'smtp.unknown.example',
    rows: [
      ['answer', '571 You have used up your plan: 200 mails per day reached', 'SUBMISSION_QUOTA', 'hold'],
      ['mail', '553 Account over its usage limit for this hour', 'SUBMISSION_QUOTA', 'hold'],
      ['rcpt', '599 no', 'RECIPIENT_REFUSED', 'fail'],
      ['rcpt', '556 5.9.9 not for you', 'RECIPIENT_REFUSED', 'fail'],
      ['mail', '599 no', 'SMTP_REJECTED', 'retry'],
      ['answer', '599 no', 'SMTP_REJECTED', 'fail'],
      ['answer', '421 closing', 'DELIVERY_UNCERTAIN', 'settle'],
      ['data', '421 shutting down', 'SMTP_CONNECTION_ENDED', 'retry'],
    ],
  },
};
const rows = Object.entries(servers).flatMap(([name, { host, rows: said }]) =>
  said.map(([phase, text, code, action]) => ({ name, host, phase, text, code, action })),
);

it('has at least 120 answers, none twice', () => {
  const said = rows.map(({ name, phase, text }) => `${name} ${phase} ${text}`);
  expect(new Set(said).size).toBe(said.length);
  expect(said.length).toBeGreaterThanOrEqual(120);
});

it.each(rows)('$name, $phase: $text', ({ host, phase, text, code, action }) => {
  const verdict = classify(host, phase, text);
  expect({ code: verdict.code, action: verdict.action }).toEqual({ code, action });
});

describe('kinds of answers', () => {
  it.each(rows.filter(({ phase }) => phase === 'auth' || phase === 'connect' || phase === 'ehlo' || phase === 'tls'))(
    'before the envelope no answer concerns a reply, however often it is tried: $name, $text',
    ({ host, phase, text }) => expect(classify(host, phase, text, 50).action).not.toBe('fail'),
  );

  it.each(rows.filter(({ host }) => host !== 'smtp.office365.com'))(
    '$name: gives no Microsoft advice',
    ({ host, phase, text }) => {
      expect(classify(host, phase, text).hint).not.toMatch(
        /Set-|Get-|Add-Recipient|Microsoft|Entra|Defender|Exchange|tenant/i,
      );
    },
  );

  it('has a hint in both languages for every code', () => {
    for (const { code } of rows)
      expect(Object.values(catalogue[code as keyof typeof catalogue].hint)).not.toContain('');
  });
});
