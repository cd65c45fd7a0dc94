// What became of a reply after a server accepted it, recipient by recipient, from the reports that come back: DSNs (RFC 3464), bounces in prose, read
// receipts (RFC 8098). Pure. The order of the states is total: the higher one wins in whatever order reports arrive, and the same report twice
// changes nothing. So reports need no sequence and no transaction with the mail that they came as.
import type { DeliveryStatus } from '../contract/message.ts';
import {
  type BounceClass,
  type Delivery,
  type DeliveryReport,
  deliveries,
  type RecipientState,
} from '../contract/result.ts';
import { normalAddress } from './address.ts';
import { catalogue, type ErrorCode } from './catalogue/index.ts';
import { maskRemoteText } from './remote-text.ts';

type ReportedRecipient = DeliveryStatus['recipients'][number];

/** What is known of one recipient; the hint is told by the code. */
interface KnownDelivery {
  delivery: Delivery;
  report: DeliveryReport;
}

/** By normalised address. */
export type Deliveries = Readonly<Record<string, KnownDelivery>>;

/** One recipient of whom a report says something new. */
export type LearntDelivery = KnownDelivery & { address: string };

/** Key of an address in {@link Deliveries}. */
export const keyOf = (address: string): string => normalAddress(address) ?? address;

const WORDS = 300;

/**
 * `delivered` stays over a late warning, `bounced` over a success report of a system further up (which delivered to the one that bounced it), and
 * `read` over all: a bounce of a forwarding rule takes nothing back that a person has read.
 */
const rankOf = (delivery: Delivery): number => deliveries.indexOf(delivery);

/** Whether the second says more than the first. */
export const outranks = (known: Delivery | undefined, next: Delivery): boolean =>
  rankOf(next) > rankOf(known ?? 'unknown');

/**
 * What one recipient's part of a report means. undefined: nothing. `relayed` is no delivery: the mail was handed to a system that reports nothing
 * further (RFC 3464 §2.3.3). A receipt of a mail that was deleted or forwarded unread proves that it arrived.
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
 * Statuses (RFC 3463, RFC 7372, Microsoft's NDR page) and words → class. First match wins: the particular before the general. `status` is asked without
 * its first digit: a delay and a bounce have the same causes.
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

/** Of a bounce or a delay. */
export function bounceClassOf({ status = '', diagnostic = '' }: Pick<ReportedRecipient, 'status' | 'diagnostic'>) {
  const detail = status.slice(1);
  const words = diagnostic.slice(0, 1_000);
  const row = classes.find((one) => (one.status?.test(detail) ?? true) && (one.text?.test(words) ?? true));
  return row?.class ?? 'other';
}

/**
 * What a report says that is not known yet of the recipients of a reply.
 * @param recipients whom the reply was sent to, as it names them
 * @param own addresses that may be shown in the words
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
      report: { ...reasonOf(reported, delivery, own), learntAt, ...(messageKey === undefined ? {} : { messageKey }) },
    });
  }
  return [...learnt.values()];
}

function reasonOf(
  { status, diagnostic, ...rest }: ReportedRecipient,
  delivery: Delivery,
  own: readonly string[],
): Omit<DeliveryReport, 'learntAt' | 'messageKey'> {
  const said = {
    ...(status === undefined ? {} : { status }),
    ...(diagnostic === undefined ? {} : { text: maskRemoteText(diagnostic, [...own, rest.recipient]).slice(0, WORDS) }),
  };
  if (delivery !== 'bounced' && delivery !== 'delayed') return said;
  const kind = bounceClassOf({
    ...(status === undefined ? {} : { status }),
    ...(diagnostic === undefined ? {} : { diagnostic }),
  });
  const code = delivery === 'delayed' ? 'DELIVERY_DELAYED' : codes[kind];
  return { class: kind, code, ...said };
}

/** A report as the result and the outcome show it. */
export const toldReport = (report: DeliveryReport): DeliveryReport => ({
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
  return { ...one, delivery, report: toldReport(report) };
}

/** With what was learnt. */
export const withLearnt = (known: Deliveries, learnt: readonly LearntDelivery[]): Deliveries => ({
  ...known,
  ...Object.fromEntries(learnt.map(({ address, delivery, report }) => [keyOf(address), { delivery, report }])),
});
