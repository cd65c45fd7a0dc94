// Reads the answers of token endpoints, for MSAL and plain endpoints alike: JSON, failures, and what an error may say.
import type { OAuthApplication, OAuthCredential } from '../../domain/email-server.ts';
import { adminConsentUrl } from '../../domain/oauth-scopes.ts';
import type { FailureContext, OAuthFailure } from './errors.ts';
import type { HttpAnswer } from './http.ts';

/** The JSON of an answer, and the failure that it reports. */
export function readAnswer({ status, headers, body }: HttpAnswer): {
  json: Record<string, unknown>;
  failure?: OAuthFailure;
} {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { json: {}, failure: { status, error: 'no_json', ...retryAfter(headers) } };
  }
  const said = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  if (status < 400 && said.error === undefined) return { json: said };
  const failure = {
    status,
    error: textOf(said.error),
    description: textOf(said.error_description),
    ...retryAfter(headers),
  };
  return { json: said, failure };
}

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Retry-After in seconds or as a date (RFC 9110 §10.2.3). */
function retryAfter(headers: Record<string, string>): { retryAfterMs?: number } {
  const given = headers['retry-after'];
  if (given === undefined) return {};
  const ms = /^\d+$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now();
  return Number.isFinite(ms) ? { retryAfterMs: Math.max(0, ms) } : {};
}

/** The errno or TLS code of a request that got no answer. */
export const networkCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'ENETWORK';

/** Secrets that an error must not contain, and hints with the real names. */
export const contextOf = (application: OAuthApplication, credential: OAuthCredential | undefined): FailureContext => ({
  secrets: credential?.kind === 'secret' ? [credential.secret] : [],
  credential: credential?.kind,
  hintFor: (code) =>
    code === 'OAUTH_CONSENT_MISSING' && !application.generic
      ? `An administrator opens ${adminConsentUrl(application, 'smtp', 'https://localhost')} and accepts (for IMAP the scope https://ps.outlook.com/.default as well); then Mailroom continues automatically.`
      : undefined,
});
