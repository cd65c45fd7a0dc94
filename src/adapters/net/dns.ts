// DNS look-ups of the doctor's From-domain check, by the system's resolvers or the configured ones.
import { Resolver } from 'node:dns/promises';
import type { Dns } from '../../doctor/ports.ts';

/** Codes for a missing name or type; any other code is a fault of the resolver. */
const NOTHING = new Set(['ENODATA', 'ENOTFOUND']);

/**
 * @param servers addresses, with a port if it is not 53; empty: the system's
 * @param timeoutMs for one try; each server is tried twice
 */
export function createDns(servers: readonly string[], timeoutMs: number): Dns {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  const cached = new Map<string, Promise<readonly string[]>>();
  /** After one name without an answer, the next ones fail at once. */
  let dead: Error | undefined;
  const once = (key: string, query: () => Promise<string[]>): Promise<readonly string[]> => {
    if (dead !== undefined) return Promise.reject(dead);
    const known =
      cached.get(key) ??
      query().catch((error: NodeJS.ErrnoException) => {
        if (NOTHING.has(error.code ?? '')) return [];
        if (error.code === 'ETIMEOUT' || error.code === 'ECONNREFUSED') dead = error;
        throw error;
      });
    cached.set(key, known);
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
