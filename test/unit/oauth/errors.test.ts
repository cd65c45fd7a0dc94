// The failure table of sign-in: every row of docs/exchange-online.md §1 and §9, OAuth errors, networks; and that no token or secret gets through.
import { describe, expect, it } from 'vitest';
import {
  classifyOAuth,
  isCredentialRefusal,
  maskProviderText,
  type OAuthFailure,
  oauthError,
} from '../../../src/adapters/oauth/errors.ts';
import { catalogue } from '../../../src/domain/catalogue/index.ts';
import type { ErrorCode } from '../../../src/domain/errors.ts';

const aadsts = (number: number, error = 'invalid_grant', status = 400): OAuthFailure => ({
  error,
  status,
  description: `AADSTS${number}: Some words that may change. Trace ID: 1b2c Correlation ID: 3d4e Timestamp: 2026-11-23 10:00:00Z`,
});

const consent: ErrorCode = 'OAUTH_CONSENT_MISSING';
const table: [OAuthFailure, ErrorCode, string, string][] = [
  [aadsts(65001), consent, 'permission', 'pause-server'],
  [aadsts(65004), consent, 'permission', 'pause-server'],
  [aadsts(90094), consent, 'permission', 'pause-server'],
  [aadsts(90095), consent, 'permission', 'pause-server'],
  [aadsts(700016, 'unauthorized_client'), 'OAUTH_APPLICATION_UNKNOWN', 'auth', 'pause-server'],
  [aadsts(7000215, 'invalid_client', 401), 'OAUTH_SECRET_WRONG', 'auth', 'pause-server'],
  [aadsts(7000222, 'invalid_client', 401), 'OAUTH_SECRET_EXPIRED', 'auth', 'pause-server'],
  [aadsts(7000218, 'invalid_client', 401), 'OAUTH_CREDENTIAL_MISSING', 'auth', 'pause-server'],
  [aadsts(700027, 'invalid_client', 401), 'OAUTH_ASSERTION_REFUSED', 'auth', 'pause-server'],
  [aadsts(700024, 'invalid_client', 401), 'OAUTH_ASSERTION_REFUSED', 'auth', 'pause-server'],
  [aadsts(700213, 'invalid_client', 401), 'OAUTH_ASSERTION_REFUSED', 'auth', 'pause-server'],
  [aadsts(700025, 'invalid_client', 401), 'OAUTH_PUBLIC_CLIENT', 'auth', 'pause-server'],
  [aadsts(7000112, 'unauthorized_client'), 'OAUTH_APPLICATION_DISABLED', 'auth', 'pause-server'],
  [aadsts(500011, 'invalid_resource'), 'OAUTH_SCOPE_REFUSED', 'auth', 'pause-server'],
  [aadsts(650052, 'invalid_client'), 'OAUTH_SCOPE_REFUSED', 'auth', 'pause-server'],
  [aadsts(650057, 'invalid_resource'), 'OAUTH_SCOPE_REFUSED', 'auth', 'pause-server'],
  [aadsts(700022, 'invalid_request'), 'OAUTH_SCOPE_REFUSED', 'auth', 'pause-server'],
  [aadsts(50194, 'invalid_request'), 'OAUTH_TENANT_NOT_NAMED', 'auth', 'pause-server'],
  [aadsts(90002, 'invalid_request'), 'OAUTH_TENANT_UNKNOWN', 'auth', 'pause-server'],
  [aadsts(90038, 'invalid_request'), 'OAUTH_WRONG_CLOUD', 'auth', 'pause-server'],
  [aadsts(900432, 'invalid_request'), 'OAUTH_WRONG_CLOUD', 'auth', 'pause-server'],
  [aadsts(50034), 'OAUTH_USER_UNKNOWN', 'auth', 'pause-server'],
  [aadsts(51004), 'OAUTH_USER_UNKNOWN', 'auth', 'pause-server'],
  [aadsts(50053), 'OAUTH_ACCOUNT_LOCKED', 'auth', 'pause-server'],
  [aadsts(50055), 'OAUTH_PASSWORD_EXPIRED', 'auth', 'pause-server'],
  [aadsts(50057), 'OAUTH_ACCOUNT_DISABLED', 'auth', 'pause-server'],
  [aadsts(50126), 'OAUTH_PASSWORD_WRONG', 'auth', 'pause-server'],
  ...[50072, 50074, 50076, 50078, 50079].map((number): [OAuthFailure, ErrorCode, string, string] => [
    aadsts(number, 'interaction_required'),
    'OAUTH_MFA_REQUIRED',
    'auth',
    'pause-server',
  ]),
  ...[53000, 53001, 53002, 53003, 530003, 530035].map((number): [OAuthFailure, ErrorCode, string, string] => [
    aadsts(number, 'interaction_required'),
    'OAUTH_CONDITIONAL_ACCESS',
    'auth',
    'pause-server',
  ]),
  ...[70008, 700082, 70043, 50173, 50132, 50133, 700084].map((number): [OAuthFailure, ErrorCode, string, string] => [
    aadsts(number),
    'OAUTH_SIGN_IN_EXPIRED',
    'auth',
    'pause-server',
  ]),
  [aadsts(70016, 'authorization_pending'), 'OAUTH_DEVICE_CODE_PENDING', 'transient', 'retry'],
  [aadsts(70018), 'OAUTH_DEVICE_CODE_EXPIRED', 'auth', 'refuse'],
  [aadsts(70019), 'OAUTH_DEVICE_CODE_EXPIRED', 'auth', 'refuse'],
  [aadsts(50196), 'OAUTH_THROTTLED', 'throttle', 'back-off'],
  [aadsts(90055, 'invalid_request', 429), 'OAUTH_THROTTLED', 'throttle', 'back-off'],
  ...[50033, 50087, 90006, 90012, 90024, 90033].map((number): [OAuthFailure, ErrorCode, string, string] => [
    aadsts(number, 'temporarily_unavailable', 503),
    'OAUTH_PROVIDER_FAILED',
    'transient',
    'retry',
  ]),
  // Numbers nobody knows: the OAuth error decides.
  [aadsts(1234567, 'invalid_client', 401), 'OAUTH_SECRET_WRONG', 'auth', 'pause-server'],
  [aadsts(1234567, 'interaction_required'), 'OAUTH_SIGN_IN_EXPIRED', 'auth', 'pause-server'],
  [aadsts(1234567, 'consent_required'), consent, 'permission', 'pause-server'],
  [aadsts(1234567, 'temporarily_unavailable', 503), 'OAUTH_PROVIDER_FAILED', 'transient', 'retry'],
  // The OAuth error says that it passes, whatever the number.
  [aadsts(700016, 'temporarily_unavailable', 503), 'OAUTH_APPLICATION_UNKNOWN', 'transient', 'retry'],
  // Other providers (RFC 6749, RFC 8628).
  [
    { error: 'invalid_grant', status: 400, description: 'Token has been expired or revoked.' },
    'OAUTH_SIGN_IN_EXPIRED',
    'auth',
    'pause-server',
  ],
  [{ error: 'invalid_scope', status: 400 }, 'OAUTH_SCOPE_REFUSED', 'auth', 'pause-server'],
  [{ error: 'access_denied', status: 403 }, 'OAUTH_DECLINED', 'permission', 'pause-server'],
  [{ error: 'authorization_pending', status: 428 }, 'OAUTH_DEVICE_CODE_PENDING', 'transient', 'retry'],
  [{ error: 'slow_down', status: 400 }, 'OAUTH_THROTTLED', 'throttle', 'back-off'],
  [{ error: 'expired_token', status: 400 }, 'OAUTH_DEVICE_CODE_EXPIRED', 'auth', 'refuse'],
  [{ error: 'something_new', status: 400 }, 'OAUTH_REFUSED', 'auth', 'pause-server'],
  [{}, 'OAUTH_REFUSED', 'auth', 'pause-server'],
  // HTTP without OAuth.
  [{ status: 429 }, 'OAUTH_THROTTLED', 'throttle', 'back-off'],
  // A proxy or a network's sign-in page, not the provider.
  [{ status: 200 }, 'OAUTH_UNREACHABLE', 'transient', 'retry'],
  [{ status: 200, error: 'no_json' }, 'OAUTH_UNREACHABLE', 'transient', 'retry'], // the page of a captive portal
  [{ status: 407, error: 'no_json' }, 'OAUTH_UNREACHABLE', 'transient', 'retry'],
  [{ status: 403 }, 'OAUTH_UNREACHABLE', 'transient', 'retry'],
  [{ status: 407 }, 'OAUTH_UNREACHABLE', 'transient', 'retry'],
  [{ status: 502, error: 'no_json' }, 'OAUTH_PROVIDER_FAILED', 'transient', 'retry'],
  [{ status: 500 }, 'OAUTH_PROVIDER_FAILED', 'transient', 'retry'],
  // No answer at all.
  [{ network: 'ECONNREFUSED' }, 'OAUTH_UNREACHABLE', 'transient', 'retry'],
  [{ network: 'ENOTFOUND' }, 'OAUTH_UNREACHABLE', 'transient', 'retry'],
  [{ network: 'ETIMEDOUT' }, 'OAUTH_UNREACHABLE', 'transient', 'retry'],
  [{ network: 'EPROXY' }, 'OAUTH_UNREACHABLE', 'transient', 'retry'],
  [{ network: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'OAUTH_TLS_FAILED', 'transient', 'retry'],
  [{ network: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' }, 'OAUTH_TLS_FAILED', 'transient', 'retry'],
  [{ network: 'CERT_HAS_EXPIRED' }, 'OAUTH_TLS_FAILED', 'transient', 'retry'],
  [{ network: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'OAUTH_TLS_FAILED', 'transient', 'retry'],
  // MSAL's own words.
  [{ error: 'no_tokens_found' }, 'OAUTH_SIGN_IN_NEEDED', 'auth', 'pause-server'],
  [{ error: 'endpoints_resolution_error' }, 'OAUTH_UNREACHABLE', 'transient', 'retry'],
  [{ error: 'missing_tenant_id_error' }, 'OAUTH_TENANT_NOT_NAMED', 'auth', 'pause-server'],
];

describe('classifyOAuth', () => {
  it.each(table)('%j → %s, %s, %s', (failure, code, cls, action) => {
    expect(classifyOAuth(failure)).toMatchObject({ code, class: cls, action });
  });

  it.each([
    ['secret', 'OAUTH_SECRET_WRONG'],
    ['certificate', 'OAUTH_ASSERTION_REFUSED'],
    ['federated', 'OAUTH_ASSERTION_REFUSED'],
  ] as const)('invalid_client without a number, after a %s: %s', (credential, code) => {
    const error = oauthError({ error: 'invalid_client', status: 401 }, { credential });
    expect(error.code).toBe(code);
    expect(error.hint.includes('secret')).toBe(credential === 'secret');
    expect(isCredentialRefusal(error.code)).toBe(true);
  });

  it('has a hint in both languages for every code', () => {
    for (const [, code] of table)
      expect(catalogue[code].hint).toMatchObject({
        en: expect.stringMatching(/.{10}/),
        de: expect.stringMatching(/.{10}/),
      });
  });

  it('tries a second credential only after a refused one', () => {
    const helps = table.map(([failure]) => classifyOAuth(failure).code).filter(isCredentialRefusal);
    expect(new Set(helps)).toEqual(new Set(['OAUTH_SECRET_WRONG', 'OAUTH_SECRET_EXPIRED', 'OAUTH_ASSERTION_REFUSED']));
  });
});

describe('an OAuth error', () => {
  it('contains the number, the words without trace lines, and the time to wait', () => {
    const error = oauthError({ ...aadsts(90055), retryAfterMs: 5000 });
    expect(error.toFailure()).toMatchObject({
      code: 'OAUTH_THROTTLED',
      remote: { system: 'oauth', code: 'AADSTS90055', text: 'AADSTS90055: Some words that may change.' },
    });
    expect(error.retryAfterMs).toBe(5000);
  });

  it('is named as network or TLS when it is one', () => {
    expect(oauthError({ network: 'ENOTFOUND' }).remote).toEqual({
      system: 'network',
      code: 'ENOTFOUND',
    });
    expect(oauthError({ network: 'CERT_HAS_EXPIRED' }).remote?.system).toBe('tls');
  });

  const secrets = ['short-sec', 'Zq8~very-secret-value.of-the-application'];
  const jwt = `eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.${'a'.repeat(60)}.${'b'.repeat(60)}`;
  const leaks = [
    `Invalid client secret provided: '${secrets[0]}'`,
    `Invalid client secret ${secrets[1]} provided`,
    `Token ${jwt} is not valid`,
    `refresh token 0.AXkA${'x'.repeat(80)} is not valid`,
    `line one\nclient_secret=${secrets[1]}`,
  ];
  it.each(leaks)('shows no secret and no token: %s', (text) => {
    const error = oauthError({ error: 'invalid_client', description: text }, { secrets });
    const shown = JSON.stringify([error.toFailure(), error.stack, { ...error }]);
    for (const secret of [...secrets, jwt, 'x'.repeat(40), 'eyJ0']) expect(shown).not.toContain(secret);
    expect(error.cause).toBeUndefined();
  });

  it('keeps client and tenant ids readable', () => {
    const id = '3b1f4d6e-0a52-4c7b-8e19-6d2c5a7f9b03';
    expect(maskProviderText(`Application with identifier '${id}' was not found`)).toContain(id);
  });
});
