// What `mailroom check`, the log, the API and the portal say about a finding: by code and parameters, in both languages.
import { fill } from '../lib/text.ts';
import type { Parameters } from './definition-problem.ts';

interface Text {
  en: string;
  de: string;
}

const words = {
  SHARED_ADDRESS_NOT_PERMITTED: {
    en: '{user} is watched by "{server}", but no enabled SMTP server may send from it: replies would leave from the personal address',
    de: '{user} wird von „{server}“ überwacht, aber kein aktivierter SMTP-Server darf mit dieser Adresse senden: Antworten würden mit der persönlichen Adresse gesendet',
  },
  APPLICATION_NOT_CONFIGURED: {
    en: '"{server}" names the OAuth2 application "{application}", which is not in the configuration',
    de: '„{server}“ nennt die OAuth2-Anwendung „{application}“, die nicht eingerichtet ist',
  },
  APPLICATION_WRONG: {
    en: '"{server}" names the OAuth2 application "{application}", which is wrong in the configuration ({problem})',
    de: '„{server}“ nennt die OAuth2-Anwendung „{application}“, deren Konfiguration Fehler enthält',
  },
  FROM_NEEDS_SEND_AS: {
    en: '"{server}" signs in app-only as {user}; to send as {addresses} that mailbox needs Send As there',
    de: '„{server}“ meldet sich als Anwendung für {user} an; um als {addresses} zu senden, braucht dieses Postfach dort „Senden als“',
  },
  DELEGATED_USER_IS_SHARED: {
    en: '"{server}" signs in delegated, but its User {user} is the shared mailbox; Exchange Online answers 535 5.7.3',
    de: '„{server}“ meldet sich delegiert an, aber User {user} ist das gemeinsame Postfach: Exchange Online antwortet 535 5.7.3',
  },
  MANY_MAILBOXES_ON_ONE_PERSON: {
    en: '{count} mailboxes ride on the sign-in of {person}; Exchange Online allows about 16 to 20 IMAP connections',
    de: '{count} Postfächer hängen an der Anmeldung von {person}; Exchange Online erlaubt etwa 16 bis 20 IMAP-Verbindungen',
  },
  TLS_DISABLED: {
    en: '"{server}" connects to {host} without TLS: password or token and all mail can be read on the way',
    de: '„{server}“ verbindet sich ohne TLS mit {host}: Kennwort oder Token und alle E-Mails sind unterwegs lesbar',
  },
  PASSWORD_SIGN_IN_ENDS: {
    en: '"{server}" signs in with a password at Exchange Online, which switches SMTP AUTH with a password off at the end of December 2026 (an administrator can switch it on again) and removes it in the second half of 2027',
    de: '„{server}“ meldet sich mit Kennwort bei Exchange Online an; dort wird SMTP AUTH mit Kennwort Ende Dezember 2026 abgeschaltet (ein Administrator kann es wieder einschalten) und im zweiten Halbjahr 2027 entfernt',
  },
  PASSWORD_SIGN_IN_OFF: {
    en: '"{server}" signs in with a password at Exchange Online, which has switched SMTP AUTH with a password off by default since the end of December 2026 and removes it in the second half of 2027',
    de: '„{server}“ meldet sich mit Kennwort bei Exchange Online an; dort ist SMTP AUTH mit Kennwort seit Ende Dezember 2026 standardmäßig abgeschaltet und wird im zweiten Halbjahr 2027 entfernt',
  },
  IMAP_PASSWORD_REFUSED: {
    en: '"{server}" signs in to IMAP with a password; Exchange Online has refused that in every tenant since January 2023',
    de: '„{server}“ meldet sich mit Kennwort an IMAP an; Exchange Online lehnt das seit Januar 2023 in jedem Mandanten ab',
  },
  CLIENT_SECRET_ENDS: {
    en: 'The client secret of the OAuth2 application "{application}" ends on {date} ({days} days left); then "{server}" can no longer sign in',
    de: 'Der geheime Clientschlüssel der OAuth2-Anwendung „{application}“ endet am {date} (noch {days} Tage); danach kann sich „{server}“ nicht mehr anmelden',
  },
  CLIENT_SECRET_ENDED: {
    en: 'The client secret of the OAuth2 application "{application}" ended on {date}; "{server}" cannot sign in with it',
    de: 'Der geheime Clientschlüssel der OAuth2-Anwendung „{application}“ ist am {date} abgelaufen; „{server}“ kann sich damit nicht mehr anmelden',
  },
  CLIENT_SECRET_MAY_BE_FORBIDDEN: {
    en: 'The OAuth2 application "{application}" of "{server}" signs in with a client secret; application management policies can forbid or shorten secrets (in the portal since autumn 2025)',
    de: 'Die OAuth2-Anwendung „{application}“ von „{server}“ meldet sich mit einem geheimen Clientschlüssel an; Richtlinien zur Anwendungsverwaltung können solche Schlüssel verbieten oder verkürzen (im Portal seit Herbst 2025)',
  },
  FROM_IS_ONMICROSOFT: {
    en: '"{server}" may send from {addresses}; since 1 June 2026 Exchange Online allows 100 external recipients a day for all onmicrosoft.com addresses of a tenant together, and answers 550 5.7.236 beyond that',
    de: '„{server}“ darf mit {addresses} senden; seit dem 1. Juni 2026 erlaubt Exchange Online allen onmicrosoft.com-Adressen eines Mandanten zusammen 100 externe Empfänger am Tag und antwortet darüber hinaus mit 550 5.7.236',
  },
  DEVICE_CODE_MAY_BE_BLOCKED: {
    en: '"{server}" signs in delegated; Microsoft recommends that tenants block the device code sign-in by conditional access',
    de: '„{server}“ meldet sich delegiert an; Microsoft empfiehlt Mandanten, die Anmeldung mit Gerätecode durch bedingten Zugriff zu sperren',
  },
  SEND_AS_APP_BESIDE_RBAC: {
    en: '"{server}" signs in app-only; RBAC for Applications can restrict SMTP.SendAsApp to chosen mailboxes, but only when the application does not have SMTP.SendAsApp in Entra ID as well, since the permissions add up',
    de: '„{server}“ meldet sich als Anwendung an; RBAC für Anwendungen kann SMTP.SendAsApp auf einzelne Postfächer beschränken, aber nur, wenn die Anwendung SMTP.SendAsApp nicht zusätzlich in Entra ID hat: Berechtigungen addieren sich',
  },
} as const satisfies Record<string, Text>;

export type FindingCode = Exclude<keyof typeof words, 'APPLICATION_WRONG'>;

/** @param parameters `problem` with APPLICATION_NOT_CONFIGURED: the application exists but is invalid */
export function findingText(code: FindingCode, parameters: Parameters, language: keyof Text): string {
  const key = code === 'APPLICATION_NOT_CONFIGURED' && 'problem' in parameters ? 'APPLICATION_WRONG' : code;
  return fill(words[key][language], parameters);
}

export const isFindingCode = (code: string): code is FindingCode => Object.hasOwn(words, code);
