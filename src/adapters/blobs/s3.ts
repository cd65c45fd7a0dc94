// S3-compatible storage: one object a blob, `<prefix><key>`. An object is there whole or not at all, so there is nothing to sync; storing again
// writes again, which makes its age count from now.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  type _Object,
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Config } from '../../config/config.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { BlobBackend } from './blob-backend.ts';
import { blobError, notFound } from './errors.ts';
import { MARKS_KEPT_MS } from './marks.ts';

/** Requests at once. */
const CONCURRENCY = 16;
/** An upload under a temporary name that is older belongs to a dead process. */
const LEFTOVER_MS = 24 * 60 * 60 * 1000;

export function openS3(config: Config['blobs']['s3']): BlobBackend {
  const bucket = config.bucket;
  if (bucket === undefined) {
    throw new MailroomError('CONFIG_INVALID', { message: 'blobs.s3.bucket is missing', field: 'blobs.s3.bucket' });
  }
  const settings: S3ClientConfig = {
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    // Without these, S3 look-alikes without checksum trailers store the trailer as content.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, httpsAgent: { maxSockets: 64 } },
  };
  if (config.endpoint !== undefined) settings.endpoint = config.endpoint;
  if (config.accessKeyId !== undefined && config.secretAccessKey !== undefined) {
    settings.credentials = { accessKeyId: config.accessKeyId, secretAccessKey: config.secretAccessKey };
  }
  const client = new S3Client(settings);
  const place = `bucket ${bucket}${config.endpoint === undefined ? '' : ` at ${new URL(config.endpoint).host}`}`;
  const fault = (thrown: unknown, command: string) => blobError(thrown, command, place);
  const nameOf = (key: string): string => `${config.prefix}${key}`;
  const temporary = `${config.prefix}tmp/`;
  const marks = `${config.prefix}marks/`;

  async function put(name: string, bytes: Uint8Array): Promise<void> {
    try {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: name, Body: bytes, ContentType: 'application/octet-stream' }),
      );
    } catch (thrown) {
      throw fault(thrown, 'PutObject');
    }
  }

  async function remove(name: string): Promise<void> {
    try {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: name }));
    } catch (thrown) {
      throw fault(thrown, 'DeleteObject');
    }
  }

  /** Size and age, undefined when there is none. */
  async function head(name: string): Promise<{ size: number; modified: number } | undefined> {
    try {
      const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: name }));
      return { size: found.ContentLength ?? 0, modified: found.LastModified?.getTime() ?? 0 };
    } catch (thrown) {
      if (isMissing(thrown)) return undefined;
      throw fault(thrown, 'HeadObject');
    }
  }

  async function* pages(): AsyncGenerator<readonly _Object[]> {
    let token: string | undefined;
    do {
      const page = await client
        .send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: config.prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
        )
        .catch((thrown: unknown) => {
          throw fault(thrown, 'ListObjectsV2');
        });
      yield page.Contents ?? [];
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async function removeIfOlder(name: string, limit: number): Promise<boolean> {
    // Checked again directly before deletion: bytes that were stored again since the listing are kept.
    const found = await head(name);
    if (found === undefined || found.modified >= limit) return false;
    await remove(name);
    return true;
  }

  return {
    async putBatch(items) {
      const durable = inParallel(items, ({ key, bytes }) => put(nameOf(key), bytes));
      return { keys: items.map(({ key }) => key), durable };
    },

    async putStream(source, keyOf) {
      // The key is known at the end only, so the upload has a temporary name and is copied within the store.
      const name = `${temporary}${randomBytes(16).toString('hex')}`;
      try {
        const upload = new Upload({
          client,
          params: { Bucket: bucket, Key: name, Body: Readable.from(source, { objectMode: false }) },
          queueSize: 2,
        });
        await upload.done();
        await client.send(
          new CopyObjectCommand({
            Bucket: bucket,
            Key: nameOf(keyOf()),
            CopySource: `${bucket}/${name.split('/').map(encodeURIComponent).join('/')}`,
          }),
        );
      } catch (thrown) {
        throw fault(thrown, 'Upload');
      } finally {
        await remove(name).catch(() => {}); // swept later
      }
    },

    async open(key) {
      const found = await head(nameOf(key));
      if (found === undefined) throw notFound(key);
      return {
        size: found.size,
        async *read(start, end) {
          if (start >= end) return;
          try {
            const object = await client.send(
              new GetObjectCommand({ Bucket: bucket, Key: nameOf(key), Range: `bytes=${start}-${end - 1}` }),
            );
            if (object.Body instanceof Readable) yield* object.Body as AsyncIterable<Uint8Array>;
          } catch (thrown) {
            throw isMissing(thrown) ? notFound(key) : fault(thrown, 'GetObject');
          }
        },
        async close() {},
      };
    },

    has: async (key) => (await head(nameOf(key))) !== undefined,
    delete: (key) => remove(nameOf(key)),

    async createMarker(key) {
      const name = `${marks}${key}`;
      // Stores without conditional writes would silently overwrite it: checked first, for them.
      if ((await head(name)) !== undefined) return false;
      try {
        await client.send(
          new PutObjectCommand({ Bucket: bucket, Key: name, Body: new Uint8Array(0), IfNoneMatch: '*' }),
        );
        return true;
      } catch (thrown) {
        const status = (thrown as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
        if (status === 412 || status === 409) return false; // there, or being written by another at this moment
        throw fault(thrown, 'PutObject');
      }
    },

    async markedAt(key) {
      const found = await head(`${marks}${key}`);
      return found === undefined ? undefined : new Date(found.modified);
    },

    async *list() {
      for await (const objects of pages())
        for (const { Key: name = '', LastModified: modified } of objects)
          if (!name.startsWith(temporary) && !name.startsWith(marks))
            yield { key: name.slice(config.prefix.length), at: modified?.getTime() ?? Date.now() };
    },

    async sweep(olderThan) {
      let removed = 0;
      for await (const objects of pages()) {
        await inParallel(objects, async ({ Key: name = '', LastModified: modified }) => {
          const isTemporary = name.startsWith(temporary);
          const isMark = name.startsWith(marks);
          const limit = isMark
            ? Date.now() - MARKS_KEPT_MS
            : isTemporary
              ? Date.now() - LEFTOVER_MS
              : olderThan.getTime();
          if (modified === undefined || modified.getTime() >= limit) return;
          if ((await removeIfOlder(name, limit)) && !isTemporary && !isMark) removed += 1;
        });
      }
      return removed;
    },

    check: () => put(`${temporary}check`, new Uint8Array(1)),
    close: async () => client.destroy(),
  };
}

function isMissing(thrown: unknown): boolean {
  const name = thrown instanceof Error ? thrown.name : '';
  return name === 'NoSuchKey' || name === 'NotFound';
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: Math.min(CONCURRENCY, items.length) }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
