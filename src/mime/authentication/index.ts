// The receiving server's findings about the sender: its Authentication-Results, ARC and antispam headers. Fields that a sender may have written do not
// count: only those above them are read (trace.ts), only of authserv-ids that the mailbox's definition trusts, or of its provider.
import type { Address, Authentication } from '../../contract/message.ts';
import type { Receiver } from '../../domain/receiving-server.ts';
import { unfold } from '../encoded-words.ts';
import type { Warn } from '../header-fields.ts';
import type { HeaderField } from '../headers.ts';
import { type MethodResult, parseResults, type Results } from './results.ts';
import { isWithin, type OwnField } from './trace.ts';

const AUTHENTICATION_RESULTS = 'authentication-results';

/**
 * @param own fields of the receiving server, see ownFields
 * @param by host that wrote the first Received
 * @returns undefined if the receiving server wrote none, or is unknown
 */
export function readAuthentication(
  fields: readonly HeaderField[],
  { own, by }: { own: readonly OwnField[]; by: string | undefined },
  receiver: Receiver,
  from: readonly Address[],
  warn: Warn,
): Authentication | undefined {
  const { authservIds, withoutId, antispam } = receiver;
  if (authservIds.length === 0 && !withoutId && !antispam) return undefined; // nothing is trusted
  const { block: trusted, read } = ownResults(own, receiver);
  const unread = own.slice(read).filter(({ belowBoundary }) => belowBoundary);
  warnOfForged([...unread, ...fields.slice(own.length)], receiver, warn);
  const spam = antispam ? readSpam(fields, warn) : undefined;
  if (trusted === undefined && spam === undefined) return undefined;
  const results = trusted?.results ?? [];
  const first = (method: string) => results.find((one) => one.method === method);
  const dkim = results.filter(({ method }) => method === 'dkim');
  const arc = first('arc')?.result ?? (withoutId ? undefined : arcOfSeal(own));
  const compauth = first('compauth');
  const reason = compauth?.properties.get('reason');
  return {
    by: (trusted?.authservId ?? by ?? '').slice(0, 253),
    ...word('spf', first('spf')?.result),
    ...word('dkim', (dkim.find(({ result }) => result === 'pass') ?? dkim[0])?.result),
    ...word('dmarc', first('dmarc')?.result),
    ...word('arc', arc),
    ...(compauth && {
      compauth: { result: clipped(compauth.result), ...(reason !== undefined && { reason: clipped(reason) }) },
    }),
    aligned: isAligned(from, results),
    ...(spam && { spam }),
  };
}

/** Results are single words; other text is dropped. */
const clipped = (text: string): string => text.replace(/[^\w.-]/g, '').slice(0, 40);
const word = <K extends string>(key: K, text: string | undefined) =>
  text === undefined ? {} : ({ [key]: clipped(text) } as Record<K, string>);

function isTrusted({ authservId }: Results, { authservIds, withoutId }: Receiver): boolean {
  if (authservId === undefined) return withoutId;
  return authservIds.some((id) => (id.startsWith('*.') ? authservId.endsWith(id.slice(1)) : authservId === id));
}

/**
 * The topmost trusted field; of a server that writes several in a row above its Received, all of them. The next field may be the sender's.
 * @returns read: the number of fields that were read for it
 */
function ownResults(own: readonly OwnField[], receiver: Receiver): { block: Results | undefined; read: number } {
  let block: Results | undefined;
  let read = 0;
  for (const [at, { name, value, belowBoundary }] of own.entries()) {
    if (block !== undefined && (name !== AUTHENTICATION_RESULTS || belowBoundary || !receiver.several)) break;
    // If the server writes its own above its Received, the fields below are the sender's.
    if (name !== AUTHENTICATION_RESULTS || (belowBoundary && receiver.withoutId)) continue;
    const parsed = parseResults(unfold(value));
    if (!isTrusted(parsed, receiver)) continue;
    if (block === undefined) block = parsed;
    else if (parsed.authservId === block.authservId)
      block = { ...block, results: [...block.results, ...parsed.results] };
    read = at + 1;
  }
  return { block: block ?? (receiver.withoutId ? undefined : arcResults(own, receiver)), read };
}

/** Without Authentication-Results, the receiving server's own entry of the ARC chain has the same results. */
function arcResults(own: readonly OwnField[], receiver: Receiver): Results | undefined {
  for (const { name, value, belowBoundary } of own) {
    if (name !== 'arc-authentication-results' || belowBoundary) continue;
    const parsed = parseResults(unfold(value));
    if (isTrusted(parsed, receiver)) return parsed;
  }
  return undefined;
}

/** `cv` of the newest seal: whether the chain below it is valid (RFC 8617 §4.1.3). */
function arcOfSeal(own: readonly OwnField[]): string | undefined {
  const seal = own.find(({ name, belowBoundary }) => name === 'arc-seal' && !belowBoundary);
  return /(?:^|;)\s?cv=(none|pass|fail)(?![a-z])/i.exec(unfold(seal?.value ?? ''))?.[1]?.toLowerCase();
}

/** Fields examined below ours. */
const MAX_FORGED = 20;

/** Warns of results below our fields that claim to be our server's, which a border server should remove (RFC 8601 §5). */
function warnOfForged(below: readonly HeaderField[], receiver: Receiver, warn: Warn): void {
  const claims = below
    .filter(({ name }) => name === AUTHENTICATION_RESULTS)
    .slice(0, MAX_FORGED)
    .map(({ value }) => parseResults(unfold(value)))
    // At the sender's end Exchange Online also writes one without an id, which is no claim.
    .filter(
      (one) =>
        isTrusted(one, receiver) &&
        (one.authservId !== undefined || one.results.some(({ result }) => result === 'pass')),
    );
  if (claims.length > 0) warn('authentication-results-ignored', 'below the receiving server');
}

const domainOf = (text: string | undefined): string => {
  const domain = text?.slice(text.lastIndexOf('@') + 1).toLowerCase() ?? '';
  return domain.replace(/[>.]$/, '');
};
/** Relaxed alignment (RFC 7489 §3.1) without a list of public suffixes: equal, or one is a subdomain of the other. */
const alike = (one: string, other: string): boolean =>
  one.includes('.') && other.includes('.') && (isWithin(one, [other]) || isWithin(other, [one]));

/** Whether the domain of From was authenticated. */
function isAligned(from: readonly Address[], results: readonly MethodResult[]): boolean {
  const domain = domainOf(from[0]?.address);
  if (from.length !== 1 || domain === '') return false;
  const dmarc = results.find(({ method }) => method === 'dmarc');
  const judged = domainOf(dmarc?.properties.get('header.from'));
  if (judged !== '' && judged !== domain) return false;
  if (dmarc?.result === 'pass' || dmarc?.result === 'bestguesspass') return true;
  if (dmarc?.result === 'fail') return false;
  return results.some(({ method, result, properties }) => {
    if (result !== 'pass') return false;
    const of =
      method === 'spf'
        ? (properties.get('smtp.mailfrom') ?? properties.get('smtp.mail'))
        : method === 'dkim'
          ? (properties.get('header.d') ?? properties.get('header.i'))
          : undefined;
    return alike(domainOf(of), domain);
  });
}

/** Characters read of an antispam header, which has the form `KEY:value;`. */
const MAX_ANTISPAM = 4_000;

function readSpam(fields: readonly HeaderField[], warn: Warn): Authentication['spam'] {
  const read = (name: string): ReadonlyMap<string, string> => {
    const given = fields.filter((field) => field.name === name);
    // Of two, one may be forged.
    if (given.length > 1) warn('antispam-report-ignored', name);
    const pairs = given.length === 1 ? unfold(given[0]?.value.slice(0, MAX_ANTISPAM) ?? '').split(';') : [];
    return new Map(
      pairs.flatMap((pair) => {
        const colon = pair.indexOf(':');
        return colon === -1 ? [] : [[pair.slice(0, colon).trim().toUpperCase(), pair.slice(colon + 1).trim()]];
      }),
    );
  };
  const report = read('x-forefront-antispam-report');
  const bulk = read('x-microsoft-antispam');
  // A report of outbound mail does not describe its receipt.
  if (report.get('DIR') === 'OUT') return undefined;
  const scl = level(report.get('SCL'));
  const bcl = level(bulk.get('BCL'));
  const category = report.get('CAT');
  if (scl === undefined && bcl === undefined && category === undefined) return undefined;
  return {
    ...(scl !== undefined && { scl }),
    ...(bcl !== undefined && { bcl }),
    ...(category && { category: clipped(category) }),
  };
}

const level = (text: string | undefined): number | undefined =>
  /^(?:-1|\d)$/.test(text ?? '') ? Number(text) : undefined;
