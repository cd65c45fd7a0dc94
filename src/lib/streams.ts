// What is done with streams of bytes everywhere.

/** A stream read whole into memory: the caller knows that it is bounded. */
export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
