// The whole text or html of a message, wherever it is cut: inline, or decoded out of the raw mail. A text that was made of html is made again of the
// whole html.
import type { BlobReference, Body, Message } from '../contract/message.ts';
import { limited } from '../lib/limited.ts';
import { wholeText } from '../mime/index.ts';
import type { Parsing } from './index.ts';

export type WholeBody = (
  message: Pick<Message, 'text' | 'html' | 'raw'>,
  kind: 'text' | 'html',
) => AsyncIterable<Uint8Array> | undefined;

/** Texts that are made of html at once: each takes several times its size in memory. */
const AT_ONCE = 2;

export function createWholeBodies(
  read: (blob: string, range: { start: number; end: number }) => AsyncIterable<Uint8Array>,
  parsing: Pick<Parsing, 'bodiesByReference' | 'textOfHtml'>,
): WholeBody {
  const turn = limited(AT_ONCE);

  const range = ({ blob }: BlobReference, at: { start: number; end: number }) => read(blob, at);

  async function* whole(raw: BlobReference, body: Body, kind: 'text' | 'html'): AsyncGenerator<Uint8Array> {
    if (!body.truncated) {
      yield Buffer.from(body.value);
      return;
    }
    // Messages of older versions have cut html without parts.
    const parts =
      body.parts ??
      (await turn(async () => (await parsing.bodiesByReference(await collect(range(raw, all(raw)))))[kind]?.parts));
    yield* wholeText(parts ?? [], (at) => range(raw, at));
  }

  async function* madeOfHtml(raw: BlobReference, html: Body): AsyncGenerator<Uint8Array> {
    // Collected before its turn comes: what has no parts takes a turn of its own.
    const bytes = await collect(whole(raw, html, 'html'));
    yield Buffer.from(await turn(() => parsing.textOfHtml(bytes)));
  }

  return (message, kind) => {
    const body = message[kind];
    if (body === undefined) return undefined;
    const { html, raw } = message;
    const isDerived = kind === 'text' && body.truncated && body.parts === undefined && html !== undefined;
    return isDerived ? madeOfHtml(raw, html) : whole(raw, body, kind);
  };
}

const all = ({ size }: BlobReference) => ({ start: 0, end: size });

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
