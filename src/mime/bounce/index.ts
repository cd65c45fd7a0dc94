// Reports about mails of ours: bounces and delays per recipient, read receipts, complaints. RFC 3464, RFC 8098, RFC 5965, Exchange's NDR, prose.
import type { Address, DeliveryStatus } from '../../contract/message.ts';
import { decodeText } from '../charset.ts';
import { parseMessageIds } from '../message-ids.ts';
import { complaintOf } from './complaints.ts';
import { meaningOf } from './meanings.ts';
import { sesReport } from './notification.ts';
import { messageIdInText, type ProseRecipient, proseRecipients, reasonIn, reportPart } from './plain-text.ts';
import { isOfMailSystem, looksLikeBounce } from './recognise.ts';
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

interface ReportPart {
  /** Media type. */
  type: string;
  /** Decoded body, latin1 view. */
  text: string;
}

interface HeaderLookup {
  all(name: string): readonly string[];
  first(name: string): string | undefined;
}

interface BounceInput {
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
  /** The returned mail in its original form (latin1 view, bounded). */
  originalText: (() => string) | undefined;
}

export interface Bounce {
  kind: 'bounce' | 'receipt' | 'feedback-report';
  /** What it was recognised by. */
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
  const list = recipients.length === 0 ? proseOf(input) : completedBy(input.text, recipients);
  const positive = list.length > 0 && list.every(({ action }) => action !== undefined && POSITIVE.has(action));
  return { kind: positive ? 'receipt' : 'bounce', source: 'RFC 3464', deliveryStatus: withOriginal(input, list) };
}
const POSITIVE: ReadonlySet<string> = new Set(['delivered', 'relayed', 'expanded']);

/** RFC 5965. */
function complaintReport(input: BounceInput): Bounce | undefined {
  const complaint = complaintOf(input);
  if (complaint === undefined) return undefined;
  const { source, recipients } = complaint;
  return { kind: 'feedback-report', source, deliveryStatus: withOriginal(input, recipients) };
}

/** RFC 8098: a receipt, or a rejection in its shape. */
function dispositionReport(input: BounceInput): Bounce | undefined {
  const disposition = input.reports.find((r) => r.type.endsWith('disposition-notification'));
  if (disposition !== undefined) {
    const [fields] = fieldGroups(disposition.text);
    const original = parseMessageIds(fields?.get('original-message-id') ?? '')[0];
    const recipient = recipientAddress(fields?.get('original-recipient') ?? fields?.get('final-recipient'));
    const rejected = isRejection(fields?.get('disposition') ?? '', input);
    if (recipient !== undefined && rejected) return rejection(input, recipient, original);
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
  if (input.contentType !== 'multipart/report' || input.reportType?.toLowerCase() !== 'disposition-notification')
    return undefined;
  return { kind: 'receipt', source: 'RFC 8098', deliveryStatus: withOriginal(input, []) };
}

function sesBounce(input: BounceInput): Bounce | undefined {
  const ses = sesReport(input.text);
  if (ses === undefined) return undefined;
  const { kind, recipients, originalMessageId } = ses;
  const deliveryStatus = {
    ...(originalMessageId === undefined ? {} : { originalMessageId }),
    recipients: unique(recipients),
  };
  return { kind, source: 'Amazon SES', deliveryStatus };
}

/** A bounce in words. */
function prose(input: BounceInput): Bounce | undefined {
  const source = looksLikeBounce(input);
  if (source === undefined) return undefined;
  // The fields of RFC 3464 may stand in the text: a report whose parts were lost.
  const { text } = input;
  const fields = /^(?:final|original)-recipient\s*:/im.exec(text)?.index;
  let list = fields === undefined ? [] : completedBy(text, statusRecipients(text.slice(fields)));
  if (list.length === 0) list = proseOf(input);
  // A report that a gateway attached to one of its own.
  if (list.length === 0 && /^multipart\/report\b/i.test(input.original?.first('content-type') ?? ''))
    list = statusRecipients(input.originalText?.() ?? '');
  if (list.length === 0 && source === 'sender') return undefined;
  if (list.length === 0) list = onlyAddressee(input);
  return { kind: 'bounce', source, deliveryStatus: withOriginal(input, list) };
}

/** Sieve's reject says it as a receipt: "automatic-action/MDN-sent-automatically; deleted" (RFC 5429 §2.1). So do mails deleted unread, without such words. */
const isRejection = (disposition: string, { headers, text }: BounceInput): boolean =>
  /^\s*automatic-action\b.*;\s*(?:deleted|denied|failed|dispatched)/i.test(disposition) &&
  (/\breject/i.test(headers.first('auto-submitted') ?? '') ||
    /\b(?:automatically )?(?:rejected|refused)\b/i.test(text.slice(0, 2000)));

function rejection(input: BounceInput, recipient: string, original: string | undefined): Bounce {
  const words = input.text.slice(0, 2000).replace(/\s+/g, ' ').trim();
  const replyCode = replyCodeIn(words);
  const status = statusIn(words) ?? meaningOf(words.replace(/<[^<>]*>/g, ''), replyCode);
  const deliveryStatus = withOriginal(input, [
    {
      recipient,
      action: 'failed',
      ...(status === undefined ? {} : { status }),
      ...(replyCode === undefined ? {} : { replyCode }),
      permanent: true,
      ...optional('diagnostic', words),
    },
  ]);
  return {
    kind: 'bounce',
    source: 'RFC 5429',
    deliveryStatus: original === undefined ? deliveryStatus : { ...deliveryStatus, originalMessageId: original },
  };
}

const optional = <K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> =>
  value === undefined || value === '' ? {} : ({ [key]: value.slice(0, 500) } as Record<K, string>);

/** Recipients read of one mail: a list of more is no report about mails of ours. */
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
    const remoteMta = remoteIn(group);
    const replyCode =
      last?.replyCode ?? replyCodeIn(withoutAddresses(diagnostic.replace(/^\s*(?:smtp|x-[\w-]+)\s*;/i, '')));
    list.push({
      recipient,
      ...(action === undefined ? {} : { action }),
      ...(status === undefined ? {} : { status }),
      ...(replyCode === undefined ? {} : { replyCode }),
      permanent: permanence(action, status, replyCode),
      ...optional('diagnostic', diagnostic),
      ...optional('remoteMta', remoteMta),
    });
  }
  return list;
}

/** RFC 3464 §2.3.5: the host whose words the diagnostic are, where they are not the reporting system's own. `dns; host`. */
const remoteIn = (group: FieldGroup): string | undefined =>
  group
    .get('remote-mta')
    ?.replace(/^\s*[\w-]{1,20}\s*;/, '')
    .trim()
    .slice(0, 253);

/**
 * The remote server's own words are more exact than a status of x.0.0 or x.y.0 ("other, undefined"); else the reporting system's Status field is taken. Not
 * where it contradicts them: another class than the reply code beside it, or "user unknown" (5.1.1, what sendmail makes of each 550) where the server said
 * that the mailbox is full or closed, or the mail unwanted. x.4.7 (expired) is the reporting system's own.
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

/** Expired (x.4.7) is what the reporting system made of the other server's last answer, which Amazon SES quotes in brackets and Exchange behind LED=. */
const lastAnswer = (diagnostic: string): { replyCode: number; status: string } | undefined => {
  const quoted = /(?:<|\bLED=)(?=[45]\d\d[ -][45]\.\d)/.exec(diagnostic);
  return quoted === null ? undefined : answersIn(diagnostic.slice(quoted.index + quoted[0].length))[0];
};

const withoutAddresses = (text: string): string =>
  text
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, 'IP')
    .replace(/<[^<>\s]*>/g, (bracketed) => (bracketed.includes('@') ? '<>' : bracketed));

const utf8 = (latin1: string): string => decodeText(Buffer.from(latin1, 'latin1')).text;

/** The address we wrote to comes first: a forwarder's Final-Recipient is not ours to know. */
function recipientOf(group: FieldGroup): string | undefined {
  const recipient =
    recipientAddress(group.get('original-recipient')) ??
    recipientAddress(group.get('final-recipient')) ??
    recipientAddress(group.get('x-actual-recipient'));
  // RFC 6533: `utf-8;` and the address as it is.
  return recipient === undefined ? undefined : utf8(recipient);
}

function actionOf(value: string | undefined, status: string | undefined): Recipient['action'] {
  const word = /^[\s"']*(failed|failure|delayed|delivered|relayed|expanded)/i.exec(value ?? '')?.[1]?.toLowerCase();
  if (word === 'failure') return 'failed';
  if (word !== undefined) return word as NonNullable<Recipient['action']>;
  return status?.startsWith('5') === true ? 'failed' : undefined;
}

/**
 * Whether the reporting system has given up (RFC 3464 §2.3.3: failed is final, also for a status of 4.x.x, whose cause is a passing one). Only a report
 * that names no action is judged by its codes.
 */
function permanence(action: Recipient['action'], status: string | undefined, replyCode: number | undefined): boolean {
  if (action !== undefined) return action === 'failed';
  if (status !== undefined) return status.startsWith('5');
  if (replyCode !== undefined) return replyCode >= 500;
  return true;
}

/** Of the human-readable part: text further down is not searched for each recipient. */
const MAX_WORDS = 65_536;
/** Recipients looked for in it. */
const MAX_COMPLETED = 50;

/**
 * Fills in from the human-readable part what the machine-readable one leaves out (Exchange's NDR puts the remote answer only there). A report about
 * one recipient only: any answer in it belongs to him.
 */
function completedBy(whole: string, recipients: readonly Recipient[]): Recipient[] {
  const text = whole.slice(0, MAX_WORDS);
  const lower = text.toLowerCase();
  const spoken = recipients.length === 1 ? SPOKEN.exec(reportPart(text))?.[1] : undefined;
  const others = recipients.slice(0, MAX_COMPLETED).map((r) => r.recipient.toLowerCase());
  return recipients.map((r, k) => (k < MAX_COMPLETED ? completed(r, text, wordsAbout(others, k, lower), spoken) : r));
}

/** Where the words about the k-th recipient begin and end: up to the next of them. -1: nowhere. */
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
  return {
    ...recipient,
    ...(replyCode === undefined ? {} : { replyCode }),
    ...(status === undefined ? {} : { status }),
  };
}

/** A server's answer at the beginning of a line of a transcript. */
const SPOKEN = /^\s{0,8}(?:<<< ?)?([45][0-5]\d)[ -](?=\S)/m;

/** A report that names nobody is about the only addressee of the mail that it returns. */
function onlyAddressee(input: BounceInput): Recipient[] {
  const report = reportPart(input.text.slice(0, MAX_WORDS));
  const below = input.text.slice(report.length, report.length + MAX_WORDS);
  const to = input.original?.first('to') ?? /^[ \t>]{0,20}to[ \t]{0,20}:(.{1,500})$/im.exec(below)?.[1] ?? '';
  const only = to.includes(',') ? undefined : recipientAddress(to);
  if (only?.includes('@') !== true) return [];
  return outcomes(input, [{ recipient: only, ...reasonIn(report) }]);
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
    // Words that mean a permanent failure mean a passing one as long as it is still tried.
    const status = delayed && r.derived ? r.status?.replace(/^5/, '4') : r.status;
    return {
      recipient: r.recipient,
      action: delayed ? 'delayed' : 'failed',
      ...(status === undefined ? {} : { status }),
      ...(r.replyCode === undefined ? {} : { replyCode: r.replyCode }),
      permanent: !delayed,
      diagnostic: r.diagnostic,
    };
  });
}

const STILL_TRYING =
  /(?:will (?:be retried|continue to|keep trying|(?:try|retry) again|be attempted)|attempts? will continue|no action is required|has not yet been delivered|(?:is|are) still being|delivery (?:has been |is )?(?:delayed|postponed)|has been (?:delayed|postponed)|message is delayed|temporary failure|kept in the queue|this is (?:just )?a warning|warning message only|do not (?:need to )?resend|kein handlungsbedarf|wird weiterhin versucht|erneut versuch|nicht notwendig|still being)/i;

const DELAYED =
  /\bdelay(?:ed)?\b|^\W*(?:mail )?(?:delivery )?warning\b(?!.*(?:user unknown|fail))|delivery warning|verzögert|retardé|retrasad|temporarily|still being (?:retried|attempted)/i;

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
