// How long data is kept, as one table. The daily work (operations/maintenance.ts) has a task for each kind that it must delete, every structure in Redis
// names its kinds (adapters/redis/structures.ts), and docs/en/privacy.md and docs/de/datenschutz.md are generated from it.
import { DAY_MS } from '../lib/time.ts';
import { FIND_DAYS } from './found.ts';
import { grains } from './history.ts';
import { serverLogBounds } from './server-log.ts';
import { type Words, words } from './words.ts';

export interface Retention {
  /** The data, and which part of it concerns a person. */
  what: Words;
  where: 'redis' | 'blobs';
  /** How it is stored: readable, encrypted where keys are configured, or as hashes and numbers only. */
  form: 'clear' | 'encrypted' | 'hashed' | 'none';
  /** Paths of the settings that define the time, in days unless their names differ. */
  settings?: readonly string[];
  /** Days, where no setting defines it. */
  days?: number;
  /** What else extends or shortens it. */
  bound: Words;
  /** `daily`: by the daily work, counted. `expiry`: at its time, not counted. `use`: when it is used up, or when a person deletes it. */
  deletedBy: 'daily' | 'expiry' | 'use';
  seenBy: Words;
}

const NOBODY = words('nobody; only Mailroom reads it', 'niemand; nur Mailroom liest es');
const ADMINISTRATORS = words('administrators', 'Administratoren');

const EVERYBODY = words('viewers, operators, administrators', 'Lesezugriff, Operatoren, Administratoren');
const BACKEND = words('the backend', 'das Backend');
const NO_BOUND = words('–', '–');

/** Where it is, in which form, and how it is deleted; then the rest. */
const row = <const By extends Retention['deletedBy']>(
  where: Retention['where'],
  form: Retention['form'],
  deletedBy: By,
  rest: Omit<Retention, 'where' | 'form' | 'deletedBy'>,
) => ({ where, form, deletedBy, ...rest });

export const retention = {
  'raw-mails': row('blobs', 'encrypted', 'daily', {
    what: {
      en: 'Incoming mails as they arrived with attachments, and replies as they were sent',
      de: 'Eingegangene E-Mails im Original mit Anhängen, und Antworten, wie sie gesendet wurden',
    },
    settings: ['blobs.retentionDays'],
    bound: {
      en: 'Longer while a message waits or failed, while a reply is open, and at least a day longer than inbound.completedJobRetentionDays',
      de: 'Länger, solange eine Nachricht wartet oder gescheitert ist oder eine Antwort offen ist, und mindestens einen Tag länger als inbound.completedJobRetentionDays',
    },
    seenBy: {
      en: 'the backend; administrators; operators those in quarantine',
      de: 'das Backend; Administratoren; Operatoren die in Quarantäne',
    },
  }),
  'data-marks': row('blobs', 'hashed', 'expiry', {
    what: {
      en: 'A mark for each reply whose transmission began, so that it is never sent twice',
      de: 'Eine Marke je Antwort, deren Übertragung begonnen hat, damit sie nie doppelt gesendet wird',
    },
    days: 40,
    bound: NO_BOUND,
    seenBy: NOBODY,
  }),
  messages: row('redis', 'clear', 'daily', {
    what: {
      en: 'Messages for the backend: addresses, names, subject, text, html up to its limit, file names',
      de: 'Nachrichten für das Backend: Adressen, Namen, Betreff, Text, HTML bis zu seiner Grenze, Dateinamen',
    },
    settings: ['inbound.completedJobRetentionDays'],
    bound: {
      en: 'From the moment they were taken. Without limit until then; 30 days when the backend gave them up. What the backend returned is repeated in the newest 1,000 events of the queue, for the same time',
      de: 'Ab ihrer Abnahme. Bis dahin ohne Frist; 30 Tage, wenn das Backend sie aufgegeben hat. Was das Backend zurückgab, wiederholen die neuesten 1.000 Ereignisse der Warteschlange, ebenso lange',
    },
    seenBy: { en: 'the backend; administrators', de: 'das Backend; Administratoren' },
  }),
  'mailbox-events': row('redis', 'clear', 'daily', {
    what: {
      en: 'What colleagues did with a message in the mailbox (off by default): times, uid, who answered',
      de: 'Was Kollegen im Postfach mit einer Nachricht getan haben (sonst aus): Zeiten, UID, wer geantwortet hat',
    },
    settings: ['inbound.completedJobRetentionDays'],
    bound: {
      en: 'From the moment they were taken; 30 days when the backend gave them up',
      de: 'Ab ihrer Abnahme; 30 Tage, wenn das Backend sie aufgegeben hat',
    },
    seenBy: BACKEND,
  }),
  replies: row('redis', 'clear', 'daily', {
    what: {
      en: 'Replies as the backend handed them in: addresses, subject, text, attachments sent by value, agent',
      de: 'Antworten, wie das Backend sie abgegeben hat: Adressen, Betreff, Text, mitgegebene Anhänge, Bearbeiter',
    },
    settings: ['outbound.completedJobRetentionDays', 'outbound.journalDays'],
    bound: {
      en: 'The longer of the two, from the end of the reply; an open or held reply stays until it is settled',
      de: 'Die längere der beiden, ab dem Ende der Antwort; eine offene oder zurückgehaltene Antwort bleibt, bis sie erledigt ist',
    },
    seenBy: {
      en: 'the backend; operators and administrators recipients and state; viewers with masked addresses',
      de: 'das Backend; Operatoren und Administratoren Empfänger und Stand; mit Lesezugriff maskierte Adressen',
    },
  }),
  'reply-journal': row('redis', 'clear', 'daily', {
    what: {
      en: 'What became of a reply: recipients, server answers, Message-ID, times',
      de: 'Was aus einer Antwort wurde: Empfänger, Antworten des Servers, Message-ID, Zeiten',
    },
    settings: ['outbound.journalDays'],
    bound: {
      en: 'From its end; the Message-ID four times as long, as a hash, for reports that arrive late',
      de: 'Ab ihrem Ende; die Message-ID viermal so lange, als Prüfsumme, für späte Berichte',
    },
    seenBy: {
      en: 'the backend; operators and administrators; viewers with masked addresses',
      de: 'das Backend; Operatoren und Administratoren; mit Lesezugriff maskierte Adressen',
    },
  }),
  'reply-outcomes': row('redis', 'clear', 'daily', {
    what: {
      en: 'Outcomes of replies by recipient, for the backend (off by default)',
      de: 'Ergebnisse von Antworten je Empfänger, für das Backend (sonst aus)',
    },
    settings: ['outbound.outcomeRetentionDays'],
    bound: { en: 'Taken or not', de: 'Abgeholt oder nicht' },
    seenBy: BACKEND,
  }),
  changes: row('redis', 'clear', 'daily', {
    what: {
      en: 'Audit log: who changed or decided what; names of employees, old and new values without secrets',
      de: 'Protokoll: wer was geändert oder entschieden hat; Namen von Beschäftigten, alte und neue Werte ohne Geheimnisse',
    },
    settings: ['audit.changeDays'],
    bound: { en: 'The newest 50,000 at most', de: 'Höchstens die neuesten 50.000' },
    seenBy: ADMINISTRATORS,
  }),
  'sign-ins': row('redis', 'clear', 'daily', {
    what: {
      en: 'Audit log: who signed in to the portal, when, how; addresses of locked clients',
      de: 'Protokoll: wer sich wann und wie im Portal angemeldet hat; Adressen gesperrter Rechner',
    },
    settings: ['audit.signInDays'],
    bound: { en: 'The newest 50,000 at most', de: 'Höchstens die neuesten 50.000' },
    seenBy: ADMINISTRATORS,
  }),
  'find-index': row('redis', 'hashed', 'daily', {
    what: {
      en: 'By which address or conversation a message or reply is found',
      de: 'Unter welcher Adresse oder Konversation eine Nachricht oder Antwort gefunden wird',
    },
    days: FIND_DAYS,
    bound: { en: '4,096 lists of 256 entries at most', de: 'Höchstens 4.096 Listen mit 256 Einträgen' },
    seenBy: { en: 'nobody; search answers with ids', de: 'niemand; die Suche antwortet mit Kennungen' },
  }),
  'message-notes': row('redis', 'hashed', 'expiry', {
    what: {
      en: 'Notes beside messages: copies in other mailboxes, participants of a conversation, answers outside Mailroom',
      de: 'Vermerke neben Nachrichten: Kopien in anderen Postfächern, Teilnehmer einer Konversation, Antworten außerhalb von Mailroom',
    },
    days: 30,
    bound: {
      en: 'From the last message of a conversation; copies 3 days, answers to be marked 7 days',
      de: 'Ab der letzten Nachricht einer Konversation; Kopien 3 Tage, zu markierende Antworten 7 Tage',
    },
    seenBy: NOBODY,
  }),
  ledger: row('redis', 'hashed', 'use', {
    what: {
      en: 'Which UID of a mailbox had which outcome; fingerprints of mails; notes of quarantined ones',
      de: 'Welche UID eines Postfachs welches Ergebnis hatte; Fingerabdrücke von E-Mails; Vermerke der Quarantäne',
    },
    bound: {
      en: 'As long as the installation exists: it prevents loss and doubles. Fingerprints 90 days, from the next message on; quarantine until a person decides',
      de: 'Solange die Installation besteht: Es verhindert Verlust und Dopplung. Fingerabdrücke 90 Tage, ab der nächsten Nachricht; Quarantäne bis zur Entscheidung',
    },
    seenBy: { en: 'operators and administrators the quarantine', de: 'Operatoren und Administratoren die Quarantäne' },
  }),
  sessions: row('redis', 'clear', 'expiry', {
    what: {
      en: 'Sessions of the portal, one-time codes, counts of failed sign-ins with the client’s address',
      de: 'Sitzungen des Portals, Einmalcodes, Zähler fehlgeschlagener Anmeldungen mit der Adresse des Rechners',
    },
    settings: ['http.sessions.longestHours', 'http.sessions.idleMinutes'],
    bound: { en: 'Codes and counts 15 minutes', de: 'Codes und Zähler 15 Minuten' },
    seenBy: NOBODY,
  }),
  tokens: row('redis', 'encrypted', 'use', {
    what: {
      en: 'Tokens of the signed-in users at the mail servers',
      de: 'Token der angemeldeten Benutzer bei den Mailservern',
    },
    bound: {
      en: 'Until they are renewed, or the email server is deleted and they expire',
      de: 'Bis sie erneuert werden, oder der E-Mail Server gelöscht ist und sie ablaufen',
    },
    seenBy: NOBODY,
  }),
  definitions: row('redis', 'clear', 'use', {
    what: {
      en: 'Email servers made in the portal: addresses of the mailboxes and of the persons who sign in',
      de: 'Im Portal angelegte E-Mail Server: Adressen der Postfächer und der Personen, die sich anmelden',
    },
    bound: {
      en: 'Until they are deleted; secrets are encrypted',
      de: 'Bis sie gelöscht werden; Geheimnisse sind verschlüsselt',
    },
    seenBy: EVERYBODY,
  }),
  operation: row('redis', 'none', 'expiry', {
    what: {
      en: 'State of operation: leases, pauses, pace, replicas; correspondents of automatic replies as hashes',
      de: 'Betriebszustand: Sperren, Pausen, Tempo, Instanzen; Empfänger automatischer Antworten als Prüfsummen',
    },
    days: 90,
    bound: { en: 'Most of it minutes to a day', de: 'Das meiste Minuten bis einen Tag' },
    seenBy: EVERYBODY,
  }),
  history: row('redis', 'none', 'expiry', {
    what: {
      en: 'How many messages and replies an email flow or server had in an hour, how long they took, what failed: numbers alone',
      de: 'Wie viele Nachrichten und Antworten ein Email Flow oder Server in einer Stunde hatte, wie lange sie dauerten, was scheiterte: nur Zahlen',
    },
    days: grains.hour.keepMs / DAY_MS,
    bound: { en: 'Minutes 2 days, hours 40 days', de: 'Minuten 2 Tage, Stunden 40 Tage' },
    seenBy: EVERYBODY,
  }),
  'server-log': row('redis', 'clear', 'expiry', {
    what: {
      en: 'Newest events of each email server as in the log: ids of messages and replies, words of the server without addresses',
      de: 'Neueste Ereignisse jedes E-Mail Servers wie im Protokoll: Kennungen von Nachrichten und Antworten, Worte des Servers ohne Adressen',
    },
    days: serverLogBounds.faults.days,
    bound: {
      en: 'Events 7 days, 200 at most; warnings and errors 50 at most; from the newest of a server',
      de: 'Ereignisse 7 Tage, höchstens 200; Warnungen und Fehler höchstens 50; ab dem neuesten eines Servers',
    },
    seenBy: EVERYBODY,
  }),
  'set-aside': row('redis', 'clear', 'expiry', {
    what: {
      en: 'Records in Redis that could not be read, set aside',
      de: 'Einträge in Redis, die nicht lesbar waren und beiseitegelegt wurden',
    },
    days: 30,
    bound: NO_BOUND,
    seenBy: {
      en: 'nobody; administrators see that there is one',
      de: 'niemand; Administratoren sehen, dass es einen gibt',
    },
  }),
} satisfies Readonly<Record<string, Retention>>;

export type RetentionKind = keyof typeof retention;

/** Kinds that the daily work deletes. */
export type DailyKind = {
  [Kind in RetentionKind]: (typeof retention)[Kind]['deletedBy'] extends 'daily' ? Kind : never;
}[RetentionKind];
