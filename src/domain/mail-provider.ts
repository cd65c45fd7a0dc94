// The provider that runs a host's mail service. Advice depends on it: PowerShell helps at Exchange Online only, an app password at Google only. Every hint,
// fix and page that names a provider's own tools uses this file. Pure.
import type { EmailServer, OAuthApplication } from './email-server.ts';

export type MailProvider = 'microsoft' | 'google' | 'other';

/** Domains of Exchange Online in all its clouds, and of Outlook.com (docs/exchange-online.md §6: host names of the national clouds). */
const MICROSOFT = [
  'office365.com',
  'office.com',
  'outlook.com',
  'hotmail.com',
  'live.com',
  'office365.us', // GCC High and DoD
  'outlook.us',
  'outlook.cn', // 21Vianet
  'office365.cn',
  'office.de', // the German cloud, closed in 2021; its names may still resolve
];
/** support.google.com/a/answer/176600: smtp.gmail.com, smtp-relay.gmail.com, aspmx.l.google.com. */
const GOOGLE = ['gmail.com', 'googlemail.com', 'google.com'];

/** Whether a host is one of the domains or below one. */
export const within = (host: string, domains: readonly string[]): boolean =>
  domains.some((domain) => host === domain || host.endsWith(`.${domain}`));

/** From the host name alone. */
export function providerOfHost(host: string): MailProvider {
  const name = host.trim().replace(/\.$/, '').toLowerCase();
  if (within(name, MICROSOFT)) return 'microsoft';
  return within(name, GOOGLE) ? 'google' : 'other';
}

/**
 * The provider of an email server. A host that belongs to no known provider (a proxy, the sandbox) counts as Microsoft's if it signs in by OAuth2:
 * the tokens come from Entra ID, unless the application names endpoints of its own.
 * @param application the one that the server signs in with, where it is known
 */
export function providerOf(
  server: Pick<EmailServer, 'host' | 'authentication'>,
  application?: Pick<OAuthApplication, 'generic'>,
): MailProvider {
  const byHost = providerOfHost(server.host);
  if (byHost !== 'other' || server.authentication.type !== 'OAuth2') return byHost;
  return application?.generic === undefined ? 'microsoft' : 'other';
}
