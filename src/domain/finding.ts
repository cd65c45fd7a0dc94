// What `mailroom check`, the log, the API and the portal say about a finding: by code and parameters, in both languages.
import { fill } from '../lib/text.ts';
import type { Parameters } from './definition-problem.ts';
import { type Words, words } from './words.ts';

interface Row {
  /** `note`: for information; nothing has to be done now. */
  severity: 'warning' | 'note';
  text: Words;
  /** What to do; empty where it depends on more than the code (domain/email-server-check.ts). */
  hint: Words;
}

const row =
  (severity: Row['severity']) =>
  (en: string, de: string, hintEn = '', hintDe = ''): Row => ({
    severity,
    text: words(en, de),
    hint: words(hintEn, hintDe),
  });
const warning = row('warning');
const note = row('note');

const useOAuth = [
  'Set Authentication Type to OAuth2 (guide: docs/en/shared-mailbox-microsoft-365.md).',
  'Stellen Sie Authentication Type auf OAuth2 um (Anleitung: docs/de/gemeinsames-postfach-microsoft-365.md).',
] as const;
const renewSecret = [
  'Entra admin center > App registrations > the application > Certificates & secrets: add a certificate (or a new secret), and put it first in the configuration; the old one may stay as the second until it ends.',
  'Entra Admin Center > App-Registrierungen > die Anwendung > Zertifikate & Geheimnisse: Fügen Sie ein Zertifikat (oder einen neuen geheimen Clientschlüssel) hinzu und stellen Sie es in der Konfiguration an die erste Stelle; der alte darf bis zu seinem Ende als zweiter stehen bleiben.',
] as const;

const rows = {
  SHARED_ADDRESS_NOT_PERMITTED: warning(
    '{user} is watched by "{server}", but no enabled SMTP server may send from it: replies would leave from the personal address',
    '{user} wird von „{server}“ überwacht, aber kein aktivierter SMTP-Server darf mit dieser Adresse senden: Antworten würden mit der persönlichen Adresse gesendet',
  ),
  APPLICATION_NOT_CONFIGURED: warning(
    '"{server}" names the OAuth2 application "{application}", which is not in the configuration',
    '„{server}“ nennt die OAuth2-Anwendung „{application}“, die nicht eingerichtet ist',
  ),
  APPLICATION_WRONG: warning(
    '"{server}" names the OAuth2 application "{application}", which is wrong in the configuration ({problem})',
    '„{server}“ nennt die OAuth2-Anwendung „{application}“, deren Konfiguration Fehler enthält',
  ),
  FROM_NEEDS_SEND_AS: warning(
    '"{server}" signs in app-only as {user}; to send as {addresses} that mailbox needs Send As there',
    '„{server}“ meldet sich als Anwendung für {user} an; um als {addresses} zu senden, braucht dieses Postfach dort „Senden als“',
  ),
  DELEGATED_USER_IS_SHARED: warning(
    '"{server}" signs in delegated, but its User {user} is the shared mailbox; Exchange Online answers 535 5.7.3',
    '„{server}“ meldet sich delegiert an, aber User {user} ist das gemeinsame Postfach: Exchange Online antwortet 535 5.7.3',
    'Set User to the person who signs in, and put the shared address into Additional Email From Addresses.',
    'Setzen Sie User auf die Person, die sich anmeldet, und die gemeinsame Adresse in Additional Email From Addresses.',
  ),
  MANY_MAILBOXES_ON_ONE_PERSON: warning(
    '{count} mailboxes ride on the sign-in of {person}; Exchange Online allows about 16 to 20 IMAP connections',
    '{count} Postfächer hängen an der Anmeldung von {person}; Exchange Online erlaubt etwa 16 bis 20 IMAP-Verbindungen',
    'Use app-only sign-in, or spread the mailboxes over several persons.',
    'Verwenden Sie die Anmeldung „Als Anwendung“, oder verteilen Sie die Postfächer auf mehrere Personen.',
  ),
  TLS_DISABLED: warning(
    '"{server}" connects to {host} without TLS: password or token and all mail can be read on the way',
    '„{server}“ verbindet sich ohne TLS mit {host}: Kennwort oder Token und alle E-Mails sind unterwegs lesbar',
    'Set TLS to enabled.',
    'Setzen Sie TLS auf aktiviert.',
  ),
  PASSWORD_SIGN_IN_ENDS: warning(
    '"{server}" signs in with a password at Exchange Online, which switches SMTP AUTH with a password off at the end of December 2026 (an administrator can switch it on again) and removes it in the second half of 2027',
    '„{server}“ meldet sich mit Kennwort bei Exchange Online an; dort wird SMTP AUTH mit Kennwort Ende Dezember 2026 abgeschaltet (ein Administrator kann es wieder einschalten) und im zweiten Halbjahr 2027 entfernt',
    ...useOAuth,
  ),
  PASSWORD_SIGN_IN_OFF: warning(
    '"{server}" signs in with a password at Exchange Online, which has switched SMTP AUTH with a password off by default since the end of December 2026 and removes it in the second half of 2027',
    '„{server}“ meldet sich mit Kennwort bei Exchange Online an; dort ist SMTP AUTH mit Kennwort seit Ende Dezember 2026 standardmäßig abgeschaltet und wird im zweiten Halbjahr 2027 entfernt',
    ...useOAuth,
  ),
  IMAP_PASSWORD_REFUSED: warning(
    '"{server}" signs in to IMAP with a password; Exchange Online has refused that in every tenant since January 2023',
    '„{server}“ meldet sich mit Kennwort an IMAP an; Exchange Online lehnt das seit Januar 2023 in jedem Mandanten ab',
    ...useOAuth,
  ),
  CLIENT_SECRET_ENDS: warning(
    'The client secret of the OAuth2 application "{application}" ends on {date} ({days} days left); then "{server}" can no longer sign in',
    'Der geheime Clientschlüssel der OAuth2-Anwendung „{application}“ endet am {date} (noch {days} Tage); danach kann sich „{server}“ nicht mehr anmelden',
    ...renewSecret,
  ),
  CLIENT_SECRET_ENDED: warning(
    'The client secret of the OAuth2 application "{application}" ended on {date}; "{server}" cannot sign in with it',
    'Der geheime Clientschlüssel der OAuth2-Anwendung „{application}“ ist am {date} abgelaufen; „{server}“ kann sich damit nicht mehr anmelden',
    ...renewSecret,
  ),
  CLIENT_SECRET_MAY_BE_FORBIDDEN: note(
    'The OAuth2 application "{application}" of "{server}" signs in with a client secret; application management policies can forbid or shorten secrets (in the portal since autumn 2025)',
    'Die OAuth2-Anwendung „{application}“ von „{server}“ meldet sich mit einem geheimen Clientschlüssel an; Richtlinien zur Anwendungsverwaltung können solche Schlüssel verbieten oder verkürzen (im Portal seit Herbst 2025)',
    'Use a certificate or a federated credential instead; until then set the date on which the secret expires, so that Mailroom warns before its end.',
    'Verwenden Sie stattdessen ein Zertifikat oder eine Verbundanmeldung; tragen Sie bis dahin das Ablaufdatum des Schlüssels ein, damit Mailroom vor seinem Ende warnt.',
  ),
  FROM_IS_ONMICROSOFT: warning(
    '"{server}" may send from {addresses}; since 1 June 2026 Exchange Online allows 100 external recipients a day for all onmicrosoft.com addresses of a tenant together, and answers 550 5.7.236 beyond that',
    '„{server}“ darf mit {addresses} senden; seit dem 1. Juni 2026 erlaubt Exchange Online allen onmicrosoft.com-Adressen eines Mandanten zusammen 100 externe Empfänger am Tag und antwortet darüber hinaus mit 550 5.7.236',
    'Give the mailbox an address in a domain of your own (Microsoft 365 admin center > Settings > Domains) and send from that.',
    'Geben Sie dem Postfach eine Adresse in einer eigenen Domäne (Microsoft 365 Admin Center > Einstellungen > Domänen) und senden Sie damit.',
  ),
  DEVICE_CODE_MAY_BE_BLOCKED: note(
    '"{server}" signs in delegated; Microsoft recommends that tenants block the device code sign-in by conditional access',
    '„{server}“ meldet sich delegiert an; Microsoft empfiehlt Mandanten, die Anmeldung mit Gerätecode durch bedingten Zugriff zu sperren',
    'Sign in on the portal page of the server; use mailroom login (device code) only where that is allowed.',
    'Melden Sie sich auf der Portalseite des Servers an; mailroom login (Gerätecode) nur verwenden, wo das erlaubt ist.',
  ),
  SEND_AS_APP_BESIDE_RBAC: note(
    '"{server}" signs in app-only; RBAC for Applications can restrict SMTP.SendAsApp to chosen mailboxes, but only when the application does not have SMTP.SendAsApp in Entra ID as well, since the permissions add up',
    '„{server}“ meldet sich als Anwendung an; RBAC für Anwendungen kann SMTP.SendAsApp auf einzelne Postfächer beschränken, aber nur, wenn die Anwendung SMTP.SendAsApp nicht zusätzlich in Entra ID hat: Berechtigungen addieren sich',
    'If you use RBAC for Applications, remove SMTP.SendAsApp from the API permissions of the application. IMAP.AccessAsApp stays there: RBAC does not cover IMAP.',
    'Wenn Sie RBAC für Anwendungen verwenden, entfernen Sie SMTP.SendAsApp aus den API-Berechtigungen der Anwendung. IMAP.AccessAsApp bleibt dort: RBAC gilt nicht für IMAP.',
  ),
};

export type FindingCode = Exclude<keyof typeof rows, 'APPLICATION_WRONG'>;

export interface Finding {
  code: FindingCode;
  severity: Row['severity'];
  /** Name of the server concerned. */
  server: string;
  /** Parameters of the words. */
  parameters: Parameters;
  /** In English. */
  message: string;
  hint: Words;
}

/** @param hint where it depends on more than the code */
export function finding(code: FindingCode, server: string, given: Parameters, hint: Words = rows[code].hint): Finding {
  const parameters = { server, ...given };
  const { severity } = rows[code];
  return { code, severity, server, parameters, message: findingText(code, parameters, 'en'), hint };
}

/** @param parameters `problem` with APPLICATION_NOT_CONFIGURED: the application exists but is invalid */
export function findingText(code: FindingCode, parameters: Parameters, language: keyof Words): string {
  const key = code === 'APPLICATION_NOT_CONFIGURED' && 'problem' in parameters ? 'APPLICATION_WRONG' : code;
  return fill(rows[key].text[language], parameters);
}

export const isFindingCode = (code: string): code is FindingCode => Object.hasOwn(rows, code);
