// Every word of the portal in English and German. The administrators' field names are the same in both: they know them from the handbook.
export type Language = 'en' | 'de';

const words = {
  email: { en: 'Email', de: 'E-Mail' },
  emailServers: { en: 'Email servers', de: 'E-Mail Server' },
  overview: { en: 'Overview', de: 'Übersicht' },
  audit: { en: 'Changes', de: 'Änderungen' },
  signIn: { en: 'Sign in', de: 'Anmelden' },
  signInOidc: { en: 'Sign in with your organisation’s account', de: 'Mit dem Konto der Organisation anmelden' },
  or: { en: 'or', de: 'oder' },
  signOutHelp: {
    en: 'You are signed out of Mailroom. At the identity provider your session goes on; end it there as well if others use this device.',
    de: 'Sie sind von Mailroom abgemeldet. Beim Identitätsanbieter läuft Ihre Sitzung weiter; beenden Sie sie auch dort, wenn andere dieses Gerät benutzen.',
  },
  signOut: { en: 'Sign out', de: 'Abmelden' },
  skip: { en: 'To the content', de: 'Zum Inhalt' },
  language: { en: 'Language', de: 'Sprache' },
  navigation: { en: 'Main menu', de: 'Hauptmenü' },
  secret: { en: 'One-time secret or API token', de: 'Einmalgeheimnis oder API-Token' },
  secretHelp: {
    en: 'An operator makes a one-time secret with the command `mailroom invite`.',
    de: 'Ein Einmalgeheimnis erzeugt der Betrieb mit dem Befehl `mailroom invite`.',
  },
  viewer: { en: 'Viewer', de: 'Nur lesen' },
  operator: { en: 'Operator', de: 'Betrieb' },
  administrator: { en: 'Administrator', de: 'Administrator' },
  addImap: { en: 'Add IMAP server', de: 'IMAP-Server anlegen' },
  addSmtp: { en: 'Add SMTP server', de: 'SMTP-Server anlegen' },
  search: { en: 'Search', de: 'Suchen' },
  searchHelp: { en: 'Name, host, user, flow or address', de: 'Name, Host, Benutzer, Flow oder Adresse' },
  filter: { en: 'Show', de: 'Anzeigen' },
  all: { en: 'All', de: 'Alle' },
  onlyProblems: { en: 'With a problem', de: 'Mit Problem' },
  onlyDisabled: { en: 'Disabled', de: 'Deaktiviert' },
  apply: { en: 'Apply', de: 'Anwenden' },
  name: { en: 'Name', de: 'Name' },
  type: { en: 'Type', de: 'Typ' },
  flowOrFrom: { en: 'Email Flow / From addresses', de: 'Email Flow / Von-Adressen' },
  state: { en: 'State', de: 'Zustand' },
  lastProven: { en: 'Last proven alive', de: 'Zuletzt nachweislich aktiv' },
  actions: { en: 'Actions', de: 'Aktionen' },
  edit: { en: 'Edit', de: 'Bearbeiten' },
  view: { en: 'View', de: 'Ansehen' },
  copy: { en: 'Copy', de: 'Kopieren' },
  delete: { en: 'Delete', de: 'Löschen' },
  enable: { en: 'Enable', de: 'Aktivieren' },
  disable: { en: 'Disable', de: 'Deaktivieren' },
  enabled: { en: 'Enabled', de: 'Aktiviert' },
  disabled: { en: 'Disabled', de: 'Deaktiviert' },
  fromFile: { en: 'file', de: 'Datei' },
  readOnly: {
    en: 'This server is defined in a file and is read-only here. Copy it to change the copy.',
    de: 'Dieser Server ist in einer Datei definiert und hier nur lesbar. Kopieren Sie ihn, um die Kopie zu ändern.',
  },
  noServers: { en: 'No email servers match.', de: 'Keine passenden E-Mail-Server.' },
  invalid: { en: 'Invalid', de: 'Ungültig' },
  save: { en: 'Save', de: 'Speichern' },
  cancel: { en: 'Cancel', de: 'Abbrechen' },
  saved: { en: 'Saved.', de: 'Gespeichert.' },
  deleted: { en: 'Deleted.', de: 'Gelöscht.' },
  newServer: { en: 'New email server', de: 'Neuer E-Mail-Server' },
  presets: { en: 'Microsoft 365 presets', de: 'Vorgaben für Microsoft 365' },
  signInSection: { en: 'How it signs in', de: 'Anmeldung am Server' },
  application: { en: 'OAuth2 application', de: 'OAuth2-Anwendung' },
  signInMode: { en: 'Sign-in', de: 'Anmeldeart' },
  appOnly: { en: 'App-only (no person)', de: 'Als Anwendung (ohne Person)' },
  delegated: { en: 'Delegated (a person consents)', de: 'Delegiert (eine Person stimmt zu)' },
  signInUser: { en: 'Person who signs in', de: 'Person, die sich anmeldet' },
  signInUserHelp: {
    en: 'Only with delegated sign-in of a shared mailbox: the account with Full Access.',
    de: 'Nur bei delegierter Anmeldung eines gemeinsamen Postfachs: das Konto mit Vollzugriff.',
  },
  password: { en: 'Password', de: 'Kennwort' },
  passwordKept: { en: 'Stored. Leave empty to keep it.', de: 'Gespeichert. Leer lassen, um es zu behalten.' },
  more: { en: 'More settings', de: 'Weitere Einstellungen' },
  folder: { en: 'Folder', de: 'Ordner' },
  startFrom: { en: 'Where to start on first connect', de: 'Beginn bei der ersten Verbindung' },
  startFromHelp: {
    en: 'now, unseen, all, or a date like 2026-11-01',
    de: 'now, unseen, all oder ein Datum wie 2026-11-01',
  },
  afterQueued: { en: 'Once queued', de: 'Nach der Übergabe' },
  afterQueuedHelp: { en: 'leave, seen, or move: Folder', de: 'leave, seen oder move: Ordner' },
  maximumSize: { en: 'Maximum size', de: 'Maximale Größe' },
  sendMode: { en: 'Send mode', de: 'Sendemodus' },
  sendAs: { en: 'Send as', de: 'Senden als' },
  onBehalf: { en: 'Send on behalf', de: 'Im Auftrag senden' },
  perMinute: { en: 'Messages a minute', de: 'Nachrichten pro Minute' },
  userHelp: {
    en: 'The user name to sign in to the email account with; usually an email address.',
    de: 'Der Benutzername, mit dem Sie sich bei dem E-Mail Konto anmelden; normalerweise eine E-Mail Adresse.',
  },
  flowHelp: {
    en: 'The email routing plan that is linked to this email server.',
    de: 'Der E-Mail Routingplan, der mit diesem E-Mail Server verknüpft werden soll.',
  },
  additionalHelp: {
    en: 'Note: add at least the address that is the User of the IMAP email server, i.e. the shared address. Otherwise replies leave from the personal address.',
    de: 'Hinweis: Fügen Sie mindestens die E-Mail Adresse hinzu, die beim IMAP E-Mail Server als User angegeben ist, d. h. die gemeinsame Adresse. Andernfalls wird beim Senden die persönliche E-Mail Adresse verwendet.',
  },
  addAddress: { en: 'Add address', de: 'Adresse hinzufügen' },
  address: { en: 'Address', de: 'Adresse' },
  enabledHelp: { en: 'Activate the connection to the email server.', de: 'Verbindung zum E-Mail Server aktivieren.' },
  warnings: { en: 'Please check', de: 'Bitte prüfen' },
  errors: { en: 'Not saved. Please correct:', de: 'Nicht gespeichert. Bitte korrigieren:' },
  changed: {
    en: 'Not saved: somebody else has changed this server meanwhile.',
    de: 'Nicht gespeichert: Der Server wurde inzwischen von jemand anderem geändert.',
  },
  reload: { en: 'Load the current state', de: 'Aktuellen Stand laden' },
  consent: { en: 'Sign in and consent', de: 'Anmelden und zustimmen' },
  consentHelp: {
    en: 'Delegated sign-in: opens the sign-in page of the provider. Mail and replies wait until somebody has signed in.',
    de: 'Delegierte Anmeldung: öffnet die Anmeldeseite des Anbieters. E-Mails und Antworten warten, bis sich jemand angemeldet hat.',
  },
  signedInAs: { en: 'Signed in as', de: 'Angemeldet als' },
  notSignedIn: { en: 'Nobody has signed in yet.', de: 'Noch niemand hat sich angemeldet.' },
  continue: { en: 'Continue to the sign-in page', de: 'Weiter zur Anmeldeseite' },
  deleteAsk: { en: 'Delete this email server?', de: 'Diesen E-Mail-Server löschen?' },
  deleteStops: { en: 'What stops:', de: 'Was dann aufhört:' },
  deleteKeeps: {
    en: 'Mails in the mailbox and jobs on the queue stay as they are.',
    de: 'E-Mails im Postfach und Aufträge in der Warteschlange bleiben, wie sie sind.',
  },
  stopsMailbox: {
    en: 'New mail of this mailbox is no longer fetched:',
    de: 'Neue E-Mails dieses Postfachs werden nicht mehr abgeholt:',
  },
  stopsFlow: { en: 'The email flow gets no more mail:', de: 'Der Email Flow erhält keine E-Mails mehr:' },
  stopsFlowOthers: { en: 'The email flow is still fed by:', de: 'Der Email Flow wird weiter beliefert von:' },
  stopsAddresses: { en: 'Agents can no longer send from:', de: 'Agenten können nicht mehr senden von:' },
  stopsWaiting: { en: 'Jobs that wait on its queue:', de: 'Wartende Aufträge in der Warteschlange:' },
  flows: { en: 'Email flows', de: 'Email Flows' },
  flow: { en: 'Email Flow', de: 'Email Flow' },
  waiting: { en: 'Waiting', de: 'Wartend' },
  oldest: { en: 'Oldest', de: 'Älteste' },
  mailboxes: { en: 'Mailboxes', de: 'Postfächer' },
  senders: { en: 'Senders', de: 'Versand' },
  held: { en: 'Held replies', de: 'Angehaltene Antworten' },
  blind: { en: 'Blind time', de: 'Blindzeit' },
  fedBy: { en: 'Fed by', de: 'Beliefert von' },
  nothing: { en: 'None yet.', de: 'Noch keine.' },
  when: { en: 'When', de: 'Wann' },
  who: { en: 'Who', de: 'Wer' },
  what: { en: 'What', de: 'Was' },
  never: { en: 'never', de: 'nie' },
  signedInDone: { en: 'Signed in.', de: 'Anmeldung abgeschlossen.' },
  problem: { en: 'Problem', de: 'Problem' },
  back: { en: 'Back to the list', de: 'Zurück zur Liste' },
  remove: { en: 'Remove', de: 'Entfernen' },
} as const satisfies Record<string, Record<Language, string>>;

export type Word = keyof typeof words;
export type Say = (word: Word) => string;
export const sayIn =
  (language: Language): Say =>
  (word) =>
    words[word][language];

const states: Readonly<Record<string, Record<Language, string>>> = {
  connecting: { en: 'Connecting', de: 'Verbindet' },
  connected: { en: 'Connected', de: 'Verbunden' },
  'catching-up': { en: 'Catching up', de: 'Holt nach' },
  idle: { en: 'Watching', de: 'Aktiv' },
  paused: { en: 'Paused', de: 'Pausiert' },
  'backing-off': { en: 'Failing, tries again', de: 'Fehler, versucht erneut' },
  stopped: { en: 'Stopped', de: 'Gestoppt' },
  sending: { en: 'Ready to send', de: 'Sendebereit' },
  disabled: { en: 'Disabled', de: 'Deaktiviert' },
  invalid: { en: 'Invalid', de: 'Ungültig' },
  unknown: { en: 'Not watched yet', de: 'Noch nicht überwacht' },
};
export const stateIn = (language: Language, state: string): string => states[state]?.[language] ?? state;

/** The checks' sentences in German; a sentence that is not here stays English. */
const german: readonly [RegExp, string][] = [
  [/^must not be empty$/, 'darf nicht leer sein'],
  [/^must be text$/, 'fehlt'],
  [/^is required with authenticationType Password$/, 'wird bei Authentication Type Password benötigt'],
  [/^is required with authenticationType OAuth2: .*$/, 'wird bei Authentication Type OAuth2 benötigt'],
  [/^must be a mail address with authenticationType OAuth2$/, 'muss bei OAuth2 eine E-Mail-Adresse sein'],
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
  [/^must be (.+) or (.+)$/, 'muss $1 oder $2 sein'],
];

export function messageIn(language: Language, message: string): string {
  if (language === 'en') return message;
  const found = german.find(([pattern]) => pattern.test(message));
  return found ? message.replace(found[0], found[1]) : message;
}

const findings: Readonly<Record<string, string>> = {
  SHARED_ADDRESS_NOT_PERMITTED:
    'Die gemeinsame Adresse dieses IMAP-Servers steht bei keinem aktivierten SMTP-Server: Antworten würden mit der persönlichen Adresse gesendet.',
  APPLICATION_NOT_CONFIGURED: 'Die genannte OAuth2-Anwendung ist nicht eingerichtet.',
  FROM_NEEDS_SEND_AS: 'Für weitere Von-Adressen benötigt dieses Postfach dort die Berechtigung „Senden als“.',
  DELEGATED_USER_IS_SHARED:
    'Delegierte Anmeldung, aber User ist das gemeinsame Postfach: Exchange Online lehnt das ab (535 5.7.3).',
  MANY_MAILBOXES_ON_ONE_PERSON: 'Zu viele Postfächer hängen an der Anmeldung einer Person.',
  TLS_DISABLED: 'Verbindung ohne TLS: Kennwort, Token und E-Mails sind unterwegs lesbar.',
};

export const findingIn = (language: Language, { code, message }: { code: string; message: string }): string =>
  language === 'de' ? (findings[code] ?? message) : message;

/** "3 minutes ago" / "vor 3 Minuten". */
export function agoIn(language: Language, at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const size = Math.abs(seconds);
  if (size < 60) return format.format(seconds, 'second');
  if (size < 3600) return format.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return format.format(Math.round(seconds / 3600), 'hour');
  return format.format(Math.round(seconds / 86_400), 'day');
}
