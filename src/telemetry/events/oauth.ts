// Named events, section oauth. Noun + past verb.
import { debug, type EventDefinition, error, info, warn } from './event.ts';

export const oauthEvents = {
  TokenIssued: debug('access token issued', ['application', 'kind'], { times: 'mailroom_token_request_seconds' }),
  TokenRefused: warn('identity provider refused to issue a token', ['application', 'code', 'class']),
  TokenUnavailable: warn('identity provider unreachable or asked to wait; retrying', ['application', 'code', 'class']),
  CredentialRefused: error('application credential refused; trying the next one', ['application', 'code']),
  CredentialExpiring: warn('application credential expires soon', ['application']),
  SignInCompleted: info('delegated sign-in completed', ['application', 'kind']),
  SignInRefused: warn('delegated sign-in refused', ['application', 'code']),
  SignInNeeded: error('a person must sign in; mail and replies of this server are waiting', ['application', 'code']),
  SignInKeptAlive: debug('unused delegated sign-in renewed to keep it alive', ['application']),
  TokenCacheUnreadable: error(
    'token cache cannot be decrypted with the current keys; app-only tokens are requested again, delegated users must sign in again',
    ['application', 'code'],
  ),
  TokenCacheUnavailable: warn('token cache unreachable; tokens are kept in this process only', ['code'], {
    repeats: true,
  }),
} satisfies Record<string, EventDefinition>;
