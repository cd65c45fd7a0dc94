// The table of answers of submission servers: phase × reply code × enhanced code × words → code of the catalogue, and how long to wait. First match
// wins: the particular before the general. Sources, by the word at the row: EXO docs/exchange-online.md §9, §10 (Microsoft's NDR and submission pages);
// Gmail support.google.com/a/answer/3726730; SES docs.aws.amazon.com/ses/latest/dg/smtp-response-codes.html; Postfix postconf(5) and smtpd_check.c;
// Exim spec §45 and its source; OpenSMTPD smtp_session.c; sendmail cf/m4/proto.m4; Zoho help.zoho.com (SMTP errors); GMX and IONOS: their postmaster
// pages (Nemesis). RFC 5321, 4954, 3463, 3207 for what no server changes.
import type { Action } from '../../domain/catalogue/entry.ts';
import type { ErrorCode, FailureClass } from '../../domain/errors.ts';

/**
 * How far the submission got when it failed. `connect`: greeting included. `rcpt`: one recipient or all. `body`: at least one byte of the mail
 * left, and no answer to the final dot came. `answer`: to the final dot.
 */
export type Phase = 'connect' | 'ehlo' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'body' | 'answer';

export interface Row {
  code: ErrorCode;
  replyCodes?: readonly number[];
  /** 4 or 5: the reply code's first digit. */
  kind?: 4 | 5;
  enhanced?: RegExp;
  text?: RegExp;
  phases?: readonly Phase[];
  /** Only if the text contains an address that is not ours, a recipient's. */
  ofRecipient?: true;
  /** Applies without a reply code: the text is ours or the library's. */
  codeless?: true;
  /** Milliseconds. */
  afterMs?: number;
  /** The wait does not grow with this reply's tries: what is limited is used by others, too. */
  steady?: true;
  maxTries?: number;
  /** It concerns our tenant or mailbox, whatever the recipient: also as a bounce of our own system it holds the server, for this long, ms. */
  asBounceMs?: number;
  /** Overrides the catalogue's action. */
  action?: Action;
  class?: FailureClass;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const HELLO = ['connect', 'ehlo'] as const;
const ENVELOPE = ['mail', 'rcpt', 'data'] as const;
const SENDING = ['mail', 'rcpt', 'data', 'answer'] as const;
/** A mailbox that takes no more mail, in the words of many servers. */
const FULL =
  /(mail ?box|account|user|storage|quota).{0,40}(is |over |exceeded|out of )?(full|over ?quota|exceeded|out of (storage|space|disk))|over ?quota|insufficient (storage|quota)|not enough (storage )?space|storage allocation|disk ?quota|quota exceeded/i;

const ours: readonly Row[] = [
  { code: 'EMAIL_SERVER_HOST_REFUSED', text: /^Mailroom must not connect to/, phases: ['connect'], codeless: true },
];

const signIn: readonly Row[] = [
  { code: 'SMTP_AUTH_DISABLED_TENANT', text: /SmtpClientAuthentication is disabled for the Tenant/i }, // EXO
  { code: 'SMTP_AUTH_DISABLED_MAILBOX', text: /SmtpClientAuthentication is disabled for the Mailbox/i },
  { code: 'SMTP_BASIC_AUTH_DISABLED', text: /basic authentication is (disabled|not supported)/i },
  { code: 'SMTP_BASIC_AUTH_DISABLED', enhanced: /^5\.7\.30$/ },
  { code: 'SMTP_SECURITY_DEFAULTS', text: /security defaults policy/i },
  { code: 'SMTP_ACCESS_POLICY', text: /did not meet the criteria|conditional access/i },
  { code: 'SMTP_AUTH_FAILED', replyCodes: [535], text: /credentials were incorrect/i }, // EXO: the tail decides, not 5.7.139
  { code: 'SMTP_ACCESS_POLICY', replyCodes: [535], enhanced: /^5\.7\.139$/ },
  { code: 'SMTP_NOT_AUTHENTICATED', enhanced: /^5\.7\.(57|68)$/ }, // 5.7.68: Reject Direct Send, §10
  {
    code: 'SMTP_TLS_REQUIRED',
    text: /must issue (a )?STARTTLS|STARTTLS (is )?required|requires? (a )?(TLS|encrypt)|encryption required/i,
  }, // RFC 3207 §4
  {
    code: 'SMTP_SIGN_INS_LIMITED',
    text: /too many (login|log-?in|auth\w*|failed|bad|invalid).{0,30}(attempts?|failures?|logins?|tries)/i,
    afterMs: 15 * MINUTE,
  }, // Gmail 454 4.7.0
  {
    code: 'SMTP_NOT_AUTHENTICATED',
    text: /not logged in|must issue an AUTH|authentication (is )?required|not authenticated|authenticate first|client was not authenticated/i,
    kind: 5,
    phases: ENVELOPE,
  }, // Postfix, OpenSMTPD, SES
  { code: 'SMTP_NOT_AUTHENTICATED', replyCodes: [530], phases: SENDING },
  { code: 'SMTP_PROXY_TROUBLE', text: /PRX[456]\b/ }, // EXO
  { code: 'SMTP_TRANSIENT', replyCodes: [454], phases: ['tls'], afterMs: MINUTE }, // RFC 3207 §4: TLS not available due to temporary reason
  { code: 'SMTP_TRANSIENT', replyCodes: [432, 451, 454], phases: ['auth'], afterMs: MINUTE },
  // An unknown or ill-timed command, or an unknown mechanism: AUTH is not offered (RFC 4954 §4, RFC 5321 §4.2.4; Postfix and Exim 503, sendmail
  // 503 5.3.3, Haraka 500, Exchange 504 5.7.4).
  { code: 'SMTP_AUTH_NOT_OFFERED', replyCodes: [500, 502, 503, 504], phases: ['auth'] },
  { code: 'SMTP_AUTH_FAILED', replyCodes: [534, 535, 538] },
];

/** Limits that are used up for a while: the reply is kept, whatever the first digit of the code. */
const limits: readonly Row[] = [
  { code: 'TENANT_QUOTA', enhanced: /^5\.7\.23[236]$/, afterMs: 6 * HOUR, asBounceMs: 6 * HOUR }, // 236: From at onmicrosoft.com, §10
  { code: 'SMTP_TRANSIENT', text: /concurrent server connections/i, afterMs: MINUTE }, // EXO: of the server, not ours
  {
    code: 'SUBMISSION_QUOTA',
    text: /SubmissionQuotaExceeded|submission quota/i,
    afterMs: 2 * HOUR,
    asBounceMs: 2 * HOUR,
  }, // EXO
  { code: 'SUBMISSION_QUOTA', enhanced: /^5\.1\.90$/, afterMs: 2 * HOUR, asBounceMs: 2 * HOUR },
  {
    code: 'SUBMISSION_QUOTA',
    text: /\b(daily|hourly|sending|send|submission|outgoing|outbound)( \w+){0,3} (quota|limits?)\b/i,
    phases: SENDING,
    afterMs: 2 * HOUR,
  }, // Gmail 550 5.4.5, SES 454, GMX 450
  {
    code: 'SMTP_CONNECTION_LIMIT',
    text: /Concurrent connections limit|sender thread limit exceeded/i,
    afterMs: 45 * SECOND,
    steady: true,
  }, // EXO
  {
    code: 'SMTP_CONNECTION_LIMIT',
    text: /too many (concurrent |open |simultaneous |new )?(SMTP |TLS )?(connections|sessions)|connection (rate|count) limit|max(imum)? (number of )?connections/i,
    afterMs: 45 * SECOND,
    steady: true,
  }, // SES, Postfix, Exim, sendmail
  {
    code: 'SMTP_CONNECTION_ENDED',
    replyCodes: [421],
    text: /too many (messages|mails|errors|transactions|commands).{0,40}|messages? (per|in one|in this) connection|idle|time(d)? ?-?out|waiting for (a )?command/i,
    afterMs: SECOND,
  },
  { code: 'SMTP_QUEUE_QUOTA', enhanced: /^4\.7\.3$/, text: /queue quota/i, afterMs: 5 * MINUTE }, // EXO
  { code: 'SMTP_BUSY', enhanced: /^4\.7\.5\d\d$/, afterMs: 10 * MINUTE },
  { code: 'SMTP_BUSY', text: /Maximum sending rate exceeded/i, afterMs: 15 * SECOND }, // SES: messages a second
  { code: 'RECIPIENT_RATE', enhanced: /^5\.2\.12[12]$/, afterMs: HOUR }, // EXO
  {
    code: 'RECIPIENT_RATE',
    text: /(user|recipient).{0,60}receiving mail (too quickly|at a rate)|recipient.{0,30}(rate|too (many|much) mail)/i,
    afterMs: HOUR,
  }, // Gmail 450, 550 4.2.1
  {
    code: 'SENDING_SUSPENDED',
    text: /unusual (sending|rate|activity|amount)|suspicious (sending|activity)|temporarily (blocked|suspended|disabled)/i,
    afterMs: 2 * HOUR,
  }, // Zoho 550 5.4.6, Gmail 421 4.7.0
];

const sender: readonly Row[] = [
  { code: 'SEND_AS_DENIED', text: /SendAsDenied/i, action: 'retry', maxTries: 2, afterMs: 3 * MINUTE }, // EXO
  { code: 'SEND_AS_DENIED', enhanced: /^5\.2\.252$/, action: 'retry', maxTries: 2, afterMs: 3 * MINUTE },
  { code: 'SEND_AS_DENIED', enhanced: /^5\.7\.60$/ },
  {
    code: 'SEND_AS_DENIED',
    kind: 5,
    text: /permissions? to send (as|on behalf of)|not owned by (user|auth)|disallowed as|sender (address )?is not allowed|not (allowed|authori[sz]ed|permitted) to (send|perform|use this sender|relay)|sender.{0,30}does not (match|belong)|must match (the )?auth/i,
  }, // Postfix 553, Zoho 553, GMX 550, SES 554
  {
    code: 'FROM_NOT_VERIFIED',
    text: /address is not verified|not verified.{0,40}identit|identities failed the check|domain.{0,20}not verified/i,
  }, // SES 554
  {
    code: 'SMTP_FROM_REFUSED',
    kind: 5,
    text: /domain.{0,60}(not found|does not exist)/i,
    enhanced: /^5\.1\.8$/,
    phases: SENDING,
  }, // Postfix, sendmail
  { code: 'OUTBOUND_SPAM', text: /OutboundSpam/i, asBounceMs: 2 * HOUR }, // EXO
  { code: 'SENDER_BLOCKED', enhanced: /^5\.1\.8$/, phases: SENDING, asBounceMs: 2 * HOUR },
  {
    code: 'SENDER_BLOCKED',
    text: /bad outbound sender|outgoing (mail |message )?(is )?blocked|sending (is )?(paused|disabled|suspended)|account (is |has been )?(suspended|disabled|blocked|locked)/i,
    phases: ['auth', 'mail', 'data', 'answer'],
    kind: 5,
  }, // EXO, Zoho, SES
  { code: 'TENANT_BLOCKED', enhanced: /^5\.7\.(705|708|750|50[1-3])$/, asBounceMs: 2 * HOUR }, // EXO
  {
    code: 'CLIENT_ADDRESS_BLOCKED',
    kind: 5,
    text: /(client|ip|host|server|address|you).{0,60}(blocked using|block ?list|black ?list|listed (at|by|in)|banned)|spamhaus|\brbl\b|dnsbl|no reverse DNS|PTR record|reverse hostname/i,
    phases: ['connect', 'ehlo', 'mail', 'rcpt'],
  }, // Postfix, Exim
  { code: 'FROM_UNPROVEN', enhanced: /^5\.7\.(515|26|27|29)$/ }, // Outlook.com §10; Gmail 550 5.7.26: SPF, DKIM, DMARC
  { code: 'SMTP_FROM_REFUSED', enhanced: /^5\.(1\.20|7\.512)$/ }, // EXO
  {
    code: 'SMTP_FROM_REFUSED',
    kind: 5,
    text: /sender (address )?(rejected|verify failed)|MAIL FROM.{0,20}rejected|invalid sender|sender.{0,20}domain.{0,30}(not found|does not exist|must exist)/i,
    phases: SENDING,
  }, // Postfix, Exim, sendmail
  {
    code: 'RELAY_DENIED',
    kind: 5,
    text: /relay(ing)?( access)? (is )?(denied|not permitted|not allowed|prohibited|disallowed)|relay not permitted|allowed rcpthosts|relaying denied|unable to relay|mail relay denied/i,
    phases: ENVELOPE,
    action: 'retry',
    maxTries: 4,
    afterMs: 20 * MINUTE,
  },
];

const size: readonly Row[] = [
  {
    code: 'SMTP_RECIPIENTS_LATER',
    replyCodes: [421, 450, 451, 452],
    text: /too many recipients|separate transaction|multiple destination domains/i,
    afterMs: 5 * MINUTE,
  }, // Postfix, Gmail
  { code: 'SMTP_RECIPIENTS_LATER', enhanced: /^4\.5\.3$/, afterMs: 5 * MINUTE },
  { code: 'TOO_MANY_RECIPIENTS', enhanced: /^5\.5\.3$/ },
  { code: 'TOO_MANY_RECIPIENTS', kind: 5, text: /too many recipients/i },
  { code: 'MESSAGE_TOO_LARGE', enhanced: /^5\.(3\.4|2\.3)$/ },
  {
    code: 'MESSAGE_TOO_LARGE',
    kind: 5,
    text: /message (size|length|file|is)?.{0,20}(exceeds?|exceeded|too (big|large)|larger than)|maximum message size|size limit exceeded/i,
  },
  { code: 'MESSAGE_TOO_LARGE', text: /^Message size larger than allowed/i, codeless: true },
];

const recipient: readonly Row[] = [
  {
    code: 'RECIPIENT_MAILBOX_FULL',
    kind: 4,
    text: FULL,
    enhanced: /^4\.2\.2$/,
    action: 'retry',
    class: 'transient',
    afterMs: 30 * MINUTE,
  },
  { code: 'RECIPIENT_MAILBOX_FULL', kind: 5, text: FULL, phases: ['rcpt'] },
  { code: 'RECIPIENT_MAILBOX_FULL', enhanced: /^5\.2\.2$/, phases: ['rcpt'] },
  { code: 'RECIPIENT_MAILBOX_FULL', enhanced: /^5\.2\.2$/, phases: ['data', 'answer'], ofRecipient: true },
  {
    code: 'RECIPIENT_MAILBOX_FULL',
    kind: 5,
    text: /mailbox for (the )?user|recipient|tried to reach|addressee/i,
    enhanced: /^5\.2\.2$/,
    phases: ['data', 'answer'],
  },
  { code: 'SENDING_MAILBOX_FULL', enhanced: /^5\.2\.2$/, phases: ['mail'] }, // EXO from here
  {
    code: 'SENDING_MAILBOX_FULL',
    text: /STOREDRV|Mapi|mailbox (is )?full|\bQuotaExceeded/i,
    enhanced: /^5\.2\.[02]$/,
    phases: ['data', 'answer'],
  },
  { code: 'RECIPIENT_MAILBOX_FULL', enhanced: /^5\.2\.2$/, phases: ['data', 'answer'] },
  { code: 'MAIL_LOOP', enhanced: /^5\.(4\.14|7\.128)$/ },
  { code: 'MAIL_LOOP', kind: 5, text: /\bhop|\bloop/i, enhanced: /^5\.4\.\d+$/ },
  { code: 'MAIL_LOOP', kind: 5, text: /too many hops|hop count exceeded|mail loop/i },
  { code: 'RECIPIENT_UNKNOWN', enhanced: /^5\.(1\.1|1\.10|4\.1)$/, phases: ['rcpt', 'data', 'answer'] },
  {
    code: 'RECIPIENT_UNKNOWN',
    kind: 5,
    text: /user unknown|unknown user|no such (user|mailbox|recipient|address)|does(n't| not) exist|invalid recipient|recipient (address )?(unknown|not found)|unrouteable address|mailbox (unavailable|not found|unknown)/i,
    phases: ['rcpt'],
  }, // Exim, OpenSMTPD, Zoho
];

const content: readonly Row[] = [
  { code: 'SMTP_BARE_LF', enhanced: /^5\.6\.11$/ }, // EXO
  { code: 'SMTP_BARE_LF', text: /bare (<?LF>?|line ?feed)/i }, // Postfix 521 5.5.2
];

const hello: readonly Row[] = [
  { code: 'SMTP_EHLO_NAME', replyCodes: [501, 550, 553], enhanced: /^5\.(5\.4|7\.1|0\.0)$/, phases: ['ehlo'] },
  { code: 'SMTP_EHLO_NAME', replyCodes: [501], enhanced: /^5\.5\.4$/, phases: HELLO },
  { code: 'SMTP_EHLO_NAME', text: /Invalid domain name|invalid HELO|HELO\/EHLO argument/i, phases: [...HELLO, 'mail'] }, // EXO, Exim, Gmail
  {
    code: 'SMTP_EHLO_NAME',
    text: /Helo command rejected|HELO.{0,20}(need fully-qualified|invalid name)/i,
    phases: [...HELLO, ...ENVELOPE],
  }, // Postfix with smtpd_delay_reject
];

/** Limits that no row above names: a temporary limit must not fail a reply. */
const quotaLike: readonly Row[] = [
  {
    code: 'SMTP_BUSY',
    kind: 4,
    text: /^(?!.{0,500}\b(day|daily|24 ?h)).{0,500}\b(limits?|rate)\b.{0,20}(exceeded|reached)/i,
    afterMs: 10 * MINUTE,
  }, // Gmail 450 4.2.1
  {
    code: 'SMTP_BUSY',
    kind: 4,
    text: /(rate|sending) limit(?!.{0,20}(day|daily))|too (many|much) (mails?|messages?|emails?|requests)(?!.{0,30}(day|daily|24))|throttl(?!.{0,60}(daily|day))|slow down/i,
    afterMs: 10 * MINUTE,
  },
  {
    code: 'SUBMISSION_QUOTA',
    text: /(daily|sending|send|message|mail|e-?mail|recipients?|hourly|rate|account|user|usage)\b.{0,40}\b(quota|limits?)|\b(quota|limits?)\b.{0,40}\b(exceeded|reached|used up|daily|per (day|hour)|sending)|exceeded.{0,60}\b(quota|limits?|allowed|max(imum)?)\b|(per|in|an?) (the last )?(day|hour|24 ?h(ours)?).{0,30}(exceeded|reached|allowed)|max .{0,20}per (hour|day)|throttling failure/i,
    phases: SENDING,
    afterMs: 2 * HOUR,
  }, // Gmail 550 5.4.5, SES 454, GMX 450, Exim with cPanel, and other servers
];

const general: readonly Row[] = [
  // 554 4.3.2: the enhanced code says transient where the reply code does not (EXO).
  { code: 'SMTP_TRANSIENT', enhanced: /^4\./, afterMs: MINUTE },
  {
    code: 'SMTP_CONNECTION_ENDED',
    replyCodes: [421],
    phases: ['mail', 'rcpt', 'data'],
    text: /closing|shut|goodbye/i,
    afterMs: SECOND,
  },
  { code: 'SMTP_TRANSIENT', kind: 4, afterMs: MINUTE },
  { code: 'SMTP_AUTH_FAILED', kind: 5, phases: ['auth'] },
  { code: 'SMTP_TLS_FAILED', kind: 5, phases: ['tls'] },
  // A 5xx greeting or EHLO is the server's state, never this reply's (RFC 5321 §3.1).
  { code: 'SMTP_TRANSIENT', kind: 5, phases: HELLO, afterMs: MINUTE },
  { code: 'RECIPIENT_REFUSED', kind: 5, phases: ['rcpt'] },
  // Not about a recipient, and not about the mail either, which the server has not seen: more likely to pass than to stay.
  { code: 'SMTP_REJECTED', kind: 5, phases: ['mail', 'data'], action: 'retry', maxTries: 3, afterMs: 10 * MINUTE },
  { code: 'SMTP_REJECTED', kind: 5 },
];

export const rows: readonly Row[] = [
  ...ours,
  ...signIn,
  ...limits,
  ...hello,
  ...size,
  ...sender,
  ...recipient,
  ...content,
  ...quotaLike,
  ...general,
];
