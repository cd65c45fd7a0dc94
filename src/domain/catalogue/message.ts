// Error catalogue, section message.
import { section } from './entry.ts';

export const messageErrors = section({
  REPLAY_REFUSED: {
    class: 'transient',
    action: 'refuse',
    message: 'The UIDs of this folder cannot be matched with the ledger at present; nothing was enqueued',
    hint: {
      en: 'Let the watcher settle the mailbox first (`mailroom serve` with the role ingest); `mailroom audit` shows when it has.',
      de: 'Lassen Sie zuerst den Watcher das Postfach abgleichen (`mailroom serve` mit der Rolle ingest); `mailroom audit` zeigt, wann das geschehen ist.',
    },
  },
});
