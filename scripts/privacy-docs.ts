// docs/en/privacy.md and docs/de/datenschutz.md, for a data-protection officer: the tables come from src/domain/retention.ts, the defaults from the
// schema of the settings.
import { structures } from '../src/adapters/redis/structures.ts';
import { entries } from '../src/config/load.ts';
import { type Retention, type RetentionKind, retention } from '../src/domain/retention.ts';

type Language = 'en' | 'de';
type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => string;

const UNITS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  Days: { en: 'days', de: 'Tage' },
  Hours: { en: 'hours', de: 'Stunden' },
  Minutes: { en: 'minutes', de: 'Minuten' },
};
const WHERE = { redis: 'Redis', blobs: 'Blob store' } as const;
const FORMS: Readonly<Record<Retention['form'], Readonly<Record<Language, string>>>> = {
  clear: { en: 'readable', de: 'lesbar' },
  encrypted: {
    en: 'encrypted where a key is configured',
    de: 'verschlüsselt, wo ein Schlüssel konfiguriert ist',
  },
  hashed: { en: 'hashes and numbers', de: 'Prüfsummen und Zahlen' },
  none: { en: 'no personal data but hashes', de: 'keine personenbezogenen Daten außer Prüfsummen' },
};
const DELETED: Readonly<Record<Retention['deletedBy'], Readonly<Record<Language, string>>>> = {
  daily: { en: 'daily, counted', de: 'täglich, gezählt' },
  expiry: { en: 'when its time is over', de: 'nach Ablauf' },
  use: { en: 'as described', de: 'wie beschrieben' },
};

function timeOf({ settings = [], days }: Retention, language: Language): string {
  if (days !== undefined) return `${days} ${UNITS.Days?.[language]}`;
  const known = new Map(entries().map(({ path, setting }) => [path, setting.default]));
  const times = settings.map((path) => {
    const unit = UNITS[/(Days|Hours|Minutes)$/.exec(path)?.[1] ?? ''];
    if (unit === undefined || typeof known.get(path) !== 'number') throw new Error(`${path} is no setting of a time`);
    return `${String(known.get(path))} ${unit[language]} (\`${path}\`)`;
  });
  return times.join('; ') || '–';
}

const rows = Object.entries(retention) as [RetentionKind, Retention][];

function keptTable(table: Table, language: Language): string {
  const head = {
    en: ['Data', 'Where, how', 'How long by default (setting)', 'Note', 'Deleted', 'Who sees it'],
    de: ['Daten', 'Wo, wie', 'Wie lange (Vorgabe, Einstellung)', 'Hinweis', 'Gelöscht', 'Wer sie sieht'],
  };
  return table(
    head[language],
    rows.map(([, row]) => [
      row.what[language],
      `${WHERE[row.where]}, ${FORMS[row.form][language]}`,
      timeOf(row, language),
      row.bound[language],
      DELETED[row.deletedBy][language],
      row.seenBy[language],
    ]),
  );
}

/** For a technical reader: what lies in Redis, by kind. */
function structureTable(table: Table, language: Language): string {
  const of = (kind: RetentionKind) =>
    new Set(structures.filter(({ kept }) => [kept].flat().includes(kind)).map(({ what }) => what));
  const head = {
    en: ['Kind in `ExpiredDataDeleted`', 'Records in Redis'],
    de: ['Art in `ExpiredDataDeleted`', 'Einträge in Redis (englisch)'],
  };
  return table(
    head[language],
    rows.map(([kind]) => [`\`${kind}\``, [...of(kind)].join(', ') || '–']),
  );
}

export function privacyEnglish(note: string, table: Table): string {
  return `${note}
# Data protection

For data-protection officers and those who answer their questions.
*Deutsch: [Datenschutz](../de/datenschutz.md).*

Mailroom carries mail between shared mailboxes and the backend of a contact center. It is operated by the organisation or its processor, in their own infrastructure; it sends nothing to its authors. It
connects only to what the configuration names: mail servers, the identity provider, Redis, the blob store, DNS for the check of the own domains, and a collector of traces if one is set. It is not the archive: the original mail stays in the mailbox
(unless \`afterQueued: move\` puts it into another folder), the ticket in the backend. What Mailroom keeps serves delivery and its proof, and goes by time.

## What is kept, where, how long, and who sees it

${keptTable(table, 'en')}

"The backend" is a program with an API token of the role \`backend\`, or one that reads the queues in Redis: anyone with the password of Redis can read what is listed there as readable. Viewers, operators and administrators are people in
the portal; viewers see the addresses of customers masked.

## Deletion
Once a day, one replica with the role \`ingest\` deletes what is past its time, and logs \`ExpiredDataDeleted\` with the number of records of each kind: what the stores reported as removed. Records that expire at their time are not in these counts. A
folder as blob store counts hourly files. \`ExpiredDataDeletionFailed\` names a kind that could not be deleted; it is tried again within the hour. So data live up to a day longer than the table says.

## Rights of a person
- **Access** (Art. 15 GDPR): \`mailroom privacy export <address>\`, the API, or the portal's page *Personal data* writes everything kept of a person to a zip of JSON and eml.
- **Erasure** (Art. 17): \`mailroom privacy erase <address>\`, or the same page; a dry run first. What stays is listed with its reason: hashes that keep a mail from being processed twice and a reply from being sent twice, and what is still in progress. Details: [operator.md](../operator.md), "Personal data: export and erase".
- Both need the permission \`privacy:manage\` (administrators), and are in the audit log with a hash of the address.
- The mailbox, the backend, and mails that were sent are outside of Mailroom's reach.

## Employees
The audit log holds the names of people who change, decide or sign in. It is kept for \`audit.changeDays\` and \`audit.signInDays\`, seen by administrators, and can be exported (\`mailroom audit export\`). With \`mailboxEvents\` (off by default) the backend learns what
colleagues do with a message in the mailbox: where a works council has a say, ask it before you turn this on.

## Logs, metrics, backups
- Log lines, metrics and traces contain no subject, text, password, token or address of a customer. They do contain names of email servers and people of the portal, ids, and the words of mail servers with addresses removed. Addresses of clients whose sign-in was refused: \`log.clientAddresses\` (\`full\`, \`network\`, \`none\`).
- How long logs are kept is decided where they are collected.
- Backups of Redis and of the blob store contain what these hold; choose a time not longer than the ones above.

## Measures
- Transport: TLS to mail servers and the identity provider is enforced unless a definition says \`tls: none\`; for Redis use \`rediss://\`, for the portal a proxy with https.
- At rest: \`blobs.encryptionKeys\` (AES-256-GCM) for mails, \`security.cacheKeys\` for tokens and secrets. Jobs in Redis are readable: encrypt its disk and backups.
- Access by roles, each change in the audit log; API tokens can be bound to email flows and email servers.
- More: [SECURITY.md](../../SECURITY.md), [operator.md](../operator.md), [configuration.md](../configuration.md).

## For technical readers: the kinds and their records in Redis

${structureTable(table, 'en')}
`;
}

export function privacyGerman(note: string, table: Table): string {
  return `${note}
# Datenschutz

Für Datenschutzbeauftragte und alle, die deren Fragen beantworten.
*English: [Data protection](../en/privacy.md).*

Mailroom befördert E-Mails zwischen gemeinsamen Postfächern und dem Backend eines Contact Centers. Betrieben wird es von der Organisation oder ihrem Auftragsverarbeiter auf eigener Infrastruktur; an seine Urheber sendet es nichts. Es
verbindet sich nur mit dem, was die Konfiguration nennt: Mailserver, Identitätsanbieter, Redis, Blob store, DNS für die Prüfung der eigenen Domänen, und einem Sammler von Traces, wenn einer eingestellt ist. Es ist kein Archiv: Die ursprüngliche E-Mail bleibt im Postfach
(sofern \`afterQueued: move\` sie nicht in einen anderen Ordner legt), der Vorgang im Backend. Was Mailroom aufbewahrt, dient der Zustellung und ihrem Nachweis und wird nach Zeit gelöscht.

## Was wo wie lange aufbewahrt wird, und wer es sieht

${keptTable(table, 'de')}

„Das Backend“ ist ein Programm mit einem API-Token der Rolle \`backend\` oder eines, das die Warteschlangen in Redis liest: Wer das Kennwort von Redis hat, kann alles lesen, was dort als lesbar aufgeführt ist. Lesezugriff, Operatoren und Administratoren sind
Personen im Portal; mit Lesezugriff sieht man Adressen von Kunden nur maskiert.

## Löschung
Einmal am Tag löscht eine Instanz mit der Rolle \`ingest\`, was über seine Zeit hinaus ist, und schreibt \`ExpiredDataDeleted\` mit der Zahl der Einträge je Art ins Log: was die Speicher als entfernt gemeldet haben. Was von selbst abläuft, ist darin nicht gezählt. Bei einem
Ordner als Blob store sind es stündliche Dateien. \`ExpiredDataDeletionFailed\` nennt eine Art, die nicht gelöscht werden konnte; innerhalb einer Stunde wird es erneut versucht. Daten leben also bis zu einem Tag länger, als die Tabelle sagt.

## Rechte einer Person
- **Auskunft** (Art. 15 DSGVO): \`mailroom privacy export <Adresse>\`, die API oder die Portalseite *Personenbezogene Daten* schreibt alles, was von einer Person aufbewahrt wird, in ein Zip aus JSON und eml.
- **Löschung** (Art. 17): \`mailroom privacy erase <Adresse>\` oder dieselbe Seite; zuerst ein Probelauf. Was bleibt, wird mit Grund aufgeführt: Prüfsummen, die verhindern, dass eine E-Mail doppelt verarbeitet oder eine Antwort doppelt gesendet wird, und was noch in Arbeit ist. Einzelheiten: [operator.md](../operator.md), „Personal data: export and erase“.
- Beides verlangt die Berechtigung \`privacy:manage\` (Administratoren) und steht mit einer Prüfsumme der Adresse im Protokoll.
- Das Postfach, das Backend und gesendete E-Mails erreicht Mailroom nicht.

## Beschäftigte
Das Protokoll enthält die Namen von Personen, die etwas ändern, entscheiden oder sich anmelden. Es wird \`audit.changeDays\` und \`audit.signInDays\` lang aufbewahrt, von Administratoren gesehen und kann exportiert werden (\`mailroom audit export\`). Mit \`mailboxEvents\` (sonst aus) erfährt das Backend,
was Kollegen im Postfach mit einer Nachricht tun: Hat ein Betriebsrat mitzubestimmen, fragen Sie ihn, bevor Sie es einschalten.

## Logs, Metriken, Sicherungen
- Logzeilen, Metriken und Traces enthalten weder Betreff noch Text, Kennwort, Token oder die Adresse eines Kunden. Sie enthalten Namen von E-Mail Servern und Personen des Portals, Kennungen und die Worte von Mailservern ohne Adressen. Adressen von Rechnern, deren Anmeldung abgelehnt wurde: \`log.clientAddresses\` (\`full\`, \`network\`, \`none\`).
- Wie lange Logs aufbewahrt werden, entscheidet sich dort, wo sie gesammelt werden.
- Sicherungen von Redis und Blob store enthalten, was diese enthalten; wählen Sie eine Frist, die nicht länger ist als die obigen.

## Maßnahmen
- Übertragung: TLS zu Mailservern und Identitätsanbieter ist Pflicht, sofern eine Definition nicht \`tls: none\` sagt; für Redis nehmen Sie \`rediss://\`, für das Portal einen Proxy mit https.
- Ablage: \`blobs.encryptionKeys\` (AES-256-GCM) für E-Mails, \`security.cacheKeys\` für Token und Geheimnisse. Aufträge in Redis sind lesbar: Verschlüsseln Sie dessen Platte und Sicherungen.
- Zugriff nach Rollen, jede Änderung im Protokoll; API-Token lassen sich an Email Flows und E-Mail Server binden.
- Mehr: [SECURITY.md](../../SECURITY.md), [operator.md](../operator.md), [configuration.md](../configuration.md) (englisch).

## Für technische Leser: die Arten und ihre Einträge in Redis

${structureTable(table, 'de')}
`;
}
