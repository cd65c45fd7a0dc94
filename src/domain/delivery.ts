// What happened to a reply after a server accepted it, for each recipient, from returned reports: DSNs (RFC 3464), bounces in prose, read
// receipts (RFC 8098). Pure. The states are totally ordered: the higher one wins in any order of arrival, and a repeated report
// changes nothing. Therefore reports need no sequence and no transaction with the mail that contained them.
import type { DeliveryStatus } from '../contract/message.ts';
import {
  type BounceClass,
  type Delivery,
  type DeliveryReport,
  deliveries,
  type RecipientState,
} from '../contract/result.ts';
import { defined } from '../lib/defined.ts';
import { normalAddress } from './address.ts';
import { catalogue, type ErrorCode } from './catalogue/index.ts';
import { maskRemoteText } from './remote-text.ts';

type ReportedRecipient = DeliveryStatus['recipients'][number];

/** What is known about one recipient; the hint follows from the code. */
interface KnownDelivery {
  delivery: Delivery;
  report: DeliveryReport;
}

/** By normalised address. */
export type Deliveries = Readonly<Record<string, KnownDelivery>>;

/** A recipient about whom a report contains something new. */
export type LearntDelivery = KnownDelivery & { address: string };

/** Key of an address in {@link Deliveries}. */
export const keyOf = (address: string): string => normalAddress(address) ?? address;

const WORDS = 300;

/**
 * `delivered` takes precedence over a late warning, `bounced` over a success report of an earlier system (which delivered to the one that bounced), and
 * `read` over everything: a bounce of a forwarding rule does not undo that a person has read the mail.
 */
const rankOf = (delivery: Delivery): number => deliveries.indexOf(delivery);

/** Whether the second state takes precedence over the first. */
const outranks = (known: Delivery | undefined, next: Delivery): boolean => rankOf(next) > rankOf(known ?? 'unknown');

/**
 * The meaning of one recipient's part of a report; undefined: none. `relayed` is not a delivery: the mail was handed to a system that sends no
 * further reports (RFC 3464 §2.3.3). A receipt for a mail that was deleted or forwarded unread proves that it arrived.
 */
function deliveryOf({ action, permanent, diagnostic }: ReportedRecipient, isReceipt: boolean): Delivery | undefined {
  if (action === 'delivered' || action === 'expanded') return 'delivered';
  if (action === 'relayed') return undefined;
  if (action === 'delayed') return 'delayed';
  if (action === 'failed') return 'bounced';
  if (isReceipt && !permanent) return /;\s{0,9}displayed/i.test(diagnostic ?? '') ? 'read' : 'delivered';
  return permanent ? 'bounced' : undefined;
}

const codes: Readonly<Record<BounceClass, ErrorCode>> = {
  'address-unknown': 'BOUNCED_ADDRESS_UNKNOWN',
  'mailbox-full': 'BOUNCED_MAILBOX_FULL',
  blocked: 'BOUNCED_BLOCKED',
  content: 'BOUNCED_CONTENT',
  policy: 'BOUNCED_POLICY',
  size: 'BOUNCED_SIZE',
  quota: 'BOUNCED_QUOTA',
  relay: 'BOUNCED_RELAY',
  other: 'BOUNCED_OTHER',
};

/**
 * Statuses (RFC 3463, RFC 7372, Microsoft's NDR page) and words → class. The first match wins, so specific rows come first. `status` is matched without
 * its first digit, because a delay and a bounce have the same causes.
 */
const classes: readonly { class: BounceClass; status?: RegExp; text?: RegExp }[] = [
  { class: 'quota', status: /^\.(?:7\.23[236]|1\.90|2\.12[12])$/ }, // Exchange: tenant, mailbox, recipient an hour
  { class: 'quota', text: /submission ?quota|(?:daily|sending|hourly) (?:sending )?(?:quota|limit)/i },
  { class: 'mailbox-full', status: /^\.2\.2$/ },
  { class: 'size', status: /^\.(?:3\.4|2\.3)$/ },
  { class: 'blocked', status: /^\.(?:1\.8|7\.(?:60[6-9]|6[1-4]\d|70[58]|750|50[1-8]|511))$/ }, // Exchange: sender, its IP address, tenant
  { class: 'relay', status: /^\.7\.(?:54|64)$/ },
  { class: 'policy', status: /^\.7\.(?:2\d|509|515)$/ }, // RFC 7372, Outlook.com: SPF, DKIM, DMARC
  { class: 'content', status: /^\.6\.\d+$/ },
  { class: 'address-unknown', status: /^\.(?:1\.(?:[0-46]|10)|2\.1|4\.310|7\.13)$/ },
  { class: 'address-unknown', status: /^\.4\.1$/, text: /recipient address rejected/i }, // Exchange
  { class: 'relay', status: /^\.4\.\d+$/ },
  { class: 'relay', text: /relay(?:ing)? (?:access )?(?:is )?(?:denied|not (?:permitted|allowed))|unable to relay/i },
  { class: 'blocked', text: /block ?list|black ?list|\brbl\b|dnsbl|spamhaus|barracuda|poor reputation|banned/i },
  { class: 'content', text: /\bspam\b|virus|malware|phish|content (?:was )?(?:rejected|refused)|attachment/i },
  { class: 'policy', status: /^\.7\.\d+$/ },
];

/** For a bounce or a delay. */
export function bounceClassOf({ status = '', diagnostic = '' }: Pick<ReportedRecipient, 'status' | 'diagnostic'>) {
  const detail = status.slice(1);
  const words = diagnostic.slice(0, 1_000);
  const row = classes.find((one) => (one.status?.test(detail) ?? true) && (one.text?.test(words) ?? true));
  return row?.class ?? 'other';
}

/**
 * What a report adds to the known state of a reply's recipients.
 * @param recipients the recipients of the reply, as the reply names them
 * @param own addresses that may appear in the words
 */
export function learn(
  known: Deliveries,
  recipients: readonly string[],
  report: { deliveryStatus: DeliveryStatus; isReceipt: boolean; messageKey?: string; learntAt: string },
  own: readonly string[] = [],
): LearntDelivery[] {
  const { deliveryStatus, isReceipt, messageKey, learntAt } = report;
  const addressed = new Map(recipients.map((address) => [keyOf(address), address]));
  const learnt = new Map<string, LearntDelivery>();
  for (const reported of deliveryStatus.recipients) {
    const normal = keyOf(reported.recipient);
    const address = addressed.get(normal);
    const delivery = deliveryOf(reported, isReceipt);
    if (address === undefined || delivery === undefined) continue;
    if (!outranks((learnt.get(normal) ?? known[normal])?.delivery, delivery)) continue;
    learnt.set(normal, {
      address,
      delivery,
      report: { ...reasonOf(reported, delivery, own), learntAt, ...defined({ messageKey }) },
    });
  }
  return [...learnt.values()];
}

function reasonOf(
  reported: ReportedRecipient,
  delivery: Delivery,
  own: readonly string[],
): Omit<DeliveryReport, 'learntAt' | 'messageKey'> {
  const { status, diagnostic, recipient } = reported;
  const text = diagnostic && maskRemoteText(diagnostic, [...own, recipient]).slice(0, WORDS);
  const said = defined({ status, text });
  if (delivery !== 'bounced' && delivery !== 'delayed') return said;
  const kind = bounceClassOf(reported);
  const code = delivery === 'delayed' ? 'DELIVERY_DELAYED' : codes[kind];
  return { class: kind, code, ...said };
}

/** A report with its hint, as results and outcomes show it. */
export const withHint = (report: DeliveryReport): DeliveryReport => ({
  ...report,
  ...(report.code !== undefined && report.code in catalogue
    ? { hint: catalogue[report.code as ErrorCode].hint.en }
    : {}),
});

/** A recipient with what is known of its delivery. */
export function withDelivery<T extends RecipientState>(one: T, known: Deliveries): T {
  const { delivery, report } = known[keyOf(one.address)] ?? {};
  if (delivery === undefined || report === undefined)
    return one.state === 'accepted' ? { ...one, delivery: 'unknown' } : one;
  return { ...one, delivery, report: withHint(report) };
}

/** The state with the new information. */
export const withLearnt = (known: Deliveries, learnt: readonly LearntDelivery[]): Deliveries => ({
  ...known,
  ...Object.fromEntries(learnt.map(({ address, delivery, report }) => [keyOf(address), { delivery, report }])),
});
