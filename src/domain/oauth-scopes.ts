// Clouds, authorities and scopes (docs/exchange-online.md §1, §6). Pure.

import { trimEndOf } from '../lib/text.ts';
import { type EmailServer, isDelegated, isImap, type OAuthApplication } from './email-server.ts';

export type Protocol = 'imap' | 'smtp';

interface Cloud {
  authority: string;
  /** Resource of app-only tokens. */
  resource: string;
  /** Resource of delegated scopes. */
  delegated: string;
}

/** Authorities: learn.microsoft.com, authentication-national-cloud. The resource of DoD is not documented; its IMAP host is used. */
export const clouds: Readonly<Record<OAuthApplication['cloud'], Cloud>> = {
  world: {
    authority: 'https://login.microsoftonline.com',
    resource: 'https://outlook.office365.com',
    delegated: 'https://outlook.office.com',
  },
  gccHigh: {
    authority: 'https://login.microsoftonline.us',
    resource: 'https://outlook.office365.us',
    delegated: 'https://outlook.office365.us',
  },
  dod: {
    authority: 'https://login.microsoftonline.us',
    resource: 'https://outlook-dod.office365.us',
    delegated: 'https://outlook-dod.office365.us',
  },
  china: {
    authority: 'https://login.partner.microsoftonline.cn',
    resource: 'https://partner.outlook.cn',
    delegated: 'https://partner.outlook.cn',
  },
};

const trimmed = (url: string): string => trimEndOf(url, '/');

/** Authority with the tenant: `https://login.microsoftonline.com/<tenant>`. An override without a path gets the tenant appended. */
export function authorityOf({ authority, cloud, tenant }: OAuthApplication): string {
  if (authority === undefined) return `${clouds[cloud].authority}/${tenant}`;
  const base = trimmed(authority);
  return new URL(base).pathname === '/' ? `${base}/${tenant}` : base;
}

export const delegatedNames: Readonly<Record<Protocol, string>> = { imap: 'IMAP.AccessAsUser.All', smtp: 'SMTP.Send' };

export function scopesOf(application: OAuthApplication, signIn: 'appOnly' | 'delegated', protocol: Protocol): string[] {
  if (application.generic) return [...application.generic.scopes];
  const { resource, delegated } = clouds[application.cloud];
  // One resource for each token request (AADSTS700022). offline_access is added by MSAL.
  return signIn === 'appOnly' ? [`${resource}/.default`] : [`${delegated}/${delegatedNames[protocol]}`];
}

/** Everything a person consents to at once: one sign-in serves IMAP and SMTP. */
export function signInScopes(application: OAuthApplication): string[] {
  if (application.generic) return [...application.generic.scopes];
  const { delegated } = clouds[application.cloud];
  return Object.values(delegatedNames).map((name) => `${delegated}/${name}`);
}

/** Delegated: who must sign in. SMTP: the User; IMAP: the delegate, or the User if there is none. */
export function personOf(server: EmailServer): string {
  const named = server.authentication.type === 'OAuth2' ? server.authentication.signInUser : undefined;
  return named ?? server.user;
}

/** `user=` of XOAUTH2. With a delegated token IMAP takes the shared mailbox, SMTP the person; app-only takes the mailbox in both. */
export function xoauth2User(server: EmailServer): string {
  return isDelegated(server) && !isImap(server) ? personOf(server) : server.user;
}

/** Link by which an administrator grants the application its permissions (docs/exchange-online.md §6). */
export function adminConsentUrl(
  application: OAuthApplication,
  protocol: Protocol,
  redirectUri: string,
  state = '',
): string {
  const { resource } = clouds[application.cloud];
  const scope =
    protocol === 'imap' && application.cloud === 'world' ? 'https://ps.outlook.com/.default' : `${resource}/.default`;
  const query = new URLSearchParams({ client_id: application.clientId, redirect_uri: redirectUri, state, scope });
  return `${authorityOf(application)}/v2.0/adminconsent?${query}`;
}

/** Cache keys of the access tokens of a delegated identity, whose scopes differ by protocol. */
export const tokenKeys = (identity: string): string[] =>
  (['imap', 'smtp'] as const).map((protocol) => `${identity}:${protocol}`);
