// Colleagues see in their mailbox that a message was answered: it gets \Answered once our reply is accepted (markAnswered). The sending half notes that in
// Redis; the watcher, which has the connection, sets the flag. A failure never affects the reply: the next polls try again, a few times.
import { partsOfMessageKey } from '../contract/names.ts';
import { asError } from '../domain/errors.ts';
import type { Mailbox } from './ports.ts';
import type { Watched } from './watched.ts';

/** Most tries of one mark. */
const MOST_ATTEMPTS = 5;

export async function markAnswered(watched: Watched, mailbox: Mailbox): Promise<void> {
  const { ports, server, mailboxId, ledger } = watched;
  const { meta } = ledger;
  if (meta === undefined) return;
  const marks = await ports.people.marks(mailboxId);
  const placed = marks.map((mark) => ({ mark, parts: partsOfMessageKey(mark.messageKey) }));
  const here = placed.filter(({ parts }) => parts?.uidValidity === meta.uidValidity && parts.era === meta.era);
  const lost = placed.filter((one) => !here.includes(one)).map(({ mark }) => mark);
  if (here.length > 0) {
    const uids = here.flatMap(({ parts }) => parts?.uid ?? []).sort((a, b) => a - b);
    try {
      if (server.mailboxEvents !== undefined)
        await ports.people.noteOwnActs(
          mailboxId,
          uids.map((uid) => `answered:${uid}` as const),
        );
      await mailbox.addFlag(uids, '\\Answered');
    } catch (error) {
      const again = here.map(({ mark }) => mark).filter(({ attempts }) => attempts + 1 < MOST_ATTEMPTS);
      const given = here.map(({ mark }) => mark).filter((mark) => !again.includes(mark));
      await ports.people.markFailed(mailboxId, again);
      await ports.people.markDone(
        mailboxId,
        given.map(({ messageKey }) => messageKey),
      );
      ports.emit('MessageMarkFailed', { server: server.name, err: asError(error), count: here.length });
      return;
    }
    ports.emit('MessageMarked', { server: server.name, count: here.length });
  }
  // The folder was renumbered since: which message it was is unknown now.
  if (lost.length > 0)
    ports.emit('MessageMarkFailed', { server: server.name, reason: 'uids-reset', count: lost.length });
  await ports.people.markDone(
    mailboxId,
    marks.map(({ messageKey }) => messageKey),
  );
}
