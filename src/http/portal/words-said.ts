// What the rooms below say in English, in German for the portal: problems of a definition, findings, refusals. What is not here stays English.
import type { Language } from './words.ts';

/** The checks' sentences in German; a sentence that is not here stays English. */
const german: readonly [RegExp, string][] = [
  [/^must not be empty$/, 'darf nicht leer sein'],
  [/^(must be text|is required)$/, 'fehlt'],
  [/^is required with authenticationType Password$/, 'wird bei Authentication Type Password benötigt'],
  [/^is required with authenticationType OAuth2: .*$/, 'wird bei Authentication Type OAuth2 benötigt'],
  [/^must be a mail address with authenticationType (OAuth2|None)$/, 'muss bei $1 eine E-Mail-Adresse sein'],
  [
    /^must not be none for another machine, unless allowPlainText is true$/,
    'ist zu einer anderen Maschine nur mit „Klartext erlauben“ (allowPlainText) möglich',
  ],
  [/^must be a mail address like (.+)$/, 'muss eine E-Mail-Adresse wie $1 sein'],
  [/^must be a mail address$/, 'muss eine E-Mail-Adresse sein'],
  [/^must be a list of mail addresses$/, 'muss eine Liste von E-Mail-Adressen sein'],
  [/^must be a host name or an IP address$/, 'muss ein Hostname oder eine IP-Adresse sein'],
  [/^is an address that Mailroom must not connect to$/, 'ist eine Adresse, zu der keine Verbindung erlaubt ist'],
  [/^is used already by .*$/, 'wird bereits verwendet'],
  [/^folder of this mailbox is watched already by (.+)$/, 'dieses Postfach wird bereits überwacht von $1'],
  [/^must be at most (\d+) characters$/, 'darf höchstens $1 Zeichen haben'],
  [/^must not hold control characters$/, 'darf keine Steuerzeichen enthalten'],
  [/^must be (\d+)–(\d+)$/, 'muss zwischen $1 und $2 liegen'],
  [/^must be now, unseen, all or a date like (.+)$/, 'muss now, unseen, all oder ein Datum wie $1 sein'],
  [/^must be a size from .*$/, 'muss eine Größe wie 25 MB sein'],
  [/^must be leave, seen or .*$/, 'muss leave, seen oder move: Ordner sein'],
  [
    /^must be entered again for another host or user$/,
    'muss für einen anderen Host oder Benutzer neu eingegeben werden',
  ],
  [/^cannot be changed: .*$/, 'kann nicht geändert werden: kopieren Sie den Server unter anderem Namen'],
  [/^goes with signIn delegated$/, 'gehört zur delegierten Anmeldung'],
  [/^goes with authenticationType (.+)$/, 'gehört zum Authentication Type $1'],
  [/^is not allowed in the portal$/, 'ist im Portal nicht erlaubt'],
  [/^is not a setting; did you mean (.+)\?$/, 'ist keine Einstellung; meinten Sie $1?'],
  [/^is not a setting.*$/, 'ist keine Einstellung'],
  [/^is used twice$/, 'kommt doppelt vor'],
  [/^must be (.+) or (.+)$/, 'muss $1 oder $2 sein'],
];

/** @param message of a check; what was entered may follow: "…, got 70000" */
export function messageIn(language: Language, message: string): string {
  if (language === 'en') return message;
  const [, said = message, got] = /^(.*?)(?:, got (.*))?$/s.exec(message) ?? [];
  const found = german.find(([pattern]) => pattern.test(said));
  if (found === undefined) return message;
  return `${said.replace(found[0], found[1])}${got === undefined ? '' : `, angegeben: ${got}`}`;
}

const findings: Readonly<Record<string, [RegExp, string]>> = {
  SHARED_ADDRESS_NOT_PERMITTED: [
    /^(\S+) is watched by "(.+)", but .*$/s,
    '$1 wird von „$2“ überwacht, aber kein aktivierter SMTP-Server darf mit dieser Adresse senden: Antworten würden mit der persönlichen Adresse gesendet.',
  ],
  APPLICATION_NOT_CONFIGURED: [
    /^"(.+)" names the OAuth2 application "(.+)", which .*$/s,
    '„$1“ nennt die OAuth2-Anwendung „$2“, die nicht eingerichtet ist.',
  ],
  FROM_NEEDS_SEND_AS: [
    /^"(.+)" signs in app-only as (\S+); to send as (.+) that mailbox needs .*$/s,
    '„$1“ meldet sich als Anwendung für $2 an; um als $3 zu senden, braucht dieses Postfach dort „Senden als“.',
  ],
  DELEGATED_USER_IS_SHARED: [
    /^"(.+)" signs in delegated, but its User (\S+) is .*$/s,
    '„$1“ meldet sich delegiert an, aber User $2 ist das gemeinsame Postfach: Exchange Online antwortet 535 5.7.3.',
  ],
  MANY_MAILBOXES_ON_ONE_PERSON: [
    /^(\d+) mailboxes ride on the sign-in of (\S+); .*$/s,
    '$1 Postfächer hängen an der Anmeldung von $2; Exchange Online erlaubt etwa 16 bis 20 IMAP-Verbindungen.',
  ],
  TLS_DISABLED: [
    /^"(.+)" connects to (\S+) without TLS: .*$/s,
    '„$1“ verbindet sich ohne TLS mit $2: Kennwort oder Token und alle E-Mails sind unterwegs lesbar.',
  ],
};

export function findingIn(language: Language, { code, message }: { code: string; message: string }): string {
  const known = language === 'de' ? findings[code] : undefined;
  return known === undefined ? message : message.replace(known[0], known[1]);
}
