// Words of the page about personal data, in English and German.
import type { Words } from './words.ts';

export const privacyWords = {
  privacy: { en: 'Personal data', de: 'Personendaten' },
  privacyLead: {
    en: 'Everything Mailroom keeps of a person, found by email address. Mails in the mailbox and records of the contact center are not touched.',
    de: 'Alles, was Mailroom zu einer Person aufbewahrt, gefunden über die E-Mail-Adresse. E-Mails im Postfach und Daten des Contact Centers bleiben unberührt.',
  },
  privacyAddress: { en: 'Email address of the person', de: 'E-Mail-Adresse der Person' },
  privacyFound: { en: 'Found', de: 'Gefunden' },
  privacyNothing: { en: 'Nothing is kept of this address.', de: 'Zu dieser Adresse ist nichts gespeichert.' },
  privacyGoes: { en: 'Would be erased', de: 'Würde gelöscht' },
  privacyErased: { en: 'Erased', de: 'Gelöscht' },
  privacyStays: { en: 'Stays', de: 'Bleibt' },
  privacyHashes: {
    en: 'Hashes and numbers without content stay until they expire, so that no email is processed twice and no reply is sent twice.',
    de: 'Prüfsummen und Nummern ohne Inhalt bleiben bis zu ihrem Ablauf, damit keine E-Mail doppelt verarbeitet und keine Antwort doppelt gesendet wird.',
  },
  privacyUnsearched: {
    en: '{count} files of raw mails by an older version cannot be searched; the newest was written {newest}. They are deleted when their retention ends.',
    de: '{count} Dateien mit Originalnachrichten einer älteren Version sind nicht durchsuchbar; die neueste wurde am {newest} geschrieben. Sie werden nach Ablauf der Aufbewahrungsfrist gelöscht.',
  },
  privacyUnreadable: {
    en: '{count} stored mails could not be read.',
    de: '{count} gespeicherte E-Mails waren nicht lesbar.',
  },
  privacyExport: { en: 'Download everything (zip)', de: 'Alles herunterladen (zip)' },
  privacyErase: { en: 'Erase', de: 'Löschen' },
  privacyAlsoWaiting: {
    en: 'Also messages that the contact center has not taken yet, and replies that have not been sent',
    de: 'Auch Nachrichten, die das Contact Center noch nicht abgeholt hat, und Antworten, die noch nicht gesendet sind',
  },
  'part-messages': { en: 'Messages', de: 'Nachrichten' },
  'part-mailbox-events': { en: 'Mailbox events', de: 'Ereignisse im Postfach' },
  'part-reply-jobs': { en: 'Replies in the queue', de: 'Antworten in der Warteschlange' },
  'part-replies': { en: 'Journal of replies', de: 'Journal der Antworten' },
  'part-reply-outcomes': { en: 'Outcomes of replies', de: 'Ergebnisse von Antworten' },
  'part-mails': { en: 'Stored mails', de: 'Gespeicherte E-Mails' },
  'part-audit': { en: 'Entries under Changes', de: 'Einträge unter Änderungen' },
  'part-set-aside': { en: 'Unreadable records set aside', de: 'Beiseitegelegte unlesbare Einträge' },
  'part-other': { en: 'Other', de: 'Sonstiges' },
  'stays-waiting': { en: 'nobody has taken it yet', de: 'noch von niemandem abgeholt' },
  'stays-at-work': { en: 'being processed right now', de: 'wird gerade verarbeitet' },
  'stays-undecided': {
    en: 'may have left already; Mailroom is looking for it, or a decision is due',
    de: 'ist vielleicht schon versendet; Mailroom sucht danach, oder eine Entscheidung steht aus',
  },
  'stays-needed': {
    en: 'needed by a reply that has not been sent',
    de: 'wird für eine noch nicht gesendete Antwort gebraucht',
  },
  'stays-just-stored': {
    en: 'stored within the last hour; its message may be on its way',
    de: 'in der letzten Stunde gespeichert; die zugehörige Nachricht ist vielleicht unterwegs',
  },
  'stays-not-ours': {
    en: 'not a record that is erased automatically',
    de: 'kein Eintrag, der automatisch gelöscht wird',
  },
  'did-privacy-export': { en: 'personal data exported', de: 'Personendaten exportiert' },
  'did-privacy-erase': { en: 'personal data erased', de: 'Personendaten gelöscht' },
} as const satisfies Words;
