// Ports of the HTTP room: adapters have these types, and wiring provides them.
import type { PortalRole } from '../domain/access.ts';
import type { Sort } from '../lib/sort.ts';

/** The person whom a one-time secret is for. */
export interface Invited {
  /** Shown in the audit log. */
  name: string;
  role: PortalRole;
}

export interface NewSession extends Invited {
  /** SHA-256 of the API token that was used: removing the token ends its sessions. */
  token?: string;
  /** Signed in by OpenID Connect: the id token, for signing out at the provider. */
  idToken?: string;
}

export interface Session extends NewSession {
  /** Returned by every form. */
  csrf: string;
}

export interface Attempts {
  count: number;
  forgottenInMs: number;
}

export interface Sessions {
  /** @returns the id for the cookie, 256 bits */
  create(session: NewSession): Promise<string>;
  /** @param touch in use: restarts the idle time */
  read(id: string, touch: boolean): Promise<Session | undefined>;
  end(id: string): Promise<void>;
  /** A secret that signs in once, within 15 minutes. */
  invite(person: Invited): Promise<string>;
  /** Undefined: unknown, or used before. */
  redeem(secret: string): Promise<Invited | undefined>;
  /** Counts an attempt; resolves with their number and the ms until they are forgotten (15 minutes after the first). */
  attempt(from: string): Promise<Attempts>;
  attempts(from: string): Promise<Attempts>;
  forgive(from: string): Promise<void>;
}

/** Kept by the browser between the redirect to the OpenID provider and the return. */
export interface OidcFlow {
  state: string;
  nonce: string;
  verifier: string;
}

/** Sign-in of people by an OpenID provider. */
export interface OidcSignIn {
  /** @throws MailroomError PORTAL_OIDC_UNAVAILABLE */
  begin(): Promise<{ url: string; flow: OidcFlow }>;
  /**
   * @param query of the browser's return
   * @param onSubject called before the role is known, so that refused people are counted
   * @throws MailroomError OAUTH_STATE_INVALID, PORTAL_OIDC_REFUSED, PORTAL_OIDC_NO_ROLE, PORTAL_OIDC_GROUPS_OMITTED, PORTAL_OIDC_UNAVAILABLE
   */
  complete(
    query: string,
    flow: OidcFlow,
    onSubject?: (subject: string) => Promise<void>,
  ): Promise<Invited & { subject: string; idToken: string }>;
  /** Page to sign out at the provider; undefined: it has none. */
  signOutUrl(idToken: string): Promise<string | undefined>;
}

/** Filter of every list; times in epoch ms, both included. */
export interface ListRange {
  from?: number;
  to?: number;
  sort: Sort;
}

/** Which replies of a state. */
export interface ReplyFilter extends ListRange {
  server?: string;
  /** Of its failure. */
  code?: string;
  /** Address of a recipient, or a part of it. */
  person?: string;
}

export interface ListPage<T> {
  /** On this page. */
  entries: T[];
  /** Matches on all pages. */
  total: number;
  /** Number of the newest entries that were searched; absent: all. */
  lookedAt?: number;
}
