// Entra's error answers: AADSTS numbers with their OAuth error and text (learn.microsoft.com/entra/identity-platform/reference-error-codes).
import { randomUUID } from 'node:crypto';

interface EntraError {
  error: string;
  text: string;
  /** HTTP status; 400 when missing. */
  status?: number;
}

const consent = 'invalid_grant';
const interaction = 'interaction_required';

const ENTRA_ERRORS: Readonly<Record<number, EntraError>> = {
  50011: {
    error: 'invalid_request',
    text: 'The redirect URI specified in the request does not match the redirect URIs configured for the application.',
  },
  50033: {
    error: 'temporarily_unavailable',
    text: 'Retryable error: a transient error has occurred. Please try again.',
  },
  50034: {
    error: 'invalid_grant',
    text: 'The user account does not exist in the directory. To sign into this application, the account must be added to the directory.',
  },
  50053: {
    error: 'invalid_grant',
    text: 'The account is locked, you have tried to sign in too many times with an incorrect user ID or password.',
  },
  50055: { error: 'invalid_grant', text: 'The password is expired.' },
  50057: { error: 'invalid_grant', text: 'The user account is disabled.' },
  50072: {
    error: interaction,
    text: 'Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication.',
  },
  50074: { error: interaction, text: 'Strong Authentication is required.' },
  50076: {
    error: interaction,
    text: 'Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication.',
  },
  50078: {
    error: interaction,
    text: 'Presented multi-factor authentication has expired due to policies configured by your administrator, you must refresh your multi-factor authentication.',
  },
  50079: {
    error: interaction,
    text: 'Due to a configuration change made by your administrator, you must enroll in multi-factor authentication.',
  },
  50087: {
    error: 'temporarily_unavailable',
    text: 'A transient error has occurred during strong authentication. Please try again.',
  },
  50126: { error: 'invalid_grant', text: 'Error validating credentials due to invalid username or password.' },
  50132: {
    error: 'invalid_grant',
    text: 'The session is not valid due to password expiration or recent password change.',
  },
  50133: { error: 'invalid_grant', text: 'Session is invalid due to expiration or recent password change.' },
  50173: {
    error: 'invalid_grant',
    text: 'The provided grant has expired due to it being revoked, a fresh auth token is needed.',
  },
  50194: {
    error: 'invalid_request',
    text: 'Application is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps.',
  },
  50196: {
    error: 'invalid_request',
    text: 'The server terminated an operation because it encountered a client request loop.',
  },
  51004: { error: 'invalid_grant', text: 'The user account does not exist in the directory.' },
  53000: { error: interaction, text: 'Your device is required to be compliant to access this resource.' },
  53001: { error: interaction, text: 'Your device is required to be domain joined to access this resource.' },
  53003: {
    error: interaction,
    text: 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  },
  65001: {
    error: consent,
    text: 'The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource.',
  },
  65004: { error: 'access_denied', text: 'The resource owner or authorization server denied the request.' },
  70000: { error: 'invalid_grant', text: 'Provided grant is invalid or malformed.' },
  70003: { error: 'unsupported_grant_type', text: 'The app requested an unsupported grant type.' },
  70008: {
    error: 'invalid_grant',
    text: 'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
  },
  70011: {
    error: 'invalid_scope',
    text: "The provided request must include a 'scope' input parameter with a valid scope.",
  },
  70016: {
    error: 'authorization_pending',
    text: 'OAuth 2.0 device flow error. Authorization is pending. Continue polling.',
  },
  70018: { error: 'bad_verification_code', text: 'Invalid verification code.' },
  70019: { error: 'expired_token', text: 'Verification code expired.' },
  70043: {
    error: 'invalid_grant',
    text: 'The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.',
  },
  90002: {
    error: 'invalid_request',
    text: 'Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.',
  },
  90006: {
    error: 'temporarily_unavailable',
    text: 'The service is temporarily unavailable. Please retry later.',
    status: 503,
  },
  90012: { error: 'temporarily_unavailable', text: 'The request timed out at the service.', status: 504 },
  90024: { error: 'temporarily_unavailable', text: 'A transient error has occurred. Please try again.', status: 503 },
  90033: { error: 'temporarily_unavailable', text: 'A transient error has occurred. Please try again.', status: 503 },
  90055: {
    error: 'invalid_request',
    text: 'The server is terminating an operation because it detected throttling: too many requests.',
    status: 429,
  },
  90094: { error: consent, text: 'The grant requires permission that only an admin can provide.' },
  90095: { error: consent, text: 'The grant requires administrator consent; a request was sent to the administrator.' },
  500011: {
    error: 'invalid_resource',
    text: 'The resource principal was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.',
  },
  530003: { error: interaction, text: 'Your device is required to be managed to access this resource.' },
  530035: { error: interaction, text: 'Access has been blocked by security defaults.' },
  650052: {
    error: 'invalid_client',
    text: 'The app is trying to access a service that your organization lacks a service principal for.',
    status: 401,
  },
  700016: {
    error: 'unauthorized_client',
    text: 'Application was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant.',
  },
  700022: {
    error: 'invalid_request',
    text: 'The provided value for the input parameter scope is not valid because it contains more than one resource.',
  },
  700025: {
    error: 'invalid_client',
    text: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    status: 401,
  },
  700027: {
    error: 'invalid_client',
    text: 'The certificate with the identifier used to sign the client assertion is not registered on the application, or the signature is invalid.',
    status: 401,
  },
  700082: { error: 'invalid_grant', text: 'The refresh token has expired due to inactivity.' },
  700084: {
    error: 'invalid_grant',
    text: 'The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime, which can not be extended.',
  },
  7000112: { error: 'unauthorized_client', text: 'Application is disabled.' },
  7000215: {
    error: 'invalid_client',
    text: 'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to the app.',
    status: 401,
  },
  7000218: {
    error: 'invalid_client',
    text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    status: 401,
  },
  7000222: {
    error: 'invalid_client',
    text: 'The provided client secret keys are expired. Create new keys for your app.',
    status: 401,
  },
  501481: {
    error: 'invalid_grant',
    text: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
  },
};

export interface OAuthFailure {
  status: number;
  body: Record<string, unknown>;
}

/** The answer Entra gives for an AADSTS number, known or not. */
export function entraFailure(number: number, text?: string): OAuthFailure {
  const known = ENTRA_ERRORS[number] ?? { error: 'invalid_request', text: 'The request failed.' };
  const trace = randomUUID();
  const correlation = randomUUID();
  const timestamp = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`;
  return {
    status: known.status ?? 400,
    body: {
      error: known.error,
      error_description: `AADSTS${number}: ${text ?? known.text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
      error_codes: [number],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://login.microsoftonline.com/error?code=${number}`,
      // MSAL turns invalid_grant with one of these into InteractionRequiredAuthError.
      ...(number === 65001 || number === 90094 || number === 90095 ? { suberror: 'consent_required' } : {}),
      ...(number === 700082 || number === 70008 ? { suberror: 'bad_token' } : {}),
    },
  };
}
