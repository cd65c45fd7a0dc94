// Named events, section oauth. Noun + past verb.
import { events } from './event.ts';

export const oauthEvents = events({
  TokenIssued: { level: 'debug', message: 'access token issued', labels: ['application', 'kind'] },
  TokenRefused: {
    level: 'warn',
    message: 'the identity provider refused a token',
    labels: ['application', 'code', 'class'],
  },
  TokenUnavailable: {
    level: 'warn',
    message: 'the identity provider could not be asked, or asks to wait; tried again',
    labels: ['application', 'code', 'class'],
  },
  CredentialRefused: {
    level: 'error',
    message: 'a credential of the application was refused; the next one is tried',
    labels: ['application', 'code'],
  },
  CredentialExpiring: {
    level: 'warn',
    message: 'a credential of the application expires soon',
    labels: ['application'],
  },
  SignInCompleted: { level: 'info', message: 'delegated sign-in completed', labels: ['application', 'kind'] },
  SignInRefused: { level: 'warn', message: 'delegated sign-in refused', labels: ['application', 'code'] },
  SignInNeeded: {
    level: 'error',
    message: 'a person must sign in; mail and replies of this server wait',
    labels: ['application', 'code'],
  },
  SignInKeptAlive: { level: 'debug', message: 'delegated sign-in renewed while unused', labels: ['application'] },
  TokenCacheUnreadable: {
    level: 'error',
    message:
      'the token cache cannot be read with the keys at hand; app-only tokens are fetched anew, delegated sign-ins are needed again',
    labels: ['application', 'code'],
  },
  TokenCacheUnavailable: {
    level: 'warn',
    message: 'the token cache cannot be reached; tokens are kept in this process only',
    labels: ['code'],
    repeats: true,
  },
});
