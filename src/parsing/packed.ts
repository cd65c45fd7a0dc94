// A parsed mail as a worker hands it to the main thread: its bodies, nearly all of it, are already the JSON of its job. The main thread passes those bytes on
// to Redis without making strings of them: cloned as strings, and written as JSON there, they cost 40 µs a mail and memory in two heaps.
import { signedTokens } from '../domain/conversation.ts';
import type { ParsedMessage } from '../mime/index.ts';

type Bodies = Pick<ParsedMessage, 'text' | 'html' | 'replyText'>;

export type PackedMessage = Omit<ParsedMessage, keyof Bodies> & {
  /** text, html and replyText, as far as present, as one JSON object in UTF-8. */
  bodies?: Uint8Array;
  /** Possible tokens of ours in the text. */
  tokens?: string;
};

/** @param write puts a text somewhere, as UTF-8 */
export function packed(parsed: ParsedMessage, write: (json: string) => Uint8Array): PackedMessage {
  const { text, html, replyText, ...head } = parsed;
  if (text === undefined && html === undefined && replyText === undefined) return head;
  const tokens = text === undefined ? '' : signedTokens(text.value);
  return {
    ...head,
    bodies: write(JSON.stringify({ text, html, replyText })),
    ...(tokens === '' ? {} : { tokens }),
  };
}

/** With its bodies as values again. */
export function unpacked<T extends { bodies?: Uint8Array | undefined; tokens?: string }>({
  bodies,
  tokens: _tokens,
  ...head
}: T): Omit<T, 'bodies' | 'tokens'> & Bodies {
  return bodies === undefined ? head : { ...head, ...(JSON.parse(Buffer.from(bodies).toString()) as Bodies) };
}

/**
 * Frees the memory of bodies that a worker wrote, and of all that it wrote in the same request: the garbage collector does not know how much memory such
 * small objects hold (10 MB lingered in a drain). They are empty afterwards.
 */
export function dropBodies({ bodies }: PackedMessage): void {
  if (bodies?.buffer instanceof ArrayBuffer && !bodies.buffer.detached) bodies.buffer.transfer(0);
}
