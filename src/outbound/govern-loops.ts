// Refuses automatic replies that would loop or annoy, whatever the backend requests (RFC 3834): to mail that must not be answered automatically, to our own
// addresses, and more than a few a day for each recipient and conversation.
import type { Message } from '../contract/message.ts';
import type { Reply } from '../contract/reply.ts';
import { normalAddress } from '../domain/address.ts';
import { MailroomError } from '../domain/errors.ts';
import { permittedFrom } from '../domain/sender-policy.ts';
import { DAY_MS } from '../lib/time.ts';
import type { OutboundDeps, OutboundSettings } from './ports.ts';

/** An address without its plus tag: a budget for each tag would be no limit. */
function correspondentOf(address: string): string {
  const normal = normalAddress(address) ?? address;
  const at = normal.lastIndexOf('@');
  const plus = normal.indexOf('+');
  return plus > 0 && plus < at ? normal.slice(0, plus) + normal.slice(at) : normal;
}

/**
 * @param answered the message that the reply answers, if known
 * @throws MailroomError AUTO_REPLY_TO_AUTOMATIC, AUTO_REPLY_TO_SELF, AUTO_REPLY_BUDGET
 */
export async function governLoops(
  deps: Pick<OutboundDeps, 'pace' | 'servers' | 'ownAddresses'>,
  settings: OutboundSettings,
  reply: Reply,
  recipients: readonly string[],
  answered: Pick<Message, 'automatic'> | undefined,
): Promise<void> {
  if (reply.answers?.automatic === true || answered?.automatic.mayAutoRespond === false)
    throw new MailroomError('AUTO_REPLY_TO_AUTOMATIC', { field: 'answers.automatic' });
  const correspondents = [...new Set(recipients.map(correspondentOf))];
  const sending = deps.servers().flatMap((server) => permittedFrom(server).map(({ address }) => address));
  const own = new Set([...sending, ...(deps.ownAddresses?.() ?? [])].map(correspondentOf));
  if (correspondents.some((address) => own.has(address)))
    throw new MailroomError('AUTO_REPLY_TO_SELF', { field: 'to' });
  const over = await deps.pace.automaticBudget({
    token: reply.replyId,
    correspondents,
    conversation: reply.conversationId ?? reply.answers?.references?.[0] ?? reply.answers?.messageId ?? reply.replyId,
    perCorrespondent: settings.automaticPerCorrespondent,
    perConversation: settings.automaticPerConversation,
    windowMs: DAY_MS,
  });
  if (over === undefined) return;
  const budget = over === 'correspondent' ? settings.automaticPerCorrespondent : settings.automaticPerConversation;
  throw new MailroomError('AUTO_REPLY_BUDGET', {
    message: `This ${over} has had its ${budget} automatic replies in 24 hours`,
    field: 'automatic',
  });
}
