// Exchange Online's SMTP refusals, at least one for each row of docs/exchange-online.md §9, for the fault smtpReply. Texts as seen in the wild or documented.

export type SmtpStage = 'connect' | 'ehlo' | 'auth' | 'mail' | 'rcpt' | 'data' | 'afterDot';

interface SmtpReply {
  at: SmtpStage;
  code: number;
  text: string;
}

/** The replies of one stage, each written as on the wire: code, enhanced code, text. */
function replies<Name extends string>(at: SmtpStage, lines: Record<Name, string>): Record<Name, SmtpReply> {
  const read = (line: string): SmtpReply => ({ at, code: Number(line.slice(0, 3)), text: line.slice(4) });
  return Object.fromEntries(Object.entries<string>(lines).map(([name, line]) => [name, read(line)])) as Record<
    Name,
    SmtpReply
  >;
}

export const SMTP_REPLIES = {
  ...replies('connect', {
    serviceNotAvailable: '421 4.3.2 Service not available, closing transmission channel',
  }),
  ...replies('ehlo', {
    invalidDomain: '501 5.5.4 Invalid domain name',
  }),
  ...replies('auth', {
    smtpAuthDisabledTenant:
      '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.',
    smtpAuthDisabledMailbox:
      '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.',
    basicAuthDisabled: '535 5.7.139 Authentication unsuccessful, basic authentication is disabled.',
    basicAuthRetired: '550 5.7.30 Basic authentication is not supported for Client Submission.',
    securityDefaults:
      "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.",
    criteriaNotMet:
      '535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.',
    credentialsIncorrect: '535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.',
    authUnsuccessful: '535 5.7.3 Authentication unsuccessful',
  }),
  ...replies('mail', {
    notAuthenticated: '530 5.7.57 Client not authenticated to send mail.',
    directSendRefused:
      '550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources',
    concurrentConnections:
      '432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.',
    serverBusy: '451 4.7.500 Server busy. Please try again later.',
    proxyFailure: '451 4.7.0 Temporary server error. Please try again later. PRX4',
    attribution: '451 4.3.2 Temporary server error. Please try again later ATTR17',
    insufficientResources: '452 4.3.1 Insufficient system resources',
    serviceNotActive:
      '421 4.3.2 The maximum number of concurrent server connections has exceeded a limit, closing transmission channel',
    tooLarge: '552 5.3.4 Message size exceeds fixed maximum message size',
  }),
  ...replies('rcpt', {
    dnsFailure: '451 4.4.0 DNS query failed',
    tooManyRecipients: '550 5.5.3 RESOLVER.ADR.RecipLimit; too many recipients',
    tooManyRecipientsNow: '452 4.5.3 Too many recipients',
    recipientRate: "554 5.2.121 Recipient's per hour message receive limit from this sender exceeded",
    recipientRateTotal: "554 5.2.122 Recipient's per hour message receive limit exceeded",
    userUnknown: '550 5.1.1 User unknown',
    recipientNotFound: '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup',
    recipientDenied: '550 5.4.1 Recipient address rejected: Access denied',
  }),
  ...replies('afterDot', {
    sendAsRefused: '550 5.7.60 SMTP; Client does not have permissions to send as this sender',
    sendAsDenied:
      '554 5.2.252 SendAsDenied; user not allowed to send as this sender; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied',
    sendAsDeniedStore:
      '554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception',
    senderThreadLimit: '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded',
    submissionQuotaExceeded:
      '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a permanent exception',
    recipientQuota:
      "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
    submissionQuota: '554 5.2.2 submission quota exceeded',
    mailboxFull:
      '554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded',
    outboundSpam:
      '554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message due to a permanent exception',
    badOutboundSender: '550 5.1.8 Access denied, bad outbound sender',
    tenantBlocked705: '550 5.7.705 Access denied, tenant has exceeded threshold',
    tenantBlocked708: '550 5.7.708 Access denied, traffic not accepted from this IP',
    tenantBlocked750: '550 5.7.750 Client blocked from sending from unregistered domains',
    tenantSpam501: '550 5.7.501 Access denied, spam abuse detected',
    tenantLimit232:
      "550 5.7.232 Your message can't be sent because your trial tenant has exceeded its daily limit for sending email to external recipients",
    tenantLimit233:
      "550 5.7.233 Your message can't be sent because your tenant has exceeded its daily limit for sending email to external recipients",
    tenantLimit236:
      "550 5.7.236 Your message can't be sent because your tenant exceeded its daily limit for sending from onmicrosoft.com domains",
    storeTransient: '554 4.3.2 STOREDRV.Submission; mailbox server is too busy',
    queueQuota: '450 4.7.3 Organization queue quota exceeded',
    connectionDropped: '421 4.4.2 Connection dropped',
    tooLargeAfterDot: '550 5.3.4 ROUTING.SizeLimit; message size exceeds fixed maximum size for route',
    bareLineFeed:
      '550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal; message contains bare linefeeds, which cannot be sent via DATA',
    multipleFrom: '550 5.1.20 Multiple From addresses are not allowed without Sender address',
    fromInvalid: '550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant',
    loop: '554 5.4.14 Hop count exceeded - possible mail loop',
    loopExternal: '554 5.4.6 Hop count exceeded - possible mail loop',
    rulesLoop: '550 5.7.128 TRANSPORT.RULES.RejectMessage; Transport rules loop count exceeded and message rejected',
  }),
};

export type SmtpReplyName = keyof typeof SMTP_REPLIES;
