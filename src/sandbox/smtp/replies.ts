// Exchange Online's SMTP refusals, one entry for each row of docs/exchange-online.md §9, for the fault smtpReply. Texts as seen in the wild or documented.

interface SmtpReply {
  at: 'connect' | 'ehlo' | 'auth' | 'mail' | 'rcpt' | 'data' | 'afterDot';
  code: number;
  text: string;
}

const reply = (at: SmtpReply['at'], code: number, text: string): SmtpReply => ({ at, code, text });

export const SMTP_REPLIES = {
  smtpAuthDisabledTenant: reply(
    'auth',
    535,
    '5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.',
  ),
  smtpAuthDisabledMailbox: reply(
    'auth',
    535,
    '5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.',
  ),
  basicAuthDisabled: reply('auth', 535, '5.7.139 Authentication unsuccessful, basic authentication is disabled.'),
  basicAuthRetired: reply('auth', 550, '5.7.30 Basic authentication is not supported for Client Submission.'),
  securityDefaults: reply(
    'auth',
    535,
    "5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.",
  ),
  criteriaNotMet: reply(
    'auth',
    535,
    '5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.',
  ),
  credentialsIncorrect: reply('auth', 535, '5.7.139 Authentication unsuccessful, the user credentials were incorrect.'),
  authUnsuccessful: reply('auth', 535, '5.7.3 Authentication unsuccessful'),
  notAuthenticated: reply('mail', 530, '5.7.57 Client not authenticated to send mail.'),
  directSendRefused: reply(
    'mail',
    550,
    '5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources',
  ),
  sendAsRefused: reply('afterDot', 550, '5.7.60 SMTP; Client does not have permissions to send as this sender'),
  sendAsDenied: reply(
    'afterDot',
    554,
    '5.2.252 SendAsDenied; user not allowed to send as this sender; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied',
  ),
  sendAsDeniedStore: reply(
    'afterDot',
    554,
    '5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception',
  ),
  concurrentConnections: reply(
    'mail',
    432,
    '4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.',
  ),
  senderThreadLimit: reply('afterDot', 432, '4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded'),
  serverBusy: reply('mail', 451, '4.7.500 Server busy. Please try again later.'),
  submissionQuotaExceeded: reply(
    'afterDot',
    554,
    '5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a permanent exception',
  ),
  recipientQuota: reply(
    'afterDot',
    550,
    "5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
  ),
  submissionQuota: reply('afterDot', 554, '5.2.2 submission quota exceeded'),
  mailboxFull: reply(
    'afterDot',
    554,
    '5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded',
  ),
  outboundSpam: reply(
    'afterDot',
    554,
    '5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message due to a permanent exception',
  ),
  badOutboundSender: reply('afterDot', 550, '5.1.8 Access denied, bad outbound sender'),
  tenantBlocked705: reply('afterDot', 550, '5.7.705 Access denied, tenant has exceeded threshold'),
  tenantBlocked708: reply('afterDot', 550, '5.7.708 Access denied, traffic not accepted from this IP'),
  tenantBlocked750: reply('afterDot', 550, '5.7.750 Client blocked from sending from unregistered domains'),
  tenantSpam501: reply('afterDot', 550, '5.7.501 Access denied, spam abuse detected'),
  tenantLimit232: reply(
    'afterDot',
    550,
    "5.7.232 Your message can't be sent because your trial tenant has exceeded its daily limit for sending email to external recipients",
  ),
  tenantLimit233: reply(
    'afterDot',
    550,
    "5.7.233 Your message can't be sent because your tenant has exceeded its daily limit for sending email to external recipients",
  ),
  tenantLimit236: reply(
    'afterDot',
    550,
    "5.7.236 Your message can't be sent because your tenant exceeded its daily limit for sending from onmicrosoft.com domains",
  ),
  proxyFailure: reply('mail', 451, '4.7.0 Temporary server error. Please try again later. PRX4'),
  attribution: reply('mail', 451, '4.3.2 Temporary server error. Please try again later ATTR17'),
  dnsFailure: reply('rcpt', 451, '4.4.0 DNS query failed'),
  insufficientResources: reply('mail', 452, '4.3.1 Insufficient system resources'),
  serviceNotAvailable: reply('connect', 421, '4.3.2 Service not available, closing transmission channel'),
  serviceNotActive: reply(
    'mail',
    421,
    '4.3.2 The maximum number of concurrent server connections has exceeded a limit, closing transmission channel',
  ),
  storeTransient: reply('afterDot', 554, '4.3.2 STOREDRV.Submission; mailbox server is too busy'),
  queueQuota: reply('afterDot', 450, '4.7.3 Organization queue quota exceeded'),
  connectionDropped: reply('afterDot', 421, '4.4.2 Connection dropped'),
  tooLarge: reply('mail', 552, '5.3.4 Message size exceeds fixed maximum message size'),
  tooLargeAfterDot: reply(
    'afterDot',
    550,
    '5.3.4 ROUTING.SizeLimit; message size exceeds fixed maximum size for route',
  ),
  tooManyRecipients: reply('rcpt', 550, '5.5.3 RESOLVER.ADR.RecipLimit; too many recipients'),
  tooManyRecipientsNow: reply('rcpt', 452, '4.5.3 Too many recipients'),
  bareLineFeed: reply(
    'afterDot',
    550,
    '5.6.11 SMTPSEND.BareLinefeedsAreIllegal; message contains bare linefeeds, which cannot be sent via DATA',
  ),
  multipleFrom: reply('afterDot', 550, '5.1.20 Multiple From addresses are not allowed without Sender address'),
  fromInvalid: reply('afterDot', 550, '5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant'),
  loop: reply('afterDot', 554, '5.4.14 Hop count exceeded - possible mail loop'),
  loopExternal: reply('afterDot', 554, '5.4.6 Hop count exceeded - possible mail loop'),
  rulesLoop: reply(
    'afterDot',
    550,
    '5.7.128 TRANSPORT.RULES.RejectMessage; Transport rules loop count exceeded and message rejected',
  ),
  recipientRate: reply('rcpt', 554, "5.2.121 Recipient's per hour message receive limit from this sender exceeded"),
  recipientRateTotal: reply('rcpt', 554, "5.2.122 Recipient's per hour message receive limit exceeded"),
  invalidDomain: reply('ehlo', 501, '5.5.4 Invalid domain name'),
  userUnknown: reply('rcpt', 550, '5.1.1 User unknown'),
  recipientNotFound: reply(
    'rcpt',
    550,
    '5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup',
  ),
  recipientDenied: reply('rcpt', 550, '5.4.1 Recipient address rejected: Access denied'),
} as const satisfies Record<string, SmtpReply>;

export type SmtpReplyName = keyof typeof SMTP_REPLIES;
