// What is needed to read the headers of a mailbox's mails: what the receiving server writes into them, and which addresses are ours.
// Defaults by the provider's host; a definition may name others (`trustedAuthservIds`). Pure data.
import type { ImapServer } from './email-server.ts';
import { providerOfHost, within } from './mail-provider.ts';

export interface Receiver {
  /** authserv-ids (RFC 8601 §2.2) whose Authentication-Results are trusted, lower case; `*.example.com` is any name below it. */
  authservIds: readonly string[];
  /** Exchange Online writes Authentication-Results without an authserv-id, always above its own Received. */
  withoutId: boolean;
  /** Domains of the receiving organisation's own servers, as written in Received. */
  hosts: readonly string[];
  /** Domains whose servers relay to each other under public addresses. For any other sender, its HELO name proves nothing. */
  relays: readonly string[];
  /** Whether the server writes several Authentication-Results in a row. */
  several: boolean;
  /** Whether X-Forefront-Antispam-Report and X-Microsoft-Antispam are the receiving server's: Exchange Online renames those that arrive. */
  antispam: boolean;
  /** Whether X-MS-Exchange-Organization-* are the receiving server's: Exchange removes those that arrive from outside (its header firewall). */
  marksInternal: boolean;
}

/** Trusts nothing. */
export const NO_RECEIVER: Receiver = {
  authservIds: [],
  withoutId: false,
  hosts: [],
  relays: [],
  several: false,
  antispam: false,
  marksInternal: false,
};

const OUTLOOK = ['outlook.com', 'exchangelabs.com', 'office365.com', 'office365.us', 'outlook.us', 'outlook.cn'];
const MICROSOFT: Receiver = {
  ...NO_RECEIVER,
  authservIds: ['mx.microsoft.com', '*.protection.outlook.com', '*.prod.outlook.com', '*.outlook.com'],
  withoutId: true,
  hosts: OUTLOOK,
  relays: OUTLOOK,
  antispam: true,
  marksInternal: true,
};
const of = (hosts: readonly string[], authservIds: readonly string[]): Receiver => ({
  ...NO_RECEIVER,
  hosts,
  authservIds,
});
const GOOGLE = of(['google.com'], ['mx.google.com']);

/** By domain of the IMAP host. */
const OTHERS: readonly [imap: readonly string[], receiver: Receiver][] = [
  [['gmx.net', 'gmx.com', 'gmx.de'], of(['gmx.net', 'gmx.com'], ['gmx.net', 'gmx.com'])],
  [['web.de'], of(['web.de'], ['web.de'])],
  [
    ['ionos.de', 'ionos.com', '1und1.de', 'kundenserver.de'],
    of(['kundenserver.de'], ['kundenserver.de', 'mx.kundenserver.de']),
  ],
  [
    ['zoho.com', 'zoho.eu', 'zohomail.com', 'zohomail.eu', 'zoho.in'],
    of(
      ['zoho.com', 'zoho.eu', 'zoho.in', 'zohomail.com', 'zohomail.eu', 'zohomail.in'],
      ['mx.zohomail.com', 'mx.zohomail.eu', 'mx.zohomail.in', 'mx.zoho.com', 'mx.zoho.eu'],
    ),
  ],
  [
    ['fastmail.com', 'messagingengine.com'],
    { ...of(['messagingengine.com', 'internal'], ['*.messagingengine.com']), several: true },
  ],
  [['yahoo.com', 'aol.com', 'yahoo.co.jp'], of(['yahoo.com'], ['*.yahoo.com'])],
];

/** `mx.example.net` and `*.example.net` → `example.net`; a name of two labels is its own domain. */
const domainOfHost = (name: string): string => {
  const host = name.replace(/^\*\./, '');
  return host.split('.').length > 2 && !name.startsWith('*.') ? host.slice(host.indexOf('.') + 1) : host;
};

/** The part of a definition that is needed to read its mails. */
export interface MailboxContext {
  receiver: Receiver;
  /** The User, and the aliases of the definition. */
  addresses: readonly string[];
}

export const mailboxContext = (
  server: Pick<ImapServer, 'host' | 'user' | 'aliases' | 'trustedAuthservIds'>,
): MailboxContext => ({ receiver: receiverOf(server), addresses: [server.user, ...(server.aliases ?? [])] });

export function receiverOf(server: Pick<ImapServer, 'host' | 'trustedAuthservIds'>): Receiver {
  const host = server.host.trim().toLowerCase();
  // By the host alone: an OAuth2 sign-in makes a provider probable, which is not enough to trust a header.
  const provider = providerOfHost(host);
  const known =
    provider === 'microsoft'
      ? MICROSOFT
      : provider === 'google'
        ? GOOGLE
        : OTHERS.find(([domains]) => within(host, domains))?.[1];
  const ids = server.trustedAuthservIds;
  if (ids === undefined || ids.length === 0) return known ?? NO_RECEIVER;
  const own = { ...(known ?? NO_RECEIVER), authservIds: ids, withoutId: false };
  const domains = ids.map(domainOfHost);
  const marksInternal = own.marksInternal || domains.some((domain) => within(domain, OUTLOOK));
  return { ...own, marksInternal, hosts: [...own.hosts, ...domains], relays: [...own.relays, ...domains] };
}
