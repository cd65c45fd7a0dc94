// Entra's error answers: AADSTS numbers and their texts by OAuth error (learn.microsoft.com/entra/identity-platform/reference-error-codes).
import { randomUUID } from 'node:crypto';

const ENTRA_ERRORS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  invalid_request: {
    50011: 'The redirect URI specified in the request does not match the redirect URIs configured for the application.',
    50194:
      'Application is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps.',
    50196: 'The server terminated an operation because it encountered a client request loop.',
    90002:
      'Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.',
    90055: 'The server is terminating an operation because it detected throttling: too many requests.',
    700022: 'The provided value for the input parameter scope is not valid because it contains more than one resource.',
  },
  temporarily_unavailable: {
    50033: 'Retryable error: a transient error has occurred. Please try again.',
    50087: 'A transient error has occurred during strong authentication. Please try again.',
    90006: 'The service is temporarily unavailable. Please retry later.',
    90012: 'The request timed out at the service.',
    90024: 'A transient error has occurred. Please try again.',
    90033: 'A transient error has occurred. Please try again.',
  },
  invalid_grant: {
    50034:
      'The user account does not exist in the directory. To sign into this application, the account must be added to the directory.',
    50053: 'The account is locked, you have tried to sign in too many times with an incorrect user ID or password.',
    50055: 'The password is expired.',
    50057: 'The user account is disabled.',
    50126: 'Error validating credentials due to invalid username or password.',
    50132: 'The session is not valid due to password expiration or recent password change.',
    50133: 'Session is invalid due to expiration or recent password change.',
    50173: 'The provided grant has expired due to it being revoked, a fresh auth token is needed.',
    51004: 'The user account does not exist in the directory.',
    65001:
      'The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource.',
    70000: 'Provided grant is invalid or malformed.',
    70008:
      'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
    70043: 'The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.',
    90094: 'The grant requires permission that only an admin can provide.',
    90095: 'The grant requires administrator consent; a request was sent to the administrator.',
    501481: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
    700082: 'The refresh token has expired due to inactivity.',
    700084:
      'The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime, which can not be extended.',
  },
  interaction_required: {
    50072:
      'Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication.',
    50074: 'Strong Authentication is required.',
    50076:
      'Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication.',
    50078:
      'Presented multi-factor authentication has expired due to policies configured by your administrator, you must refresh your multi-factor authentication.',
    50079: 'Due to a configuration change made by your administrator, you must enroll in multi-factor authentication.',
    53000: 'Your device is required to be compliant to access this resource.',
    53001: 'Your device is required to be domain joined to access this resource.',
    53003: 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
    530003: 'Your device is required to be managed to access this resource.',
    530035: 'Access has been blocked by security defaults.',
  },
  access_denied: { 65004: 'The resource owner or authorization server denied the request.' },
  unsupported_grant_type: { 70003: 'The app requested an unsupported grant type.' },
  invalid_scope: { 70011: "The provided request must include a 'scope' input parameter with a valid scope." },
  authorization_pending: { 70016: 'OAuth 2.0 device flow error. Authorization is pending. Continue polling.' },
  bad_verification_code: { 70018: 'Invalid verification code.' },
  expired_token: { 70019: 'Verification code expired.' },
  invalid_resource: {
    500011:
      'The resource principal was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.',
  },
  invalid_client: {
    650052: 'The app is trying to access a service that your organization lacks a service principal for.',
    700025: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    700027:
      'The certificate with the identifier used to sign the client assertion is not registered on the application, or the signature is invalid.',
    7000215:
      'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to the app.',
    7000218: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    7000222: 'The provided client secret keys are expired. Create new keys for your app.',
  },
  unauthorized_client: {
    700016:
      'Application was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant.',
    7000112: 'Application is disabled.',
  },
};

/** HTTP status where it is not 400; `invalid_client` is always 401. */
const STATUS: Readonly<Record<number, number>> = { 90006: 503, 90012: 504, 90024: 503, 90033: 503, 90055: 429 };

/** MSAL turns invalid_grant with one of these into InteractionRequiredAuthError. */
const SUBERROR: Readonly<Record<number, string>> = {
  65001: 'consent_required',
  90094: 'consent_required',
  90095: 'consent_required',
  70008: 'bad_token',
  700082: 'bad_token',
};

export interface OAuthFailure {
  status: number;
  body: { error: string; error_description: string } & Record<string, unknown>;
}

/** Entra's answer for an AADSTS number, known or not. */
export function entraFailure(number: number, text?: string): OAuthFailure {
  const [error, texts] = Object.entries(ENTRA_ERRORS).find(([, known]) => number in known) ?? ['invalid_request', {}];
  const trace_id = randomUUID();
  const correlation_id = randomUUID();
  const timestamp = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const words = text ?? texts[number] ?? 'The request failed.';
  return {
    status: STATUS[number] ?? (error === 'invalid_client' ? 401 : 400),
    body: {
      error,
      error_description: `AADSTS${number}: ${words} Trace ID: ${trace_id} Correlation ID: ${correlation_id} Timestamp: ${timestamp}`,
      error_codes: [number],
      timestamp,
      trace_id,
      correlation_id,
      error_uri: `https://login.microsoftonline.com/error?code=${number}`,
      ...(number in SUBERROR ? { suberror: SUBERROR[number] } : {}),
    },
  };
}
