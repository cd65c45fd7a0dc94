// Verdicts: each SMTP row of docs/exchange-online.md §9, by code, class, action, wait and hint.
import { describe, expect, it } from 'vitest';
import { classifyBounce, classifySubmission, fillNames, type Phase } from '../../../src/adapters/smtp/errors.ts';
import { maskRemoteText } from '../../../src/domain/remote-text.ts';

const names = {
  user: 'anna@contoso.com',
  from: 'info@contoso.com',
  server: 'Contoso out',
  host: 'smtp.office365.com',
  port: 587,
};
const classify = (phase: Phase, text: string | undefined, tries = 1, nodeCode?: string) =>
  classifySubmission(
    { phase, text, replyCode: text === undefined ? undefined : Number(text.slice(0, 3)), nodeCode },
    names,
    tries,
  );

const MINUTE = 60_000;
const rows: [Phase, string, string, string, string, number?][] = [
  [
    'auth',
    '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled',
    'SMTP_AUTH_DISABLED_TENANT',
    'permission',
    'pause-server',
  ],
  [
    'auth',
    '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.',
    'SMTP_AUTH_DISABLED_MAILBOX',
    'permission',
    'pause-server',
  ],
  [
    'auth',
    '535 5.7.139 Authentication unsuccessful, basic authentication is disabled.',
    'SMTP_BASIC_AUTH_DISABLED',
    'auth',
    'pause-server',
  ],
  ['auth', '550 5.7.30 Basic authentication is not supported', 'SMTP_BASIC_AUTH_DISABLED', 'auth', 'pause-server'],
  [
    'auth',
    '535 5.7.139 Authentication unsuccessful, user is locked by your organization’s security defaults policy',
    'SMTP_SECURITY_DEFAULTS',
    'permission',
    'pause-server',
  ],
  [
    'auth',
    '535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully',
    'SMTP_ACCESS_POLICY',
    'permission',
    'pause-server',
  ],
  [
    'auth',
    '535 5.7.139 Authentication unsuccessful, something new',
    'SMTP_ACCESS_POLICY',
    'permission',
    'pause-server',
  ],
  [
    'auth',
    '535 5.7.3 Authentication unsuccessful [AM0PR01CA0001.eurprd01.prod.exchangelabs.com]',
    'SMTP_AUTH_FAILED',
    'auth',
    'renew-token',
  ],
  ['auth', '454 4.7.0 Temporary authentication failure', 'SMTP_TRANSIENT', 'transient', 'retry', MINUTE],
  ['mail', '530 5.7.57 Client not authenticated to send mail.', 'SMTP_NOT_AUTHENTICATED', 'permission', 'pause-server'],
  ['mail', '530 Authentication required', 'SMTP_NOT_AUTHENTICATED', 'permission', 'pause-server'],
  [
    'answer',
    '550 5.7.60 SMTP; Client does not have permissions to send as this sender',
    'SEND_AS_DENIED',
    'permission',
    'fail',
  ],
  [
    'answer',
    '554 5.2.252 SendAsDenied; anna@contoso.com not allowed to send as info@contoso.com',
    'SEND_AS_DENIED',
    'permission',
    'retry',
    3 * MINUTE,
  ],
  [
    'answer',
    '554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied',
    'SEND_AS_DENIED',
    'permission',
    'retry',
    3 * MINUTE,
  ],
  [
    'rcpt',
    '553 5.7.1 <info@contoso.com>: Sender address rejected: not owned by user anna',
    'SEND_AS_DENIED',
    'permission',
    'fail',
  ],
  [
    'answer',
    '432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending',
    'SMTP_CONNECTION_LIMIT',
    'throttle',
    'back-off',
    45_000,
  ],
  ['mail', '432 4.3.2 STOREDRV; sender thread limit exceeded', 'SMTP_CONNECTION_LIMIT', 'throttle', 'back-off', 45_000],
  ['mail', '451 4.7.500 Server busy. Please try again later', 'SMTP_BUSY', 'throttle', 'back-off', 10 * MINUTE],
  ['mail', '450 4.7.550 throttled', 'SMTP_BUSY', 'throttle', 'back-off', 10 * MINUTE],
  [
    'answer',
    '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException',
    'SUBMISSION_QUOTA',
    'throttle',
    'hold',
    120 * MINUTE,
  ],
  [
    'rcpt',
    '550 5.1.90 Your message can’t be sent because you’ve reached your daily limit',
    'SUBMISSION_QUOTA',
    'throttle',
    'hold',
    120 * MINUTE,
  ],
  ['answer', '554 5.2.2 mailbox full; submission quota exceeded', 'SUBMISSION_QUOTA', 'throttle', 'hold', 120 * MINUTE],
  ['answer', '554 5.2.2 mailbox full', 'SENDING_MAILBOX_FULL', 'permanent', 'pause-server'],
  [
    'answer',
    '554 5.2.0 STOREDRV.Submission.Exception:QuotaExceededException',
    'SENDING_MAILBOX_FULL',
    'permanent',
    'pause-server',
  ],
  [
    'answer',
    '554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException',
    'OUTBOUND_SPAM',
    'permanent',
    'pause-server',
  ],
  ['answer', '550 5.1.8 Access denied, bad outbound sender', 'SENDER_BLOCKED', 'permanent', 'pause-server'],
  ['mail', '550 5.7.705 Access denied, tenant has exceeded threshold', 'TENANT_BLOCKED', 'permanent', 'pause-server'],
  [
    'mail',
    '550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP',
    'TENANT_BLOCKED',
    'permanent',
    'pause-server',
  ],
  ['mail', '550 5.7.750 unregistered domain', 'TENANT_BLOCKED', 'permanent', 'pause-server'],
  ['mail', '550 5.7.502 Access denied, banned sender', 'TENANT_BLOCKED', 'permanent', 'pause-server'],
  ['answer', '550 5.7.232 tenant external recipient rate limit', 'TENANT_QUOTA', 'throttle', 'hold', 360 * MINUTE],
  ['answer', '550 5.7.233 trial tenant limit', 'TENANT_QUOTA', 'throttle', 'hold', 360 * MINUTE],
  [
    'mail',
    '451 4.7.0 Temporary server error. Please try again later. PRX4',
    'SMTP_PROXY_TROUBLE',
    'transient',
    'retry',
    10_000,
  ],
  [
    'auth',
    '451 4.7.0 Temporary server error. Please try again later. PRX5',
    'SMTP_PROXY_TROUBLE',
    'transient',
    'retry',
    10_000,
  ],
  ['rcpt', '451 4.3.2 Temporary server error. ATTR17', 'SMTP_TRANSIENT', 'transient', 'retry', MINUTE],
  ['mail', '451 4.4.0 DNS query failed', 'SMTP_TRANSIENT', 'transient', 'retry', MINUTE],
  ['mail', '452 4.3.1 Insufficient system resources', 'SMTP_TRANSIENT', 'transient', 'retry', MINUTE],
  ['connect', '421 4.3.2 Service not available', 'SMTP_TRANSIENT', 'transient', 'retry', MINUTE],
  ['answer', '554 4.3.2 Service shutting down', 'SMTP_TRANSIENT', 'transient', 'retry', MINUTE],
  ['mail', '450 4.7.3 Organization queue quota exceeded', 'SMTP_QUEUE_QUOTA', 'throttle', 'back-off', 5 * MINUTE],
  ['rcpt', '421 4.4.2 Connection dropped due to TimedOut', 'SMTP_CONNECTION_ENDED', 'transient', 'retry', 1_000],
  ['answer', '421 4.4.2 Connection dropped due to TimedOut', 'DELIVERY_UNCERTAIN', 'ambiguous', 'settle', 10_000],
  // Only 4xx and 5xx refuse a mail (RFC 5321 §4.2.1): after the dot anything else says nothing about it.
  ['answer', '354 Start mail input', 'DELIVERY_UNCERTAIN', 'ambiguous', 'settle', 10_000],
  ['answer', '150 wait', 'DELIVERY_UNCERTAIN', 'ambiguous', 'settle', 10_000],
  ['answer', '552 5.3.4 Message size exceeds fixed maximum message size', 'MESSAGE_TOO_LARGE', 'size', 'fail'],
  ['mail', '550 5.3.4 too big', 'MESSAGE_TOO_LARGE', 'size', 'fail'],
  ['rcpt', '550 5.5.3 Too many recipients', 'TOO_MANY_RECIPIENTS', 'size', 'fail'],
  ['rcpt', '452 4.5.3 Too many recipients', 'SMTP_RECIPIENTS_LATER', 'transient', 'retry', 5 * MINUTE],
  ['answer', '550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal', 'SMTP_BARE_LF', 'permanent', 'fail'],
  [
    'answer',
    '550 5.1.20 Multiple From addresses are not allowed without Sender address',
    'SMTP_FROM_REFUSED',
    'permanent',
    'fail',
  ],
  [
    'answer',
    '550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant',
    'SMTP_FROM_REFUSED',
    'permanent',
    'fail',
  ],
  ['answer', '554 5.4.14 Hop count exceeded - possible mail loop', 'MAIL_LOOP', 'permanent', 'fail'],
  ['answer', '554 5.4.6 Hop count exceeded', 'MAIL_LOOP', 'permanent', 'fail'],
  ['answer', '550 5.7.128 transport rules loop', 'MAIL_LOOP', 'permanent', 'fail'],
  ['rcpt', '554 5.2.121 recipient thread limit', 'RECIPIENT_RATE', 'throttle', 'back-off', 60 * MINUTE],
  ['rcpt', '554 5.2.122 The recipient has exceeded their limit', 'RECIPIENT_RATE', 'throttle', 'back-off', 60 * MINUTE],
  ['connect', '501 5.5.4 Invalid domain name', 'SMTP_EHLO_NAME', 'invalid', 'pause-server'],
  ['rcpt', '550 5.1.1 User unknown', 'RECIPIENT_UNKNOWN', 'permanent', 'fail'],
  ['rcpt', '550 5.1.10 RESOLVER.ADR.RecipientNotFound', 'RECIPIENT_UNKNOWN', 'permanent', 'fail'],
  ['rcpt', '550 5.4.1 Recipient address rejected: Access denied', 'RECIPIENT_UNKNOWN', 'permanent', 'fail'],
  ['answer', '550 5.7.1 message refused', 'SMTP_REJECTED', 'permanent', 'fail'],
  ['answer', '554 5.6.0 Corrupt message content', 'SMTP_REJECTED', 'permanent', 'fail'],
  ['answer', '451 odd', 'SMTP_TRANSIENT', 'transient', 'retry', MINUTE],
  ['connect', '554 no service here', 'SMTP_TRANSIENT', 'transient', 'retry', MINUTE],
  ['auth', '550 odd', 'SMTP_AUTH_FAILED', 'auth', 'renew-token'],
];

describe('classification', () => {
  it.each(rows)('%s: %s', (phase, text, code, kind, action, wait = 0) => {
    const verdict = classify(phase, text);
    expect({ code: verdict.code, class: verdict.class, action: verdict.action }).toEqual({ code, class: kind, action });
    expect(verdict.retryAfterMs).toBe(wait);
    expect(verdict.hint).not.toMatch(/\{(user|from|server|host|port)\}/);
  });

  it.each([
    ['connect', 'ECONNECTION', 'SMTP_UNREACHABLE', 'retry'],
    ['connect', 'ETIMEDOUT', 'SMTP_UNREACHABLE', 'retry'],
    ['mail', 'ECONNECTION', 'SMTP_UNREACHABLE', 'retry'],
    ['data', 'ECONNECTION', 'SMTP_UNREACHABLE', 'retry'],
    ['body', 'ECONNECTION', 'DELIVERY_UNCERTAIN', 'settle'],
    ['body', 'ETIMEDOUT', 'DELIVERY_UNCERTAIN', 'settle'],
    ['answer', 'ECONNECTION', 'DELIVERY_UNCERTAIN', 'settle'],
    ['tls', 'ESOCKET', 'SMTP_TLS_FAILED', 'pause-server'],
    ['auth', 'EAUTH', 'SMTP_AUTH_FAILED', 'renew-token'],
  ] as const)('a connection that ends silently in %s (%s): %s', (phase, nodeCode, code, action) => {
    expect(classify(phase, undefined, 1, nodeCode)).toMatchObject({ code, action });
  });

  it('fails nothing for an authentication or configuration fault', () => {
    for (const [phase, text, , kind] of rows) {
      if (kind === 'auth' || phase === 'auth') expect(classify(phase, text, 50).action).not.toBe('fail');
    }
  });

  it('hints name real mailboxes', () => {
    expect(classify('answer', '550 5.7.60 no').hint).toBe(
      'Add-RecipientPermission -Identity "info@contoso.com" -AccessRights SendAs -Trustee "anna@contoso.com" -Confirm:$false',
    );
    expect(classify('auth', '535 5.7.139 SmtpClientAuthentication is disabled for the Mailbox').hint).toContain(
      'Set-CASMailbox -Identity "anna@contoso.com" -SmtpClientAuthenticationDisabled $false',
    );
    expect(fillNames('{user} {nothing}', names)).toBe('anna@contoso.com {nothing}');
  });
});

it('shows no token and no customer in the remote text', () => {
  expect(maskRemoteText(`535 user=x auth=Bearer ${'a'.repeat(80)}\r\n more`)).toBe('535 user=x auth=Bearer *** more');
  expect(maskRemoteText(`x ${'Q'.repeat(200)}`)).toBe('x ***');
  expect(maskRemoteText('550 5.1.1 <zoe@example.net>: unknown', ['info@contoso.com'])).toBe(
    '550 5.1.1 <***@example.net>: unknown',
  );
  expect(maskRemoteText('554 SendAsDenied; Info@contoso.com', ['info@contoso.com'])).toBe(
    '554 SendAsDenied; Info@contoso.com',
  );
});

const HOUR = 3_600_000;
it.each([
  ['5.7.232', 550, '5.7.232 your trial tenant has exceeded its daily limit', 'TENANT_QUOTA', 6 * HOUR],
  ['5.7.233', 550, '5.7.233 your tenant exceeded its daily limit', 'TENANT_QUOTA', 6 * HOUR],
  ['5.7.236', undefined, 'limit for onmicrosoft.com', 'TENANT_QUOTA', 6 * HOUR],
  ['5.1.90', 550, '5.1.90 you have reached the limit of messages', 'SUBMISSION_QUOTA', 2 * HOUR],
  ['5.2.0', 554, '5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException', 'SUBMISSION_QUOTA', 2 * HOUR],
  ['5.2.0', 554, '5.2.0 STOREDRV; WASCL OutboundSpamException', 'OUTBOUND_SPAM', 2 * HOUR],
  ['5.1.8', 550, '5.1.8 Access denied, bad outbound sender', 'SENDER_BLOCKED', 2 * HOUR],
  ['5.7.705', 550, '5.7.705 Access denied', 'TENANT_BLOCKED', 2 * HOUR],
  ['5.7.708', 550, '5.7.708 Access denied', 'TENANT_BLOCKED', 2 * HOUR],
  ['5.7.750', 550, '5.7.750 Client blocked', 'TENANT_BLOCKED', 2 * HOUR],
  ['5.7.502', 550, '5.7.502 Access denied', 'TENANT_BLOCKED', 2 * HOUR],
  // About the recipient or this mail: no other reply is to wait for it.
  ['5.1.1', 550, '5.1.1 user unknown', undefined, undefined],
  ['5.7.515', 550, '5.7.515 Access denied, sending domain is not authenticated', undefined, undefined],
  ['5.2.2', 554, '5.2.2 mailbox full; STOREDRV.Deliver QuotaExceeded', undefined, undefined],
  ['5.7.1', 550, '5.7.1 your daily sending quota at our side is used up', undefined, undefined],
  ['5.1.8', 550, '5.1.8 domain of sender address does not exist', undefined, undefined],
  ['5.7.60', 550, '5.7.60 does not have permissions to send as this sender', undefined, undefined],
  ['5.2.121', 554, "5.2.121 Recipient's per hour limit exceeded", undefined, undefined],
  [undefined, undefined, undefined, undefined, undefined],
] as const)('in a bounce, %s %s %s: %s', (enhancedCode, replyCode, text, code, holdMs) => {
  const verdict = classifyBounce({ enhancedCode, replyCode, text }, names);
  expect([verdict?.code, verdict?.holdMs]).toEqual([code, holdMs]);
});
