// The connect guard with this machine's name resolution: on saving a definition, and at each connection of a server made in the portal. It connects to the
// address that it checked, so a name that later resolves differently (DNS rebinding) has no effect.
import { type LookupAddress, lookup as lookUp } from 'node:dns';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Config } from '../../config/config.ts';
import {
  bareName,
  type ConnectGuard,
  type ConnectPolicy,
  connectPolicy,
  type GuardOf,
} from '../../domain/connect-guard.ts';
import { MailroomError } from '../../domain/errors.ts';
import { within } from '../../lib/within.ts';

/** @throws Error with errno `code` */
type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

const bySystem: Resolve = (host) =>
  new Promise((resolve, reject) => {
    lookUp(host, { all: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error)));
  });

export interface HostPolicy {
  /** On saving. A name that does not resolve in time is permitted: nothing connects to it yet. */
  mayConnect(host: string): Promise<boolean>;
  guardOf: GuardOf;
}

export const hostPolicyOf = ({ security }: Config): HostPolicy =>
  hostPolicy(
    connectPolicy({
      allowed: security.portalAllowedHosts,
      denied: security.portalDeniedNetworks,
      own: () =>
        Object.values(networkInterfaces()).flatMap((all) =>
          (all ?? []).map(({ address }) => address.replace(/%.*/, '')),
        ),
    }),
  );

/** @param milliseconds longest look-up on saving */
export function hostPolicy(policy: ConnectPolicy, resolve: Resolve = bySystem, milliseconds = 1_500): HostPolicy {
  const refused = (host: string) =>
    new MailroomError('EMAIL_SERVER_HOST_REFUSED', {
      message: `Mailroom must not connect to ${host}, or what it resolves to, for a server made in the portal`,
      field: 'host',
    });

  /** @throws MailroomError EMAIL_SERVER_HOST_REFUSED when none is permitted; Error of the look-up */
  async function permitted(host: string): Promise<readonly LookupAddress[]> {
    const name = policy.mayName(host);
    if (name === false) throw refused(host);
    const all = await resolve(host);
    const good = name === true ? all : all.filter(({ address }) => policy.mayAddress(address));
    if (good.length === 0) throw refused(host);
    return good;
  }
  function checkAddress(given: string): void {
    const host = bareName(given);
    if (isIP(host) !== 0 && !policy.mayAddress(host)) throw refused(host);
  }

  const guard: ConnectGuard = {
    checkAddress,
    lookup(host, options, done) {
      permitted(host).then(
        (addresses) => {
          const family = options.family === 4 || options.family === 6 ? options.family : undefined;
          const fitting = addresses.filter((one) => family === undefined || one.family === family);
          const [first] = fitting;
          if (first === undefined) done(Object.assign(new Error(`no address for ${host}`), { code: 'ENOTFOUND' }), '');
          else if (options.all === true) done(null, [...fitting]);
          else done(null, first.address, first.family);
        },
        (error: NodeJS.ErrnoException) => done(error, ''),
      );
    },
    async pinned(proxy) {
      const url = new URL(proxy);
      const host = bareName(url.hostname);
      checkAddress(host);
      if (isIP(host) !== 0) return proxy;
      const [first] = await permitted(host);
      if (first !== undefined) url.hostname = first.family === 6 ? `[${first.address}]` : first.address;
      return url.href;
    },
  };

  return {
    guardOf: ({ source }) => (source === 'portal' ? guard : undefined),
    async mayConnect(given) {
      const host = bareName(given);
      if (isIP(host) !== 0) return policy.mayAddress(host);
      const name = policy.mayName(host);
      if (name !== undefined) return name;
      const addresses = await within(
        resolve(host).catch(() => []),
        milliseconds,
        () => [],
      );
      return addresses.every(({ address }) => policy.mayAddress(address));
    },
  };
}
