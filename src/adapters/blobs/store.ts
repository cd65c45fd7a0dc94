// The blob store: content keys, optional encryption and verification over one kind of storage (folder or S3). Inbound stores raw mails here
// before it commits their jobs; http, the quoting of replies and replay read them, whole or in ranges.
//
// Keys: unencrypted, the SHA-256 of the content; encrypted, `<HMAC of that SHA-256>.enc` under a key derived from the ring's first key, so that
// the names reveal nothing about the content. After a rotation the same content gets a new key: one more blob, and the old one ages out. In a folder the
// key also has the place of the blob, `@…` (segment-file.ts).
import { createHash, type Hash, hash } from 'node:crypto';
import type { KeyRing } from '../../config/config.ts';
import type { BlobReference } from '../../contract/message.ts';
import type { BlobStore, StoringBatch } from '../../domain/blob-store.ts';
import { MailroomError } from '../../domain/errors.ts';
import { collect } from '../../lib/streams.ts';
import type { BackendItem, BlobBackend } from './blob-backend.ts';
import { damaged } from './errors.ts';
import { contentKey, seal, unseal } from './sealing.ts';

const KEY = /^[0-9a-f]{64}(\.enc)?(@\d{4}-\d\d-\d\dT\d\d\/[0-9a-z]+-[0-9a-f]+:\d{1,15}:\d{1,15})?$/;
/** Bytes that are hashed or encrypted at once; in between, the event loop continues (≈ 1 ms). */
const STEP = 512 * 1024;

export function createStore(backend: BlobBackend, ring: KeyRing = []): BlobStore {
  const sealingKey = ring[0];
  const named = sealingKey === undefined ? undefined : contentKey(sealingKey);
  const nameOf = (sha256: Buffer): string => (named === undefined ? sha256.toString('hex') : `${named(sha256)}.enc`);

  async function prepare(bytes: Uint8Array): Promise<{ reference: BlobReference; item: BackendItem }> {
    const sha256 = bytes.length <= STEP ? hash('sha256', bytes, 'buffer') : await hashInSteps(bytes);
    const key = nameOf(sha256);
    const stored = sealingKey === undefined ? bytes : await collect(seal(steps(bytes), sealingKey, () => key));
    return {
      reference: { blob: key, size: bytes.length, sha256: sha256.toString('hex') },
      item: { key, bytes: stored },
    };
  }

  async function putBatch(list: readonly Uint8Array[]): Promise<StoringBatch> {
    const prepared: { reference: BlobReference; item: BackendItem }[] = [];
    for (const bytes of list) prepared.push(await prepare(bytes));
    const { keys, durable } = await backend.putBatch(prepared.map(({ item }) => item));
    durable.catch(() => {}); // it may fail before anybody awaits it
    return { references: prepared.map(({ reference }, i) => ({ ...reference, blob: keys[i] as string })), durable };
  }

  async function putStream(source: AsyncIterable<Uint8Array>): Promise<BlobReference> {
    const passed: Passed = { hash: createHash('sha256'), size: 0 };
    let sha256: Buffer | undefined;
    const key = (): string => {
      sha256 ??= passed.hash.digest();
      return nameOf(sha256);
    };
    const bytes = hashed(source, passed);
    let blob: string;
    try {
      blob = await backend.putStream(sealingKey === undefined ? bytes : seal(bytes, sealingKey, key), key);
    } catch (error) {
      // A lost IMAP connection is not the store's failure.
      throw passed.sourceFailed === undefined ? error : passed.sourceFailed.error;
    }
    return { blob, size: passed.size, sha256: sha256?.toString('hex') ?? '' };
  }

  return {
    putBatch,
    putStream,

    async *read(key, range) {
      const blob = await backend.open(valid(key));
      try {
        const name = key.split('@', 1)[0] as string;
        const sealed = name.endsWith('.enc');
        const content = sealed ? await unseal(blob, ring, name) : blob;
        const start = Math.min(range?.start ?? 0, content.size);
        const end = Math.min(range?.end ?? content.size, content.size);
        // Frames prove themselves; without encryption, only the whole blob can be compared with its key.
        const hash = !sealed && start === 0 && end === content.size ? createHash('sha256') : undefined;
        for await (const chunk of content.read(start, end)) {
          hash?.update(chunk);
          yield chunk;
        }
        if (hash !== undefined && hash.digest('hex') !== name) throw damaged(key, 'its content does not match its key');
      } finally {
        await blob.close();
      }
    },

    has: async (key) => KEY.test(key) && backend.has(key),
    async delete(key) {
      await backend.delete(valid(key));
    },
    async *list() {
      for await (const listed of backend.list()) if (listed.key === undefined || KEY.test(listed.key)) yield listed;
    },
    createMarker: (name) => backend.createMarker(markKey(name)),
    markedAt: (name) => backend.markedAt(markKey(name)),
    sweep: (olderThan) => backend.sweep(olderThan),
    check: () => backend.check(),
    close: () => backend.close(),
  };
}

/** Not under the ring's key: a marker must be found again after a rotation. */
const markKey = (name: string): string => hash('sha256', `mailroom mark\n${name}`, 'hex');

/** Keys come from messages and API callers: only a key of ours may be used in a path. */
function valid(key: string): string {
  if (!KEY.test(key)) {
    throw new MailroomError('BLOB_NOT_FOUND', { message: 'This is not the key of a blob.', field: 'blob' });
  }
  return key;
}

/** Facts about a stream, complete after it has passed. */
interface Passed {
  hash: Hash;
  size: number;
  sourceFailed?: { error: unknown };
}

/** The bytes of `source`, hashed and counted into `passed`. */
async function* hashed(source: AsyncIterable<Uint8Array>, passed: Passed): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        passed.sourceFailed = { error };
        throw error;
      });
      if (next.done === true) return;
      passed.hash.update(next.value);
      passed.size += next.value.length;
      yield next.value;
    }
  } finally {
    await chunks.return?.().catch(() => {}); // the reader's failure is the one to report
  }
}

async function hashInSteps(bytes: Uint8Array): Promise<Buffer> {
  const sum = createHash('sha256');
  for await (const part of steps(bytes)) sum.update(part);
  return sum.digest();
}

/** A large mail in pieces, with a turn of the event loop between them. */
async function* steps(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += STEP) {
    if (start > 0) await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(start, start + STEP);
  }
}
