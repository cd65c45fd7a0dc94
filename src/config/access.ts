// Parsers of settings about access and headers: networks, resolvers, scopes and role mapping of OpenID Connect, header names, stamps.
import { isIP } from 'node:net';
import { portalRoles } from '../domain/access.ts';
import type { RoleMapping } from '../domain/role-claims.ts';
import { isHostName, listOf, wrong } from './setting.ts';

/** Reads each entry of a list. @param must completes `entry 2 must be …` */
const eachOf = <T>(entries: readonly unknown[], must: string, read: (text: string) => T | undefined): readonly T[] =>
  entries.map((entry, index) => {
    const text = typeof entry === 'string' ? entry.trim() : '';
    return read(text) ?? wrong(`entry ${index + 1} must be ${must}`);
  });

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128));
}

/** `10.0.0.0/8, fd00::/8, 192.0.2.7` */
export const parseNetworks = (value: unknown): readonly string[] =>
  eachOf(listOf(value), 'an address or a network like 10.0.0.0/8', (text) => (isNetwork(text) ? text : undefined));

/** Like networks, and host names besides. */
export const parseHosts = (value: unknown): readonly string[] =>
  eachOf(listOf(value), 'an address, a network or a host name', (text) =>
    isHostName(text) || isNetwork(text) ? text : undefined,
  );

/** `9.9.9.9, 192.0.2.53:5353, [2001:db8::53]:53`: as node:dns takes resolvers. */
export const parseResolvers = (value: unknown): readonly string[] =>
  eachOf(listOf(value), 'an IP address, with a port if it is not 53', (text) => {
    const [, bracketed, plain, port] = /^(?:\[([^\]]{1,50})\]|([^:[\]]{1,15}))(?::(\d{1,5}))?$/.exec(text) ?? [];
    const fits = port === undefined || (Number(port) > 0 && Number(port) < 65_536);
    return isIP(bracketed ?? plain ?? text) !== 0 && fits ? text : undefined;
  });

/** Unchanged, including a slash at the end: it is compared with what the provider sends. */
export function parseIssuer(value: unknown): string {
  const given = typeof value === 'string' ? value.trim() : '';
  return URL.canParse(given) && new URL(given).protocol === 'https:' ? given : wrong('must be a URL https://…');
}

export function parseScopes(value: unknown): readonly string[] {
  const scopes = listOf(value).map((scope) => (typeof scope === 'string' ? scope : wrong('must be a list of scopes')));
  return scopes.includes('openid') ? scopes : wrong('must contain openid');
}

/** `administrator=Mailroom.Administrator, viewer=*`; in a file a list, whose values may hold spaces and commas. */
export function parseRoleMappings(value: unknown): readonly RoleMapping[] {
  const entries = typeof value === 'string' ? value.split(',').filter((part) => part.trim() !== '') : listOf(value);
  return eachOf(entries, `role=value with role ${portalRoles.join(', ')}`, (text) => {
    const at = text.indexOf('=');
    const role = portalRoles.find((known) => known === text.slice(0, at).trim());
    const claim = text.slice(at + 1).trim();
    return at > 0 && role !== undefined && claim !== '' ? { role, value: claim } : undefined;
  });
}

/** Texts of stamps, in a list or one a line. */
export function parseStamps(value: unknown): readonly string[] {
  const lines = (text: string) => text.split('\n').filter((line) => line.trim() !== '');
  const entries: unknown[] = Array.isArray(value) ? value : lines(String(value ?? ''));
  if (entries.length > 50) wrong('must be at most 50 texts');
  return eachOf(entries, 'a text of 10 to 300 characters with at most 10 *', (text) => {
    const stars = text.split('*').length - 1;
    return text.length <= 300 && text.length - stars >= 10 && stars <= 10 ? text : undefined;
  });
}

/** `X-Ticket*, X-Case-Id` */
export function parseHeaderNames(value: unknown): readonly string[] {
  return listOf(value).map((entry) =>
    typeof entry === 'string' && /^X-[A-Z0-9][A-Z0-9-]*\*?$/i.test(entry)
      ? entry
      : wrong('must be a list of names that begin with X-, with at most one * at the end'),
  );
}

/** `X-Order-Id, X-Shop-*`: any field name, lower case. */
export function parseMessageHeaders(value: unknown): readonly string[] {
  const names = listOf(value);
  if (names.length > 50) return wrong('must be at most 50 names');
  return names.map((entry) =>
    typeof entry === 'string' && /^[A-Z0-9][A-Z0-9-]{0,99}\*?$/i.test(entry)
      ? entry.toLowerCase()
      : wrong('must be a list of header names, with at most one * at the end'),
  );
}
