// What a reply takes from the message it answers. The customer wrote that message, so nothing in it may prevent an answer: decoration is shortened or
// left out, and an invalid Reply-To is replaced by From. Pure.
import type { Address, Message } from '../contract/message.ts';
import type { ReplyInput } from '../contract/reply.ts';
import { parseAddress } from '../domain/address.ts';

/** Bounds of mailroom.reply/1. */
const MOST = { subject: 2000, name: 200, id: 998, thread: 2000, recipients: 50, references: 50 } as const;
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;
const hasControl = (text: string) => text.search(CONTROL) >= 0;

const oneLine = (text: string, most: number): string =>
  Array.from(
    text
      .slice(0, 2 * most)
      .toWellFormed()
      .replace(CONTROL, ' ')
      .trim(),
  )
    .join('')
    .slice(0, most)
    .toWellFormed();

/** An id or index is useful only as a whole. */
const whole = (text: string | undefined, most: number): string | undefined =>
  text === undefined || text.length > most || hasControl(text) ? undefined : text;

/** Valid addresses; a name that does not fit is left out, and its address stays. */
function recipients(addresses: readonly Address[]): { name?: string; address: string }[] {
  return addresses.slice(0, MOST.recipients).flatMap(({ name, address }) => {
    if (!parseAddress({ address }).ok) return [];
    const shown = oneLine(name, MOST.name);
    return [shown === '' ? { address } : { name: shown, address }];
  });
}

export function answering(message: Message): Pick<ReplyInput, 'to' | 'subject' | 'conversationId' | 'answers'> {
  const { threading, subject } = message;
  const wished = recipients(message.replyTo);
  const own = oneLine(subject, MOST.subject);
  const prefixed = /^(re|aw|antw|sv|odp|r|rif|res)\s*:/i.test(own) ? own : `Re: ${own}`;
  return {
    to: wished.length > 0 ? wished : recipients(message.from),
    subject: oneLine(prefixed, MOST.subject),
    conversationId: message.conversation.id,
    answers: {
      messageKey: message.messageKey,
      mailbox: message.mailbox,
      ...(message.addressedTo === undefined
        ? {}
        : { addressedTo: [...new Set(message.addressedTo.map(({ address }) => address))].slice(0, 20) }),
      subject: own,
      automatic: mayNotAutoRespond(message),
      references: threading.references
        .map((id) => whole(id, MOST.id))
        .filter((id) => id !== undefined)
        .slice(-MOST.references),
      messageId: whole(threading.messageId, MOST.id),
      threadTopic: threading.threadTopic && oneLine(threading.threadTopic, MOST.thread),
      threadIndex: whole(threading.threadIndex, MOST.thread),
    },
  };
}

export const mayNotAutoRespond = ({ automatic }: Message): boolean =>
  automatic.kind !== 'none' || !automatic.mayAutoRespond;
