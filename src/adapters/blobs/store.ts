// The blob store: content keys, optional encryption and verification over one kind of storage (folder or S3). Inbound stores raw mails here
// before it commits their jobs; http, the quoting of replies and replay read them, whole or in ranges.
import { createHash } from 'node:crypto';
import type { BlobReference } from '../../contract/message.ts';
import type { BlobStore } from '../../domain/blob-store.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Depot } from './depot.ts';
import { damaged } from './errors.ts';

const KEY = /^[0-9a-f]{64}$/;

export function createStore(depot: Depot): BlobStore {
  type Waiting = { bytes: Uint8Array; resolve(reference: BlobReference): void; reject(error: unknown): void };
  let waiting: Waiting[] = [];
  let flushing: Promise<void> | undefined;

  async function putMany(list: readonly Uint8Array[]): Promise<BlobReference[]> {
    const references: BlobReference[] = [];
    const items = new Map<string, Uint8Array>();
    for (const bytes of list) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      references.push({ blob: sha256, size: bytes.length, sha256 });
      items.set(sha256, bytes);
    }
    await depot.putMany([...items].map(([key, bytes]) => ({ key, bytes })));
    return references;
  }

  /** Single puts that arrive while one is being flushed share the next flush. */
  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const references = await putMany(batch.map(({ bytes }) => bytes));
        batch.forEach(({ resolve }, i) => {
          const reference = references[i];
          if (reference !== undefined) resolve(reference);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    flushing = undefined;
  }

  return {
    put: (bytes) =>
      new Promise((resolve, reject) => {
        waiting.push({ bytes, resolve, reject });
        flushing ??= Promise.resolve().then(flush);
      }),
    putMany,

    async putStream(source) {
      const hash = createHash('sha256');
      let size = 0;
      let sha256 = '';
      async function* hashed(): AsyncIterable<Uint8Array> {
        for await (const chunk of source) {
          hash.update(chunk);
          size += chunk.length;
          yield chunk;
        }
        sha256 = hash.digest('hex');
      }
      await depot.putStream(hashed(), () => sha256);
      return { blob: sha256, size, sha256 };
    },

    async *read(key, range) {
      const blob = await depot.open(valid(key));
      try {
        const start = Math.min(range?.start ?? 0, blob.size);
        const end = Math.min(range?.end ?? blob.size, blob.size);
        const hash = start === 0 && end === blob.size ? createHash('sha256') : undefined;
        for await (const chunk of blob.read(start, end)) {
          hash?.update(chunk);
          yield chunk;
        }
        if (hash !== undefined && hash.digest('hex') !== key) throw damaged(key, 'its content does not match its key');
      } finally {
        await blob.close();
      }
    },

    has: async (key) => KEY.test(key) && depot.has(key),
    async delete(key) {
      await depot.delete(valid(key));
    },
    sweep: (olderThan) => depot.sweep(olderThan),
    check: () => depot.check(),
    async close() {
      await flushing;
      await depot.close();
    },
  };
}

/** Keys come from messages and API callers: nothing else than a key of ours may reach a path. */
function valid(key: string): string {
  if (!KEY.test(key)) {
    throw new MailroomError('BLOB_NOT_FOUND', { message: 'This is not the key of a blob.', field: 'blob' });
  }
  return key;
}
