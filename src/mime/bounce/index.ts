// Reports about mails that we sent: bounces and delays per recipient, read receipts, complaints. RFC 3464, RFC 8098, RFC 5965, Exchange's NDR, prose.
import type { Address, DeliveryStatus } from '../../contract/message.ts';
import { decodeText } from '../charset.ts';
import type { Headers } from '../header-fields.ts';
import { parseMessageIds } from '../message-ids.ts';
import { complaintOf } from './complaints.ts';
import { meaningOf } from './meanings.ts';
import { sesReport } from './notification.ts';
import { messageIdInText, type ProseRecipient, proseRecipients, recipientOfReport, reportPart } from './plain-text.ts';
import { isNullSender, isOfMailSystem, looksLikeBounce } from './recognise.ts';
import {
  answersIn,
  type FieldGroup,
  failuresIn,
  fieldGroups,
  mostExact,
  recipientAddress,
  replyCodeIn,
  statusesIn,
  statusIn,
} from './status-fields.ts';

export interface BounceInput {
  headers: Headers;
  subject: string;
  from: readonly Address[];
  /** Addressees of the report itself: our own addresses, never failed ones. */
  to: readonly Address[];
  contentType: string;
  reportType: string | undefined;
  /** Report parts by media type, decoded (latin1 view). */
  reports: readonly { type: string; text: string }[];
  /** Text of the report. */
  text: string;
  /** Header block of the returned mail. */
  original: Headers | undefined;
  /** The returned mail (latin1 view, bounded). */
  originalText: (() => string) | undefined;
}

interface Bounce {
  kind: 'bounce' | 'receipt' | 'feedback-report';
  /** The evidence that it is one. */
  source: string;
  deliveryStatus: DeliveryStatus;
}

type Recipient = DeliveryStatus['recipients'][number];

/** undefined when the mail is no report. Never throws. */
export function parseBounce(given: BounceInput): Bounce | undefined {
  const reports = given.reports.length > 0 || given.reportType !== undefined;
  const input = !reports || isOfMailSystem(given) ? given : { ...given, reports: [], reportType: undefined };
  return (
    deliveryReport(input) ?? complaintReport(input) ?? dispositionReport(input) ?? sesBounce(input) ?? prose(input)
  );
}

/** RFC 3464: a part message/delivery-status. */
function deliveryReport(input: BounceInput): Bounce | undefined {
  const status = input.reports.filter((r) => r.type.endsWith('delivery-status'));
  if (status.length === 0) return undefined;
  const recipients: Recipient[] = [];
  for (const part of status) {
    if (recipients.length >= MAX_RECIPIENTS) break;
    recipients.push(...statusRecipients(part.text, MAX_RECIPIENTS - recipients.length));
  }
  const list = recipients.length === 0 ? inWords(input) : completedBy(input.text, recipients);
  const positive = list.length > 0 && list.every(succeeded);
  return { kind: positive ? 'receipt' : 'bounce', source: 'RFC 3464', deliveryStatus: withOriginal(input, list) };
}
const POSITIVE: ReadonlySet<string> = new Set(['delivered', 'relayed', 'expanded']);
const succeeded = ({ action, status }: Recipient): boolean =>
  action === undefined ? status?.startsWith('2') === true : POSITIVE.has(action);

function complaintReport(input: BounceInput): Bounce | undefined {
  const complaint = complaintOf(input);
  if (complaint === undefined) return undefined;
  const { source, recipients } = complaint;
  return { kind: 'feedback-report', source, deliveryStatus: withOriginal(input, recipients) };
}

/** RFC 8098: a receipt, or a rejection in the form of one. */
function dispositionReport(input: BounceInput): Bounce | undefined {
  const report = input.reports.find((r) => r.type.endsWith('disposition-notification'));
  const declared =
    input.contentType === 'multipart/report' && input.reportType?.toLowerCase() === 'disposition-notification';
  if (report === undefined && !declared) return undefined;
  const fields = report && fieldGroups(report.text)[0];
  const [original] = parseMessageIds(fields?.get('original-message-id') ?? '');
  const recipient = recipientAddress(fields?.get('original-recipient') ?? fields?.get('final-recipient'));
  const disposition = fields?.get('disposition') ?? '';
  if (recipient !== undefined && isRejection(disposition, input)) return rejection(input, recipient, original);
  const list = recipient === undefined ? [] : [{ recipient, permanent: false, ...optional('diagnostic', disposition) }];
  return { kind: 'receipt', source: 'RFC 8098', deliveryStatus: withOriginal(input, list, original) };
}

function sesBounce(input: BounceInput): Bounce | undefined {
  const ses = sesReport(input.text);
  if (ses === undefined) return undefined;
  const { kind, recipients, originalMessageId } = ses;
  const deliveryStatus = { ...(originalMessageId && { originalMessageId }), recipients: unique(recipients) };
  return { kind, source: 'Amazon SES', deliveryStatus };
}

/** A bounce without machine-readable fields. */
function prose(input: BounceInput): Bounce | undefined {
  const source = looksLikeBounce(input);
  if (source === undefined) return undefined;
  // A report whose parts were lost may have the fields of RFC 3464 in its text.
  const { text } = input;
  const fields = /^(?:final|original)-recipient\s*:/im.exec(text)?.index;
  let list = fields === undefined ? [] : completedBy(text, statusRecipients(text.slice(fields)));
  if (list.length === 0) list = proseOf(input);
  // A gateway may have attached the report to one of its own.
  if (list.length === 0 && /^multipart\/report\b/i.test(input.original?.first('content-type') ?? ''))
    list = statusRecipients(input.originalText?.() ?? '');
  if (list.length === 0 && (source !== 'sender' || isNullSender(input.headers))) list = onlyAddressee(input);
  if (list.length === 0 && source === 'sender') return undefined;
  return { kind: 'bounce', source, deliveryStatus: withOriginal(input, list) };
}

/**
 * Sieve's reject sends a receipt "automatic-action/MDN-sent-automatically; deleted" (RFC 5429 §2.1). A receipt for a mail deleted unread has the same
 * disposition, but no words of rejection.
 */
const isRejection = (disposition: string, { headers, text }: BounceInput): boolean =>
  /^\s*automatic-action\b.*;\s*(?:deleted|denied|failed|dispatched)/i.test(disposition) &&
  (/\breject/i.test(headers.first('auto-submitted') ?? '') ||
    /\b(?:automatically )?(?:rejected|refused)\b/i.test(text.slice(0, 2000)));

function rejection(input: BounceInput, recipient: string, original: string | undefined): Bounce {
  const words = input.text.slice(0, 2000).replace(/\s+/g, ' ').trim();
  const replyCode = replyCodeIn(words);
  const status = statusIn(words) ?? meaningOf(words.replace(/<[^<>]*>/g, ''), replyCode);
  const failed: Recipient = {
    recipient,
    action: 'failed',
    ...(status && { status }),
    ...(replyCode && { replyCode }),
    permanent: true,
    ...optional('diagnostic', words),
  };
  return { kind: 'bounce', source: 'RFC 5429', deliveryStatus: withOriginal(input, [failed], original) };
}

const optional = <K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> =>
  value === undefined || value === '' ? {} : ({ [key]: value.slice(0, 500) } as Record<K, string>);

/** Recipients read from one mail: reports about our mails name fewer. */
const MAX_RECIPIENTS = 500;

/** RFC 3464 §2.3; at most `max` of them. */
function statusRecipients(text: string, max = MAX_RECIPIENTS): Recipient[] {
  const list: Recipient[] = [];
  for (const group of fieldGroups(text)) {
    const recipient = recipientOf(group);
    if (list.length >= max) break;
    if (recipient === undefined) continue;
    const diagnostic = utf8(group.get('diagnostic-code') ?? '').replace(/\s+/g, ' ');
    const declared = statusIn(group.get('status') ?? '');
    const last = declared?.endsWith('.4.7') === true ? lastAnswer(diagnostic) : undefined;
    const status = last?.status ?? moreExact(declared, withoutAddresses(diagnostic));
    const action = actionOf(group.get('action'), status);
    const replyCode =
      last?.replyCode ?? replyCodeIn(withoutAddresses(diagnostic.replace(/^\s*(?:smtp|x-[\w-]+)\s*;/i, '')));
    list.push({
      recipient,
      ...(action && { action }),
      ...(status && { status }),
      ...(replyCode && { replyCode }),
      permanent: permanence(action, status, replyCode),
      ...optional('diagnostic', diagnostic),
      ...optional('remoteMta', remoteIn(group)),
    });
  }
  return list;
}

/** The host that the diagnostic is from, unless it is from the reporting system (RFC 3464 §2.3.5): `dns; host`. */
const remoteIn = (group: FieldGroup): string | undefined =>
  group
    .get('remote-mta')
    ?.replace(/^\s*[\w-]{1,20}\s*;/, '')
    .trim()
    .slice(0, 253);

/**
 * The status of the reporting system's Status field, or of the remote server's answer in the diagnostic. The answer wins over x.0.0 and x.y.0 ("other,
 * undefined"), over a status of another class, and over 5.1.1 ("user unknown", which sendmail makes of every 550) where it says that the mailbox is full or
 * closed, or the mail unwanted. x.4.7 (expired) is always the reporting system's.
 */
function moreExact(declared: string | undefined, diagnostic: string): string | undefined {
  const answered = answersIn(diagnostic)[0]?.status;
  if (declared === undefined) return mostExact(failuresIn(diagnostic)) ?? statusIn(diagnostic);
  if (answered !== undefined && declared[0] !== '2' && !declared.endsWith('.4.7')) {
    if (answered[0] !== declared[0]) return answered;
    if (declared === '5.1.1' && /^5\.[27]\./.test(answered)) return answered;
  }
  if (declared.endsWith('.0.0')) return mostExact(failuresIn(diagnostic)) ?? declared;
  if (!declared.endsWith('.0')) return declared;
  return statusesIn(diagnostic).find((s) => s[0] === declared[0] && !/\.0(?:\.|$)/.test(s)) ?? declared;
}

/** The remote server's last answer before the mail expired (x.4.7): Amazon SES quotes it in brackets, Exchange after LED=. */
const lastAnswer = (diagnostic: string): { replyCode: number; status: string } | undefined => {
  const quoted = /(?:<|\bLED=)(?=[45]\d\d[ -][45]\.\d)/.exec(diagnostic);
  return quoted === null ? undefined : answersIn(diagnostic.slice(quoted.index + quoted[0].length))[0];
};

const withoutAddresses = (text: string): string =>
  text
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, 'IP')
    .replace(/<[^<>\s]*>/g, (bracketed) => (bracketed.includes('@') ? '<>' : bracketed));

const utf8 = (latin1: string): string => decodeText(Buffer.from(latin1, 'latin1')).text;

/** The address that we sent to comes first; Final-Recipient may be a forwarder's. */
function recipientOf(group: FieldGroup): string | undefined {
  const recipient =
    recipientAddress(group.get('original-recipient')) ??
    recipientAddress(group.get('final-recipient')) ??
    recipientAddress(group.get('x-actual-recipient'));
  // RFC 6533: `utf-8;` precedes an address in raw UTF-8.
  return recipient && utf8(recipient);
}

function actionOf(value: string | undefined, status: string | undefined): Recipient['action'] {
  const word = /^[\s"']*(failed|failure|delayed|delivered|relayed|expanded)/i.exec(value ?? '')?.[1]?.toLowerCase();
  if (word === 'failure') return 'failed';
  if (word !== undefined) return word as NonNullable<Recipient['action']>;
  return status?.startsWith('5') === true ? 'failed' : undefined;
}

/** Whether the reporting system has given up. `failed` is final, also with a status of 4.x.x (RFC 3464 §2.3.3); the codes count only without an action. */
function permanence(action: Recipient['action'], status: string | undefined, replyCode: number | undefined): boolean {
  if (action !== undefined) return action === 'failed';
  if (status !== undefined) return status.startsWith('5');
  if (replyCode !== undefined) return replyCode >= 500;
  return true;
}

/** UTF-16 units of the human-readable part that are searched. */
const MAX_WORDS = 65_536;
/** Recipients that are searched for in it. */
const MAX_COMPLETED = 50;

/**
 * Adds codes that are only in the human-readable part, where Exchange's NDR puts the remote answer. In a report about a single recipient, every answer is
 * about that recipient.
 */
function completedBy(whole: string, recipients: readonly Recipient[]): Recipient[] {
  const text = reportPart(whole.slice(0, MAX_WORDS));
  const lower = text.toLowerCase();
  const spoken = recipients.length === 1 ? SPOKEN.exec(text)?.[1] : undefined;
  const others = recipients.slice(0, MAX_COMPLETED).map((r) => r.recipient.toLowerCase());
  return recipients.map((r, k) => (k < MAX_COMPLETED ? completed(r, text, wordsAbout(others, k, lower), spoken) : r));
}

/** Range of the words about the k-th recipient, up to the next recipient; [-1, -1] without any. */
function wordsAbout(all: readonly string[], k: number, lower: string): [from: number, to: number] {
  const own = all[k] as string;
  const at = lower.indexOf(own);
  let to = at + 1500;
  if (at === -1) return [-1, -1];
  const near = lower.slice(at + own.length, to);
  for (const other of all) {
    const next = other === own || own.includes(other) ? -1 : near.indexOf(other);
    if (next !== -1) to = Math.min(to, at + own.length + next);
  }
  return [at, to];
}

function completed(
  recipient: Recipient,
  text: string,
  [from, to]: readonly [number, number],
  spoken: string | undefined,
): Recipient {
  const given = recipient.status;
  if (recipient.replyCode !== undefined && given !== undefined && !given.endsWith('.0.0')) return recipient;
  const near = from === -1 ? '' : withoutAddresses(text.slice(from, to).replace(/\s+/g, ' '));
  const replyCode = recipient.replyCode ?? replyCodeIn(near) ?? (spoken === undefined ? undefined : Number(spoken));
  const codes = failuresIn(near);
  const status =
    given === undefined
      ? mostExact(codes)
      : given.endsWith('.0.0')
        ? (mostExact(codes.filter((code) => code[0] === given[0])) ?? given)
        : given;
  return { ...recipient, ...(replyCode && { replyCode }), ...(status && { status }) };
}

/** A server's answer at the start of a line in a transcript. */
const SPOKEN = /^\s{0,8}(?:<<< ?)?([45][0-5]\d)[ -](?=\S)/m;

/** A report that names nobody is about the only addressee of the returned mail. */
function onlyAddressee(input: BounceInput): Recipient[] {
  const report = reportPart(input.text.slice(0, MAX_WORDS));
  const below = input.text.slice(report.length, report.length + MAX_WORDS);
  const to = input.original?.first('to') ?? /^[ \t>]{0,20}to[ \t]{0,20}:(.{1,500})$/im.exec(below)?.[1] ?? '';
  const only = to.includes(',') ? undefined : recipientAddress(to);
  if (only?.includes('@') !== true) return [];
  return outcomes(input, [recipientOfReport(only, report)]);
}

/** The recipients that the human-readable part names, else the only addressee. */
function inWords(input: BounceInput): Recipient[] {
  const list = proseOf(input);
  return list.length > 0 ? list : onlyAddressee(input);
}

function proseOf(input: BounceInput): Recipient[] {
  const own = new Set([...input.from, ...input.to].map((a) => a.address.toLowerCase()));
  const failed = input.headers
    .all('x-failed-recipients')
    .flatMap((v) => v.split(/[,\s]+/))
    .filter((a) => a.includes('@'))
    .slice(0, 200);
  const reporter = input.from.find((a) => /^(?:mailer-daemon|postmaster)@/i.test(a.address))?.address ?? '';
  const domain = reporter.slice(reporter.lastIndexOf('@') + 1).toLowerCase();
  return outcomes(input, proseRecipients(input.text, failed, own, domain));
}

function outcomes(input: BounceInput, list: readonly ProseRecipient[]): Recipient[] {
  const delayed = DELAYED.test(input.subject) || STILL_TRYING.test(reportPart(input.text.slice(0, 5000)));
  return list.map((r) => {
    // While delivery is still attempted, words of a permanent failure mean a transient one.
    const status = delayed && r.derived ? r.status?.replace(/^5/, '4') : r.status;
    return {
      recipient: r.recipient,
      action: delayed ? 'delayed' : 'failed',
      ...(status && { status }),
      ...(r.replyCode && { replyCode: r.replyCode }),
      permanent: !delayed,
      diagnostic: r.diagnostic,
    };
  });
}

const STILL_TRYING =
  /(?:will (?:be retried|continue to|keep trying|(?:try|retry) again|be attempted)|attempts? will continue|no action is required|has not yet been delivered|(?:is|are) still being|delivery (?:has been |is )?(?:delayed|postponed)|has been (?:delayed|postponed)|message is delayed|temporary failure|kept in the queue|this is (?:just )?a warning|warning message only|do not (?:need to )?resend|kein handlungsbedarf|wird weiterhin versucht|erneut versuch|nicht notwendig|still being)/i;

const DELAYED =
  /\bdelay(?:ed)?\b|^\W*(?:mail )?(?:delivery )?warning\b(?!.*(?:user unknown|fail))|delivery warning|verzögert|retardé|retrasad|temporarily|still being (?:retried|attempted)/i;

/** The recipients, with the Message-ID of our mail: `stated` by the report, that of the returned mail, or the one that the report refers to. */
function withOriginal(input: BounceInput, recipients: Recipient[], stated?: string): DeliveryStatus {
  const id =
    parseMessageIds(input.original?.first('message-id') ?? '')[0] ??
    messageIdInText(input.text) ??
    parseMessageIds(input.headers.first('x-original-message-id') ?? '')[0] ??
    parseMessageIds(input.headers.first('in-reply-to') ?? '')[0] ??
    parseMessageIds(input.headers.first('references') ?? '').at(-1);
  return {
    ...(id && { originalMessageId: id }),
    recipients: unique(recipients),
    ...(stated && { originalMessageId: stated }),
  };
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
