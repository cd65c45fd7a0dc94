// Style sheet and script: real files, read once, served under a name that holds their digest, so that a browser keeps them for good and never has
// an old one beside a new page.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

function assetOf(kind: 'css' | 'js', type: string) {
  const text = readFileSync(new URL(`./assets/portal.${kind}`, import.meta.url), 'utf8');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { kind, type: `${type}; charset=utf-8`, text, digest, url: `/portal/assets/portal-${digest}.${kind}` };
}

export const styleSheet = assetOf('css', 'text/css');
export const script = assetOf('js', 'text/javascript');

/** RFC 8246. */
const FOR_GOOD = 'public, max-age=31536000, immutable';

/** During an upgrade a page may come from the other version's replica: its name is answered with what is here, not to be kept. */
export function addAssets(portal: FastifyInstance): void {
  for (const { kind, type, text, digest } of [styleSheet, script]) {
    portal.get(
      `/portal/assets/portal-:digest(^[0-9a-f]{16}).${kind}`,
      { config: { access: 'open' } },
      (request, reply) => {
        const current = (request.params as { digest: string }).digest === digest;
        return reply
          .header('content-type', type)
          .header('cache-control', current ? FOR_GOOD : 'no-store')
          .send(text);
      },
    );
  }
}
