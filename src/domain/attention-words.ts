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

export const attentionRows = {
  REDIS_TROUBLE: {
    urgency: 'now',
    alert: 'MailroomRedisTrouble',
    en: {
      title: 'Redis takes no writes: {code}',
      hint: 'Nothing is fetched or sent until it does. Free memory or disk, or restore the connection; mail is safe in the mailboxes.',
    },
    de: {
      title: 'Redis nimmt keine Schreibzugriffe an: {code}',
      hint: 'Solange wird nichts abgerufen oder gesendet. Schaffen Sie Speicher oder Plattenplatz, oder stellen Sie die Verbindung wieder her; die E-Mails sind in den Postfächern sicher.',
    },
  },
  REDIS_UNFIT: {
    urgency: 'now',
    alert: 'MailroomRedisUnfit',
    en: {
      title: 'Redis has settings that may lose jobs',
      hint: 'Set maxmemory-policy noeviction on every node that can become the primary. A process that starts now would refuse this Redis.',
    },
    de: {
      title: 'Redis ist so eingestellt, dass Aufträge verloren gehen können',
      hint: 'Setzen Sie maxmemory-policy noeviction auf jedem Knoten, der primär werden kann. Ein Prozess, der jetzt startet, würde dieses Redis ablehnen.',
    },
  },
  REDIS_DURABILITY_LOST: {
    urgency: 'soon',
    alert: 'MailroomRedisUnfit',
    en: {
      title: 'Redis no longer writes an append-only file that Mailroom can wait for',
      hint: 'Set appendonly yes on every node that can become the primary, and use Redis 7.2 or newer. Until then a crash of Redis may lose replies taken a moment before.',
    },
    de: {
      title: 'Redis schreibt keine Append-only-Datei mehr, auf die Mailroom warten kann',
      hint: 'Setzen Sie appendonly yes auf jedem Knoten, der primär werden kann, und verwenden Sie Redis 7.2 oder neuer. Bis dahin kann ein Absturz von Redis eben angenommene Antworten verlieren.',
    },
  },
  BLOB_STORE_TROUBLE: {
    urgency: 'now',
    alert: 'MailroomBlobStoreTrouble',
    en: { title: 'The blob store takes no writes: {code}', hint: 'Check its free space, credentials and connection.' },
    de: {
      title: 'Der Blob-Speicher nimmt keine Schreibzugriffe an: {code}',
      hint: 'Prüfen Sie freien Platz, Zugangsdaten und Verbindung.',
    },
  },
  REDIS_KEYS_DAMAGED: {
    urgency: 'soon',
    alert: 'MailroomRedisKeyQuarantined',
    en: {
      title: 'Keys in Redis that held something else than they must: {count}',
      hint: 'The operators find them with the status of the API; each has its reason there.',
    },
    de: {
      title: 'Schlüssel in Redis mit falschem Inhalt: {count}',
      hint: 'Der Betrieb findet sie mit Begründung im Status der API.',
    },
  },
  NO_REPLICA: {
    urgency: 'now',
    alert: 'MailroomMailboxNotWatched',
    en: { title: 'No replica fetches emails', hint: 'Start a replica with the role ingest.' },
    de: { title: 'Keine Instanz ruft E-Mails ab', hint: 'Starten Sie eine Instanz mit der Rolle ingest.' },
  },
  MAILBOX_NOT_WATCHED: {
    urgency: 'now',
    alert: 'MailroomMailboxNotWatched',
    en: { title: 'The mailbox is not watched', hint: 'Test the connection; the server’s answer says what to do.' },
    de: {
      title: 'Das Postfach wird nicht überwacht',
      hint: 'Testen Sie die Verbindung; die Antwort des Servers nennt die Abhilfe.',
    },
  },
  FETCHING_PAUSED: {
    urgency: 'soon',
    alert: 'MailroomFetchingPaused',
    en: {
      title: 'Fetching is paused: {code}',
      hint: 'It resumes automatically when the cause is gone; until then mail waits in the mailbox.',
    },
    de: {
      title: 'Das Abrufen ist angehalten: {code}',
      hint: 'Es läuft weiter, sobald die Ursache behoben ist; bis dahin warten die E-Mails im Postfach.',
    },
  },
  MAILBOX_SILENT: {
    urgency: 'soon',
    alert: 'MailroomMailboxSilent',
    en: {
      title: 'The mailbox is watched, but no mail has come for {hours} hours',
      hint: 'Send a mail to it from outside, and check forwarding, MX records and mail flow rules. At Exchange Online also: Reject Direct Send refuses web forms and devices that send from your own domain without signing in (550 5.7.68), and a shared mailbox without a licence takes no more mail at 50 GB (senders get 5.2.2).',
    },
    de: {
      title: 'Das Postfach wird überwacht, aber seit {hours} Stunden kam keine E-Mail',
      hint: 'Senden Sie eine E-Mail von außen, und prüfen Sie Weiterleitung, MX-Einträge und Nachrichtenflussregeln. Bei Exchange Online auch: „Reject Direct Send“ lehnt Webformulare und Geräte ab, die ohne Anmeldung von der eigenen Domäne senden (550 5.7.68), und ein gemeinsames Postfach ohne Lizenz nimmt ab 50 GB nichts mehr an (Absender erhalten 5.2.2).',
    },
  },
  SERVER_INVALID: {
    urgency: 'now',
    alert: 'MailroomConfigurationInvalid',
    en: { title: 'The definition has errors and is not in use', hint: 'Correct the fields that are named.' },
    de: { title: 'Die Definition enthält Fehler und ist nicht aktiv', hint: 'Korrigieren Sie die genannten Felder.' },
  },
  SERVER_WARNING: {
    urgency: 'soon',
    en: { title: 'The definition has warnings: {count}', hint: 'Open the email server; each warning says what to do.' },
    de: {
      title: 'Warnungen zur Definition: {count}',
      hint: 'Öffnen Sie den E-Mail Server; jede Warnung nennt die Abhilfe.',
    },
  },
  CREDENTIAL_ENDS: {
    urgency: 'soon',
    alert: 'MailroomCredentialEnds',
    en: {
      title: 'The client secret ends or has ended',
      hint: 'Add a certificate or a new secret before it ends, and put it first in the configuration.',
    },
    de: {
      title: 'Der geheime Clientschlüssel läuft ab oder ist abgelaufen',
      hint: 'Fügen Sie rechtzeitig ein Zertifikat oder einen neuen Clientschlüssel hinzu, in der Konfiguration an erster Stelle.',
    },
  },
  SIGN_IN_ENDS: {
    urgency: 'soon',
    alert: 'MailroomSignInEnds',
    en: {
      title: 'The delegated sign-in ends in {count} days',
      hint: 'It renews itself while the server is in use; otherwise sign in again on the page of the server.',
    },
    de: {
      title: 'Die delegierte Anmeldung endet in {count} Tagen',
      hint: 'Sie erneuert sich, solange der Server in Gebrauch ist; melden Sie sich sonst auf der Seite des Servers erneut an.',
    },
  },
  SIGN_IN_NEEDED: {
    urgency: 'now',
    alert: 'MailroomSignInNeeded',
    en: { title: 'A person has to sign in: {code}', hint: 'Open the email server and choose “Sign in and consent”.' },
    de: {
      title: 'Eine Person muss sich anmelden: {code}',
      hint: 'Öffnen Sie den E-Mail Server und wählen Sie „Anmelden und zustimmen“.',
    },
  },
  SMTP_PAUSED: {
    urgency: 'now',
    alert: 'MailroomServerPaused',
    en: { title: 'Sending is paused by {by}', hint: 'Its replies wait until a person resumes it.' },
    de: {
      title: 'Der Versand ist angehalten, von {by}',
      hint: 'Die Antworten warten, bis jemand den Versand fortsetzt.',
    },
  },
  SMTP_RETRYING: {
    urgency: 'now',
    alert: 'MailroomServerPaused',
    en: {
      title: 'The SMTP server is not connected: {code}',
      hint: 'It is tried again automatically; test the connection for the cause.',
    },
    de: {
      title: 'Der SMTP-Server ist nicht verbunden: {code}',
      hint: 'Es wird automatisch erneut versucht; der Verbindungstest nennt die Ursache.',
    },
  },
  RECIPIENTS_LIMIT_REACHED: {
    urgency: 'now',
    alert: 'MailroomRecipientsNearLimit',
    en: {
      title: 'The limit of {limit} recipients in 24 hours is reached',
      hint: 'Replies wait (none fails) until older ones are 24 hours old. Send part of them through an SMTP server with another User; with app-only sign-in each mailbox has a limit of its own.',
    },
    de: {
      title: 'Die Grenze von {limit} Empfängern in 24 Stunden ist erreicht',
      hint: 'Antworten warten (keine geht verloren), bis ältere 24 Stunden zurückliegen. Senden Sie einen Teil über einen SMTP-Server mit anderem User; mit App-Anmeldung hat jedes Postfach seine eigene Grenze.',
    },
  },
  RECIPIENTS_LIMIT_AHEAD: {
    urgency: 'soon',
    alert: 'MailroomRecipientsNearLimit',
    en: {
      title: '{used} of {limit} recipients in 24 hours; at the present rate the limit is reached in {minutes} minutes',
      hint: 'At the limit, replies wait (none fails) until older ones are 24 hours old. Send part of them through an SMTP server with another User; with app-only sign-in each mailbox has a limit of its own.',
    },
    de: {
      title:
        '{used} von {limit} Empfängern in 24 Stunden; im jetzigen Tempo ist die Grenze in {minutes} Minuten erreicht',
      hint: 'An der Grenze warten die Antworten (keine geht verloren), bis ältere 24 Stunden zurückliegen. Senden Sie einen Teil über einen SMTP-Server mit anderem User; mit App-Anmeldung hat jedes Postfach seine eigene Grenze.',
    },
  },
  RECIPIENTS_NEAR_LIMIT: {
    urgency: 'soon',
    alert: 'MailroomRecipientsNearLimit',
    en: {
      title: '{used} of {limit} recipients in 24 hours are used',
      hint: 'At the limit, replies wait (none fails) until older ones are 24 hours old. Send part of them through an SMTP server with another User; with app-only sign-in each mailbox has a limit of its own.',
    },
    de: {
      title: '{used} von {limit} Empfängern in 24 Stunden sind verbraucht',
      hint: 'An der Grenze warten die Antworten (keine geht verloren), bis ältere 24 Stunden zurückliegen. Senden Sie einen Teil über einen SMTP-Server mit anderem User; mit App-Anmeldung hat jedes Postfach seine eigene Grenze.',
    },
  },
  SMTP_UNPROVEN: {
    urgency: 'note',
    en: {
      title: 'Nobody has signed in to the SMTP server yet',
      hint: 'A check follows in its turn when a replica has the role send; or test the connection now.',
    },
    de: {
      title: 'Am SMTP-Server hat sich noch niemand angemeldet',
      hint: 'Eine Prüfung folgt der Reihe nach, wenn eine Instanz die Rolle send hat; oder testen Sie die Verbindung jetzt.',
    },
  },
  FLOW_UNREADABLE: {
    urgency: 'now',
    en: { title: 'The queue of the Email Flow cannot be read', hint: 'The operators find the cause in the log.' },
    de: {
      title: 'Die Warteschlange des Email Flows ist nicht lesbar',
      hint: 'Der Betrieb findet die Ursache im Log.',
    },
  },
  FLOW_WITHOUT_CONSUMER: {
    urgency: 'now',
    alert: 'MailroomBacklogWithoutConsumer',
    en: {
      title: 'Messages wait, and no consumer is connected: {count}',
      hint: 'Start the contact center’s consumer of this Email Flow.',
    },
    de: {
      title: 'Nachrichten warten, und kein Abnehmer ist verbunden: {count}',
      hint: 'Starten Sie den Abnehmer des Contact Centers für diesen Email Flow.',
    },
  },
  FLOW_BEHIND: {
    urgency: 'soon',
    alert: 'MailroomConsumersBehind',
    en: {
      title: 'The oldest message has waited for {minutes} minutes; waiting: {count}',
      hint: 'The consumers of this Email Flow are too slow or stuck: look there.',
    },
    de: {
      title: 'Die älteste Nachricht wartet seit {minutes} Minuten; wartend: {count}',
      hint: 'Die Abnehmer dieses Email Flows sind zu langsam oder hängen: Bitte dort nachsehen.',
    },
  },
  FLOW_JOBS_FAILED: {
    urgency: 'soon',
    alert: 'MailroomConsumerFailed',
    en: {
      title: 'Messages that their consumer gave up on: {count}',
      hint: 'The reason is shown with each; after the fix have them tried again.',
    },
    de: {
      title: 'Nachrichten, die der Abnehmer aufgegeben hat: {count}',
      hint: 'Der Grund steht bei jeder; nach der Korrektur erneut einreihen.',
    },
  },
  FLOW_WITHOUT_SERVER: {
    urgency: 'soon',
    en: {
      title: 'Messages wait in an Email Flow that no email server feeds: {count}',
      hint: 'Move them to another Email Flow, or let its consumer finish them.',
    },
    de: {
      title: 'Nachrichten warten in einem Email Flow ohne E-Mail Server: {count}',
      hint: 'Verschieben Sie sie in einen anderen Email Flow, oder lassen Sie sie vom Abnehmer fertig verarbeiten.',
    },
  },
  MESSAGES_QUARANTINED: {
    urgency: 'soon',
    alert: 'MailroomMessageQuarantined',
    en: { title: 'Messages in quarantine: {count}', hint: 'Review each one: process it again, or mark it as settled.' },
    de: {
      title: 'Nachrichten in Quarantäne: {count}',
      hint: 'Prüfen Sie jede: erneut verarbeiten oder als erledigt markieren.',
    },
  },
  REPLIES_HELD: {
    urgency: 'now',
    alert: 'MailroomRepliesHeld',
    en: {
      title: 'Held replies: {count}',
      hint: 'Decide on each one: send it again or drop it. The customer has no answer yet.',
    },
    de: {
      title: 'Zurückgehaltene Antworten: {count}',
      hint: 'Entscheiden Sie über jede: erneut senden oder verwerfen. Der Kunde hat noch keine Antwort.',
    },
  },
  REPLIES_UNCERTAIN: {
    urgency: 'note',
    alert: 'MailroomRepliesUncertain',
    en: {
      title: 'Uncertain replies: {count}',
      hint: 'Mailroom looks for them in Sent; within minutes they are settled or held.',
    },
    de: {
      title: 'Ungeklärte Antworten: {count}',
      hint: 'Sie werden in „Gesendete Elemente“ gesucht und binnen Minuten geklärt oder zurückgehalten.',
    },
  },
  REPLIES_RETRYING: {
    urgency: 'note',
    en: {
      title: 'Replies that are tried again: {count}',
      hint: 'A server refused or deferred them for now; nothing has to be done unless it lasts.',
    },
    de: {
      title: 'Antworten, die erneut versucht werden: {count}',
      hint: 'Ein Server hat sie vorerst nicht angenommen; nur wenn es dauert, ist etwas zu tun.',
    },
  },
  REPLIES_FAILED: {
    urgency: 'soon',
    en: {
      title: 'Replies that failed in the last 24 hours: {count}',
      hint: 'Each has its reason; correct it and have the reply handed in again.',
    },
    de: {
      title: 'In den letzten 24 Stunden fehlgeschlagene Antworten: {count}',
      hint: 'Jede nennt ihren Grund; beheben Sie ihn, und lassen Sie die Antwort erneut übergeben.',
    },
  },
  REPLIES_WITHOUT_SERVER: {
    urgency: 'now',
    alert: 'MailroomRepliesWaitForServer',
    en: {
      title: 'Replies wait for an SMTP server that was deleted or renamed: {count}',
      hint: 'Make a server with this name and the same User again, and they are sent; under another User they are held for a decision.',
    },
    de: {
      title: 'Antworten warten auf einen SMTP-Server, der gelöscht oder umbenannt wurde: {count}',
      hint: 'Legen Sie wieder einen Server mit diesem Namen und demselben User an, dann werden sie gesendet; unter einem anderen User werden sie bis zu einer Entscheidung zurückgehalten.',
    },
  },
} as const satisfies Record<string, Row>;

export type AttentionCode = keyof typeof attentionRows;

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
