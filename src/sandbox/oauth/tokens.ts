// Signs and verifies the sandbox's JSON Web Tokens (RS256, as Entra does), and reads which of them may open IMAP or SMTP.
import { createHash, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import type { Principal } from '../directory.ts';

export type Claims = Record<string, unknown>;

/** What a token permits. */
type AccessGrant = {
  principal: Principal;
  protocols: { imap: boolean; smtp: boolean };
  /** Milliseconds since the epoch. */
  expiresAt: number;
  /** Serial number of the token, by which older ones are refused. */
  serial: number;
};

/** Audiences that Exchange Online accepts. */
const AUDIENCES = [
  'https://outlook.office365.com',
  'https://outlook.office.com',
  '00000002-0000-0ff1-ce00-000000000000',
];

/** Entra dates tokens back a little, which clients must accept. Seconds. */
const BACKDATED = 5;

export type Tokens = ReturnType<typeof createTokens>;

export function createTokens(issuer: () => string, tenant: string, now: () => number = Date.now) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(String(jwk.n)).digest('base64url').slice(0, 27);
  let serial = 0;
  const verified = new Map<string, Claims>();

  const signJwt = (claims: Claims): string => {
    const body = `${encode({ typ: 'JWT', alg: 'RS256', kid, x5t: kid })}.${encode(claims)}`;
    return `${body}.${sign('sha256', Buffer.from(body), privateKey).toString('base64url')}`;
  };

  const common = (lifetime: number): Claims => {
    const seconds = Math.floor(now() / 1000);
    serial += 1;
    return {
      iss: issuer(),
      iat: seconds - BACKDATED,
      nbf: seconds - BACKDATED,
      exp: seconds + lifetime,
      tid: tenant,
      ver: '2.0',
      uti: `${serial}.${randomUUID()}`,
    };
  };

  const claimsOf = (token: string): Claims | undefined => {
    const known = verified.get(token);
    if (known) return known;
    const [head, body, signature] = token.split('.');
    if (!head || !body || !signature) return undefined;
    if (decode(head)?.alg !== 'RS256') return undefined;
    if (!verify('sha256', Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url')))
      return undefined;
    const claims = decode(body);
    if (claims) verified.set(token, claims);
    return claims;
  };

  return {
    jwks: () => ({
      keys: [{ kty: jwk.kty, n: jwk.n, e: jwk.e, use: 'sig', alg: 'RS256', kid, x5t: kid, issuer: issuer() }],
    }),
    /** Access token of an application itself. `lifetime` in seconds. */
    forApplication: (clientId: string, aud: string, roles: string[], lifetime: number): string =>
      signJwt({
        ...common(lifetime),
        ...{ aud, appid: clientId, azp: clientId, appidacr: '1', idtyp: 'app' },
        ...{ oid: objectId(clientId), sub: objectId(clientId), roles },
      }),
    /** Access token of an application on behalf of a person. */
    forPerson: (clientId: string, aud: string, person: string, scopes: string[], lifetime: number): string =>
      signJwt({
        ...common(lifetime),
        ...{ aud, appid: clientId, azp: clientId, idtyp: 'user', upn: person, unique_name: person },
        ...personClaims(clientId, person),
        scp: scopes.join(' '),
      }),
    idToken: (clientId: string, person: string, name: string, nonce: string | undefined, lifetime: number): string =>
      signJwt({
        ...{ ...common(lifetime), aud: clientId, name, ...(nonce ? { nonce } : {}) },
        ...personClaims(clientId, person),
      }),
    /** What the token grants at Exchange; undefined when it is malformed, foreign, expired or for another audience. */
    grant(token: string): AccessGrant | undefined {
      const claims = claimsOf(token);
      if (!claims || !AUDIENCES.includes(String(claims.aud).replace(/\/$/, ''))) return undefined;
      const expiresAt = Number(claims.exp) * 1000;
      if (!(expiresAt > now()) || claims.iss !== issuer()) return undefined;
      const roles = Array.isArray(claims.roles) ? claims.roles : [];
      const scopes = String(claims.scp ?? '').split(' ');
      const application = claims.idtyp === 'app';
      return {
        principal: application
          ? { kind: 'application', clientId: String(claims.appid) }
          : { kind: 'person', address: String(claims.upn) },
        protocols: application
          ? { imap: roles.includes('IMAP.AccessAsApp'), smtp: roles.includes('SMTP.SendAsApp') }
          : { imap: scopes.includes('IMAP.AccessAsUser.All'), smtp: scopes.includes('SMTP.Send') },
        expiresAt,
        serial: Number.parseInt(String(claims.uti), 10),
      };
    },
    /** Number of the token issued last. */
    lastSerial: () => serial,
  };
}

const personClaims = (clientId: string, person: string): Claims => ({
  oid: objectId(person),
  sub: objectId(`${clientId}${person}`),
  preferred_username: person,
});

/** A stable GUID for a name, in place of Entra's object ids. */
export function objectId(name: string): string {
  const hex = createHash('sha256').update(name.toLowerCase()).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Header or claims of a token, unchecked; undefined when the part is no JSON object. */
export function decode(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
