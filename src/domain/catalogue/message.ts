// Error catalogue, section message.
import { entry, section } from './entry.ts';

export const messageErrors = section({
  REPLAY_REFUSED: entry('transient', 'refuse')(
    'The UIDs of this folder cannot be matched with the ledger at present; nothing was enqueued',
    'Let the watcher settle the mailbox first (`mailroom serve` with the role ingest); `mailroom audit` shows when it has.',
    'Lassen Sie zuerst den Watcher das Postfach abgleichen (`mailroom serve` mit der Rolle ingest); `mailroom audit` zeigt, wann das geschehen ist.',
  ),
});
