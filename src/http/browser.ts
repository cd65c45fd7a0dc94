// Cookies with safe attributes and security headers (helmet) for every answer. Registered before the routes, so that answers to refused requests
// have them too.
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

const NONE = ["'none'"];
const SELF = ["'self'"];
/** One policy for API and portal: pages load only what this host serves. Downloads set a stricter one of their own. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: NONE,
    scriptSrc: SELF,
    styleSrc: SELF,
    imgSrc: [...SELF, 'data:'],
    connectSrc: SELF,
    formAction: SELF,
    baseUri: NONE,
    frameAncestors: NONE,
  },
};
const HSTS_SECONDS = 365 * 86_400;

/** @param secure browsers connect by https: cookies are sent over https only, and HSTS is on */
export async function addBrowserRules(app: FastifyInstance, secure: boolean): Promise<void> {
  await app.register(cookie, {
    // Lax: the redirect back from an identity provider carries the cookie, a form of another site does not.
    parseOptions: { path: '/', httpOnly: true, sameSite: 'lax', secure },
  });
  await app.register(helmet, {
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
    xFrameOptions: { action: 'deny' },
    // For this host only: other hosts of its domain are not ours.
    strictTransportSecurity: secure && { maxAge: HSTS_SECONDS, includeSubDomains: false },
  });
}
