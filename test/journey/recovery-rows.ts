// Every failure of docs/exchange-online.md §1 (identity provider) and §9 (IMAP, SMTP) that the sandbox can play, and what the daemon calls it. Read by
// recovery.test.ts, which switches each on and off under one daemon.
import type { ErrorCode } from '../../src/domain/errors.ts';
import { type Fault, SMTP_REPLIES, type SmtpReplyName } from '../../src/sandbox/index.ts';

export interface RecoveryRow {
  name: string;
  faults: Fault[];
  /** Code or name of the event by which the daemon tells it; without it the fault's having struck is waited for. */
  seen?: ErrorCode | 'MessagePending' | 'MessageQuarantined';
  /** Strikes connections whose mailbox is not known yet: nobody else may be at work then. */
  alone?: true;
  /** The session that stands is cut first, so that the mailbox has to come back. */
  cut?: true;
  /** As a person, whose sign-in must survive the failure. */
  delegated?: true;
  /** What becomes of the reply that was added while it was broken; `held` waits for a person and is released. */
  reply?: 'rejected' | 'held';
  mails?: number;
  /** The server stores no copy in Sent: Mailroom does. */
  append?: true;
}

const refused = (code: ErrorCode, numbers: number[], delegated?: true): RecoveryRow[] =>
  numbers.map((number) => ({
    name: `AADSTS${number}`,
    // The mail server takes the token at hand no longer, and another one is not to be had.
    faults: [
      { name: 'tokenExpiredNow', refuseOldTokens: true },
      { name: 'aadsts', number },
    ],
    seen: code,
    ...(delegated ? { delegated } : {}),
  }));
const asPerson = (code: ErrorCode, ...numbers: number[]) => refused(code, numbers, true);
const endpoint = (name: string, code: ErrorCode, fault: Fault): RecoveryRow => ({
  name,
  faults: [{ name: 'tokenExpiredNow', refuseOldTokens: true }, fault],
  seen: code,
});

const oauth: RecoveryRow[] = [
  ...refused('OAUTH_CONSENT_MISSING', [65001, 65004, 90094, 90095]),
  ...refused('OAUTH_APPLICATION_UNKNOWN', [700016]),
  ...refused('OAUTH_APPLICATION_DISABLED', [7000112]),
  ...refused('OAUTH_SECRET_WRONG', [7000215]),
  ...refused('OAUTH_SECRET_EXPIRED', [7000222]),
  ...refused('OAUTH_CREDENTIAL_MISSING', [7000218]),
  ...refused('OAUTH_ASSERTION_REFUSED', [700027]),
  ...refused('OAUTH_PUBLIC_CLIENT', [700025]),
  ...refused('OAUTH_SCOPE_REFUSED', [500011, 650052, 650057, 700022]),
  ...refused('OAUTH_TENANT_NOT_NAMED', [50194]),
  ...refused('OAUTH_TENANT_UNKNOWN', [90002]),
  ...refused('OAUTH_WRONG_CLOUD', [90038, 900432]),
  ...refused('OAUTH_PROVIDER_FAILED', [50033, 50087, 90006, 90012, 90024, 90033]),
  ...refused('OAUTH_THROTTLED', [90055, 50196]),
  ...asPerson('OAUTH_USER_UNKNOWN', 50034, 51004),
  ...asPerson('OAUTH_ACCOUNT_LOCKED', 50053),
  ...asPerson('OAUTH_PASSWORD_EXPIRED', 50055),
  ...asPerson('OAUTH_ACCOUNT_DISABLED', 50057),
  ...asPerson('OAUTH_PASSWORD_WRONG', 50126),
  ...asPerson('OAUTH_MFA_REQUIRED', 50072, 50074, 50076, 50078, 50079),
  ...asPerson('OAUTH_CONDITIONAL_ACCESS', 53000, 53001, 53003, 530003, 530035),
  ...asPerson('OAUTH_SIGN_IN_EXPIRED', 70008, 700082, 70043, 50173, 50132, 50133, 700084),
  endpoint('token endpoint 429', 'OAUTH_THROTTLED', { name: 'http429' }),
  endpoint('token endpoint 503', 'OAUTH_PROVIDER_FAILED', { name: 'http5xx' }),
  endpoint('token endpoint hangs up', 'OAUTH_UNREACHABLE', { name: 'dropToken' }),
];

const atSignIn = (name: string, seen: ErrorCode, fault: Fault): RecoveryRow => ({
  name,
  faults: [fault],
  seen,
  cut: true,
});
const atMail = (name: string, fault: Fault, more: Partial<RecoveryRow> = {}): RecoveryRow => ({
  name,
  faults: [fault],
  ...more,
});

const imap: RecoveryRow[] = [
  atSignIn('AUTHENTICATE failed', 'IMAP_AUTH_FAILED', { name: 'authFailed' }),
  atSignIn('authenticated but not connected', 'IMAP_NOT_CONNECTED', { name: 'notConnected' }),
  atSignIn('Command Error. 10', 'IMAP_TOKEN_REFUSED', { name: 'commandError', number: 10 }),
  atSignIn('Command Error. 12', 'IMAP_TOKEN_REFUSED', { name: 'commandError', number: 12 }),
  atSignIn('dropped after the sign-in', 'IMAP_CONNECTION_CLOSED', { name: 'dropAfterLogin' }),
  atSignIn('Server Unavailable. 15 at LOGIN', 'IMAP_SERVER_UNAVAILABLE', { name: 'serverUnavailable15', at: 'login' }),
  atSignIn('Server Unavailable. 15 at SELECT', 'IMAP_SERVER_UNAVAILABLE', { name: 'serverUnavailable15' }),
  atSignIn('Server Unavailable. 15 raw', 'IMAP_CONNECTION_CLOSED', { name: 'serverUnavailable15', at: 'raw' }),
  atSignIn('closed. 13', 'IMAP_CONNECTION_CLOSED', { name: 'closed13' }),
  atSignIn('closed. 14', 'IMAP_CONNECTION_CLOSED', { name: 'closed14' }),
  atSignIn('throttled', 'IMAP_THROTTLED', { name: 'throttleImap', milliseconds: 700 }),
  atSignIn('throttled by NO', 'IMAP_THROTTLED', { name: 'throttleImap', milliseconds: 700, answer: 'NO' }),
  atSignIn('throttled, then BYE', 'IMAP_THROTTLED', { name: 'throttleImap', milliseconds: 700, bye: true }),
  {
    ...atSignIn('message set is invalid', 'IMAP_COMMAND_FAILED', {
      name: 'imapReply',
      command: 'SEARCH',
      text: 'NO The specified message set is invalid.',
    }),
  },
  atMail('AccessTokenExpired', { name: 'tokenExpiredNow', refuseOldTokens: true }, { seen: 'IMAP_TOKEN_EXPIRED' }),
  atMail('OK FETCH without data', { name: 'emptyFetch' }, { seen: 'MessagePending' }),
  atMail('readable later', { name: 'lateReadable' }, { seen: 'MessagePending' }),
  atMail('replacement text', { name: 'poisonText' }, { seen: 'MessageQuarantined' }),
  atMail('messages no longer exist', { name: 'shortFetch', times: 1 }, { mails: 3 }),
  atMail('cut within a literal', { name: 'truncateFetch', times: 1 }),
  atMail('IDLE without a word', { name: 'muteIdle' }),
  { name: 'IDLE is dropped', faults: [{ name: 'dropIdle' }], seen: 'IMAP_CONNECTION_CLOSED' },
  { name: 'half-open', faults: [{ name: 'halfOpen' }], seen: 'IMAP_SILENT' },
  {
    name: 'closed before the greeting',
    faults: [{ name: 'refuseConnections' }],
    seen: 'IMAP_CONNECTION_CLOSED',
    cut: true,
    alone: true,
  },
  ...(['NO Maximum size of appendable message has been exceeded.', 'NO Command Argument Error. 11'] as const).map(
    (text): RecoveryRow => ({
      name: `APPEND: ${text}`,
      faults: [{ name: 'noSentCopy' }, { name: 'imapReply', command: 'APPEND', text }],
      seen: 'IMAP_APPEND_TOO_LARGE',
      append: true,
    }),
  ),
];

/** Codes of SMTP_REPLIES, in §9's words. Those of `rejected` fail the reply: its mail is at fault, and the next one leaves. */
const answers: Record<SmtpReplyName, ErrorCode> = {
  smtpAuthDisabledTenant: 'SMTP_AUTH_DISABLED_TENANT',
  smtpAuthDisabledMailbox: 'SMTP_AUTH_DISABLED_MAILBOX',
  basicAuthDisabled: 'SMTP_BASIC_AUTH_DISABLED',
  basicAuthRetired: 'SMTP_BASIC_AUTH_DISABLED',
  securityDefaults: 'SMTP_SECURITY_DEFAULTS',
  criteriaNotMet: 'SMTP_ACCESS_POLICY',
  credentialsIncorrect: 'SMTP_AUTH_FAILED',
  authUnsuccessful: 'SMTP_AUTH_FAILED',
  notAuthenticated: 'SMTP_NOT_AUTHENTICATED',
  directSendRefused: 'SMTP_NOT_AUTHENTICATED',
  sendAsRefused: 'SEND_AS_DENIED',
  sendAsDenied: 'SEND_AS_DENIED',
  sendAsDeniedStore: 'SEND_AS_DENIED',
  concurrentConnections: 'SMTP_CONNECTION_LIMIT',
  senderThreadLimit: 'SMTP_CONNECTION_LIMIT',
  serverBusy: 'SMTP_BUSY',
  submissionQuotaExceeded: 'SUBMISSION_QUOTA',
  recipientQuota: 'SUBMISSION_QUOTA',
  submissionQuota: 'SUBMISSION_QUOTA',
  mailboxFull: 'SENDING_MAILBOX_FULL',
  outboundSpam: 'OUTBOUND_SPAM',
  badOutboundSender: 'SENDER_BLOCKED',
  tenantBlocked705: 'TENANT_BLOCKED',
  tenantBlocked708: 'TENANT_BLOCKED',
  tenantBlocked750: 'TENANT_BLOCKED',
  tenantSpam501: 'TENANT_BLOCKED',
  tenantLimit232: 'TENANT_QUOTA',
  tenantLimit233: 'TENANT_QUOTA',
  tenantLimit236: 'TENANT_QUOTA',
  proxyFailure: 'SMTP_PROXY_TROUBLE',
  attribution: 'SMTP_TRANSIENT',
  dnsFailure: 'SMTP_TRANSIENT',
  insufficientResources: 'SMTP_TRANSIENT',
  serviceNotAvailable: 'SMTP_TRANSIENT',
  serviceNotActive: 'SMTP_TRANSIENT',
  storeTransient: 'SMTP_TRANSIENT',
  queueQuota: 'SMTP_QUEUE_QUOTA',
  connectionDropped: 'DELIVERY_UNCERTAIN',
  tooLarge: 'MESSAGE_TOO_LARGE',
  tooLargeAfterDot: 'MESSAGE_TOO_LARGE',
  tooManyRecipients: 'TOO_MANY_RECIPIENTS',
  tooManyRecipientsNow: 'SMTP_RECIPIENTS_LATER',
  bareLineFeed: 'SMTP_BARE_LF',
  multipleFrom: 'SMTP_FROM_REFUSED',
  fromInvalid: 'SMTP_FROM_REFUSED',
  loop: 'MAIL_LOOP',
  loopExternal: 'MAIL_LOOP',
  rulesLoop: 'MAIL_LOOP',
  recipientRate: 'RECIPIENT_RATE',
  recipientRateTotal: 'RECIPIENT_RATE',
  invalidDomain: 'SMTP_EHLO_NAME',
  userUnknown: 'RECIPIENT_UNKNOWN',
  recipientNotFound: 'RECIPIENT_UNKNOWN',
  recipientDenied: 'RECIPIENT_UNKNOWN',
};
const rejected: readonly SmtpReplyName[] = [
  ...(['sendAsRefused', 'tooLarge', 'tooLargeAfterDot', 'tooManyRecipients', 'bareLineFeed', 'multipleFrom'] as const),
  ...([
    'fromInvalid',
    'loop',
    'loopExternal',
    'rulesLoop',
    'userUnknown',
    'recipientNotFound',
    'recipientDenied',
  ] as const),
];

const smtp: RecoveryRow[] = [
  ...(Object.keys(SMTP_REPLIES) as SmtpReplyName[]).map((reply): RecoveryRow => {
    const { at } = SMTP_REPLIES[reply];
    // Exchange's SendAsDenied passes now and then; two in a row are final.
    const passing = reply === 'sendAsDenied' || reply === 'sendAsDeniedStore' ? { times: 1 } : {};
    return {
      name: `SMTP ${reply}`,
      faults: [{ name: 'smtpReply', reply, ...passing }],
      seen: answers[reply],
      ...(at === 'connect' || at === 'ehlo' ? { alone: true as const } : {}),
      ...(reply === 'connectionDropped' ? { reply: 'held' as const } : {}),
      ...(rejected.includes(reply) ? { reply: 'rejected' as const } : {}),
    };
  }),
  ...(['connect', 'ehlo', 'auth', 'mail', 'rcpt', 'data'] as const).map(
    (at): RecoveryRow => ({
      name: `SMTP connection lost at ${at}`,
      faults: [{ name: 'dropBeforeData', at }],
      seen: 'SMTP_UNREACHABLE',
      ...(at === 'connect' || at === 'ehlo' ? { alone: true as const } : {}),
    }),
  ),
  // So small that the dot may have left before the cut was noticed: nobody knows, and it is not in Sent.
  {
    name: 'SMTP connection lost within DATA',
    faults: [{ name: 'dropInData' }],
    seen: 'DELIVERY_UNCERTAIN',
    reply: 'held',
  },
  { name: 'SMTP connection lost after the dot, taken', faults: [{ name: 'dropAfterDot' }], seen: 'DELIVERY_UNCERTAIN' },
  {
    name: 'SMTP connection lost after the dot, not taken',
    faults: [{ name: 'dropAfterDotUnaccepted' }],
    seen: 'DELIVERY_UNCERTAIN',
    reply: 'held',
  },
  { name: 'SMTP silent at MAIL', faults: [{ name: 'stallSmtp', at: 'mail' }], seen: 'SMTP_UNREACHABLE' },
  { name: 'SMTP silent after the dot, taken', faults: [{ name: 'stallSmtp' }], seen: 'DELIVERY_UNCERTAIN' },
];

export const recoveryRows: readonly RecoveryRow[] = [...oauth, ...imap, ...smtp];
