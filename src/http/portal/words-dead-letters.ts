// Words of the dead letters, in English and German.
import type { Words } from './words.ts';

export const deadLetterWords = {
  deadLetters: { en: 'Dead letters', de: 'Aufgegebene Nachrichten' },
  deadMenu: { en: 'Dead letters', de: 'Aufgegebene' },
  deadLettersLead: {
    en: 'Messages that the consumer of their Email Flow has given up, with what it said. They are kept for 30 days unless you decide earlier; the mails themselves stay in their mailboxes.',
    de: 'Nachrichten, die der Abnehmer ihres Email Flows aufgegeben hat, mit seiner Begründung. Sie bleiben 30 Tage erhalten, wenn Sie nicht früher entscheiden; die E-Mails selbst bleiben in ihren Postfächern.',
  },
  noneDead: { en: 'No message was given up', de: 'Keine Nachricht wurde aufgegeben' },
  noneDeadHelp: {
    en: 'The consumers have processed every message, or have not taken it yet.',
    de: 'Die Abnehmer haben jede Nachricht verarbeitet oder noch nicht übernommen.',
  },
  gaveUp: { en: 'Given up', de: 'Aufgegeben' },
  'dead-retry': { en: 'Try again', de: 'Erneut einreihen' },
  'dead-retryWhat': {
    en: 'Their consumer gets these messages once more, with all its attempts. Useful when the cause is gone.',
    de: 'Der Abnehmer erhält diese Nachrichten noch einmal, mit allen Versuchen. Sinnvoll, wenn die Ursache behoben ist.',
  },
  'dead-move': { en: 'Move', de: 'Verschieben' },
  'dead-moveWhat': {
    en: 'These messages go to another Email Flow, whose consumer gets them.',
    de: 'Diese Nachrichten gehen in einen anderen Email Flow, dessen Abnehmer sie erhält.',
  },
  'dead-delete': { en: 'Delete', de: 'Löschen' },
  'dead-deleteWhat': {
    en: 'The contact center never gets these messages. The mails stay in their mailboxes; `mailroom replay` can queue them again. This cannot be undone here.',
    de: 'Das Contact Center erhält diese Nachrichten nie. Die E-Mails bleiben in ihren Postfächern; `mailroom replay` kann sie erneut einreihen. Hier lässt sich das nicht rückgängig machen.',
  },
  'did-dead-letter-retry': { en: 'dead letter: queued again', de: 'aufgegebene Nachricht: erneut eingereiht' },
  'did-dead-letter-move': {
    en: 'dead letter: moved to another email flow',
    de: 'aufgegebene Nachricht: in anderen Email Flow verschoben',
  },
  'did-dead-letter-delete': { en: 'dead letter: deleted', de: 'aufgegebene Nachricht: gelöscht' },
} as const satisfies Words;
