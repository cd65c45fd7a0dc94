// The grants of the token endpoint: client credentials, authorization code with PKCE, device code, refresh token (RFC 6749, 7636, 8628).
import { createHash, randomBytes } from 'node:crypto';
import { normalise } from '../addresses.ts';
import type { SandboxApplication, Settings } from '../config.ts';
import type { Directory } from '../directory.ts';
import type { Form } from '../http.ts';
import { authenticateClient } from './client.ts';
import { createDevices } from './devices.ts';
import { entraFailure, type OAuthFailure } from './errors.ts';
import { objectId, type Tokens } from './tokens.ts';

type TokenAnswer = { status: 200; body: Record<string, unknown> } | OAuthFailure;

type Code = {
  clientId: string;
  person: string;
  scope: string;
  redirectUri: string;
  nonce: string | undefined;
  challenge: { value: string; method: string } | undefined;
};

export function createGrants(settings: Settings, directory: Directory, tokens: Tokens, tokenEndpoint: () => string) {
  const codes = new Map<string, Code>();
  const devices = createDevices(settings, directory);
  const refreshTokens = new Map<string, { clientId: string; person: string; revoked: boolean }>();
  const lifetime = settings.tokenLifetimeSeconds;
  const common = { token_type: 'Bearer', expires_in: lifetime, ext_expires_in: lifetime };

  const personAnswer = (clientId: string, named: string, scope: string, nonce?: string): TokenAnswer => {
    const resource = resourceOf(scope);
    if (resource === 'several') return entraFailure(700022);
    const user = directory.find(named);
    if (!user) return entraFailure(50034);
    const { audience, scopes } = resource;
    const person = normalise(named);
    const refresh_token = randomBytes(32).toString('base64url');
    refreshTokens.set(refresh_token, { clientId, person, revoked: false });
    const info = { uid: objectId(person), utid: settings.tenant };
    return {
      status: 200,
      body: {
        ...common,
        scope: [...scopes.map((name) => `${audience}/${name}`), 'openid', 'profile', 'offline_access'].join(' '),
        access_token: tokens.forPerson(clientId, audience, person, scopes, lifetime),
        refresh_token,
        id_token: tokens.idToken(clientId, person, user.displayName, nonce, lifetime),
        client_info: Buffer.from(JSON.stringify(info)).toString('base64url'),
      },
    };
  };

  const deviceCode = ({ clientId }: SandboxApplication, form: Form): TokenAnswer => {
    const approved = devices.redeem(form.device_code ?? form.code ?? '');
    return 'status' in approved ? approved : personAnswer(clientId, approved.person, form.scope || approved.scope);
  };

  const grants: Readonly<Record<string, (application: SandboxApplication, form: Form) => TokenAnswer>> = {
    client_credentials({ clientId, appOnly }, { scope = '' }) {
      const resource = resourceOf(scope);
      if (resource === 'several') return entraFailure(700022);
      if (!/^\S*\/\.default(?: |$)/.test(scope))
        return entraFailure(
          70011,
          `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.`,
        );
      const roles = appOnly ? ['IMAP.AccessAsApp', 'SMTP.SendAsApp'] : [];
      const access_token = tokens.forApplication(clientId, resource.audience, roles, lifetime);
      return { status: 200, body: { ...common, access_token } };
    },
    authorization_code({ clientId }, form) {
      const code = codes.get(form.code ?? '');
      if (!code || code.clientId !== clientId) return entraFailure(70000);
      // A code is good for one try (RFC 6749 §4.1.2).
      codes.delete(form.code ?? '');
      if (form.redirect_uri !== code.redirectUri) return entraFailure(50011);
      if (code.challenge && !answersChallenge(code.challenge, form.code_verifier ?? '')) return entraFailure(501481);
      return personAnswer(clientId, code.person, form.scope || code.scope, code.nonce);
    },
    device_code: deviceCode,
    'urn:ietf:params:oauth:grant-type:device_code': deviceCode,
    refresh_token({ clientId }, form) {
      const known = refreshTokens.get(form.refresh_token ?? '');
      if (!known || known.clientId !== clientId) return entraFailure(700082);
      return known.revoked ? entraFailure(50173) : personAnswer(clientId, known.person, form.scope ?? '');
    },
  };

  return {
    devices,
    /** Answers one form of the token endpoint. */
    token(form: Form): TokenAnswer {
      const grant = grants[form.grant_type ?? ''];
      if (!grant) return entraFailure(70003);
      const mustProve = form.grant_type === 'client_credentials';
      const application = authenticateClient(directory, tokenEndpoint(), form, mustProve);
      return 'status' in application ? application : grant(application, form);
    },
    /** An authorization code for the person that signed in at /authorize. */
    issueCode(code: Code): string {
      const value = `1.${randomBytes(32).toString('base64url')}`;
      codes.set(value, code);
      return value;
    },
    /** Revokes the refresh tokens of a person (AADSTS50173 from now on). */
    revokeSessions(person: string): void {
      for (const known of refreshTokens.values()) if (known.person === normalise(person)) known.revoked = true;
    },
  };
}

/** Audience and scope names of a scope parameter; Exchange's two spellings are one resource. */
function resourceOf(scope: string): { audience: string; scopes: string[] } | 'several' {
  const resources = new Set<string>();
  const scopes: string[] = [];
  for (const item of scope.split(' ')) {
    const match = /^(https:\/\/[^/]+)\/+(.+)$/.exec(item);
    if (!match?.[1] || !match[2]) continue;
    resources.add(match[1].replace('outlook.office.com', 'outlook.office365.com'));
    scopes.push(match[2]);
  }
  if (resources.size > 1) return 'several';
  // Consent to `.default` covers everything that the application was granted.
  const named = scopes.includes('.default') ? ['IMAP.AccessAsUser.All', 'SMTP.Send', 'POP.AccessAsUser.All'] : scopes;
  return { audience: [...resources][0] ?? '00000003-0000-0000-c000-000000000000', scopes: named };
}

function answersChallenge(challenge: { value: string; method: string }, verifier: string): boolean {
  const computed = challenge.method === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier;
  return computed === challenge.value;
}
