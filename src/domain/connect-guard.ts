// Where Mailroom may connect for email servers that were created in the portal (SSRF): numeric addresses, checked when saving and again when
// connecting, on the address that is actually used. Servers from files are the operator's own decision and are not restricted.
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { EmailServer } from './email-server.ts';

/** Refused unless allowed by security.portalAllowedHosts. Private networks are not listed, because mail servers are in them. */
const REFUSED: readonly string[] = [
  '0.0.0.0/8', // unspecified
  '127.0.0.0/8', // this machine: Redis, metrics, our own API
  '169.254.0.0/16', // link-local, with the metadata service of AWS, Azure and Google
  '100.100.100.200', // metadata of Alibaba Cloud
  '192.0.0.192', // metadata of Oracle Cloud
  '168.63.129.16', // Azure's wire server
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
  '::/96', // unspecified, this machine (::1), the old IPv4-compatible form
  'fe80::/10', // link-local
  'fd00:ec2::254', // metadata of AWS
  'ff00::/8', // multicast
];
const METADATA_NAMES = /(^|\.)metadata(\.google\.internal|\.internal)?$|^instance-data(\.|$)/i;

export interface ConnectPolicy {
  mayAddress(address: string): boolean;
  /** A name that is refused whatever it resolves to, or allowed whatever it resolves to. */
  mayName(name: string): boolean | undefined;
}

/**
 * @param allowed addresses, networks (CIDR) and host names that may be connected to in any case
 * @param denied further addresses and networks that are refused, except when they are allowed
 */
export function connectPolicy({
  allowed = [],
  denied = [],
  own = () => [],
}: {
  allowed?: readonly string[];
  denied?: readonly string[];
  /** Current addresses of this machine's interfaces: services that listen on them are as exposed as those on loopback. */
  own?: () => readonly string[];
} = {}): ConnectPolicy {
  const isAddress = (entry: string) => isIP(entry.split('/')[0] ?? '') !== 0;
  const good = listOf(allowed.filter(isAddress));
  const bad = listOf([...REFUSED, ...denied]);
  const names = new Set(allowed.filter((entry) => !isAddress(entry)).map(bareName));
  return {
    mayAddress: (address) => good(address) || !(bad(address) || listOf(own())(address)),
    mayName: (name) => (names.has(bareName(name)) ? true : METADATA_NAMES.test(bareName(name)) ? false : undefined),
  };
}

/** Without the brackets of an IPv6 address in a URL and the trailing dot of the root. */
export const bareName = (host: string): string =>
  host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();

function listOf(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  // IPv4-mapped IPv6 addresses are compared as their IPv4 address; a zone (fe80::1%eth0) is not part of it.
  return (address) => {
    const bare = address.split('%')[0] ?? address;
    const target = throughNat64(bare) ?? bare;
    return list.check(target, isIP(target) === 6 ? 'ipv6' : 'ipv4');
  };
}

/** The IPv4 address contained in an address of the well-known NAT64 prefix (RFC 6052 §2.1), by which IPv6-only networks reach IPv4. */
function throughNat64(address: string): string | undefined {
  if (isIP(address) !== 6 || !/^64:ff9b:/i.test(address)) return undefined;
  // The URL parser writes every form of an address in the same way.
  const { hostname } = new URL(`http://[${address}]`);
  const [, high, low = ''] = /^\[64:ff9b::(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})\]$/.exec(hostname) ?? [];
  if (low === '') return undefined;
  const [a, b] = [Number.parseInt(high ?? '0', 16), Number.parseInt(low, 16)];
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}

/** For anyone who opens a connection. */
export interface ConnectGuard {
  /** For net.connect and tls.connect: resolves a name to addresses that may be connected to, or fails with EMAIL_SERVER_HOST_REFUSED. */
  lookup: LookupFunction;
  /** A host that is an address is not resolved, so this is its check. @throws MailroomError EMAIL_SERVER_HOST_REFUSED */
  checkAddress(host: string): void;
  /** For libraries that connect to a proxy themselves: its URL with an address instead of the name. @throws MailroomError EMAIL_SERVER_HOST_REFUSED */
  pinned(proxy: string): Promise<string>;
}

/** Undefined: this server may connect anywhere. */
export type GuardOf = (server: Pick<EmailServer, 'source'>) => ConnectGuard | undefined;
