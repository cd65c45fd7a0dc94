// A message that somebody has answered outside Mailroom, in Outlook for example.
import type { Message } from '../contract/message.ts';
import type { Result } from '../contract/result.ts';
import { normalAddress } from './address.ts';

/** Who, when, and how it is known. */
export type AnsweredElsewhere = NonNullable<Result['answeredElsewhere']>;

/** What is kept for a message: a colleague's answer, or that Mailroom set \Answered. */
export type AnswerRecord = AnsweredElsewhere | { by: 'mailroom' };

/** From a mail in Sent. @param who address of its sender @param at INTERNALDATE */
export const answeredBySent = ({ who, at }: { who: string | undefined; at: Date | undefined }): AnsweredElsewhere => ({
  by: 'sent',
  ...(who === undefined ? {} : { who }),
  ...(at === undefined ? {} : { at: at.toISOString() }),
});

/** How long it is kept, in seconds. */
export const ANSWER_SECONDS = 30 * 86_400;

/** The record in a JSON text; undefined if the text contains none. */
export function answerIn(text: string | null): AnswerRecord | undefined {
  try {
    const value = JSON.parse(text ?? '') as { by?: unknown };
    return value.by === 'flag' || value.by === 'sent' || value.by === 'mailroom' ? (value as AnswerRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** A mail that refers to the message is an answer if it was sent to somebody in the message's From; a forwarded mail is not. */
export function isAnswerTo({ from, replyTo }: Pick<Message, 'from' | 'replyTo'>, to: readonly string[]): boolean {
  const theirs = new Set([...from, ...replyTo].map(({ address }) => normalAddress(address)));
  return to.some((address) => theirs.has(normalAddress(address)));
}
