// The whole text or html of a message, also where the message has only the beginning: inline, or decoded from the raw mail. A text that was made from html is
// made again from the whole html.
import type { BlobReference, Message, TextPart } from '../contract/message.ts';
import { limited } from '../lib/limited.ts';
import { collect } from '../lib/streams.ts';
import { wholeText } from '../mime/index.ts';
import type { Parsing } from './index.ts';

export type WholeBody = (
  message: Pick<Message, 'text' | 'html' | 'raw'>,
  kind: 'text' | 'html',
) => AsyncIterable<Uint8Array> | undefined;

/** Mails that are read again at once: each takes several times its size in memory. */
const AT_ONCE = 2;

export function createWholeBodies(
  read: (blob: string, range: { start: number; end: number }) => AsyncIterable<Uint8Array>,
  parsing: Pick<Parsing, 'bodiesByReference' | 'textOfHtml'>,
): WholeBody {
  const turn = limited(AT_ONCE);

  const decoded = ({ blob }: BlobReference, parts: readonly TextPart[]) =>
    wholeText(parts, (range) => read(blob, range));

  /** The message does not name the parts of the whole: a text made of html, or what a bound or an older version cut without parts. */
  async function* again(raw: BlobReference, kind: 'text' | 'html'): AsyncGenerator<Uint8Array> {
    const bodies = await turn(async () =>
      parsing.bodiesByReference(await collect(read(raw.blob, { start: 0, end: raw.size }))),
    );
    const body = bodies[kind];
    const parts = body?.parts;
    // A body within a signature (S/MIME) has no range of its own in the raw mail, and comes inline.
    if (body?.truncated === false) yield Buffer.from(body.value);
    else if (parts !== undefined) yield* decoded(raw, parts);
    else if (kind === 'text')
      yield Buffer.from(
        await turn(async () => parsing.textOfHtml(await collect(decoded(raw, bodies.html?.parts ?? [])))),
      );
  }

  return (message, kind) => {
    const { raw, [kind]: body } = message;
    if (body === undefined) return undefined;
    if (!body.truncated) return once(Buffer.from(body.value));
    return body.parts === undefined ? again(raw, kind) : decoded(raw, body.parts);
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
