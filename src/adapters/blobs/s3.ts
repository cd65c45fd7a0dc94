// S3-compatible storage: one object for each blob, `<prefix><key>`. An object exists whole or not at all, so there is nothing to sync; storing it again
// writes it again, and its age counts from then.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Upload } from '@aws-sdk/lib-storage';
import type { Config } from '../../config/config.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { BlobBackend } from './blob-backend.ts';
import { notFound } from './errors.ts';
import { MARKERS_KEPT_MS } from './markers.ts';
import { openBucket } from './s3-bucket.ts';

/** Requests at once. */
const CONCURRENCY = 16;
/** An upload under a temporary name that is older belongs to a dead process. */
const LEFTOVER_MS = DAY_MS;

export function openS3(config: Config['blobs']['s3']): BlobBackend {
  const bucket = openBucket(config);
  const { prefix } = config;
  const nameOf = (key: string): string => `${prefix}${key}`;
  const temporary = `${prefix}tmp/`;
  const marks = `${prefix}marks/`;
  const kindOf = (name: string) =>
    name.startsWith(temporary) ? 'temporary' : name.startsWith(marks) ? 'marker' : 'blob';

  return {
    async putBatch(items) {
      const durable = inParallel(items, ({ key, bytes }) => bucket.put(nameOf(key), bytes));
      return { keys: items.map(({ key }) => key), durable };
    },

    async putStream(source, keyOf) {
      // The key is known only at the end, so the upload has a temporary name and is copied within the store.
      const name = `${temporary}${randomBytes(16).toString('hex')}`;
      const body = Readable.from(source, { objectMode: false });
      const params = { Bucket: bucket.name, Key: name, Body: body };
      try {
        await new Upload({ client: bucket.client, params, queueSize: 2 }).done().catch(bucket.failed('Upload'));
        const key = keyOf();
        await bucket.copy(name, nameOf(key));
        return key;
      } finally {
        await bucket.remove(name).catch(() => {}); // swept later
      }
    },

    async open(key) {
      const found = await bucket.head(nameOf(key));
      if (found === undefined) throw notFound(key);
      return {
        size: found.size,
        async *read(start, end) {
          if (start >= end) return;
          const body = await bucket.read(nameOf(key), start, end);
          if (body === undefined) throw notFound(key);
          try {
            yield* body;
          } catch (thrown) {
            bucket.failed('GetObject')(thrown);
          }
        },
        async close() {},
      };
    },

    has: async (key) => (await bucket.head(nameOf(key))) !== undefined,
    delete: (key) => bucket.remove(nameOf(key)),

    // Checked first because stores without conditional writes would silently overwrite a marker.
    createMarker: async (key) => (await bucket.head(`${marks}${key}`)) === undefined && bucket.create(`${marks}${key}`),

    async markedAt(key) {
      const found = await bucket.head(`${marks}${key}`);
      return found === undefined ? undefined : new Date(found.modified);
    },

    async *list() {
      for await (const objects of bucket.pages())
        for (const { name, modified = Date.now() } of objects)
          if (kindOf(name) === 'blob') yield { key: name.slice(prefix.length), at: modified };
    },

    async sweep(olderThan) {
      const now = Date.now();
      const limits = { temporary: now - LEFTOVER_MS, marker: now - MARKERS_KEPT_MS, blob: olderThan.getTime() };
      let removed = 0;
      for await (const objects of bucket.pages()) {
        await inParallel(objects, async ({ name, modified }) => {
          const kind = kindOf(name);
          const limit = limits[kind];
          if (modified === undefined || modified >= limit) return;
          // Read again directly before the deletion: a blob that was stored again since the listing is kept.
          const found = await bucket.head(name);
          if (found === undefined || found.modified >= limit) return;
          await bucket.remove(name);
          if (kind === 'blob') removed += 1;
        });
      }
      return removed;
    },

    check: () => bucket.put(`${temporary}check`, new Uint8Array(1)),
    close: async () => bucket.client.destroy(),
  };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: Math.min(CONCURRENCY, items.length) }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
