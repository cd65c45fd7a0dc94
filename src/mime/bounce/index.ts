// Reports about mails of ours: bounces and delays per recipient, read receipts, complaints. RFC 3464, RFC 8098, RFC 5965, Exchange's NDR, prose.
import type { Address, DeliveryStatus } from '../../contract/message.ts';
import { decodeText } from '../charset.ts';
import { parseMessageIds } from '../message-ids.ts';
import { messageIdInText, proseRecipients } from './plain-text.ts';
import { type FieldGroup, fieldGroups, recipientAddress, replyCodeIn, statusIn } from './status-fields.ts';

export interface ReportPart {
  /** Media type. */
  type: string;
  /** Decoded body, latin1 view. */
  text: string;
}

interface HeaderLookup {
  all(name: string): string[];
  first(name: string): string | undefined;
}

export interface BounceInput {
  headers: HeaderLookup;
  subject: string;
  from: readonly Address[];
  /** Addresses the report itself was sent to: they are ours, never the failed ones. */
  to: readonly Address[];
  contentType: string;
  reportType: string | undefined;
  reports: readonly ReportPart[];
  /** Text of the report. */
  text: string;
  /** Header block of the returned mail. */
  original: HeaderLookup | undefined;
}

export interface Bounce {
  kind: 'bounce' | 'receipt' | 'feedback-report';
  /** What it was recognised by. */
  source: string;
  deliveryStatus?: DeliveryStatus;
}

type Recipient = DeliveryStatus['recipients'][number];

/** undefined when the mail is no report. Never throws. */
export function parseBounce(input: BounceInput): Bounce | undefined {
  const status = input.reports.filter((r) => r.type.endsWith('delivery-status'));
  if (status.length > 0) {
    const recipients = status.flatMap((part) => statusRecipients(part.text));
    const prose = recipients.length === 0 ? proseOf(input) : [];
    const list = recipients.length === 0 ? prose : recipients.map((r) => completed(r, input.text));
    const positive =
      list.length > 0 &&
      list.every((r) => r.action === 'delivered' || r.action === 'relayed' || r.action === 'expanded');
    return { kind: positive ? 'receipt' : 'bounce', source: 'RFC 3464', deliveryStatus: withOriginal(input, list) };
  }
  const feedback = input.reports.find((r) => r.type === 'message/feedback-report');
  if (feedback !== undefined || input.reportType?.toLowerCase() === 'feedback-report') {
    const groups = fieldGroups(feedback?.text ?? '');
    const recipient = recipientAddress(groups[0]?.get('original-rcpt-to'));
    const list: Recipient[] =
      recipient === undefined
        ? []
        : [{ recipient, permanent: false, diagnostic: `complaint: ${groups[0]?.get('feedback-type') ?? 'abuse'}` }];
    return { kind: 'feedback-report', source: 'RFC 5965', deliveryStatus: withOriginal(input, list) };
  }
  const disposition = input.reports.find((r) => r.type.endsWith('disposition-notification'));
  if (disposition !== undefined) {
    const [fields] = fieldGroups(disposition.text);
    const original = parseMessageIds(fields?.get('original-message-id') ?? '')[0];
    const recipient = recipientAddress(fields?.get('original-recipient') ?? fields?.get('final-recipient'));
    const list: Recipient[] =
      recipient === undefined
        ? []
        : [{ recipient, permanent: false, ...optional('diagnostic', fields?.get('disposition')) }];
    const deliveryStatus = withOriginal(input, list);
    return {
      kind: 'receipt',
      source: 'RFC 8098',
      deliveryStatus: original === undefined ? deliveryStatus : { ...deliveryStatus, originalMessageId: original },
    };
  }
  if (input.contentType === 'multipart/report' && input.reportType?.toLowerCase() === 'disposition-notification') {
    return { kind: 'receipt', source: 'RFC 8098', deliveryStatus: withOriginal(input, []) };
  }
  const source = looksLikeBounce(input);
  if (source === undefined) return undefined;
  const list = proseOf(input);
  if (list.length === 0 && source === 'sender') return undefined;
  return { kind: 'bounce', source, deliveryStatus: withOriginal(input, list) };
}

const optional = <K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> =>
  value === undefined || value === '' ? {} : ({ [key]: value.slice(0, 500) } as Record<K, string>);

/** RFC 3464 §2.3. */
function statusRecipients(text: string): Recipient[] {
  const list: Recipient[] = [];
  for (const group of fieldGroups(text)) {
    const recipient = recipientOf(group);
    if (recipient === undefined || list.length >= 500) continue;
    const diagnostic = utf8(group.get('diagnostic-code') ?? '').replace(/\s+/g, ' ');
    const declared = statusIn(group.get('status') ?? '');
    const said = statusIn(withoutAddresses(diagnostic));
    // The remote server's own words are more precise than a status of x.0.0; else the reporting system's Status field stands.
    const status = declared === undefined || declared.endsWith('.0.0') ? (said ?? declared) : declared;
    const action = actionOf(group.get('action'), status);
    const replyCode = replyCodeIn(withoutAddresses(diagnostic.replace(/^\s*(?:smtp|x-[\w-]+)\s*;/i, '')));
    list.push({
      recipient,
      ...(action === undefined ? {} : { action }),
      ...(status === undefined ? {} : { status }),
      ...(replyCode === undefined ? {} : { replyCode }),
      permanent: permanence(action, status, replyCode),
      ...optional('diagnostic', diagnostic),
    });
  }
  return list;
}

const withoutAddresses = (text: string): string =>
  text.replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, 'IP').replace(/<[^<>\s]*@[^<>\s]*>/g, '<>');

const utf8 = (latin1: string): string => decodeText(Buffer.from(latin1, 'latin1')).text;

/** The address we wrote to comes first: a forwarder's Final-Recipient is not ours to know. */
function recipientOf(group: FieldGroup): string | undefined {
  return (
    recipientAddress(group.get('original-recipient')) ??
    recipientAddress(group.get('final-recipient')) ??
    recipientAddress(group.get('x-actual-recipient'))
  );
}

function actionOf(value: string | undefined, status: string | undefined): Recipient['action'] {
  const word = /^[\s"']*(failed|failure|delayed|delivered|relayed|expanded)/i.exec(value ?? '')?.[1]?.toLowerCase();
  if (word === 'failure') return 'failed';
  if (word !== undefined) return word as NonNullable<Recipient['action']>;
  return status?.startsWith('5') === true ? 'failed' : undefined;
}

function permanence(action: Recipient['action'], status: string | undefined, replyCode: number | undefined): boolean {
  if (action === 'delayed' || action === 'delivered' || action === 'relayed' || action === 'expanded') return false;
  if (status !== undefined) return status.startsWith('5');
  if (replyCode !== undefined) return replyCode >= 500;
  return true;
}

/** Fills in from the human-readable part what the machine-readable one leaves out (Exchange's NDR puts the remote answer only there). */
function completed(recipient: Recipient, text: string): Recipient {
  if (recipient.replyCode !== undefined && recipient.status !== undefined && !recipient.status.endsWith('.0.0'))
    return recipient;
  const at = text.toLowerCase().indexOf(recipient.recipient.toLowerCase());
  const near = at === -1 ? '' : withoutAddresses(text.slice(at, at + 1500).replace(/\s+/g, ' '));
  const replyCode = recipient.replyCode ?? replyCodeIn(near);
  const status = recipient.status ?? statusIn(near);
  return {
    ...recipient,
    ...(replyCode === undefined ? {} : { replyCode }),
    ...(status === undefined ? {} : { status }),
  };
}

function proseOf(input: BounceInput): Recipient[] {
  const own = new Set([...input.from, ...input.to].map((a) => a.address.toLowerCase()));
  const failed = input.headers
    .all('x-failed-recipients')
    .flatMap((v) => v.split(/[,\s]+/))
    .filter((a) => a.includes('@'))
    .slice(0, 200);
  const list = proseRecipients(input.text, failed, own);
  const delayed =
    DELAYED.test(input.subject) ||
    /(?:will (?:be retried|continue to be|keep trying)|no action is required|has not yet been delivered|delivery (?:has been |is )?delayed|this is (?:just )?a warning|warning message only|nicht notwendig|still being)/i.test(
      input.text.slice(0, 5000),
    );
  return list.map((r) => {
    const action = delayed ? 'delayed' : 'failed';
    return {
      recipient: r.recipient,
      action,
      ...(r.status === undefined ? {} : { status: r.status }),
      ...(r.replyCode === undefined ? {} : { replyCode: r.replyCode }),
      permanent:
        !delayed &&
        permanence(undefined, r.replyCode !== undefined && r.status === undefined ? undefined : r.status, r.replyCode),
      diagnostic: r.diagnostic,
    };
  });
}

const DELAYED = /\b(?:delay(?:ed)?|warning|verzögert|retard|temporarily|still being (?:retried|attempted))\b/i;

const SAID =
  /(?:could ?n[o']t|cannot|unable to|not|failed to|was ?n[o']t) (?:be )?(?:deliver|send|sent|reach)|delivery (?:to .{1,80} )?(?:has )?fail|permanent (?:fatal )?error|user unknown|undeliver|following (?:address|recipient)|transcript of session|nicht zugestellt|mailbox (?:is )?full|over ?quota|did not reach|配送|not been delivered|has been returned|rejected|does not exist/i;

const SUBJECT =
  /undeliver(?:ed|able)|(?:mail|message|delivery|e-?mail)\b.{0,30}\b(?:fail(?:ed|ure)?|error|problem|status notification|subsystem|unsuccessful|not delivered|rejected)|failure notice|returned (?:mail|e-?mail|to sender)|non-?deliver|nondeliverable|delivery (?:status|notification|has failed|delayed|report|problem)|mail delivery|cannot deliver|could not (?:be )?deliver|failed mail|user unknown|unzustellbar|nicht zugestellt|unzustellbarkeit|zustellungs|non remis|échec|non (?:è stato )?(?:recapitat|consegna)|mancata consegna|no se (?:ha podido|puede|pudo) (?:entregar)|error de entrega|onbestelbaar|niet afgeleverd|niedostarcz|nie można dostarczyć|zwrot|message status|returned|mailer-daemon|warning: (?:could not|message)|不达|退信|配信|bounce/i;

const DAEMON =
  /(?:^|[<"\s])(?:mailer[-_]?daemon|mail-?daemon|postmaster|mailadmin|mail-?delivery|microsoftexchange[0-9a-f]{20,}|maildaemon|mmdf|postmast|mail-system|smtpd?|administrator|complaints|bounce|nobody|no-?reply|listserv|root|majordomo)(?:@|$|[>"\s])|mail delivery (?:sub)?system|mail (?:system|administrator)|system administrator|post office|internet mail delivery/i;

/** What makes a mail without a machine-readable part look like a bounce: sender and subject together, or a sure header. */
function looksLikeBounce(input: BounceInput): string | undefined {
  const { headers, subject, from } = input;
  if (headers.first('x-failed-recipients') !== undefined) return 'X-Failed-Recipients';
  const daemon =
    from.some((a) => DAEMON.test(a.address) || DAEMON.test(a.name)) || DAEMON.test(headers.first('sender') ?? '');
  const nullSender = headers.all('return-path').some((v) => /^<\s*>$/.test(v));
  const subjectFits = SUBJECT.test(subject);
  if (input.reportType?.toLowerCase() === 'delivery-status') return 'RFC 3464';
  if (/^auto-replied/i.test(headers.first('auto-submitted') ?? '') && !subjectFits) return undefined;
  if (!daemon && !subjectFits) return undefined;
  if (daemon && subjectFits) return 'sender and subject';
  const said = SAID.test(input.text.slice(0, 6000));
  if (nullSender && subjectFits && said) return 'null sender and subject';
  if (daemon && said && nullSender) return 'sender and text';
  if (daemon && said) return 'sender';
  if (subjectFits && said && input.original !== undefined) return 'subject and returned mail';
  if (subjectFits && said && messageIdInText(input.text) !== undefined) return 'subject and text';
  return undefined;
}

/** Which mail of ours: Message-ID of the returned mail, or what the report refers to. */
function withOriginal(input: BounceInput, recipients: Recipient[]): DeliveryStatus {
  const id =
    parseMessageIds(input.original?.first('message-id') ?? '')[0] ??
    messageIdInText(input.text) ??
    parseMessageIds(input.headers.first('x-original-message-id') ?? '')[0] ??
    parseMessageIds(input.headers.first('in-reply-to') ?? '')[0] ??
    parseMessageIds(input.headers.first('references') ?? '').at(-1);
  return { ...(id === undefined ? {} : { originalMessageId: id }), recipients: unique(recipients) };
}

function unique(list: Recipient[]): Recipient[] {
  const seen = new Map<string, Recipient>();
  for (const r of list) {
    const key = r.recipient.toLowerCase();
    const known = seen.get(key);
    if (known === undefined || (known.status === undefined && r.status !== undefined)) seen.set(key, r);
  }
  return [...seen.values()];
}
