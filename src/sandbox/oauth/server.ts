// The authority: HTTPS endpoints as login.microsoftonline.com has them, as far as MSAL and browsers need them.
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificates } from '../certificate.ts';
import type { Settings } from '../config.ts';
import type { Directory } from '../directory.ts';
import type { Faults } from '../faults.ts';
import { type Answer, answering, type Form, html, json, readBody, serveHttp, text } from '../http.ts';
import { authorize, redirect } from './authorize.ts';
import { entraFailure } from './errors.ts';
import { createGrants } from './grants.ts';
import { devicePage } from './pages.ts';
import { createTokens } from './tokens.ts';

/** Largest accepted form, bytes. */
const MAX_FORM = 1_000_000;

/** What the routes share. */
export interface Authority {
  settings: Settings;
  directory: Directory;
  faults: Faults;
  tokens: ReturnType<typeof createTokens>;
  grants: ReturnType<typeof createGrants>;
  /** `https://localhost:PORT/<tenant>`. */
  base: string;
}

export interface Call {
  query: Form;
  /** Empty unless the request is a POST. */
  form: Form;
}

/** By path below the tenant; with a method where no other is allowed. An undefined answer cuts the connection. */
const ROUTES: Readonly<Record<string, (authority: Authority, call: Call) => Answer | Promise<Answer | undefined>>> = {
  'v2.0/.well-known/openid-configuration': ({ base }) => json(200, metadata(base)),
  'discovery/v2.0/keys': ({ tokens }) => json(200, tokens.jwks()),
  'POST oauth2/v2.0/token': token,
  'oauth2/v2.0/authorize': authorize,
  'POST oauth2/v2.0/devicecode': deviceCode,
  'oauth2/deviceauth': (authority) => html(deviceForm(authority)),
  'POST oauth2/deviceauth': deviceAuth,
  'v2.0/adminconsent': ({ settings }, { query }) =>
    query.redirect_uri ? redirect(query, { admin_consent: 'True', tenant: settings.tenant }) : text(404, 'Not found'),
};

export async function startOAuthServer(
  settings: Settings,
  certificates: Certificates,
  directory: Directory,
  faults: Faults,
) {
  let tokenRequests = 0;
  const tokens = createTokens(() => `${authority.base}/v2.0`, settings.tenant);
  const grants = createGrants(settings, directory, tokens, () => `${authority.base}/oauth2/v2.0/token`);
  const authority: Authority = { settings, directory, faults, tokens, grants, base: '' };
  const tenants = [settings.tenant, settings.domain, 'organizations', 'common'];

  const respond = async (request: IncomingMessage): Promise<Answer | undefined> => {
    const url = new URL(request.url ?? '/', authority.base);
    const [, tenant = '', ...rest] = url.pathname.split('/');
    const path = rest.join('/');
    if (!tenants.includes(decodeURIComponent(tenant))) {
      const words = `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`;
      return json(400, entraFailure(90002, words).body);
    }
    const route = ROUTES[`${request.method} ${path}`] ?? ROUTES[path];
    if (!route) return text(404, 'Not found');
    if (route === token) tokenRequests += 1;
    const form = request.method === 'POST' ? fieldsOf((await readBody(request, MAX_FORM)).toString()) : {};
    return route(authority, { query: fieldsOf(url.searchParams), form });
  };

  const server = createServer({ key: certificates.key, cert: certificates.certificate }, answering(respond));
  const { port, stop } = await serveHttp(server, settings.ports.oauth ?? 0, settings.listen);
  authority.base = `https://localhost:${port}/${settings.tenant}`;
  return { authority: authority.base, port, tokens, grants, tokenRequests: () => tokenRequests, stop };
}

const fieldsOf = (given: string | URLSearchParams): Form => Object.fromEntries(new URLSearchParams(given));

const metadata = (base: string) => ({
  token_endpoint: `${base}/oauth2/v2.0/token`,
  token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
  jwks_uri: `${base}/discovery/v2.0/keys`,
  response_modes_supported: ['query', 'form_post'],
  subject_types_supported: ['pairwise'],
  id_token_signing_alg_values_supported: ['RS256'],
  response_types_supported: ['code'],
  scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
  issuer: `${base}/v2.0`,
  authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
  device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
  end_session_endpoint: `${base}/oauth2/v2.0/logout`,
  tenant_region_scope: 'EU',
  cloud_instance_name: 'localhost',
});

/** The token endpoint; the faults of OAuth2 strike here. */
async function token({ faults, grants }: Authority, { form }: Call): Promise<Answer | undefined> {
  const client = form.client_id ?? '';
  const slow = faults.take('slowToken', { client });
  if (slow) await sleep(slow.milliseconds ?? 1000);
  if (faults.take('dropToken', { client })) return undefined;
  const throttled = faults.take('http429', { client });
  if (throttled) return json(429, entraFailure(90055).body, { 'Retry-After': String(throttled.retryAfter ?? 1) });
  const broken = faults.take('http5xx', { client });
  if (broken) return text(broken.status ?? 503, 'Service Unavailable');
  const refused = faults.take('aadsts', { client, at: 'token' });
  const answer = refused ? entraFailure(refused.number ?? 50196, refused.text) : grants.token(form);
  return json(answer.status, answer.body);
}

function deviceCode({ settings, directory, grants, base }: Authority, { form }: Call): Answer {
  const application = directory.application(form.client_id ?? '');
  if (!application) return json(400, entraFailure(700016).body);
  const { deviceCode, userCode } = grants.devices.start(application.clientId, form.scope ?? '');
  const verification_uri = `${base}/oauth2/deviceauth`;
  return json(200, {
    user_code: userCode,
    device_code: deviceCode,
    verification_uri,
    expires_in: settings.oauth.deviceLifetime,
    // Without an interval MSAL polls 199 times a second.
    interval: settings.oauth.deviceInterval,
    message: `To sign in, use a web browser to open the page ${verification_uri} and enter the code ${userCode} to authenticate.`,
  });
}

const deviceForm = ({ directory, base }: Authority, message?: string): string =>
  devicePage(directory.persons(), `${base}/oauth2/deviceauth`, message);

function deviceAuth(authority: Authority, { form }: Call): Answer {
  const isKnown = authority.grants.devices.settle(form.user_code ?? '', form.person);
  const done = 'You have signed in. You may close this window.';
  return html(deviceForm(authority, isKnown ? done : 'That code did not work. Check the code and try again.'));
}
