// Commands of the watcher in a mailbox that people use too: reading their flags and the state of Sent, and setting flags of our own.
import type { ImapFlow } from 'imapflow';
import { MailroomError } from '../../domain/errors.ts';
import type { Mailbox } from '../../inbound/ports.ts';
import { sentAmong } from './folders.ts';

/** UIDs as ranges: few characters, never `*`. */
export function sequenceSet(uids: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < uids.length; ) {
    let j = i;
    while (j + 1 < uids.length && uids[j + 1] === (uids[j] as number) + 1) j++;
    parts.push(i === j ? `${uids[i]}` : `${uids[i]}:${uids[j]}`);
    i = j + 1;
  }
  return parts.join(',');
}

/** @param answer runs one command, within a time limit in ms */
export function peopleCommands(
  client: ImapFlow,
  answer: <T>(command: () => Promise<T>, ms?: number) => Promise<T>,
  answerMs: number,
): Pick<Mailbox, 'flags' | 'sentStatus' | 'addFlag'> {
  let sent: { folder: string | undefined } | undefined;
  return {
    async flags(low, since) {
      const options = { uid: true, ...(since === undefined ? {} : { changedSince: BigInt(since) }) };
      const rows = await answer(() => client.fetchAll(`${low}:*`, { uid: true, flags: true }, options), 2 * answerMs);
      const found = new Map<number, { seen: boolean; answered: boolean }>();
      // `n:*` always returns the last message.
      for (const { uid, flags } of rows)
        if (uid >= low && flags !== undefined)
          found.set(uid, { seen: flags.has('\\Seen'), answered: flags.has('\\Answered') });
      return found;
    },
    async sentStatus() {
      sent ??= { folder: sentAmong(await answer(() => client.list())) };
      const { folder } = sent;
      if (folder === undefined) return undefined;
      const said = await answer(() => client.status(folder, { uidNext: true, uidValidity: true }));
      if (said === false || said?.uidNext === undefined || said.uidValidity === undefined) return undefined;
      return { folder, uidNext: said.uidNext, uidValidity: String(said.uidValidity) };
    },
    async addFlag(uids, flag) {
      const done = await answer(() => client.messageFlagsAdd(sequenceSet(uids), [flag], { uid: true }));
      if (!done)
        throw new MailroomError('IMAP_COMMAND_FAILED', {
          message: 'STORE was refused',
          remote: { system: 'imap', command: 'UID STORE' },
        });
    },
  };
}
