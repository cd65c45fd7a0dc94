// Microsoft's changes that have a date: the affected configurations, the date, the announcement, and what to do. Facts:
// docs/exchange-online.md §10. Pure; the day is passed in, so that tests can move the clock. Changes that cannot affect Mailroom have no row: TLS 1.0
// and 1.1 at IMAP (Node speaks 1.2 and up), EWS (not used), High Volume Email (internal recipients only).
import { DAY_MS } from '../lib/time.ts';
import { normalAddress } from './address.ts';
import { type EmailServer, isDelegated, isImap, isSmtp, type OAuthApplication } from './email-server.ts';
import { type Finding, finding } from './finding.ts';
import { providerOf } from './mail-provider.ts';

/** What the table needs to know about an OAuth2 application. */
export type ApplicationFacts = Pick<OAuthApplication, 'name' | 'credentials' | 'generic'>;

interface DatedChange {
  /** First day on which it applies, `YYYY-MM-DD`; an earlier day gets no row of its own. */
  since: string;
  source: string;
  find(server: EmailServer, context: { applications: readonly ApplicationFacts[]; now: Date }): Finding | undefined;
}

/** How many days before a secret expires a warning begins: enough time to get a new one through a change board. */
const SECRET_WARNING_DAYS = 60;
const PASSWORD_OFF = '2026-12-31';

const hasPassword = ({ authentication }: EmailServer) => authentication.type === 'Password';
const isAppOnly = ({ authentication }: EmailServer) =>
  authentication.type === 'OAuth2' && authentication.signIn === 'appOnly';

export const datedChanges: readonly DatedChange[] = [
  {
    since: '2023-01-01',
    source: 'Deprecation of Basic authentication in Exchange Online (learn.microsoft.com)',
    find: (server) =>
      isImap(server) && hasPassword(server) ? finding('IMAP_PASSWORD_REFUSED', server.name, {}) : undefined,
  },
  {
    since: '2026-01-01',
    source: 'MC786329, revised January 2026',
    find(server, { now }) {
      const isOff = now.toISOString().slice(0, 10) >= PASSWORD_OFF;
      if (!isSmtp(server) || !hasPassword(server)) return undefined;
      return finding(isOff ? 'PASSWORD_SIGN_IN_OFF' : 'PASSWORD_SIGN_IN_ENDS', server.name, {});
    },
  },
  {
    since: '2026-06-01',
    source: 'MOERA limit: techzine.eu, dmarcwise.io, maester MT.1074',
    find(server) {
      if (!isSmtp(server)) return undefined;
      const addresses = [...new Set([server.user, ...server.additionalFromAddresses])].filter((address) =>
        (normalAddress(address) ?? address.toLowerCase()).endsWith('.onmicrosoft.com'),
      );
      if (addresses.length === 0) return undefined;
      return finding('FROM_IS_ONMICROSOFT', server.name, { addresses: addresses.join(', ') });
    },
  },
  {
    since: '2025-09-01',
    source: 'Entra application management policies (learn.microsoft.com)',
    find(server, { applications, now }) {
      const application = applicationOf(server, applications);
      const active = application?.credentials[0];
      if (application === undefined || active?.kind !== 'secret') return undefined;
      const { name } = application;
      if (active.expires === undefined)
        return finding('CLIENT_SECRET_MAY_BE_FORBIDDEN', server.name, { application: name });
      const days = Math.ceil((Date.parse(active.expires) - now.getTime()) / DAY_MS);
      if (days > SECRET_WARNING_DAYS) return undefined;
      const parameters = { application: name, date: active.expires.slice(0, 10), days };
      return finding(days > 0 ? 'CLIENT_SECRET_ENDS' : 'CLIENT_SECRET_ENDED', server.name, parameters);
    },
  },
  {
    since: '2025-02-01',
    source: 'Block authentication flows with conditional access (learn.microsoft.com)',
    find: (server) => (isDelegated(server) ? finding('DEVICE_CODE_MAY_BE_BLOCKED', server.name, {}) : undefined),
  },
  {
    since: '2024-01-01',
    source: 'Role Based Access Control for Applications in Exchange Online (learn.microsoft.com)',
    find: (server) =>
      isSmtp(server) && isAppOnly(server) ? finding('SEND_AS_APP_BESIDE_RBAC', server.name, {}) : undefined,
  },
];

/** The application that a server signs in with, where it is known. */
export const applicationOf = <Application extends Pick<OAuthApplication, 'name'>>(
  { authentication }: EmailServer,
  applications: readonly Application[],
): Application | undefined =>
  authentication.type === 'OAuth2' ? applications.find(({ name }) => name === authentication.application) : undefined;

/** The effects on these servers of all changes that apply on this day. */
export function datedFindings(
  servers: readonly EmailServer[],
  applications: readonly ApplicationFacts[],
  now: Date,
): Finding[] {
  const today = now.toISOString().slice(0, 10);
  const microsoft = servers.filter((server) => providerOf(server, applicationOf(server, applications)) === 'microsoft');
  return datedChanges
    .filter(({ since }) => since <= today)
    .flatMap(({ find }) => microsoft.flatMap((server) => find(server, { applications, now }) ?? []));
}
