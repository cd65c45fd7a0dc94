// The portal's words: `say('save')` is the word in the person's language. The words of single pages are in words-*.ts.
import { fill } from '../../lib/text.ts';
import { connectWords } from './words-connect.ts';
import { findWords } from './words-find.ts';
import { historyWords } from './words-history.ts';
import { operationWords } from './words-operation.ts';
import { privacyWords } from './words-privacy.ts';
import { serverPageWords } from './words-server-page.ts';
import { serverWords } from './words-servers.ts';

export type Language = 'en' | 'de';
export type Words = Readonly<Record<string, Readonly<Record<Language, string>>>>;

/** Words of the frame, of the sign-in, and words that several pages share. */
const frameWords = {
  email: { en: 'Email', de: 'E-Mail' },
  emailServers: { en: 'Email servers', de: 'E-Mail Server' },
  overview: { en: 'Overview', de: 'Übersicht' },
  repliesTitle: { en: 'Replies', de: 'Antworten' },
  quarantineTitle: { en: 'Quarantine', de: 'Quarantäne' },
  audit: { en: 'Changes', de: 'Änderungen' },
  signIn: { en: 'Sign in', de: 'Anmelden' },
  signInOidc: { en: 'Sign in with your organisation’s account', de: 'Mit dem Organisationskonto anmelden' },
  signOutHelp: {
    en: 'You are signed out of Mailroom. Your session at the identity provider continues; end it there as well if others use this device.',
    de: 'Sie sind von Mailroom abgemeldet. Beim Identitätsanbieter läuft Ihre Sitzung weiter; beenden Sie sie auch dort, wenn andere dieses Gerät benutzen.',
  },
  signOut: { en: 'Sign out', de: 'Abmelden' },
  skip: { en: 'To the content', de: 'Zum Inhalt' },
  navigation: { en: 'Main menu', de: 'Hauptmenü' },
  offline: {
    en: 'Connection lost: what you see may be outdated. Reconnecting …',
    de: 'Verbindung unterbrochen: Die Anzeige kann veraltet sein. Es wird erneut versucht.',
  },
  signInTitle: { en: 'Sign in to Mailroom', de: 'Anmelden bei Mailroom' },
  secret: { en: 'One-time code or API token', de: 'Einmalcode oder API-Token' },
  secretHelp: {
    en: 'The operators create a one-time code with `mailroom invite`. It is valid for 15 minutes.',
    de: 'Einen Einmalcode erstellt der Betrieb mit `mailroom invite`. Er gilt 15 Minuten.',
  },
  or: { en: 'or', de: 'oder' },
  viewer: { en: 'Viewer', de: 'Lesezugriff' },
  operator: { en: 'Operator', de: 'Operator' },
  administrator: { en: 'Administrator', de: 'Administrator' },
  cancel: { en: 'Cancel', de: 'Abbrechen' },
  toOverview: { en: 'To the overview', de: 'Zur Übersicht' },
  errorWord: { en: 'Error', de: 'Fehler' },
  expired: {
    en: 'Your session has expired. Sign in again: what you entered is kept.',
    de: 'Ihre Sitzung ist abgelaufen. Melden Sie sich erneut an: Ihre Eingaben bleiben erhalten.',
  },
  signedInElsewhere: { en: 'I have signed in: back to the form', de: 'Ich habe mich angemeldet: zurück zum Formular' },
  code: { en: 'Code', de: 'Code' },
  when: { en: 'When', de: 'Wann' },
  who: { en: 'Who', de: 'Wer' },
  what: { en: 'What', de: 'Was' },
  nothing: { en: 'None yet.', de: 'Noch keine.' },
  yes: { en: 'Yes', de: 'Ja' },
  no: { en: 'No', de: 'Nein' },
  pages: { en: 'Pages', de: 'Seiten' },
  pageWord: { en: 'Page', de: 'Seite' },
  previous: { en: 'Previous', de: 'Zurück' },
  next: { en: 'Next', de: 'Weiter' },
  saved: { en: '“{name}” was saved.', de: '„{name}“ wurde gespeichert.' },
  deleted: { en: '“{name}” was deleted.', de: '„{name}“ wurde gelöscht.' },
  enabledDone: { en: '“{name}” was enabled.', de: '„{name}“ wurde aktiviert.' },
  disabledDone: { en: '“{name}” was disabled.', de: '„{name}“ wurde deaktiviert.' },
  signedInDone: { en: '“{name}” is signed in.', de: '„{name}“ ist angemeldet.' },
  pausedDone: { en: '“{name}” was paused. Its replies wait.', de: '„{name}“ wurde angehalten. Antworten warten.' },
  resumedDone: { en: '“{name}” sends again.', de: '„{name}“ sendet wieder.' },
  releasedDone: { en: 'Reply {name} will be sent again.', de: 'Antwort {name} wird erneut gesendet.' },
  droppedDone: { en: 'Reply {name} was dropped.', de: 'Antwort {name} wurde verworfen.' },
  enqueueDone: {
    en: 'Message {name} was processed and queued.',
    de: 'Nachricht {name} wurde verarbeitet und eingereiht.',
  },
  acceptDone: { en: 'Message {name} was marked as settled.', de: 'Nachricht {name} wurde als erledigt markiert.' },
} as const satisfies Words;

const words = {
  ...frameWords,
  ...serverWords,
  ...operationWords,
  ...connectWords,
  ...findWords,
  ...historyWords,
  ...serverPageWords,
  ...privacyWords,
};

export type Word = keyof typeof words;
/** A word by its name, if there is one. */
export const wordOf = (text: string): Word | undefined => (Object.hasOwn(words, text) ? (text as Word) : undefined);
/** @param names what `{name}` in the words means */
export type Say = (word: Word, names?: Readonly<Record<string, unknown>>) => string;
export const sayIn =
  (language: Language): Say =>
  (word, names = {}) =>
    fill(words[word][language], names);

const states: Readonly<Record<string, Record<Language, string>>> = {
  connecting: { en: 'Connecting', de: 'Verbindet' },
  connected: { en: 'Connected', de: 'Verbunden' },
  'catching-up': { en: 'Catching up', de: 'Holt nach' },
  idle: { en: 'Watching', de: 'Überwacht' },
  paused: { en: 'Paused', de: 'Angehalten' },
  'backing-off': { en: 'Not connected', de: 'Verbindungsfehler' },
  stopped: { en: 'Stopped', de: 'Gestoppt' },
  sending: { en: 'Ready to send', de: 'Sendebereit' },
  unproven: { en: 'Not verified yet', de: 'Noch nicht geprüft' },
  retrying: { en: 'Not connected', de: 'Verbindungsfehler' },
  'sign-in-needed': { en: 'Sign-in needed', de: 'Anmeldung nötig' },
  disabled: { en: 'Disabled', de: 'Deaktiviert' },
  invalid: { en: 'Invalid', de: 'Ungültig' },
  unknown: { en: 'Not watched yet', de: 'Noch nicht überwacht' },
};
export const stateIn = (language: Language, state: string): string => states[state]?.[language] ?? state;

/** "3 min. ago" / "vor 3 Min.". */
export function agoIn(language: Language, at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  const size = Math.abs(seconds);
  if (size < 60) return format.format(seconds, 'second');
  if (size < 3600) return format.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return format.format(Math.round(seconds / 3600), 'hour');
  return format.format(Math.round(seconds / 86_400), 'day');
}

/** Short: seconds, minutes or hours. */
export function durationIn(language: Language, seconds: number): string {
  const [value, unit] =
    seconds < 120 ? [seconds, 'second'] : seconds < 7_200 ? [seconds / 60, 'minute'] : [seconds / 3_600, 'hour'];
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);
}

/** Words with a number, by the plural rules of each language; {count} is the formatted number. */
interface Forms {
  one: string;
  other: string;
}

const counted = {
  entries: {
    en: { one: '{count} entry', other: '{count} entries' },
    de: { one: '{count} Eintrag', other: '{count} Einträge' },
  },
  servers: {
    en: { one: '{count} email server', other: '{count} email servers' },
    de: { one: '{count} E-Mail Server', other: '{count} E-Mail Server' },
  },
  more: {
    en: { one: '{count} more', other: '{count} more' },
    de: { one: '{count} weiterer', other: '{count} weitere' },
  },
  fields: {
    en: { one: '{count} field', other: '{count} fields' },
    de: { one: '{count} Feld', other: '{count} Felder' },
  },
  stepsFailed: {
    en: { one: '{count} step failed.', other: '{count} steps failed.' },
    de: { one: '{count} Schritt ist fehlgeschlagen.', other: '{count} Schritte sind fehlgeschlagen.' },
  },
  // Captions below a large number, which they do not repeat.
  waitingMessages: {
    en: { one: 'message waiting in email flows', other: 'messages waiting in email flows' },
    de: {
      one: 'Nachricht in den Warteschlangen der Email Flows',
      other: 'Nachrichten in den Warteschlangen der Email Flows',
    },
  },
  heldTile: {
    en: { one: 'reply awaits a decision', other: 'replies await a decision' },
    de: { one: 'Antwort wartet auf eine Entscheidung', other: 'Antworten warten auf eine Entscheidung' },
  },
  quarantinedTile: {
    en: { one: 'message in quarantine', other: 'messages in quarantine' },
    de: { one: 'Nachricht in Quarantäne', other: 'Nachrichten in Quarantäne' },
  },
  replicasTile: {
    en: { one: 'replica fetches emails', other: 'replicas fetch emails' },
    de: { one: 'Instanz ruft E-Mails ab', other: 'Instanzen rufen E-Mails ab' },
  },
  mailboxesWatched: {
    en: { one: 'mailbox watched', other: 'mailboxes watched' },
    de: { one: 'Postfach überwacht', other: 'Postfächer überwacht' },
  },
} as const satisfies Record<string, Record<Language, Forms>>;

export type Counted = keyof typeof counted;

export function countIn(language: Language, word: Counted, count: number): string {
  const form = new Intl.PluralRules(language).select(count) === 'one' ? 'one' : 'other';
  return fill(counted[word][language][form], { count: new Intl.NumberFormat(language).format(count) });
}
