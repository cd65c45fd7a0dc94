// Problems and findings of a definition as sentences, by code and parameters, in both languages.
import { isProblemCode, type Parameters, type ProblemCode } from '../../domain/definition-problem.ts';
import { findingText, isFindingCode } from '../../domain/finding.ts';
import { fill } from '../../lib/text.ts';
import type { Finding, Problem } from './deps.ts';
import { type Language, sayIn, type Word } from './words.ts';

type Text = Readonly<Record<Language, string>>;

const fileOnly: Text = {
  en: 'Have the operators correct the configuration file ({field}: {message}).',
  de: 'Lassen Sie den Betrieb die Konfigurationsdatei korrigieren ({field}).',
};
const problemTexts: Readonly<Record<ProblemCode, Text>> = {
  required: { en: 'Fill in this field.', de: 'Füllen Sie dieses Feld aus.' },
  empty: { en: 'Fill in this field.', de: 'Füllen Sie dieses Feld aus.' },
  notText: { en: 'Enter a text.', de: 'Geben Sie einen Text ein.' },
  tooLong: { en: 'Enter at most {max} characters.', de: 'Geben Sie höchstens {max} Zeichen ein.' },
  controlCharacters: {
    en: 'Remove line breaks and invisible characters.',
    de: 'Entfernen Sie Zeilenumbrüche und unsichtbare Zeichen.',
  },
  notOneOf: { en: 'Choose {choices}.', de: 'Wählen Sie {choices}.' },
  outOfRange: { en: 'Enter a number from {min} to {max}.', de: 'Geben Sie eine Zahl von {min} bis {max} ein.' },
  notAddress: {
    en: 'Enter an email address like support@example.com.',
    de: 'Geben Sie eine E-Mail-Adresse wie support@example.com ein.',
  },
  tooMany: {
    en: 'Enter at most {max} entries; there are {count}.',
    de: 'Geben Sie höchstens {max} Einträge ein; es sind {count}.',
  },
  notFlowMap: {
    en: 'Enter one line for each address or tag: support@example.com = Email Flow.',
    de: 'Geben Sie je Adresse oder Tag eine Zeile ein: support@example.com = Email Flow.',
  },
  sameKey: {
    en: 'There are two entries for {other}: keep one.',
    de: 'Für {other} gibt es zwei Einträge: Behalten Sie einen.',
  },
  notAuthservId: {
    en: 'Enter a name like mx.example.com or *.example.com.',
    de: 'Geben Sie einen Namen wie mx.example.com oder *.example.com ein.',
  },
  notAuthservIdList: { en: 'Enter names of servers.', de: 'Geben Sie Namen von Servern ein.' },
  flowExists: {
    en: 'There is an Email Flow “{flow}”, which differs only in spelling. Choose it, or another name.',
    de: 'Es gibt den Email Flow „{flow}“, der sich nur in der Schreibweise unterscheidet. Wählen Sie ihn oder einen anderen Namen.',
  },
  notAddressList: { en: 'Enter email addresses.', de: 'Geben Sie E-Mail-Adressen ein.' },
  notHost: {
    en: 'Enter only a host name or an IP address; the port has its own field.',
    de: 'Geben Sie nur einen Hostnamen oder eine IP-Adresse ein; der Port hat ein eigenes Feld.',
  },
  notSize: {
    en: 'Enter a size from 1 KB to 1 GB, like 25 MB.',
    de: 'Geben Sie eine Größe von 1 KB bis 1 GB ein, zum Beispiel 25 MB.',
  },
  notStart: {
    en: 'Choose where to begin, or enter a date.',
    de: 'Wählen Sie einen Beginn, oder geben Sie ein Datum an.',
  },
  notAfterQueued: {
    en: 'Choose what happens to the email; for moving it, enter a folder.',
    de: 'Wählen Sie, was mit der E-Mail geschieht; geben Sie zum Verschieben einen Ordner an.',
  },
  notSentCopy: fileOnly,
  notUrl: { en: 'Enter an address like http://host:port.', de: 'Geben Sie eine Adresse wie http://host:port ein.' },
  notAddressMap: fileOnly,
  notRoles: fileOnly,
  notPace: { en: 'Enter a number of messages per minute.', de: 'Geben Sie eine Anzahl Nachrichten pro Minute ein.' },
  notRecipient: {
    en: 'Enter an address of the mailbox, or a tag like +orders.',
    de: 'Geben Sie eine Adresse des Postfachs oder ein Tag wie +bestellung ein.',
  },
  strangeRecipient: {
    en: 'Enter the User or one of the further addresses of the mailbox, with or without a +tag, or a tag like +orders.',
    de: 'Geben Sie den User oder eine der weiteren Adressen des Postfachs ein, mit oder ohne +Tag, oder ein Tag wie +bestellung.',
  },
  notDefinition: fileOnly,
  typeMissing: { en: 'Choose IMAP or SMTP.', de: 'Wählen Sie IMAP oder SMTP.' },
  plainTextRefused: {
    en: 'A connection to another machine without encryption must be allowed expressly, under Advanced settings.',
    de: 'Eine unverschlüsselte Verbindung zu einer anderen Maschine muss unter „Erweiterte Einstellungen“ eigens erlaubt werden.',
  },
  userNotAddress: {
    en: 'With Authentication Type {type} enter an email address.',
    de: 'Geben Sie beim Authentication Type {type} eine E-Mail-Adresse ein.',
  },
  passwordMissing: { en: 'Enter the password.', de: 'Geben Sie das Kennwort ein.' },
  applicationMissing: { en: 'Choose an OAuth2 application.', de: 'Wählen Sie eine OAuth2-Anwendung.' },
  goesWithType: {
    en: 'This belongs to Authentication Type {type}.',
    de: 'Diese Angabe gehört zum Authentication Type {type}.',
  },
  goesWithDelegated: {
    en: 'This belongs to delegated sign-in.',
    de: 'Diese Angabe gehört zur delegierten Anmeldung.',
  },
  belongsToType: { en: 'This belongs to {type} servers.', de: 'Diese Angabe gehört zu {type}-Servern.' },
  notInPortal: { en: 'This is not allowed in the portal.', de: 'Diese Angabe ist im Portal nicht erlaubt.' },
  unknownField: { en: 'This setting does not exist.', de: 'Diese Einstellung gibt es nicht.' },
  unknownFieldNear: {
    en: 'This setting does not exist. Did you mean {near}?',
    de: 'Diese Einstellung gibt es nicht. Meinten Sie {near}?',
  },
  nameTaken: { en: 'Another email server has this name.', de: 'Diesen Namen hat schon ein anderer E-Mail Server.' },
  mailboxTaken: {
    en: 'This mailbox is already watched by “{server}”.',
    de: 'Dieses Postfach wird bereits von „{server}“ überwacht.',
  },
  nameFixed: {
    en: 'The name cannot be changed. Copy the server under another name.',
    de: 'Der Name lässt sich nicht ändern. Kopieren Sie den Server unter einem anderen Namen.',
  },
  passwordAgain: {
    en: 'Enter the password again: it is only kept for the host, port and user it was entered for.',
    de: 'Geben Sie das Kennwort neu ein: Es bleibt nur für den Host, Port und User gespeichert, für die es eingegeben wurde.',
  },
  hostRefused: {
    en: 'Mailroom must not connect to this address.',
    de: 'Zu dieser Adresse ist keine Verbindung erlaubt.',
  },
  secretTwice: fileOnly,
  variableMissing: fileOnly,
  fileEmpty: fileOnly,
  fileUnreadable: fileOnly,
};
const unknown: Text = { en: 'This value is not valid: {message}.', de: 'Diese Angabe ist nicht gültig.' };

const numbersIn = (language: Language, parameters: Parameters): Parameters =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'number'
        ? new Intl.NumberFormat(language, { useGrouping: value > 65_535 }).format(value)
        : value,
    ]),
  );

/** A problem as a sentence: what to enter. */
export function problemIn(language: Language, { code, parameters = {}, field, message, got, value }: Problem): string {
  const text = isProblemCode(code) ? problemTexts[code] : unknown;
  const choices =
    language === 'de' ? String(parameters.choices ?? '').replaceAll(' or ', ' oder ') : parameters.choices;
  const said = fill(text[language], {
    ...{ field, message },
    ...numbersIn(language, parameters),
    ...(choices === undefined ? {} : { choices }),
  });
  const entered = got ?? (typeof value === 'string' ? value : undefined);
  if (entered === undefined || entered === '""' || text === fileOnly) return said;
  return `${said} ${language === 'de' ? 'Angegeben' : 'Entered'}: ${entered}`;
}

export function findingIn(language: Language, { code, parameters, message }: Finding): string {
  return isFindingCode(code) ? findingText(code, parameters, language) : message;
}

/** Fields with the handbook's names, which are the same in both languages. */
const handbook: Readonly<Record<string, string>> = {
  serverType: 'Server Type',
  name: 'Name',
  host: 'Host',
  port: 'Port',
  tls: 'TLS',
  authenticationType: 'Authentication Type',
  user: 'User',
  emailFlow: 'Email Flow',
  additionalEmailFromAddresses: 'Additional Email From Addresses',
  enabled: 'Enabled',
};
/** Fields with a word of the same name, and fields with another word. */
const FIELDS = [
  ...(['application', 'signInUser', 'password', 'aliases', 'folder', 'startFrom', 'afterQueued'] as const),
  ...(['maximumSize', 'sendMode', 'allowPlainText', 'mailboxEvents', 'answeredElsewhere', 'markAnswered'] as const),
  ...(['flowByRecipient', 'trustedAuthservIds'] as const),
] as const;
const OTHERWISE: Readonly<Record<string, Word>> = { pace: 'perMinute', signIn: 'signInMode' };

/** The label of a field in the form: `pace.perMinute` is "Messages a minute". */
export function labelIn(language: Language, field: string): string {
  const [root = ''] = field.split(/[[.]/, 1);
  const word = Object.hasOwn(OTHERWISE, root) ? OTHERWISE[root] : FIELDS.find((known) => known === root);
  if (word !== undefined) return sayIn(language)(word);
  return Object.hasOwn(handbook, root) ? (handbook[root] ?? field) : field;
}
