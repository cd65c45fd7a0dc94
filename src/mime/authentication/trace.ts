// Finds the fields at the top of a header that the receiving server wrote. Servers prepend: the fields down to the Received for a foreign server are
// ours, and so are those that some servers (Google) write directly below it; the rest is the sender's. RFC 5321 §4.4, RFC 8601 §5.
import { isIP } from 'node:net';
import type { Receiver } from '../../domain/receiving-server.ts';
import { withoutComments } from '../comments.ts';
import { unfold } from '../encoded-words.ts';
import type { HeaderField } from '../headers.ts';

/** Fields that servers add on the way; at any other the sender's fields begin. */
const TRACE =
  /^(?:received|received-spf|authentication-results|arc-[a-z-]{1,40}|return-path|delivered-to|envelope-to|dkim-filter|x-.{1,100})$/;
/** UTF-16 units read of a Received. */
const MAX_RECEIVED = 2_000;

export interface Received {
  from: string | undefined;
  /** IP addresses between `from` and `by`: the name that the sender gave, and the address it connected from. */
  fromIps(): readonly string[];
  by: string | undefined;
  /** The address after `for`. */
  for: string | undefined;
}

function parseReceived(value: string): Received {
  const text = unfold(value.slice(0, MAX_RECEIVED));
  const clauses = withoutComments(text).split(';', 1)[0] ?? '';
  const from = FROM.exec(clauses)?.[1];
  return {
    from: from?.toLowerCase(),
    fromIps: () => (from === undefined ? [] : (text.slice(0, Math.max(0, text.search(/\sby\s/i))).match(IP) ?? [])),
    by: BY.exec(clauses)?.[1]?.toLowerCase(),
    for: FOR.exec(clauses)?.[1]?.replace(/^<|>$/g, ''),
  };
}

const FROM = /^\s*from\s+(\S+)/i;
const BY = /(?<!\S)by\s+(\S+)/i;
const FOR = /(?<!\S)for\s+(\S+)/i;

const IP = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|[\da-f]{0,4}:[\da-f:]{2,40}/gi;
const PRIVATE = /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|::1$|f[cd][\da-f]{2}:|fe80:)/i;

export const isWithin = (host: string, domains: readonly string[]): boolean =>
  domains.some((domain) => host === domain || host.endsWith(`.${domain}`));

export interface OwnField extends HeaderField {
  /** The receiving server's own Received is above it. */
  belowBoundary: boolean;
}

/** The receiving server's fields at the top, the host that wrote the first Received, and the recipients that our servers name. */
export function ownFields(
  fields: readonly HeaderField[],
  receiver: Pick<Receiver, 'hosts' | 'relays'>,
): { own: OwnField[]; by: string | undefined; takenFor: string[] } {
  const own: OwnField[] = [];
  const takenFor: string[] = [];
  let by: string | undefined;
  let seen = 0;
  let belowBoundary = false;
  for (const field of fields) {
    if (!TRACE.test(field.name)) break;
    if (field.name === 'received') {
      if (belowBoundary) break;
      const received = parseReceived(field.value);
      // The first one is the last server's, whatever its name.
      const ours = seen === 0 || isOurs(received, receiver.hosts);
      if (!ours) break;
      seen++;
      by ??= received.by;
      if (received.for !== undefined) takenFor.push(received.for);
      belowBoundary = isStranger(received, receiver);
    }
    own.push({ ...field, belowBoundary: belowBoundary && field.name !== 'received' });
  }
  return { own, by, takenFor };
}

function isOurs({ from, by }: Received, hosts: readonly string[]): boolean {
  if (by === undefined) return true;
  if (isWithin(by, hosts) || by === 'localhost') return true;
  // Transfer within an organisation, without a sender or on a private network (Google, Yahoo).
  const address = by.replace(/^\[|\]$/g, '');
  return isIP(address) !== 0 && (from === undefined || PRIVATE.test(address));
}

function isStranger({ from, fromIps }: Received, { hosts, relays }: Pick<Receiver, 'hosts' | 'relays'>): boolean {
  if (from === undefined || isWithin(from, relays)) return false;
  const ips = fromIps();
  if (ips.length > 0) return !ips.every((ip) => PRIVATE.test(ip));
  return from !== 'localhost' && !isWithin(from, hosts);
}
