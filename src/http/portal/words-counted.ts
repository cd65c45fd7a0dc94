// Words that follow a number, by the plural rules of each language: {count} is the number as the reader writes it.
import { fill } from '../../lib/text.ts';
import type { Language } from './words.ts';

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
  // Below a number that is shown large: without it.
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
