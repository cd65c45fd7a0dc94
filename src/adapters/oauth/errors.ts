// The meaning of an identity provider's answer: AADSTS number or OAuth error → code of the catalogue. One pure table.
// Sources: docs/exchange-online.md §1 and §9 (learn.microsoft.com/entra/identity-platform/reference-error-codes; RFC 6749 §5.2, RFC 8628 §3.5).
import type { Action } from '../../domain/catalogue/entry.ts';
import { catalogue } from '../../domain/catalogue/index.ts';
import type { OAuthCredential } from '../../domain/email-server.ts';
import type { ErrorCode, FailureClass } from '../../domain/errors.ts';
import { MailroomError } from '../../domain/errors.ts';
import { isTlsCode } from '../../lib/tls-codes.ts';

/** What is known about a failed request; everything is optional, because providers and networks omit things. */
export interface OAuthFailure {
  /** `error` of RFC 6749. */
  error?: string | undefined;
  description?: string | undefined;
  /** HTTP status. */
  status?: number | undefined;
  retryAfterMs?: number | undefined;
  /** errno or Node's TLS code, when no answer came. */
  network?: string | undefined;
}

type CredentialKind = OAuthCredential['kind'];

interface OAuthVerdict {
  code: ErrorCode;
  class: FailureClass;
  action: Action;
  /** AADSTS number, if the provider returned one. */
  aadsts?: string;
}

/** Code → numbers or words of the provider, turned round for looking up. */
const lookUp = (table: Partial<Record<ErrorCode, string>>): ReadonlyMap<string, ErrorCode> =>
  new Map(Object.entries(table).flatMap(([code, all]) => all.split(' ').map((one) => [one, code as ErrorCode])));

/**
 * AADSTS numbers. Microsoft: numbers and texts may change; an unknown one falls through to the OAuth error. 530003 and 530035 are not in Microsoft's
 * table; they were seen in logs.
 */
const byNumber = lookUp({
  OAUTH_CONSENT_MISSING: '65001 65004 90094 90095',
  OAUTH_APPLICATION_UNKNOWN: '700016',
  OAUTH_APPLICATION_DISABLED: '7000112',
  OAUTH_SECRET_WRONG: '7000215',
  OAUTH_SECRET_EXPIRED: '7000222',
  OAUTH_CREDENTIAL_MISSING: '7000218',
  OAUTH_ASSERTION_REFUSED: '700027 700024 70021 700211 700212 700213',
  OAUTH_PUBLIC_CLIENT: '700025',
  OAUTH_SCOPE_REFUSED: '70011 500011 650052 650057 700022',
  OAUTH_REDIRECT_REFUSED: '50011',
  OAUTH_TENANT_NOT_NAMED: '50194',
  OAUTH_TENANT_UNKNOWN: '90002',
  OAUTH_WRONG_CLOUD: '90038 900432',
  OAUTH_USER_UNKNOWN: '50034 51004',
  OAUTH_ACCOUNT_LOCKED: '50053',
  OAUTH_PASSWORD_EXPIRED: '50055',
  OAUTH_ACCOUNT_DISABLED: '50057',
  OAUTH_PASSWORD_WRONG: '50126',
  OAUTH_MFA_REQUIRED: '50072 50074 50076 50078 50079',
  OAUTH_CONDITIONAL_ACCESS: '53000 53001 53002 53003 530003 530035',
  OAUTH_SIGN_IN_EXPIRED: '70008 700082 70043 50173 50132 50133 700084',
  OAUTH_DEVICE_CODE_PENDING: '70016',
  OAUTH_DEVICE_CODE_EXPIRED: '70018 70019 70020',
  OAUTH_THROTTLED: '50196 90055',
  OAUTH_PROVIDER_FAILED: '50033 50087 90006 90012 90024 90033',
});

/** `error` of RFC 6749 §5.2, RFC 8628 §3.5, OpenID Connect §3.1.2.6, and MSAL's own words for what never reached the provider. */
const byError = lookUp({
  OAUTH_SECRET_WRONG: 'invalid_client',
  OAUTH_APPLICATION_UNKNOWN: 'unauthorized_client',
  OAUTH_SIGN_IN_EXPIRED: 'invalid_grant interaction_required login_required bad_token refresh_token_expired',
  OAUTH_SIGN_IN_NEEDED: 'no_tokens_found no_account_in_silent_request',
  OAUTH_CONSENT_MISSING: 'consent_required',
  OAUTH_DECLINED: 'access_denied authorization_declined',
  OAUTH_SCOPE_REFUSED: 'invalid_scope invalid_resource invalid_target',
  OAUTH_DEVICE_CODE_PENDING: 'authorization_pending',
  OAUTH_DEVICE_CODE_EXPIRED:
    'expired_token code_expired device_code_expired device_code_polling_cancelled user_timeout_reached bad_verification_code',
  OAUTH_THROTTLED: 'slow_down',
  OAUTH_PROVIDER_FAILED: 'temporarily_unavailable server_error',
  OAUTH_TENANT_NOT_NAMED: 'missing_tenant_id_error',
  OAUTH_STATE_INVALID: 'invalid_state state_mismatch nonce_mismatch',
  OAUTH_UNREACHABLE: 'network_error endpoints_resolution_error',
});

/** Proxies: forbidden, not found, authentication required, too slow, blocked (RFC 9110 §15.5, RFC 7725). */
const ON_THE_WAY = new Set([403, 404, 407, 408, 451]);

const PASSING_ERRORS = new Set(['server_error', 'temporarily_unavailable']);
const CREDENTIAL_CODES = new Set<ErrorCode>([
  'OAUTH_SECRET_WRONG',
  'OAUTH_SECRET_EXPIRED',
  'OAUTH_ASSERTION_REFUSED',
  'OAUTH_ASSERTION_UNREADABLE',
  'OAUTH_CREDENTIAL_UNUSABLE',
]);

/** True: the credential itself was refused, so that a second one of the application may still work. */
export const isCredentialRefusal = (code: ErrorCode): boolean => CREDENTIAL_CODES.has(code);

function codeOf(failure: OAuthFailure, aadsts: string | undefined, credential: CredentialKind | undefined): ErrorCode {
  const { error, status, network } = failure;
  const numbered = byNumber.get(aadsts ?? '');
  if (numbered) return numbered;
  if (network !== undefined) return isTlsCode(network) ? 'OAUTH_TLS_FAILED' : 'OAUTH_UNREACHABLE';
  if (status === 429) return 'OAUTH_THROTTLED';
  if ((status ?? 0) >= 500) return 'OAUTH_PROVIDER_FAILED';
  // Without an OAuth error, a proxy or a captive portal has answered, not the provider (RFC 6749 §5.2 requires one).
  const foreign = error === undefined || error === 'no_json';
  if (foreign && status !== undefined && (status < 400 || ON_THE_WAY.has(status))) return 'OAUTH_UNREACHABLE';
  // The provider names no reason: whatever the client authenticated with was refused.
  if (error === 'invalid_client' && (credential === 'certificate' || credential === 'federated'))
    return 'OAUTH_ASSERTION_REFUSED';
  return byError.get(error ?? '') ?? 'OAUTH_REFUSED';
}

/** The verdict on one failure. Pure. */
export function classifyOAuth(failure: OAuthFailure, credential?: CredentialKind): OAuthVerdict {
  const aadsts = failure.description?.match(/AADSTS(\d{4,8})/)?.[1];
  const code = codeOf(failure, aadsts, credential);
  const entry = catalogue[code];
  // The OAuth error takes precedence over the number where it reports a temporary problem.
  const passing = failure.error !== undefined && PASSING_ERRORS.has(failure.error) && entry.class !== 'throttle';
  return {
    code,
    class: passing ? 'transient' : entry.class,
    action: passing ? 'retry' : entry.action,
    ...(aadsts ? { aadsts } : {}),
  };
}

/** Hides possible tokens and known secrets, removes trace lines, keeps one line. */
export function maskProviderText(text: string, secrets: readonly string[] = []): string {
  let shown = text.split(/[\r\n]|\sTrace ID:/, 1)[0]?.trimEnd() ?? '';
  for (const secret of secrets) if (secret.length > 3) shown = shown.replaceAll(secret, '***');
  return shown
    .replaceAll(/eyJ[\w-]+\.[\w.-]*/g, '***')
    .replaceAll(/[\w~+/=-]{40,}/g, '***')
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, 400);
}

export interface FailureContext {
  /** Removed from the provider's words. */
  secrets?: readonly string[];
  /** What the application authenticated with. */
  credential?: CredentialKind | undefined;
  /** Replaces the catalogue's hint, e.g. with the consent link filled in. */
  hintFor?: (code: ErrorCode) => string | undefined;
}

/**
 * The failure as the error that leaves this room: code, class, the provider's own words (masked), a hint. Never a `cause`: the errors of MSAL and Node
 * contain requests.
 */
export function oauthError(failure: OAuthFailure, context: FailureContext = {}): MailroomError {
  const verdict = classifyOAuth(failure, context.credential);
  const code = verdict.aadsts ? `AADSTS${verdict.aadsts}` : (failure.error ?? failure.network);
  const hint = context.hintFor?.(verdict.code);
  return new MailroomError(verdict.code, {
    class: verdict.class,
    ...(hint ? { hint } : {}),
    ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
    remote: {
      system: failure.network === undefined ? 'oauth' : verdict.code === 'OAUTH_TLS_FAILED' ? 'tls' : 'network',
      ...(code ? { code } : {}),
      ...(failure.description ? { text: maskProviderText(failure.description, context.secrets) } : {}),
    },
  });
}
