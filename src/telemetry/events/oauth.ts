// Named events, section oauth. Noun + past verb.
import { events } from './event.ts';

export const oauthEvents = events({
  TokenIssued: {
    level: 'debug',
    message: 'access token issued',
    labels: ['application', 'kind'],
    times: 'mailroom_token_request_seconds',
  },
  TokenRefused: {
    level: 'warn',
    message: 'identity provider refused to issue a token',
    labels: ['application', 'code', 'class'],
  },
  TokenUnavailable: {
    level: 'warn',
    message: 'identity provider unreachable or asked to wait; retrying',
    labels: ['application', 'code', 'class'],
  },
  CredentialRefused: {
    level: 'error',
    message: 'application credential refused; trying the next one',
    labels: ['application', 'code'],
  },
  CredentialExpiring: {
    level: 'warn',
    message: 'application credential expires soon',
    labels: ['application'],
  },
  SignInCompleted: { level: 'info', message: 'delegated sign-in completed', labels: ['application', 'kind'] },
  SignInRefused: { level: 'warn', message: 'delegated sign-in refused', labels: ['application', 'code'] },
  SignInNeeded: {
    level: 'error',
    message: 'a person must sign in; mail and replies of this server are waiting',
    labels: ['application', 'code'],
  },
  SignInKeptAlive: {
    level: 'debug',
    message: 'unused delegated sign-in renewed to keep it alive',
    labels: ['application'],
  },
  TokenCacheUnreadable: {
    level: 'error',
    message:
      'token cache cannot be decrypted with the current keys; app-only tokens are requested again, delegated users must sign in again',
    labels: ['application', 'code'],
  },
  TokenCacheUnavailable: {
    level: 'warn',
    message: 'token cache unreachable; tokens are kept in this process only',
    labels: ['code'],
    repeats: true,
  },
});
