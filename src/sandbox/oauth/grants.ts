// The grants of the token endpoint: client credentials, authorization code with PKCE, device code, refresh token (RFC 6749, 7636, 8628).
import { createHash, randomBytes } from 'node:crypto';
import { normalise } from '../addresses.ts';
import type { SandboxApplication, Settings } from '../config.ts';
import type { Directory } from '../directory.ts';
import { entraFailure, type OAuthFailure } from './errors.ts';
import { decode, objectId, type Tokens, verifyAssertion } from './tokens.ts';

type Form = Record<string, string>;
type TokenAnswer = { status: 200; body: Record<string, unknown> } | OAuthFailure;

export interface Code {
  clientId: string;
  person: string;
  scope: string;
  redirectUri: string;
  nonce: string | undefined;
  challenge: { value: string; method: string } | undefined;
}

interface DeviceCode {
  clientId: string;
  scope: string;
  userCode: string;
  expiresAt: number;
  person?: string;
  declined?: boolean;
}

export function createGrants(settings: Settings, directory: Directory, tokens: Tokens, tokenEndpoint: () => string) {
  const codes = new Map<string, Code>();
  const devices = new Map<string, DeviceCode>();
  const refreshTokens = new Map<string, { clientId: string; person: string; revoked: boolean }>();

  /** The application of a request, or why its credentials are refused. `required`: it must prove itself. */
  const authenticate = (form: Form, required: boolean): SandboxApplication | OAuthFailure => {
    const application = directory.application(form.client_id ?? '');
    if (!application)
      return entraFailure(
        700016,
        `Application with identifier '${form.client_id ?? ''}' was not found in the directory.`,
      );
    if (form.client_assertion)
      return assertionHolds(application, form.client_assertion, tokenEndpoint()) ? application : entraFailure(700027);
    if (form.client_secret !== undefined) {
      if (application.secret === undefined && !application.certificates) return entraFailure(700025);
      return form.client_secret === application.secret ? application : entraFailure(7000215);
    }
    const confidential = application.secret !== undefined || application.certificates !== undefined;
    return required || confidential ? entraFailure(7000218) : application;
  };

  const personAnswer = (clientId: string, person: string, scope: string, nonce?: string): TokenAnswer => {
    const resource = resourceOf(scope);
    if (resource === 'several') return entraFailure(700022);
    const user = directory.find(person);
    if (!user) return entraFailure(50034);
    const scopes = resource.scopes;
    const refresh = randomBytes(32).toString('base64url');
    refreshTokens.set(refresh, { clientId, person: normalise(person), revoked: false });
    const lifetime = settings.tokenLifetimeSeconds;
    const uid = objectId(person);
    return {
      status: 200,
      body: {
        token_type: 'Bearer',
        scope: [...scopes.map((name) => `${resource.audience}/${name}`), 'openid', 'profile', 'offline_access'].join(
          ' ',
        ),
        expires_in: lifetime,
        ext_expires_in: lifetime,
        access_token: tokens.forPerson(clientId, resource.audience, normalise(person), scopes, lifetime),
        refresh_token: refresh,
        id_token: tokens.idToken(clientId, normalise(person), user.displayName ?? user.name ?? person, nonce, lifetime),
        client_info: Buffer.from(JSON.stringify({ uid, utid: settings.tenant })).toString('base64url'),
      },
    };
  };

  const grants: Record<string, (form: Form) => TokenAnswer> = {
    client_credentials(form) {
      const application = authenticate(form, true);
      if ('status' in application) return application;
      const resource = resourceOf(form.scope ?? '');
      if (resource === 'several') return entraFailure(700022);
      if (!/\/\.default$/.test(form.scope?.split(' ')[0] ?? ''))
        return entraFailure(
          70011,
          `The provided value for scope ${form.scope ?? ''} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.`,
        );
      const roles = application.appOnly === false ? [] : ['IMAP.AccessAsApp', 'SMTP.SendAsApp'];
      const lifetime = settings.tokenLifetimeSeconds;
      const access_token = tokens.forApplication(application.clientId, resource.audience, roles, lifetime);
      return {
        status: 200,
        body: { token_type: 'Bearer', expires_in: lifetime, ext_expires_in: lifetime, access_token },
      };
    },
    authorization_code(form) {
      const application = authenticate(form, false);
      if ('status' in application) return application;
      const code = codes.get(form.code ?? '');
      if (!code || code.clientId.toLowerCase() !== application.clientId.toLowerCase()) return entraFailure(70000);
      // A code is good for one try (RFC 6749 §4.1.2).
      codes.delete(form.code ?? '');
      if (form.redirect_uri !== code.redirectUri) return entraFailure(50011);
      if (code.challenge && !challengeHolds(code.challenge, form.code_verifier ?? '')) return entraFailure(501481);
      return personAnswer(application.clientId, code.person, form.scope || code.scope, code.nonce);
    },
    device_code(form) {
      const application = authenticate(form, false);
      if ('status' in application) return application;
      const device = devices.get(form.device_code ?? form.code ?? '');
      if (!device) return entraFailure(70018);
      if (Date.now() > device.expiresAt) return entraFailure(70019);
      if (device.declined)
        return { status: 400, body: { ...entraFailure(65004).body, error: 'authorization_declined' } };
      if (device.person === undefined) return entraFailure(70016);
      devices.delete(form.device_code ?? form.code ?? '');
      return personAnswer(application.clientId, device.person, form.scope || device.scope);
    },
    refresh_token(form) {
      const application = authenticate(form, false);
      if ('status' in application) return application;
      const known = refreshTokens.get(form.refresh_token ?? '');
      if (!known || known.clientId !== application.clientId) return entraFailure(700082);
      if (known.revoked) return entraFailure(50173);
      return personAnswer(application.clientId, known.person, form.scope ?? '');
    },
  };
  grants['urn:ietf:params:oauth:grant-type:device_code'] = (form) => grants.device_code?.(form) ?? entraFailure(70003);

  return {
    /** Answers one form of the token endpoint. */
    token: (form: Form): TokenAnswer => grants[form.grant_type ?? '']?.(form) ?? entraFailure(70003),
    /** An authorization code for the person that signed in at /authorize. */
    issueCode(code: Code): string {
      const value = `1.${randomBytes(32).toString('base64url')}`;
      codes.set(value, code);
      return value;
    },
    startDevice(clientId: string, scope: string): { deviceCode: string; userCode: string } {
      const deviceCode = randomBytes(32).toString('base64url');
      const userCode = randomBytes(6).toString('hex').slice(0, 9).toUpperCase();
      const auto = settings.oauth.autoApprove;
      const person = typeof auto === 'string' ? auto : auto ? directory.persons()[0]?.address : undefined;
      const expiresAt = Date.now() + settings.oauth.deviceLifetime * 1000;
      devices.set(deviceCode, { clientId, scope, userCode, expiresAt, ...(person ? { person } : {}) });
      return { deviceCode, userCode };
    },
    /** A person approves (or declines) what a device shows. @returns false when the code is unknown. */
    settleDevice(userCode: string, person: string | undefined): boolean {
      const device = [...devices.values()].find((item) => item.userCode === userCode.trim().toUpperCase());
      if (!device) return false;
      if (person === undefined) device.declined = true;
      else device.person = person;
      return true;
    },
    pendingDevices: (): string[] =>
      [...devices.values()].filter((item) => !item.person && !item.declined).map((item) => item.userCode),
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
  // Consent to `.default` means everything the app was granted.
  const named = scopes.includes('.default') ? ['IMAP.AccessAsUser.All', 'SMTP.Send', 'POP.AccessAsUser.All'] : scopes;
  return { audience: [...resources][0] ?? '00000003-0000-0000-c000-000000000000', scopes: named };
}

function challengeHolds(challenge: { value: string; method: string }, verifier: string): boolean {
  const computed = challenge.method === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier;
  return computed === challenge.value;
}

/** A certificate assertion is issued by the client for the token endpoint; a federated one by a trusted issuer for AzureADTokenExchange. */
function assertionHolds(application: SandboxApplication, assertion: string, endpoint: string): boolean {
  const issuer = String(decode(assertion.split('.')[1] ?? '')?.iss ?? '');
  const verified = verifyAssertion(assertion, application.certificates ?? []);
  const federated = application.federated?.find((item) => item.issuer === issuer);
  if (!verified) return false;
  const { claims } = verified;
  const alive = Number(claims.exp) * 1000 > Date.now() && Number(claims.nbf ?? 0) * 1000 < Date.now() + 300_000;
  if (federated)
    return (
      alive && claims.sub === federated.subject && claims.aud === (federated.audience ?? 'api://AzureADTokenExchange')
    );
  const audience = String(claims.aud);
  return (
    alive &&
    issuer === application.clientId &&
    claims.sub === application.clientId &&
    new URL(audience).host === new URL(endpoint).host
  );
}
