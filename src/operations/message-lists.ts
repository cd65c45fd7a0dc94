// What the lists of messages share (quarantine, dead letters): names of the servers by mailbox, whose messages they are, and what is shown of one.
import type { Message } from '../contract/message.ts';
import { mailboxId } from '../contract/names.ts';
import { type EmailServer, isImap } from '../domain/email-server.ts';
import type { FindIndex } from '../domain/found.ts';

/** mailboxId → name of the IMAP server that watches it. */
export const namesByMailbox = (servers: readonly EmailServer[]): Map<string, string> =>
  new Map(servers.filter(isImap).map((one) => [mailboxId(one), one.name]));

/** Keys of a person's messages and replies, as far back as the index goes. */
export const keysOfPerson = async (index: Pick<FindIndex, 'find'>, person: string): Promise<ReadonlySet<string>> =>
  new Set((await index.find(person)).found.map(({ id }) => id));

/** Subject and sender are for permitted people only: the page decides. */
export function listed(message: Message | undefined): { subject?: string; sender?: string; date?: string } {
  if (message === undefined) return {};
  const [sender] = message.from ?? []; // a job that somebody wrote wrongly has none
  return {
    ...(message.subject === undefined ? {} : { subject: message.subject }),
    ...(sender === undefined ? {} : { sender: sender.address }),
    date: message.date ?? message.receivedAt,
  };
}
