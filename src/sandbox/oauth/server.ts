// The authority: HTTPS endpoints as login.microsoftonline.com has them, as far as MSAL and browsers need them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificates } from '../certificate.ts';
import type { Settings } from '../config.ts';
import type { Directory } from '../directory.ts';
import type { Faults } from '../faults.ts';
import { entraFailure } from './errors.ts';
import { createGrants } from './grants.ts';
import { choosePersonPage, devicePage, formPostPage } from './pages.ts';
import { createTokens } from './tokens.ts';

/** Largest form taken, bytes. */
const MAX_FORM = 1_000_000;

export async function startOAuthServer(
  settings: Settings,
  certificates: Certificates,
  directory: Directory,
  faults: Faults,
) {
  let port = 0;
  let requests = 0;
  const base = () => `https://localhost:${port}/${settings.tenant}`;
  const tokens = createTokens(() => `${base()}/v2.0`, settings.tenant);
  const grants = createGrants(settings, directory, tokens, () => `${base()}/oauth2/v2.0/token`);

  const metadata = () => ({
    token_endpoint: `${base()}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    jwks_uri: `${base()}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${base()}/v2.0`,
    authorization_endpoint: `${base()}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base()}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${base()}/oauth2/v2.0/logout`,
    tenant_region_scope: 'EU',
    cloud_instance_name: 'localhost',
  });

  const token = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests += 1;
    const form = await readForm(request);
    const client = form.client_id ?? '';
    const slow = faults.take('slowToken', { client });
    if (slow) await sleep(slow.milliseconds ?? 1000);
    if (faults.take('dropToken', { client })) return void request.socket.destroy();
    const throttled = faults.take('http429', { client });
    if (throttled) {
      response.setHeader('Retry-After', String(throttled.retryAfter ?? 1));
      return json(response, 429, entraFailure(90055).body);
    }
    const broken = faults.take('http5xx', { client });
    if (broken) return text(response, broken.status ?? 503, 'Service Unavailable');
    const refused = faults.take('aadsts', { client, at: 'token' });
    const answer = refused ? entraFailure(refused.number ?? 50196, refused.text) : grants.token(form);
    json(response, answer.status, answer.body);
  };

  const authorize = async (
    request: IncomingMessage,
    response: ServerResponse,
    query: Record<string, string>,
  ): Promise<void> => {
    const form = request.method === 'POST' ? await readForm(request) : {};
    const parameters: Record<string, string> = { ...query, ...form };
    const application = directory.application(parameters.client_id ?? '');
    if (!application) return text(response, 400, String(entraFailure(700016).body.error_description));
    const redirectUri = parameters.redirect_uri ?? '';
    const allowed = application.redirectUris
      ? application.redirectUris.includes(redirectUri)
      : /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(redirectUri);
    if (!allowed) return text(response, 400, String(entraFailure(50011).body.error_description));

    const auto = settings.oauth.autoApprove;
    const person =
      form.person ??
      (typeof auto === 'string' ? auto : auto ? (parameters.login_hint ?? directory.persons()[0]?.address) : undefined);
    const state = parameters.state === undefined ? {} : { state: parameters.state };
    if (form.decline)
      return redirect(response, parameters, {
        error: 'access_denied',
        error_description: String(entraFailure(65004).body.error_description),
        ...state,
      });
    if (person === undefined || !directory.find(person)) {
      const { person: _person, decline: _decline, ...asked } = parameters;
      return html(response, choosePersonPage(directory.persons(), asked, `${base()}/oauth2/v2.0/authorize`));
    }
    const circumstances = { client: application.clientId, at: 'authorize' };
    if (faults.peek('aadsts', circumstances)?.at === 'authorize') {
      const refused = faults.take('aadsts', circumstances);
      const { body } = entraFailure(refused?.number ?? 65004, refused?.text);
      return redirect(response, parameters, {
        error: String(body.error),
        error_description: String(body.error_description),
        ...state,
      });
    }
    const code = grants.issueCode({
      clientId: application.clientId,
      person,
      scope: parameters.scope ?? '',
      redirectUri,
      nonce: parameters.nonce,
      challenge: parameters.code_challenge
        ? { value: parameters.code_challenge, method: parameters.code_challenge_method ?? 'plain' }
        : undefined,
    });
    redirect(response, parameters, { code, ...state, session_state: 'sandbox' });
  };

  const deviceCode = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = await readForm(request);
    const application = directory.application(form.client_id ?? '');
    if (!application) return json(response, 400, entraFailure(700016).body);
    const { deviceCode: device_code, userCode: user_code } = grants.startDevice(application.clientId, form.scope ?? '');
    const verification_uri = `${base()}/oauth2/deviceauth`;
    json(response, 200, {
      user_code,
      device_code,
      verification_uri,
      expires_in: settings.oauth.deviceLifetime,
      // Without an interval MSAL polls 199 times a second.
      interval: settings.oauth.deviceInterval,
      message: `To sign in, use a web browser to open the page ${verification_uri} and enter the code ${user_code} to authenticate.`,
    });
  };

  const deviceAuth = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST')
      return html(response, devicePage(directory.persons(), `${base()}/oauth2/deviceauth`));
    const form = await readForm(request);
    const known = grants.settleDevice(form.user_code ?? '', form.person);
    html(
      response,
      devicePage(
        directory.persons(),
        `${base()}/oauth2/deviceauth`,
        known
          ? 'You have signed in. You may close this window.'
          : 'That code did not work. Check the code and try again.',
      ),
    );
  };

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', base());
    const [, tenant = '', ...rest] = url.pathname.split('/');
    const query = Object.fromEntries(url.searchParams);
    const path = rest.join('/');
    if (![settings.tenant, settings.domain, 'organizations', 'common'].includes(decodeURIComponent(tenant))) {
      return json(
        response,
        400,
        entraFailure(
          90002,
          `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
        ).body,
      );
    }
    if (path === 'v2.0/.well-known/openid-configuration') return json(response, 200, metadata());
    if (path === 'discovery/v2.0/keys') return json(response, 200, tokens.jwks());
    if (path === 'oauth2/v2.0/token' && request.method === 'POST') return token(request, response);
    if (path === 'oauth2/v2.0/authorize') return authorize(request, response, query);
    if (path === 'oauth2/v2.0/devicecode' && request.method === 'POST') return deviceCode(request, response);
    if (path === 'oauth2/deviceauth') return deviceAuth(request, response);
    if (path === 'v2.0/adminconsent' && query.redirect_uri)
      return redirect(response, query, {
        admin_consent: 'True',
        tenant: settings.tenant,
        ...(query.state ? { state: query.state } : {}),
      });
    text(response, 404, 'Not found');
  };

  const server = createServer({ key: certificates.key, cert: certificates.certificate }, (request, response) => {
    route(request, response).catch((error: unknown) => {
      if (!response.headersSent) text(response, 400, error instanceof Error ? error.message : 'Bad request');
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.ports.oauth ?? 0, settings.listen, resolve);
  });
  port = (server.address() as AddressInfo).port;

  return {
    authority: base(),
    port,
    tokens,
    grants,
    /** How often the token endpoint was asked. */
    tokenRequests: () => requests,
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readForm(request: IncomingMessage): Promise<Record<string, string>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_FORM) throw new RangeError('Form too large');
    chunks.push(chunk as Buffer);
  }
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' })
    .end(JSON.stringify(body));
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(body);
}

function html(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }).end(body);
}

function redirect(response: ServerResponse, asked: Record<string, string>, result: Record<string, string>): void {
  if (asked.response_mode === 'form_post') {
    html(response, formPostPage(asked.redirect_uri ?? '', result));
    return;
  }
  const target = new URL(asked.redirect_uri ?? '');
  for (const [name, value] of Object.entries(result)) target.searchParams.set(name, value);
  response.writeHead(302, { Location: target.href }).end();
}
