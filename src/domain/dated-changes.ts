// Microsoft's changes that have a date: the affected configurations, the date, the announcement, and what to do. Facts:
// docs/exchange-online.md §10. Pure; the day is passed in, so that tests can move the clock. Changes that cannot affect Mailroom have no row: TLS 1.0
// and 1.1 at IMAP (Node speaks 1.2 and up), EWS (not used), High Volume Email (internal recipients only).
import { DAY_MS } from '../lib/time.ts';
import { normalAddress } from './address.ts';
import { type EmailServer, isImap, isSmtp, type OAuthApplication } from './email-server.ts';
import { type Finding, finding } from './finding.ts';
import { providerOf } from './mail-provider.ts';

/** What the table needs to know about an OAuth2 application. */
export type ApplicationFacts = Pick<OAuthApplication, 'name' | 'credentials' | 'generic'>;

interface DatedChange {
  /** First day on which it applies, `YYYY-MM-DD`; an earlier day gets no row of its own. */
  since: string;
  source: string;
  find(server: EmailServer, context: { applications: readonly ApplicationFacts[]; now: Date }): Finding[];
}

/** How many days before a secret expires a warning begins: enough time to get a new one through a change board. */
const SECRET_WARNING_DAYS = 60;
const PASSWORD_OFF = '2026-12-31';

const useOAuth = {
  en: 'Set Authentication Type to OAuth2 (guide: docs/en/shared-mailbox-microsoft-365.md).',
  de: 'Stellen Sie Authentication Type auf OAuth2 um (Anleitung: docs/de/gemeinsames-postfach-microsoft-365.md).',
};
const useCertificate = {
  en: 'Use a certificate or a federated credential instead; until then set the date on which the secret expires, so that Mailroom warns before its end.',
  de: 'Verwenden Sie stattdessen ein Zertifikat oder eine Verbundanmeldung; tragen Sie bis dahin das Ablaufdatum des Schlüssels ein, damit Mailroom vor seinem Ende warnt.',
};

const hasPassword = ({ authentication }: EmailServer) => authentication.type === 'Password';

export const datedChanges: readonly DatedChange[] = [
  {
    since: '2023-01-01',
    source: 'Deprecation of Basic authentication in Exchange Online (learn.microsoft.com)',
    find: (server) =>
      isImap(server) && hasPassword(server) ? [finding('IMAP_PASSWORD_REFUSED', server.name, {}, useOAuth)] : [],
  },
  {
    since: '2026-01-01',
    source: 'MC786329, revised January 2026',
    find: (server, { now }) =>
      isSmtp(server) && hasPassword(server)
        ? [
            finding(
              now.toISOString().slice(0, 10) < PASSWORD_OFF ? 'PASSWORD_SIGN_IN_ENDS' : 'PASSWORD_SIGN_IN_OFF',
              server.name,
              {},
              useOAuth,
            ),
          ]
        : [],
  },
  {
    since: '2026-06-01',
    source: 'MOERA limit: techzine.eu, dmarcwise.io, maester MT.1074',
    find(server) {
      if (!isSmtp(server)) return [];
      const addresses = [...new Set([server.user, ...server.additionalFromAddresses])].filter((address) =>
        (normalAddress(address) ?? address.toLowerCase()).endsWith('.onmicrosoft.com'),
      );
      if (addresses.length === 0) return [];
      return [
        finding(
          'FROM_IS_ONMICROSOFT',
          server.name,
          { addresses: addresses.join(', ') },
          {
            en: 'Give the mailbox an address in a domain of your own (Microsoft 365 admin center > Settings > Domains) and send from that.',
            de: 'Geben Sie dem Postfach eine Adresse in einer eigenen Domäne (Microsoft 365 Admin Center > Einstellungen > Domänen) und senden Sie damit.',
          },
        ),
      ];
    },
  },
  {
    since: '2025-09-01',
    source: 'Entra application management policies (learn.microsoft.com)',
    find(server, { applications, now }) {
      const application = applicationOf(server, applications);
      const active = application?.credentials[0];
      if (application === undefined || active?.kind !== 'secret') return [];
      const { name } = application;
      if (active.expires === undefined)
        return [finding('CLIENT_SECRET_MAY_BE_FORBIDDEN', server.name, { application: name }, useCertificate, 'note')];
      const days = Math.ceil((Date.parse(active.expires) - now.getTime()) / DAY_MS);
      if (days > SECRET_WARNING_DAYS) return [];
      const date = active.expires.slice(0, 10);
      return [
        finding(
          days > 0 ? 'CLIENT_SECRET_ENDS' : 'CLIENT_SECRET_ENDED',
          server.name,
          { application: name, date, days },
          {
            en: 'Entra admin center > App registrations > the application > Certificates & secrets: add a certificate (or a new secret), and put it first in the configuration; the old one may stay as the second until it ends.',
            de: 'Entra Admin Center > App-Registrierungen > die Anwendung > Zertifikate & Geheimnisse: Fügen Sie ein Zertifikat (oder einen neuen geheimen Clientschlüssel) hinzu und stellen Sie es in der Konfiguration an die erste Stelle; der alte darf bis zu seinem Ende als zweiter stehen bleiben.',
          },
        ),
      ];
    },
  },
  {
    since: '2025-02-01',
    source: 'Block authentication flows with conditional access (learn.microsoft.com)',
    find: (server) =>
      server.authentication.type === 'OAuth2' && server.authentication.signIn === 'delegated'
        ? [
            finding(
              'DEVICE_CODE_MAY_BE_BLOCKED',
              server.name,
              {},
              {
                en: 'Sign in on the portal page of the server; use mailroom login (device code) only where that is allowed.',
                de: 'Melden Sie sich auf der Portalseite des Servers an; mailroom login (Gerätecode) nur verwenden, wo das erlaubt ist.',
              },
              'note',
            ),
          ]
        : [],
  },
  {
    since: '2024-01-01',
    source: 'Role Based Access Control for Applications in Exchange Online (learn.microsoft.com)',
    find: (server) =>
      isSmtp(server) && server.authentication.type === 'OAuth2' && server.authentication.signIn === 'appOnly'
        ? [
            finding(
              'SEND_AS_APP_BESIDE_RBAC',
              server.name,
              {},
              {
                en: 'If you use RBAC for Applications, remove SMTP.SendAsApp from the API permissions of the application. IMAP.AccessAsApp stays there: RBAC does not cover IMAP.',
                de: 'Wenn Sie RBAC für Anwendungen verwenden, entfernen Sie SMTP.SendAsApp aus den API-Berechtigungen der Anwendung. IMAP.AccessAsApp bleibt dort: RBAC gilt nicht für IMAP.',
              },
              'note',
            ),
          ]
        : [],
  },
];

/** The application that a server signs in with, where it is known. */
export const applicationOf = (
  { authentication }: EmailServer,
  applications: readonly ApplicationFacts[],
): ApplicationFacts | undefined =>
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
    .flatMap(({ find }) => microsoft.flatMap((server) => find(server, { applications, now })));
}
