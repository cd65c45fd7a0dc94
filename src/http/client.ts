// Who a refused request came from, for the log: the address as far as the operator wants it there, and the name of the token.
import type { FastifyRequest } from 'fastify';
import { principalOf } from './auth.ts';
import { addressKey } from './lock-out.ts';

/** `log.clientAddresses`: as they are; their network (IPv4 /24, IPv6 /64); not at all. */
export type ClientAddresses = 'full' | 'network' | 'none';

/** @param token its name, where it is known otherwise than by the API */
export function clientOf(
  request: FastifyRequest,
  how: ClientAddresses = 'full',
  token = principalOf(request)?.name,
): { address?: string; token?: string } {
  const address = shownAddress(request.ip, how);
  return { ...(address === undefined ? {} : { address }), ...(token === undefined ? {} : { token }) };
}

/** @param ip the address, or another name of the client */
export function shownAddress(ip: string, how: ClientAddresses): string | undefined {
  if (how === 'none') return undefined;
  const ipv4 = /^(?:::ffff:)?((?:\d+\.){3})(\d+)$/i.exec(ip);
  if (ipv4 === null) return how === 'full' ? ip : addressKey(ip);
  return how === 'full' ? `${ipv4[1]}${ipv4[2]}` : `${ipv4[1]}0/24`;
}
