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
} as const satisfies Record<string, Text>;

export type FindingCode = Exclude<keyof typeof words, 'APPLICATION_WRONG'>;

/** @param parameters `problem` with APPLICATION_NOT_CONFIGURED: it is there, but wrong */
export function findingText(code: FindingCode, parameters: Parameters, language: keyof Text): string {
  const key = code === 'APPLICATION_NOT_CONFIGURED' && 'problem' in parameters ? 'APPLICATION_WRONG' : code;
  return fill(words[key][language], parameters);
}

export const isFindingCode = (code: string): code is FindingCode => Object.hasOwn(words, code);
