// A slice of the raw mail → the attachment that it holds.
import type { Attachment } from '../contract/message.ts';
import { bufferOf, collect } from '../lib/streams.ts';
import { readCms } from './cms.ts';
import { decoderFor, decodeWhole } from './transfer.ts';

type Slice = Attachment['slice'];
const NOTHING = Buffer.alloc(0);

/**
 * Decoded bytes of an attachment. `source` yields the bytes [slice.start, slice.end) of the raw mail in chunks of any size. With `tnef` the range is a
 * whole winmail.dat: `slice.within` holds its encoding and the range of its decoded bytes that is the file. With `slice.signed` it is a CMS message, and
 * the file is a range of the signed content. Memory: a few chunks, but a CMS message whole, whose size the parser bounds. Throws only what `source` throws.
 */
export async function* decodeSlice(slice: Slice, source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const { within } = slice;
  const encoding = slice.encoding === 'tnef' ? (within?.encoding ?? 'base64') : slice.encoding;
  if (slice.signed !== undefined) {
    yield signedFile(slice.signed, decodeWhole(await collect(source), encoding));
    return;
  }
  const decoder = decoderFor(encoding);
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
    const bytes = cut(decoder.push(bufferOf(chunk)));
    if (bytes.length > 0) yield bytes;
    if (at >= to) return;
  }
  const rest = cut(decoder.end());
  if (rest.length > 0) yield rest;
}

/** A range of the content that a CMS message signs; empty without such content. */
function signedFile({ start, end, encoding }: NonNullable<Slice['signed']>, bytes: Buffer): Buffer {
  const cms = readCms(bytes);
  return cms?.kind === 'signed' ? decodeWhole(cms.content.subarray(start, end), encoding) : NOTHING;
}
