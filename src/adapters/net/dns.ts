// Look-ups of the DNS for the doctor's From-domain check, at the system's resolvers or at those of the configuration.
import { Resolver } from 'node:dns/promises';
import type { Dns } from '../../doctor/ports.ts';

/** What a resolver answers when a name or a type is not there; anything else is a fault of the resolver. */
const NOTHING = new Set(['ENODATA', 'ENOTFOUND']);

/**
 * @param servers addresses, with a port where it is not 53; empty: the system's
 * @param timeoutMs for one try; each server is asked twice
 */
export function createDns(servers: readonly string[], timeoutMs: number): Dns {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  const asked = new Map<string, Promise<readonly string[]>>();
  /** A resolver that does not answer one name answers none: nobody waits for the next. */
  let dead: Error | undefined;
  const once = (key: string, ask: () => Promise<string[]>): Promise<readonly string[]> => {
    if (dead !== undefined) return Promise.reject(dead);
    const known =
      asked.get(key) ??
      ask().catch((error: NodeJS.ErrnoException) => {
        if (NOTHING.has(error.code ?? '')) return [];
        if (error.code === 'ETIMEOUT' || error.code === 'ECONNREFUSED') dead = error;
        throw error;
      });
    asked.set(key, known);
    return known;
  };
  return {
    txt: (name) => once(`txt ${name}`, async () => (await resolver.resolveTxt(name)).map((parts) => parts.join(''))),
    mx: (name) =>
      once(`mx ${name}`, async () =>
        (await resolver.resolveMx(name)).sort((a, b) => a.priority - b.priority).map(({ exchange }) => exchange),
      ),
  };
}
