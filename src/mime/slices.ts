// A slice of the raw mail → the file it is: what the contract says of an attachment's place, read backwards.
import type { Attachment } from '../contract/message.ts';
import { readCms } from './cms.ts';
import { type Decoder, decoderFor, decodeWhole } from './transfer.ts';

type Slice = Attachment['slice'];
const NOTHING = Buffer.alloc(0);

/**
 * Decoded bytes of an attachment. `source` yields the bytes [slice.start, slice.end) of the raw mail, in chunks of any size (read exactly that
 * range out of the blob store). With `tnef` the range holds a whole winmail.dat, and `slice.within` says how that is encoded and which of its
 * decoded bytes are the file. With `slice.signed` it is a CMS message, and the file a range of what it signs. Memory: a few chunks; of a CMS message all
 * of it, which the parser bounds. Throws only what `source` throws.
 */
export async function* decodeSlice(slice: Slice, source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const { within } = slice;
  const encoding = slice.encoding === 'tnef' ? (within?.encoding ?? 'base64') : slice.encoding;
  const decoder = decoderFor(encoding);
  if (slice.signed !== undefined) {
    yield signedFile(slice.signed, await all(decoder, source));
    return;
  }
  const from = within?.start ?? 0;
  const to = within?.end ?? Number.POSITIVE_INFINITY;
  let at = 0;
  const cut = (bytes: Buffer): Buffer => {
    const start = Math.max(0, from - at);
    const end = Math.min(bytes.length, to - at);
    at += bytes.length;
    return start >= end ? NOTHING : bytes.subarray(start, end);
  };
  for await (const chunk of source) {
    const bytes = cut(decoder.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
    if (bytes.length > 0) yield bytes;
    if (at >= to) return;
  }
  const rest = cut(decoder.end());
  if (rest.length > 0) yield rest;
}

/** A file within what a CMS message signs; empty where there is none. */
function signedFile({ start, end, encoding }: NonNullable<Slice['signed']>, bytes: Buffer): Buffer {
  const cms = readCms(bytes);
  return cms?.kind === 'signed' ? decodeWhole(cms.content.subarray(start, end), encoding) : NOTHING;
}

async function all(decoder: Decoder, source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const chunk of source)
    pieces.push(decoder.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
  return Buffer.concat([...pieces, decoder.end()]);
}
