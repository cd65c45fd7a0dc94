// The words for what needs attention: one row for each code, with what to do in both languages, the urgency, and the alert rule for the same
// condition (ops/prometheus/mailroom.rules.yaml).
import { fill } from '../lib/text.ts';

interface Text {
  title: string;
  hint: string;
}

/** `now`: mail or replies wait for a person. `soon`: they will, or something is slower than it should be. `note`: Mailroom is working on it. */
export type Urgency = 'now' | 'soon' | 'note';

interface Row {
  urgency: Urgency;
  alert?: string;
  en: Text;
  de: Text;
}

/** One row: `row(urgency, alert rule)(title in English, in German, what to do in English, in German)`. */
const row =
  (urgency: Urgency, alert?: string) =>
  (titleEn: string, titleDe: string, hintEn: string, hintDe: string): Row => ({
    urgency,
    ...(alert === undefined ? {} : { alert }),
    en: { title: titleEn, hint: hintEn },
    de: { title: titleDe, hint: hintDe },
  });

const repliesWaitAtLimit = [
  'At the limit, replies wait (none fails) until older ones are 24 hours old. Send part of them through an SMTP server with another User; with app-only sign-in each mailbox has a limit of its own.',
  'An der Grenze warten die Antworten (keine geht verloren), bis ältere 24 Stunden zurückliegen. Senden Sie einen Teil über einen SMTP-Server mit anderem User; mit App-Anmeldung hat jedes Postfach seine eigene Grenze.',
] as const;

const rows = {
  REDIS_TROUBLE: row('now', 'MailroomRedisTrouble')(
    'Redis takes no writes: {code}',
    'Redis nimmt keine Schreibzugriffe an: {code}',
    'Nothing is fetched or sent until it does. Free memory or disk, or restore the connection; mail is safe in the mailboxes.',
    'Solange wird nichts abgerufen oder gesendet. Schaffen Sie Speicher oder Plattenplatz, oder stellen Sie die Verbindung wieder her; die E-Mails sind in den Postfächern sicher.',
  ),
  REDIS_UNFIT: row('now', 'MailroomRedisUnfit')(
    'Redis has settings that may lose jobs',
    'Redis ist so eingestellt, dass Aufträge verloren gehen können',
    'Set maxmemory-policy noeviction on every node that can become the primary. A process that starts now would refuse this Redis.',
    'Setzen Sie maxmemory-policy noeviction auf jedem Knoten, der primär werden kann. Ein Prozess, der jetzt startet, würde dieses Redis ablehnen.',
  ),
  REDIS_DURABILITY_LOST: row('soon', 'MailroomRedisUnfit')(
    'Redis no longer writes an append-only file that Mailroom can wait for',
    'Redis schreibt keine Append-only-Datei mehr, auf die Mailroom warten kann',
    'Set appendonly yes on every node that can become the primary, and use Redis 7.2 or newer. Until then a crash of Redis may lose replies taken a moment before.',
    'Setzen Sie appendonly yes auf jedem Knoten, der primär werden kann, und verwenden Sie Redis 7.2 oder neuer. Bis dahin kann ein Absturz von Redis eben angenommene Antworten verlieren.',
  ),
  BLOB_STORE_TROUBLE: row('now', 'MailroomBlobStoreTrouble')(
    'The blob store takes no writes: {code}',
    'Der Blob-Speicher nimmt keine Schreibzugriffe an: {code}',
    'Check its free space, credentials and connection.',
    'Prüfen Sie freien Platz, Zugangsdaten und Verbindung.',
  ),
  REDIS_KEYS_DAMAGED: row('soon', 'MailroomRedisKeyQuarantined')(
    'Keys in Redis that held something else than they must: {count}',
    'Schlüssel in Redis mit falschem Inhalt: {count}',
    'The operators find them with the status of the API; each has its reason there.',
    'Der Betrieb findet sie mit Begründung im Status der API.',
  ),
  NO_REPLICA: row('now', 'MailroomMailboxNotWatched')(
    'No replica fetches emails',
    'Keine Instanz ruft E-Mails ab',
    'Start a replica with the role ingest.',
    'Starten Sie eine Instanz mit der Rolle ingest.',
  ),
  MAILBOX_NOT_WATCHED: row('now', 'MailroomMailboxNotWatched')(
    'The mailbox is not watched',
    'Das Postfach wird nicht überwacht',
    'Test the connection; the server’s answer says what to do.',
    'Testen Sie die Verbindung; die Antwort des Servers nennt die Abhilfe.',
  ),
  FETCHING_PAUSED: row('soon', 'MailroomFetchingPaused')(
    'Fetching is paused: {code}',
    'Das Abrufen ist angehalten: {code}',
    'It resumes automatically when the cause is gone; until then mail waits in the mailbox.',
    'Es läuft weiter, sobald die Ursache behoben ist; bis dahin warten die E-Mails im Postfach.',
  ),
  MAILBOX_SILENT: row('soon', 'MailroomMailboxSilent')(
    'The mailbox is watched, but no mail has come for {hours} hours',
    'Das Postfach wird überwacht, aber seit {hours} Stunden kam keine E-Mail',
    'Send a mail to it from outside, and check forwarding, MX records and mail flow rules. At Exchange Online also: Reject Direct Send refuses web forms and devices that send from your own domain without signing in (550 5.7.68), and a shared mailbox without a licence takes no more mail at 50 GB (senders get 5.2.2).',
    'Senden Sie eine E-Mail von außen, und prüfen Sie Weiterleitung, MX-Einträge und Nachrichtenflussregeln. Bei Exchange Online auch: „Reject Direct Send“ lehnt Webformulare und Geräte ab, die ohne Anmeldung von der eigenen Domäne senden (550 5.7.68), und ein gemeinsames Postfach ohne Lizenz nimmt ab 50 GB nichts mehr an (Absender erhalten 5.2.2).',
  ),
  SERVER_INVALID: row('now', 'MailroomConfigurationInvalid')(
    'The definition has errors and is not in use',
    'Die Definition enthält Fehler und ist nicht aktiv',
    'Correct the fields that are named.',
    'Korrigieren Sie die genannten Felder.',
  ),
  SERVER_WARNING: row('soon')(
    'The definition has warnings: {count}',
    'Warnungen zur Definition: {count}',
    'Open the email server; each warning says what to do.',
    'Öffnen Sie den E-Mail Server; jede Warnung nennt die Abhilfe.',
  ),
  CREDENTIAL_ENDS: row('soon', 'MailroomCredentialEnds')(
    'The client secret ends or has ended',
    'Der geheime Clientschlüssel läuft ab oder ist abgelaufen',
    'Add a certificate or a new secret before it ends, and put it first in the configuration.',
    'Fügen Sie rechtzeitig ein Zertifikat oder einen neuen Clientschlüssel hinzu, in der Konfiguration an erster Stelle.',
  ),
  SIGN_IN_ENDS: row('soon', 'MailroomSignInEnds')(
    'The delegated sign-in ends in {count} days',
    'Die delegierte Anmeldung endet in {count} Tagen',
    'It renews itself while the server is in use; otherwise sign in again on the page of the server.',
    'Sie erneuert sich, solange der Server in Gebrauch ist; melden Sie sich sonst auf der Seite des Servers erneut an.',
  ),
  SIGN_IN_NEEDED: row('now', 'MailroomSignInNeeded')(
    'A person has to sign in: {code}',
    'Eine Person muss sich anmelden: {code}',
    'Open the email server and choose “Sign in and consent”.',
    'Öffnen Sie den E-Mail Server und wählen Sie „Anmelden und zustimmen“.',
  ),
  SMTP_PAUSED: row('now', 'MailroomServerPaused')(
    'Sending is paused by {by}',
    'Der Versand ist angehalten, von {by}',
    'Its replies wait until a person resumes it.',
    'Die Antworten warten, bis jemand den Versand fortsetzt.',
  ),
  SMTP_RETRYING: row('now', 'MailroomServerPaused')(
    'The SMTP server is not connected: {code}',
    'Der SMTP-Server ist nicht verbunden: {code}',
    'It is tried again automatically; test the connection for the cause.',
    'Es wird automatisch erneut versucht; der Verbindungstest nennt die Ursache.',
  ),
  RECIPIENTS_LIMIT_REACHED: row('now', 'MailroomRecipientsNearLimit')(
    'The limit of {limit} recipients in 24 hours is reached',
    'Die Grenze von {limit} Empfängern in 24 Stunden ist erreicht',
    'Replies wait (none fails) until older ones are 24 hours old. Send part of them through an SMTP server with another User; with app-only sign-in each mailbox has a limit of its own.',
    'Antworten warten (keine geht verloren), bis ältere 24 Stunden zurückliegen. Senden Sie einen Teil über einen SMTP-Server mit anderem User; mit App-Anmeldung hat jedes Postfach seine eigene Grenze.',
  ),
  RECIPIENTS_LIMIT_AHEAD: row('soon', 'MailroomRecipientsNearLimit')(
    '{used} of {limit} recipients in 24 hours; at the present rate the limit is reached in {minutes} minutes',
    '{used} von {limit} Empfängern in 24 Stunden; im jetzigen Tempo ist die Grenze in {minutes} Minuten erreicht',
    ...repliesWaitAtLimit,
  ),
  RECIPIENTS_NEAR_LIMIT: row('soon', 'MailroomRecipientsNearLimit')(
    '{used} of {limit} recipients in 24 hours are used',
    '{used} von {limit} Empfängern in 24 Stunden sind verbraucht',
    ...repliesWaitAtLimit,
  ),
  SMTP_UNPROVEN: row('note')(
    'Nobody has signed in to the SMTP server yet',
    'Am SMTP-Server hat sich noch niemand angemeldet',
    'A check follows in its turn when a replica has the role send; or test the connection now.',
    'Eine Prüfung folgt der Reihe nach, wenn eine Instanz die Rolle send hat; oder testen Sie die Verbindung jetzt.',
  ),
  FLOW_UNREADABLE: row('now')(
    'The queue of the Email Flow cannot be read',
    'Die Warteschlange des Email Flows ist nicht lesbar',
    'The operators find the cause in the log.',
    'Der Betrieb findet die Ursache im Log.',
  ),
  FLOW_WITHOUT_CONSUMER: row('now', 'MailroomBacklogWithoutConsumer')(
    'Messages wait, and no consumer is connected: {count}',
    'Nachrichten warten, und kein Abnehmer ist verbunden: {count}',
    'Start the contact center’s consumer of this Email Flow.',
    'Starten Sie den Abnehmer des Contact Centers für diesen Email Flow.',
  ),
  FLOW_BEHIND: row('soon', 'MailroomConsumersBehind')(
    'The oldest message has waited for {minutes} minutes; waiting: {count}',
    'Die älteste Nachricht wartet seit {minutes} Minuten; wartend: {count}',
    'The consumers of this Email Flow are too slow or stuck: look there.',
    'Die Abnehmer dieses Email Flows sind zu langsam oder hängen: Bitte dort nachsehen.',
  ),
  FLOW_JOBS_FAILED: row('soon', 'MailroomConsumerFailed')(
    'Messages that their consumer gave up on: {count}',
    'Nachrichten, die der Abnehmer aufgegeben hat: {count}',
    'The reason is shown with each; after the fix have them tried again.',
    'Der Grund steht bei jeder; nach der Korrektur erneut einreihen.',
  ),
  FLOW_WITHOUT_SERVER: row('soon')(
    'Messages wait in an Email Flow that no email server feeds: {count}',
    'Nachrichten warten in einem Email Flow ohne E-Mail Server: {count}',
    'Move them to another Email Flow, or let its consumer finish them.',
    'Verschieben Sie sie in einen anderen Email Flow, oder lassen Sie sie vom Abnehmer fertig verarbeiten.',
  ),
  MESSAGES_QUARANTINED: row('soon', 'MailroomMessageQuarantined')(
    'Messages in quarantine: {count}',
    'Nachrichten in Quarantäne: {count}',
    'Review each one: process it again, or mark it as settled.',
    'Prüfen Sie jede: erneut verarbeiten oder als erledigt markieren.',
  ),
  REPLIES_HELD: row('now', 'MailroomRepliesHeld')(
    'Held replies: {count}',
    'Zurückgehaltene Antworten: {count}',
    'Decide on each one: send it again or drop it. The customer has no answer yet.',
    'Entscheiden Sie über jede: erneut senden oder verwerfen. Der Kunde hat noch keine Antwort.',
  ),
  REPLIES_UNCERTAIN: row('note', 'MailroomRepliesUncertain')(
    'Uncertain replies: {count}',
    'Ungeklärte Antworten: {count}',
    'Mailroom looks for them in Sent; within minutes they are settled or held.',
    'Sie werden in „Gesendete Elemente“ gesucht und binnen Minuten geklärt oder zurückgehalten.',
  ),
  REPLIES_RETRYING: row('note')(
    'Replies that are tried again: {count}',
    'Antworten, die erneut versucht werden: {count}',
    'A server refused or deferred them for now; nothing has to be done unless it lasts.',
    'Ein Server hat sie vorerst nicht angenommen; nur wenn es dauert, ist etwas zu tun.',
  ),
  REPLIES_FAILED: row('soon')(
    'Replies that failed in the last 24 hours: {count}',
    'In den letzten 24 Stunden fehlgeschlagene Antworten: {count}',
    'Each has its reason; correct it and have the reply handed in again.',
    'Jede nennt ihren Grund; beheben Sie ihn, und lassen Sie die Antwort erneut übergeben.',
  ),
  REPLIES_WITHOUT_SERVER: row('now', 'MailroomRepliesWaitForServer')(
    'Replies wait for an SMTP server that was deleted or renamed: {count}',
    'Antworten warten auf einen SMTP-Server, der gelöscht oder umbenannt wurde: {count}',
    'Make a server with this name and the same User again, and they are sent; under another User they are held for a decision.',
    'Legen Sie wieder einen Server mit diesem Namen und demselben User an, dann werden sie gesendet; unter einem anderen User werden sie bis zu einer Entscheidung zurückgehalten.',
  ),
};

export type AttentionCode = keyof typeof rows;
export const attentionRows: Readonly<Record<AttentionCode, Row>> = rows;

/** Title and what to do, with the parameters filled in. */
export function attentionText(
  code: AttentionCode,
  parameters: Readonly<Record<string, string | number>>,
  language: 'en' | 'de',
): Text {
  const { title, hint } = attentionRows[code][language];
  const shown = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'number' ? new Intl.NumberFormat(language).format(value) : value,
    ]),
  );
  return { title: fill(title, shown), hint: fill(hint, shown) };
}
