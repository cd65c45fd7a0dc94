// What the parser makes of a raw mail: the part of mailroom.message/1 that follows from the bytes alone.
import type { Message } from '../contract/message.ts';

export type ParsedMessage = Pick<
  Message,
  | 'parse'
  | 'subject'
  | 'date'
  | 'from'
  | 'sender'
  | 'replyTo'
  | 'to'
  | 'cc'
  | 'deliveredTo'
  | 'addressedTo'
  | 'headers'
  | 'text'
  | 'html'
  | 'replyText'
  | 'replyTextFrom'
  | 'preview'
  | 'stamps'
  | 'links'
  | 'attachments'
  | 'threading'
  | 'automatic'
  | 'deliveryStatus'
  | 'importance'
  | 'authenticationResults'
  | 'authentication'
  | 'warnings'
>;
