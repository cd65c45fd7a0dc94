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
  subError?: string | undefined;
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
  /** True: the application's credential itself was refused; a second one may still work. */
  credentialRefused: boolean;
}

/** AADSTS numbers. Microsoft: numbers and texts may change; an unknown one falls through to the OAuth error. */
const byNumber: Readonly<Record<string, ErrorCode>> = {
  '65001': 'OAUTH_CONSENT_MISSING',
  '65004': 'OAUTH_CONSENT_MISSING',
  '90094': 'OAUTH_CONSENT_MISSING',
  '90095': 'OAUTH_CONSENT_MISSING',
  '700016': 'OAUTH_APPLICATION_UNKNOWN',
  '7000112': 'OAUTH_APPLICATION_DISABLED',
  '7000215': 'OAUTH_SECRET_WRONG',
  '7000222': 'OAUTH_SECRET_EXPIRED',
  '7000218': 'OAUTH_CREDENTIAL_MISSING',
  '700027': 'OAUTH_ASSERTION_REFUSED',
  '700024': 'OAUTH_ASSERTION_REFUSED',
  '70021': 'OAUTH_ASSERTION_REFUSED',
  '700211': 'OAUTH_ASSERTION_REFUSED',
  '700212': 'OAUTH_ASSERTION_REFUSED',
  '700213': 'OAUTH_ASSERTION_REFUSED',
  '700025': 'OAUTH_PUBLIC_CLIENT',
  '70011': 'OAUTH_SCOPE_REFUSED',
  '500011': 'OAUTH_SCOPE_REFUSED',
  '650052': 'OAUTH_SCOPE_REFUSED',
  '650057': 'OAUTH_SCOPE_REFUSED',
  '700022': 'OAUTH_SCOPE_REFUSED',
  '50011': 'OAUTH_REDIRECT_REFUSED',
  '50194': 'OAUTH_TENANT_NOT_NAMED',
  '90002': 'OAUTH_TENANT_UNKNOWN',
  '90038': 'OAUTH_WRONG_CLOUD',
  '900432': 'OAUTH_WRONG_CLOUD',
  '50034': 'OAUTH_USER_UNKNOWN',
  '51004': 'OAUTH_USER_UNKNOWN',
  '50053': 'OAUTH_ACCOUNT_LOCKED',
  '50055': 'OAUTH_PASSWORD_EXPIRED',
  '50057': 'OAUTH_ACCOUNT_DISABLED',
  '50126': 'OAUTH_PASSWORD_WRONG',
  '50072': 'OAUTH_MFA_REQUIRED',
  '50074': 'OAUTH_MFA_REQUIRED',
  '50076': 'OAUTH_MFA_REQUIRED',
  '50078': 'OAUTH_MFA_REQUIRED',
  '50079': 'OAUTH_MFA_REQUIRED',
  '53000': 'OAUTH_CONDITIONAL_ACCESS',
  '53001': 'OAUTH_CONDITIONAL_ACCESS',
  '53002': 'OAUTH_CONDITIONAL_ACCESS',
  '53003': 'OAUTH_CONDITIONAL_ACCESS',
  // Not in Microsoft's table; seen in logs.
  '530003': 'OAUTH_CONDITIONAL_ACCESS',
  '530035': 'OAUTH_CONDITIONAL_ACCESS',
  '70008': 'OAUTH_SIGN_IN_EXPIRED',
  '700082': 'OAUTH_SIGN_IN_EXPIRED',
  '70043': 'OAUTH_SIGN_IN_EXPIRED',
  '50173': 'OAUTH_SIGN_IN_EXPIRED',
  '50132': 'OAUTH_SIGN_IN_EXPIRED',
  '50133': 'OAUTH_SIGN_IN_EXPIRED',
  '700084': 'OAUTH_SIGN_IN_EXPIRED',
  '70016': 'OAUTH_DEVICE_CODE_PENDING',
  '70018': 'OAUTH_DEVICE_CODE_EXPIRED',
  '70019': 'OAUTH_DEVICE_CODE_EXPIRED',
  '70020': 'OAUTH_DEVICE_CODE_EXPIRED',
  '50196': 'OAUTH_THROTTLED',
  '90055': 'OAUTH_THROTTLED',
  '50033': 'OAUTH_PROVIDER_FAILED',
  '50087': 'OAUTH_PROVIDER_FAILED',
  '90006': 'OAUTH_PROVIDER_FAILED',
  '90012': 'OAUTH_PROVIDER_FAILED',
  '90024': 'OAUTH_PROVIDER_FAILED',
  '90033': 'OAUTH_PROVIDER_FAILED',
};

/** `error` of RFC 6749 §5.2, RFC 8628 §3.5, OpenID Connect §3.1.2.6, and MSAL's own words for what never reached the provider. */
const byError: Readonly<Record<string, ErrorCode>> = {
  invalid_client: 'OAUTH_SECRET_WRONG',
  unauthorized_client: 'OAUTH_APPLICATION_UNKNOWN',
  invalid_grant: 'OAUTH_SIGN_IN_EXPIRED',
  interaction_required: 'OAUTH_SIGN_IN_EXPIRED',
  login_required: 'OAUTH_SIGN_IN_EXPIRED',
  bad_token: 'OAUTH_SIGN_IN_EXPIRED',
  no_tokens_found: 'OAUTH_SIGN_IN_NEEDED',
  no_account_in_silent_request: 'OAUTH_SIGN_IN_NEEDED',
  refresh_token_expired: 'OAUTH_SIGN_IN_EXPIRED',
  consent_required: 'OAUTH_CONSENT_MISSING',
  access_denied: 'OAUTH_DECLINED',
  authorization_declined: 'OAUTH_DECLINED',
  invalid_scope: 'OAUTH_SCOPE_REFUSED',
  invalid_resource: 'OAUTH_SCOPE_REFUSED',
  invalid_target: 'OAUTH_SCOPE_REFUSED',
  authorization_pending: 'OAUTH_DEVICE_CODE_PENDING',
  expired_token: 'OAUTH_DEVICE_CODE_EXPIRED',
  code_expired: 'OAUTH_DEVICE_CODE_EXPIRED',
  device_code_expired: 'OAUTH_DEVICE_CODE_EXPIRED',
  device_code_polling_cancelled: 'OAUTH_DEVICE_CODE_EXPIRED',
  user_timeout_reached: 'OAUTH_DEVICE_CODE_EXPIRED',
  bad_verification_code: 'OAUTH_DEVICE_CODE_EXPIRED',
  slow_down: 'OAUTH_THROTTLED',
  temporarily_unavailable: 'OAUTH_PROVIDER_FAILED',
  server_error: 'OAUTH_PROVIDER_FAILED',
  missing_tenant_id_error: 'OAUTH_TENANT_NOT_NAMED',
  invalid_state: 'OAUTH_STATE_INVALID',
  state_mismatch: 'OAUTH_STATE_INVALID',
  nonce_mismatch: 'OAUTH_STATE_INVALID',
  network_error: 'OAUTH_UNREACHABLE',
  endpoints_resolution_error: 'OAUTH_UNREACHABLE',
};

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

const aadstsOf = (text: string | undefined): string | undefined => text?.match(/AADSTS(\d{4,8})/)?.[1];

function codeOf(failure: OAuthFailure, aadsts: string | undefined, credential: CredentialKind | undefined): ErrorCode {
  const { error, status, network } = failure;
  const numbered = aadsts === undefined ? undefined : byNumber[aadsts];
  if (numbered) return numbered;
  if (network !== undefined) return isTlsCode(network) ? 'OAUTH_TLS_FAILED' : 'OAUTH_UNREACHABLE';
  if (status === 429) return 'OAUTH_THROTTLED';
  if ((status ?? 0) >= 500) return 'OAUTH_PROVIDER_FAILED';
  // Without an OAuth error, a proxy or a captive portal has answered, not the provider (RFC 6749 §5.2 requires one).
  if (error === undefined && ON_THE_WAY.has(status ?? 0)) return 'OAUTH_UNREACHABLE';
  // The provider names no reason: whatever the client authenticated with was refused.
  if (error === 'invalid_client' && (credential === 'certificate' || credential === 'federated'))
    return 'OAUTH_ASSERTION_REFUSED';
  return (error === undefined ? undefined : byError[error]) ?? 'OAUTH_REFUSED';
}

/** The verdict on one failure. Pure. */
export function classifyOAuth(failure: OAuthFailure, credential?: CredentialKind): OAuthVerdict {
  const aadsts = aadstsOf(failure.description);
  const code = codeOf(failure, aadsts, credential);
  const entry = catalogue[code];
  // The OAuth error takes precedence over the number where it reports a temporary problem.
  const passing = failure.error !== undefined && PASSING_ERRORS.has(failure.error) && entry.class !== 'throttle';
  return {
    code,
    class: passing ? 'transient' : entry.class,
    action: passing ? 'retry' : entry.action,
    ...(aadsts ? { aadsts } : {}),
    credentialRefused: CREDENTIAL_CODES.has(code),
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

interface FailureContext {
  application: string;
  secrets?: readonly string[];
  /** What the application authenticated with. */
  credential?: CredentialKind | undefined;
  /** Replaces the catalogue's hint, e.g. with the consent link filled in. */
  hintFor?: (code: ErrorCode) => string | undefined;
}

/** The failure as the error that leaves this room: code, class, the provider's own words (masked), a hint. Never a `cause`: MSAL's errors
 *  and Node's hold requests. */
export function oauthError(failure: OAuthFailure, context: FailureContext): MailroomError {
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
