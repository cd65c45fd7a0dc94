// Access tokens for the test servers: a key pair made on the spot, JWTs (RS256) signed with it. Dovecot validates them locally.
import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';

interface TokenClaims {
  /** The person (delegated sign-in). */
  upn?: string;
  /** The application (app-only sign-in); give upn or appId. */
  appId?: string;
  /** Seconds from now; negative for a token that has expired. Default 3,600. */
  expiresInSeconds?: number;
  /** Padding of this many bytes, for tokens of real size. */
  padding?: number;
}

export interface JwtIssuer {
  readonly kid: string;
  readonly publicKeyPem: string;
  token(claims: TokenClaims): string;
}

/** The audience that is in every token; the servers refuse others. */
export const TOKEN_AUDIENCE = 'https://outlook.office.com';

export function jwtIssuer(): JwtIssuer {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomUUID();
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    kid,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    token: ({ upn, appId, expiresInSeconds = 3_600, padding = 0 }) => {
      const now = Math.floor(Date.now() / 1000);
      const who = upn?.toLowerCase() ?? `app:${appId ?? 'unknown'}`;
      // Dovecot 2.3 wants typ, sub, and takes no claim that is not a string or a number.
      const header = encode({ typ: 'JWT', alg: 'RS256', kid });
      const body = encode({
        aud: TOKEN_AUDIENCE,
        sub: who,
        who,
        iat: Math.min(now - 5, now + expiresInSeconds - 1),
        nbf: Math.min(now - 5, now + expiresInSeconds - 1),
        exp: now + expiresInSeconds,
        jti: randomUUID(),
        ...(padding > 0 ? { pad: 'x'.repeat(padding) } : {}),
      });
      const signature = createSign('RSA-SHA256').update(`${header}.${body}`).sign(privateKey, 'base64url');
      return `${header}.${body}.${signature}`;
    },
  };
}
