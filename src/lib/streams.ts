// Operations on streams that several rooms need.

/** Reads a stream whole into memory: the caller knows that it is bounded. */
export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The same memory as a Buffer. */
export const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The first items of a sequence that may be long; the rest is not read. */
export async function firstOf<T>(all: AsyncIterable<T>, count: number): Promise<T[]> {
  const first: T[] = [];
  if (count > 0)
    for await (const one of all) {
      first.push(one);
      if (first.length >= count) break;
    }
  return first;
}
