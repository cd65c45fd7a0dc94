// The portal's words: a page says `say('save')` and gets it in the language of the person. The words themselves stand beside, by page.
import { fill } from '../../lib/text.ts';
import { frameWords } from './words-frame.ts';
import { operationWords } from './words-operation.ts';
import { serverWords } from './words-servers.ts';

export type Language = 'en' | 'de';
export type Words = Readonly<Record<string, Readonly<Record<Language, string>>>>;

const words = { ...frameWords, ...serverWords, ...operationWords };

export type Word = keyof typeof words;
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
