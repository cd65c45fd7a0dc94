// What the lists of messages share (quarantine, dead letters): names of the servers by mailbox, the messages of a person, and the fields that are shown.
import type { Message } from '../contract/message.ts';
import { mailboxId } from '../contract/names.ts';
import { type EmailServer, isImap } from '../domain/email-server.ts';
import type { FindIndex } from '../domain/found.ts';
import { defined } from '../lib/defined.ts';

/** mailboxId → name of the IMAP server that watches it. */
export const namesByMailbox = (servers: readonly EmailServer[]): Map<string, string> =>
  new Map(servers.filter(isImap).map((one) => [mailboxId(one), one.name]));

/** Whether a key is one of a person's messages, as far back as the index goes; any key when no person is wanted. */
export async function ofPerson(
  index: Pick<FindIndex, 'find'>,
  person: string | undefined,
): Promise<(key: string) => boolean> {
  if (person === undefined) return () => true;
  const keys = new Set((await index.find(person)).found.map(({ id }) => id));
  return (key) => keys.has(key);
}

/** Subject and sender are for permitted people only: the page decides. */
export function listed(message: Message | undefined): { subject?: string; sender?: string; date?: string } {
  if (message === undefined) return {};
  const [sender] = message.from ?? []; // a job that somebody wrote wrongly has none
  const { subject, date = message.receivedAt } = message;
  return { ...defined({ subject, sender: sender?.address }), date };
}
