// The bounds of a job, whatever the mail: of each string, of each list, and of the whole in bytes of JSON. Each cut is a warning.
import type { Body, Warning } from '../contract/message.ts';
import { jsonBytes, jsonBytesAtMost } from '../lib/json-size.ts';
import { printableStrings } from '../lib/printable.ts';
import { clip } from '../lib/text.ts';
import { cutBefore } from './cut-html.ts';
import type { ParsedMessage } from './parsed-message.ts';

/** Largest job in bytes of JSON: the parsed message and the additions of inbound. */
export const MAX_JOB_BYTES = 1_000_000;
/** Room for inbound's additions: server, mailbox, folder and flow (100 characters each), keys, conversation, the linked reply, twenty siblings. */
const IDENTITY_BYTES = 10_000;

/** Longest strings, in UTF-16 units. */
export const maxUnits = {
  subject: 4000,
  name: 1000,
  address: 500,
  contentType: 255,
  contentId: 255,
  threadIndex: 2000,
  detail: 200,
} as const;

/** Largest lists, in bytes of JSON. */
const maxBytes = {
  from: 16_000,
  replyTo: 16_000,
  to: 48_000,
  cc: 48_000,
  deliveredTo: 16_000,
  inReplyTo: 16_000,
  references: 48_000,
  authenticationResults: 64_000,
  recipients: 120_000,
  stamps: 8000,
  links: 24_000,
  attachments: 280_000,
} as const;

/** The first elements that fit into `max` bytes of JSON. */
function fitting<T>(list: T[], max: number): T[] {
  if (jsonBytesAtMost(list) <= max) return list;
  let size = 2;
  for (const [k, one] of list.entries()) {
    size += jsonBytes(one) + 1;
    if (size > max) return list.slice(0, k);
  }
  return list;
}

/** `text`, cut to at most `max` bytes of JSON. */
function fittingText(text: string, max: number): string {
  let cut = text;
  for (let size = jsonBytes(cut); size > max; size = jsonBytes(cut)) {
    cut = clip(cut, Math.max(0, Math.min(cut.length - 1, Math.floor((cut.length * max) / size))));
  }
  return cut;
}

/** `text`, shortened by this many bytes of JSON. */
const cutBy = (text: string, bytes: number): string =>
  bytes === 0 ? text : fittingText(text, Math.max(2, jsonBytes(text) - bytes));

/** The beginning stays; consumers fetch the whole by reference. */
function cutBody(body: Body, cut: string, what: 'text' | 'html'): Body {
  const value = what === 'text' ? cut : cut.slice(0, cutBefore(body.value, cut.length));
  return { ...body, value, truncated: true };
}

/** Bounded already, and free of control characters, which take six bytes of JSON each: without them JSON at most doubles a text. */
const BODIES: ReadonlySet<string> = new Set(['text', 'html', 'replyText']);

/** The message within its bounds, without control characters. */
export function bounded(parsed: ParsedMessage): ParsedMessage {
  const message = printableStrings(parsed, BODIES);
  const shortened = new Set<string>();
  const string = (value: string, max: number, what: string): string => {
    if (value.length > max) shortened.add(what);
    return clip(value, max);
  };
  const list = <T>(values: T[], what: keyof typeof maxBytes): T[] => {
    const fits = fitting(values, maxBytes[what]);
    if (fits.length < values.length) shortened.add(what);
    return fits;
  };
  const address = (what: string) => (one: { name: string; address: string }) =>
    one.name.length <= maxUnits.name && one.address.length <= maxUnits.address
      ? one
      : { name: string(one.name, maxUnits.name, what), address: string(one.address, maxUnits.address, what) };
  const { sender, stamps, links, threading, deliveryStatus } = message;
  const { threadTopic, threadIndex } = threading;
  const attachments = list(
    message.attachments.map((one) => ({
      ...one,
      contentType: string(one.contentType, maxUnits.contentType, 'attachments'),
      ...(one.contentId !== undefined && { contentId: string(one.contentId, maxUnits.contentId, 'attachments') }),
    })),
    'attachments',
  );
  let result: ParsedMessage = {
    ...message,
    subject: string(message.subject, maxUnits.subject, 'subject'),
    from: list(message.from.map(address('from')), 'from'),
    ...(sender && { sender: address('sender')(sender) }),
    replyTo: list(message.replyTo.map(address('replyTo')), 'replyTo'),
    to: list(message.to.map(address('to')), 'to'),
    cc: list(message.cc.map(address('cc')), 'cc'),
    deliveredTo: list(
      message.deliveredTo.map((one) => string(one, maxUnits.address, 'deliveredTo')),
      'deliveredTo',
    ),
    threading: {
      ...threading,
      inReplyTo: list(threading.inReplyTo, 'inReplyTo'),
      references: list(threading.references, 'references'),
      ...(threadTopic && { threadTopic: string(threadTopic, maxUnits.subject, 'threadTopic') }),
      ...(threadIndex && { threadIndex: string(threadIndex, maxUnits.threadIndex, 'threadIndex') }),
    },
    ...(deliveryStatus && {
      deliveryStatus: { ...deliveryStatus, recipients: list(deliveryStatus.recipients, 'recipients') },
    }),
    ...(stamps && { stamps: list(stamps, 'stamps') }),
    ...(links && { links: list(links, 'links') }),
    authenticationResults: list(message.authenticationResults, 'authenticationResults'),
    attachments,
    parse: attachments.length < message.attachments.length ? 'truncated' : message.parse,
    warnings: message.warnings.map((one) =>
      one.detail === undefined || one.detail.length <= maxUnits.detail
        ? one
        : { ...one, detail: clip(one.detail, maxUnits.detail) },
    ),
  };
  // The texts are cut, the largest kind first. Measured only where a cheap estimate does not prove that all fits.
  const most = MAX_JOB_BYTES - IDENTITY_BYTES;
  if (jsonBytesAtMost(result) > most) {
    const over = () => Math.max(0, jsonBytes(result) - most);
    for (const what of ['html', 'text'] as const) {
      const body = result[what];
      if (body === undefined) continue;
      const value = cutBy(body.value, over());
      if (value === body.value) continue;
      result = { ...result, [what]: cutBody(body, value, what) };
      shortened.add(what);
    }
    const replyText = cutBy(result.replyText ?? '', over());
    if (replyText.length < (result.replyText ?? '').length) {
      result = { ...result, replyText };
      shortened.add('replyText');
    }
  }
  if (shortened.size === 0) return result;
  const warnings: Warning[] = [...shortened].map((detail) => ({ code: 'shortened', detail }));
  return { ...result, warnings: [...result.warnings, ...warnings] };
}
