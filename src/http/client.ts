// The client of a refused request, for the log: its address, as far as the operator permits it, and the name of its token.
import type { FastifyRequest } from 'fastify';
import { principalOf } from './auth.ts';
import { addressKey } from './lock-out.ts';

/** `log.clientAddresses`: complete; only the network (IPv4 /24, IPv6 /64); not at all. */
export type ClientAddresses = 'full' | 'network' | 'none';

/** @param token its name, if the API did not authenticate the request */
export function clientOf(
  request: FastifyRequest,
  how: ClientAddresses = 'full',
  token = principalOf(request)?.name,
): { address?: string; token?: string } {
  const address = shownAddress(request.ip, how);
  return { ...(address === undefined ? {} : { address }), ...(token === undefined ? {} : { token }) };
}

export function shownAddress(ip: string, how: ClientAddresses): string | undefined {
  if (how === 'none') return undefined;
  const ipv4 = /^(?:::ffff:)?((?:\d+\.){3})(\d+)$/i.exec(ip);
  if (ipv4 === null) return how === 'full' ? ip : addressKey(ip);
  return how === 'full' ? `${ipv4[1]}${ipv4[2]}` : `${ipv4[1]}0/24`;
}
