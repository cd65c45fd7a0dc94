// Requests to an identity provider and what it grants: the same through MSAL (msal.ts) and plain endpoints (generic.ts).
import type { AccountInfo } from '@azure/msal-node';
import type { HttpAnswer } from './http.ts';

/** What renews delegated tokens. */
interface Session {
  /** Who signed in; empty when the provider does not say. */
  person: string;
  msal?: { account: AccountInfo; cache: string };
  refreshToken?: string;
}

/** A delegated sign-in as stored (encrypted) in the token cache. */
export interface SignIn extends Session {
  /** The kind of client that redeems it: tokens from a device code belong to the public client. */
  client: 'public' | 'confidential';
  /** Milliseconds since the epoch. */
  signedInAt: number;
  refreshedAt: number;
}

export interface DevicePrompt {
  userCode: string;
  verificationUri: string;
  expiresInSeconds: number;
}

/** How a person signs in. */
export type SignInRequest = { scopes: string[] } & (
  | { kind: 'code'; code: string; redirectUri: string; verifier: string; nonce: string }
  | { kind: 'device'; prompt: (prompt: DevicePrompt) => void; timeoutSeconds: number }
);

export type TokenRequest =
  | { kind: 'appOnly'; scopes: string[] }
  | { kind: 'silent'; scopes: string[]; signIn: SignIn }
  | SignInRequest;

export interface Grant {
  accessToken: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  /** Delegated only. */
  session?: Session;
}

export interface ProviderSettings {
  timeoutMs: number;
  /** Cached metadata documents, by URL: one process requests each of them rarely. */
  metadata: Map<string, { answer: HttpAnswer; until: number }>;
}

/** What the browser is sent to the provider with (authorization code with PKCE). */
export interface AuthorizeParameters {
  redirectUri: string;
  state: string;
  nonce: string;
  challenge: string;
  person: string;
}
