// What happens to a message in the mailbox once its job is durable: it is left alone (default), flagged \Seen, or moved; never before the commit would
// survive a crash of Redis. A failure never blocks the mailbox: the UIDs stay noted in Redis and are tried again.
import type { ImapServer } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import type { Mailbox } from './ports.ts';
import type { Watched } from './watched.ts';

/**
 * @param gone whether the UID is known to have left the folder
 * @returns whether nothing is left to do
 */
export async function afterCare(
  watched: Watched,
  mailbox: Mailbox,
  gone: (uid: number) => boolean = () => false,
): Promise<boolean> {
  const { ports, server, mailboxId } = watched;
  const { afterQueued } = server;
  if (afterQueued.action === 'leave') return true;
  const noted = new Set(await ports.ledgers.afterCare(mailboxId));
  if (noted.size === 0) return true;
  if (!(await ports.ledgers.durable())) return false;
  // Read again: a Redis that crashed and restarted meanwhile may have lost the commit; what it has now is on its disk.
  const uids = (await ports.ledgers.afterCare(mailboxId)).filter((uid) => noted.has(uid));
  if (uids.length === 0) return true;
  const present = uids.filter((uid) => !gone(uid));
  for (let i = 0; i < present.length; i += 200) {
    const some = present.slice(i, i + 200);
    try {
      // Noted first: otherwise our own act would be reported as a colleague's.
      const act = afterQueued.action === 'seen' ? 'seen' : 'moved';
      if (server.mailboxEvents !== undefined)
        await ports.people.noteOwnActs(
          mailboxId,
          some.map((uid) => `${act}:${uid}` as const),
        );
      if (afterQueued.action === 'seen') await mailbox.addFlag(some, '\\Seen');
      else await mailbox.move(some, afterQueued.folder);
    } catch (error) {
      ports.emit('MessageAfterCareFailed', { server: server.name, err: asError(error), count: some.length });
      return false;
    }
  }
  await ports.ledgers.afterCareDone(mailboxId, uids);
  return true;
}

/**
 * A move that cannot be done is an error when the mailbox opens, not at the first message.
 * @throws MailroomError IMAP_FOLDER_MISSING, IMAP_MOVE_UNSUPPORTED
 */
export async function checkAfterQueued({ afterQueued }: ImapServer, mailbox: Mailbox): Promise<void> {
  if (afterQueued.action !== 'move') return;
  if (!mailbox.canMove) throw new MailroomError('IMAP_MOVE_UNSUPPORTED', { field: 'afterQueued' });
  await mailbox.requireFolder(afterQueued.folder, 'afterQueued.folder');
}
