// Finds the message of a key in the jobs of the email flows.
import type { EmailFlows } from '../adapters/queue/email-flows.ts';
import type { Ledgers } from '../adapters/redis/ledgers.ts';
import type { Message } from '../contract/message.ts';
import { mailboxOfMessageKey } from '../contract/names.ts';
import { type EmailServer, isImap } from '../domain/email-server.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';

interface Readers {
  ledgers: Pick<Ledgers, 'load'>;
  flows: Pick<EmailFlows, 'readMessage'>;
  servers: () => readonly EmailServer[];
}

/**
 * Tries the flows of the mailbox, the latest first, since a message is in the one that was configured when it came; then all others, where a person may
 * have moved it.
 */
export const messageReader =
  ({ ledgers, flows, servers }: Readers) =>
  async (messageKey: string): Promise<Message | undefined> => {
    const mailbox = mailboxOfMessageKey(messageKey);
    if (mailbox === undefined) return undefined;
    const { meta } = await ledgers.load(mailbox);
    const own = (meta?.emailFlows ?? []).toReversed();
    for (const emailFlow of new Set([...own, ...servers().filter(isImap).flatMap(flowsOf)])) {
      const message = await flows.readMessage(emailFlow, messageKey);
      if (message !== undefined) return message;
    }
    return undefined;
  };
