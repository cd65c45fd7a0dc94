// The folder store and its encryption: what is stored comes back, whole and in ranges, and nothing else does.

import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobError } from '../../../src/adapters/blobs/errors.ts';
import { openFolder } from '../../../src/adapters/blobs/folder.ts';
import { createBlobStore } from '../../../src/adapters/blobs/index.ts';
import { createStore } from '../../../src/adapters/blobs/store.ts';
import type { Config, KeyRing } from '../../../src/config/config.ts';
import type { BlobStore, ListedBlob } from '../../../src/domain/blob-store.ts';
import { collect } from '../../../src/lib/streams.ts';
import { storeBlob } from '../../support/blobs.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailroom-blobs-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const config = (encryptionKeys: KeyRing = []): Config['blobs'] => ({
  kind: 'folder',
  folder,
  s3: {
    bucket: undefined,
    region: 'eu-central-1',
    endpoint: undefined,
    accessKeyId: undefined,
    secretAccessKey: undefined,
    prefix: '',
    forcePathStyle: true,
  },
  encryptionKeys,
  retentionDays: 30,
});
const key = (id: string) => ({ id, key: createHash('sha256').update(id).digest() });
const ring = [key('2026')];
/** The segment of a blob. */
const pathOf = (blob: string) => join(folder, 'segments', /@(.+):\d+:\d+$/.exec(blob)?.[1] ?? '');
/** Key of the content, without the place. */
const contentKeyOf = ({ blob }: { blob: string }) => blob.split('@')[0];
const FRAME = 65536;

const putBatch = async (store: BlobStore, list: readonly Uint8Array[]) => {
  const { references, durable } = await store.putBatch(list);
  await durable;
  return references;
};

const putAll = (store: BlobStore, list: readonly Uint8Array[]) =>
  Promise.all(list.map((bytes) => storeBlob(store, bytes)));

async function* chunked(bytes: Uint8Array, size: number) {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

describe.each([
  ['unencrypted', []],
  ['encrypted', ring],
])('bytes stored %s', (_, keys: KeyRing) => {
  it.each([0, 1, 15, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 17, 5 * FRAME])(
    'of length %i are read back unchanged',
    async (size) => {
      const store = await createBlobStore(config(keys));
      const bytes = randomBytes(size);
      const reference = await storeBlob(store, bytes);
      expect(reference).toMatchObject({ size, sha256: createHash('sha256').update(bytes).digest('hex') });
      expect(await collect(store.read(reference.blob))).toEqual(bytes);
      const again = await store.putStream(chunked(bytes, 10_007));
      expect(contentKeyOf(again)).toBe(contentKeyOf(reference));
      for (const { blob } of [again, reference]) expect(await collect(store.read(blob))).toEqual(bytes);
      await store.close();
    },
  );

  it('are read back in ranges', async () => {
    const store = await createBlobStore(config(keys));
    const bytes = randomBytes(3 * FRAME + 100);
    const { blob } = await store.putStream(chunked(bytes, 777));
    for (const [start, end] of [
      [0, 1],
      [0, FRAME],
      [FRAME - 1, FRAME + 1],
      [FRAME, 2 * FRAME],
      [5, 3 * FRAME + 50],
      [3 * FRAME, 3 * FRAME + 100],
      [3 * FRAME + 99, 9 * FRAME],
      [9 * FRAME, 9 * FRAME + 1],
      [7, 7],
    ] as const) {
      expect(await collect(store.read(blob, { start, end })), `${start}-${end}`).toEqual(bytes.subarray(start, end));
    }
    await store.close();
  });

  it('have one content key when stored twice, also concurrently, and leave no temporary files', async () => {
    const store = await createBlobStore(config(keys));
    const bytes = randomBytes(5000);
    const references = [
      ...(await putAll(store, [bytes, bytes])),
      ...(await Promise.all([storeBlob(store, bytes), storeBlob(store, bytes)])),
    ];
    expect(new Set(references.map(contentKeyOf)).size).toBe(1);
    for (const { blob } of references) expect(await collect(store.read(blob))).toEqual(bytes);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    await store.close();
  });

  it('are reported as damaged when a bit was changed', async () => {
    const store = await createBlobStore(config(keys));
    const { blob } = await storeBlob(store, randomBytes(2 * FRAME));
    const stored = await readFile(pathOf(blob));
    for (const at of [Math.floor(stored.length / 2), stored.length - 1]) {
      const changed = Buffer.from(stored);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(pathOf(blob), changed);
      await expect(collect(store.read(blob)), `byte ${at}`).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
    }
    await store.close();
  });

  it('are reported as damaged when truncated', async () => {
    const store = await createBlobStore(config(keys));
    const bytes = randomBytes(2 * FRAME);
    const { blob } = await storeBlob(store, bytes);
    for (const length of [FRAME + 20, 20, 0]) {
      await truncate(pathOf(blob), length);
      await expect(collect(store.read(blob)), `${length} bytes`).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
    }
    await store.close();
  });

  it('are deleted when they are old, except what was stored again', async () => {
    const store = await createBlobStore(config(keys));
    const [used, unused] = await putAll(store, [randomBytes(100), randomBytes(100)]);
    if (used === undefined || unused === undefined) throw new Error('two references expected');
    const old = new Date(Date.now() - 40 * 86_400_000);
    for (const { blob } of [used, unused]) await utimes(pathOf(blob), old, old);
    const again = await store.putStream(chunked(await collect(store.read(used.blob)), 10));
    expect(await store.sweep(new Date(Date.now() - 30 * 86_400_000))).toBe(2);
    expect(await Promise.all([again, used, unused].map(({ blob }) => store.has(blob)))).toEqual([true, false, false]);
    await store.close();
  });
});

it('are stored small and large in one batch, by two processes concurrently', async () => {
  const stores = await Promise.all([createBlobStore(config()), createBlobStore(config())]);
  const list = Array.from({ length: 60 }, (_, i) => randomBytes(i % 10 === 0 ? 300_000 : 2_000));
  const references = await Promise.all([...stores, ...stores].map((store) => putAll(store, list)));
  expect(new Set(references.map((some) => JSON.stringify(some.map(contentKeyOf)))).size).toBe(1);
  for (const [i, { blob }] of references.flat().entries()) {
    expect((await collect(stores[0].read(blob))).equals(list[i % list.length] ?? Buffer.alloc(0))).toBe(true);
  }
  expect(await readdir(join(folder, 'tmp'))).toEqual([]);
});

describe.each([
  ['unencrypted', []],
  ['encrypted', ring],
])('a batch stored %s', (_, keys: KeyRing) => {
  const segments = async () =>
    (await readdir(join(folder, 'segments'), { recursive: true })).filter((name) => name.includes('/'));

  it('is read back whole and in ranges, from other processes too; concurrent batches share a file', async () => {
    const [store, other] = await Promise.all([createBlobStore(config(keys)), createBlobStore(config(keys))]);
    const lists = [0, 1, 2].map((n) => [0, 1, 17, 3 * FRAME + n].map((size) => randomBytes(size)));
    const references = (await Promise.all(lists.map((list) => putBatch(store, list)))).flat();
    for (const [i, bytes] of lists.flat().entries()) {
      const { blob, size, sha256 } = references[i] ?? { blob: '', size: -1, sha256: '' };
      expect([size, sha256]).toEqual([bytes.length, createHash('sha256').update(bytes).digest('hex')]);
      expect(await collect(other.read(blob))).toEqual(bytes);
      expect(await collect(other.read(blob, { start: 5, end: FRAME + 5 }))).toEqual(bytes.subarray(5, FRAME + 5));
      expect(await other.has(blob)).toBe(true);
    }
    expect(await segments()).toHaveLength(1);
    const [more] = await putBatch(other, [Buffer.from('more')]);
    expect(await collect(store.read(more?.blob ?? ''))).toEqual(Buffer.from('more'));
    expect(await segments()).toHaveLength(2);
    await Promise.all([store.close(), other.close()]);
  });

  it('is reported as damaged when a bit was changed or the end is missing', async () => {
    const store = await createBlobStore(config(keys));
    const [first, last] = await putBatch(store, [randomBytes(1000), randomBytes(1000)]);
    const path = join(folder, 'segments', (await segments())[0] ?? '');
    const stored = await readFile(path);
    const changed = Buffer.from(stored);
    changed[500] = (changed[500] ?? 0) ^ 1;
    await writeFile(path, changed);
    await expect(collect(store.read(first?.blob ?? ''))).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
    await writeFile(path, stored.subarray(0, -300));
    await expect(collect(store.read(last?.blob ?? ''))).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
    await store.close();
  });

  it('is removed one blob at a time when deleted, and all together when old', async () => {
    let now = Date.now();
    const store = createStore(await openFolder(folder, { now: () => now }), keys);
    const [one, two] = await putBatch(store, [randomBytes(100).fill(7), randomBytes(100).fill(8)]);
    if (one === undefined || two === undefined) throw new Error('two references expected');
    await store.delete(one.blob);
    expect([await store.has(one.blob), await store.has(two.blob)]).toEqual([false, true]);
    await expect(collect(store.read(one.blob))).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    const path = join(folder, 'segments', (await segments())[0] ?? '');
    expect((await readFile(path)).includes(Buffer.alloc(50, 7))).toBe(false);
    const old = new Date(now - 40 * 86_400_000);
    await utimes(path, old, old);
    now += 3_600_000;
    const [young] = await putBatch(store, [Buffer.from('young')]);
    expect(await store.sweep(new Date(now - 30 * 86_400_000))).toBe(1);
    expect([await store.has(two.blob), await store.has(young?.blob ?? '')]).toEqual([false, true]);
    await store.close();
  });

  it('is listed together with large blobs and without deleted ones; a segment of an older version yields only its age', async () => {
    const store = await createBlobStore(config(keys));
    const batch = await putBatch(
      store,
      [0, 1, FRAME + 3, 50].map((size) => randomBytes(size)),
    );
    const large = await storeBlob(store, randomBytes(20));
    const [, deleted] = batch;
    await store.delete(deleted?.blob ?? '');
    const path = pathOf(deleted?.blob ?? '');
    // Of what was deleted nothing is left, not even the hash.
    expect((await readFile(path)).includes(Buffer.from(deleted?.blob.slice(0, 64) ?? '', 'hex'))).toBe(false);
    await writeFile(join(path, '..', 'old-1'), 'Received: as older versions stored it');
    const listed: ListedBlob[] = [];
    for await (const one of store.list()) listed.push(one);
    const expected = [...batch, large].map(({ blob }) => blob).filter((blob) => blob !== deleted?.blob);
    expect(listed.flatMap((one) => one.key ?? []).sort()).toEqual(expected.sort());
    expect(listed.filter((one) => one.key === undefined)).toHaveLength(1);
    for (const { key: blob, at } of listed) {
      expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
      if (blob !== undefined) await collect(store.read(blob));
    }
    await store.close();
  });

  it('is stored although the folder was removed at run time', async () => {
    const store = await createBlobStore(config(keys));
    await putBatch(store, [Buffer.from('x')]);
    await rm(folder, { recursive: true });
    const [again] = await putBatch(store, [Buffer.from('y')]);
    expect(await collect(store.read(again?.blob ?? ''))).toEqual(Buffer.from('y'));
    await store.close();
  });
});

it.each([0, 1, 70_000])('%i zero bytes are a blob like any other, and are gone once deleted', async (size) => {
  const store = await createBlobStore(config());
  const zeros = Buffer.alloc(size);
  for (const { blob } of [...(await putBatch(store, [zeros])), await storeBlob(store, zeros)]) {
    expect(await collect(store.read(blob))).toEqual(zeros);
    await store.delete(blob);
    expect(await store.has(blob)).toBe(false);
  }
  await store.close();
});

it('that cannot be flushed is rejected, and none of it is ever read', async () => {
  const store = await createBlobStore(config());
  await putBatch(store, [Buffer.from('good')]);
  await rm(folder, { recursive: true });
  await writeFile(folder, 'a file where the folder should be');
  await expect(putBatch(store, [Buffer.from('bad')])).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
  await store.close();
});

describe('a blob that is not there', () => {
  it.each([
    '0'.repeat(64),
    `${'0'.repeat(64)}.enc`,
    '../../etc/passwd',
    '',
    `${'0'.repeat(64)}/../x`,
    `${'0'.repeat(64)}@2026-11-25T18/abc-0a:0:1`,
    `${'0'.repeat(64)}@../../../../etc/passwd:0:1`,
    `${'0'.repeat(64)}@2026-11-25T18/../../x:0:1`,
  ])('is reported as missing: %j', async (blob) => {
    const store = await createBlobStore(config(ring));
    await expect(collect(store.read(blob))).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    expect(await store.has(blob)).toBe(false);
    await store.close();
  });

  it('is reported as missing after it was deleted; its bytes are overwritten', async () => {
    const store = await createBlobStore(config());
    const { blob } = await storeBlob(store, Buffer.alloc(3_000_000, 'secret'));
    await store.delete(blob);
    await store.delete(blob);
    expect(await store.has(blob)).toBe(false);
    expect((await readFile(pathOf(blob))).includes('secret')).toBe(false);
    await store.close();
  });
});

describe('encryption', () => {
  it('leaves neither the content nor its hash on the disk', async () => {
    const store = await createBlobStore(config(ring));
    const bytes = Buffer.from('Subject: confidential\r\n\r\n'.repeat(10_000));
    const { blob, sha256 } = await storeBlob(store, bytes);
    expect(blob).not.toContain(sha256);
    expect((await readFile(pathOf(blob))).includes('confidential')).toBe(false);
    await store.close();
  });

  it('reads what was stored with older keys or without a key, and names the missing key', async () => {
    const bytes = randomBytes(70_000);
    const plain = await storeBlob(await createBlobStore(config()), bytes);
    const old = await storeBlob(await createBlobStore(config([key('2025')])), bytes);
    const rotated = await createBlobStore(config([key('2026'), key('2025')]));
    const current = await storeBlob(rotated, bytes);
    expect(current.blob).not.toBe(old.blob);
    for (const { blob } of [plain, old, current]) expect(await collect(rotated.read(blob))).toEqual(bytes);
    const without = await createBlobStore(config([key('2026')]));
    await expect(collect(without.read(old.blob))).rejects.toMatchObject({
      code: 'BLOB_KEY_MISSING',
      message: expect.stringContaining('2025'),
    });
  });

  it('detects a wrong key under the same id, and a file under another name', async () => {
    const store = await createBlobStore(config(ring));
    const [one, two] = await putAll(store, [randomBytes(1000), randomBytes(1000)]);
    if (one === undefined || two === undefined) throw new Error('two references expected');
    const other = await createBlobStore(config([{ id: '2026', key: randomBytes(32) }]));
    await expect(collect(other.read(one.blob))).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
    await rename(pathOf(one.blob), pathOf(two.blob));
    await expect(collect(store.read(two.blob))).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
  });

  it('detects frames that were exchanged', async () => {
    const store = await createBlobStore(config(ring));
    const { blob } = await storeBlob(store, randomBytes(3 * FRAME));
    const stored = await readFile(pathOf(blob));
    const header = Number(/:(\d+):/.exec(blob)?.[1]) + 4 + 2 + '2026'.length + 32;
    const frame = (n: number) => stored.subarray(header + n * (FRAME + 16), header + (n + 1) * (FRAME + 16));
    await writeFile(
      pathOf(blob),
      Buffer.concat([stored.subarray(0, header), frame(1), frame(0), stored.subarray(header + 2 * (FRAME + 16))]),
    );
    await expect(collect(store.read(blob, { start: 0, end: 10 }))).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
  });
});

describe('the folder', () => {
  it('loses the temporary files of dead processes', async () => {
    await openFolder(folder);
    const old = new Date(Date.now() - 2 * 3_600_000);
    await writeFile(join(folder, 'tmp', '1-dead'), 'x');
    await utimes(join(folder, 'tmp', '1-dead'), old, old);
    await writeFile(join(folder, 'tmp', '2-alive'), 'x');
    await openFolder(folder);
    expect(await readdir(join(folder, 'tmp'))).toEqual(['2-alive']);
    await openFolder(folder, { now: () => Date.now() + 3_601_000 });
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });

  it('reads, lists, deletes and sweeps the files that earlier builds made of single blobs', async () => {
    const store = createStore(await openFolder(folder));
    const files = await Promise.all(
      ['read', 'deleted', 'old'].map(async (text) => {
        const blob = createHash('sha256').update(text).digest('hex');
        const path = join(folder, blob.slice(0, 2), blob);
        await mkdir(join(path, '..'), { recursive: true });
        await writeFile(path, text);
        return { blob, path };
      }),
    );
    const [read, deleted, old] = files.map(({ blob }) => blob) as [string, string, string];
    expect((await collect(store.read(read))).toString()).toBe('read');
    const listed: ListedBlob[] = [];
    for await (const one of store.list()) listed.push(one);
    expect(listed.flatMap((one) => one.key ?? []).sort()).toEqual([read, deleted, old].sort());
    await store.delete(deleted);
    await utimes(files[2]?.path ?? '', new Date(0), new Date(0));
    expect(await store.sweep(new Date(Date.now() - 1_000_000))).toBe(1);
    expect(await Promise.all([read, deleted, old].map((blob) => store.has(blob)))).toEqual([true, false, false]);
  });

  it('that cannot be created or written is reported as BLOB_STORE_UNAVAILABLE', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(openFolder(join(folder, 'file', 'blobs'))).rejects.toMatchObject({
      code: 'BLOB_STORE_UNAVAILABLE',
      message: expect.stringContaining(join(folder, 'file', 'blobs')),
      remote: { system: 'blob', code: 'ENOTDIR' },
    });
    const store = createStore(await openFolder(join(folder, 'blobs')));
    await rm(join(folder, 'blobs'), { recursive: true });
    await writeFile(join(folder, 'blobs'), '');
    await expect(store.check()).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
    await expect(storeBlob(store, Buffer.from('x'))).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
  });

  it('that fails to take several blobs keeps no temporary files, and reports the failure', async () => {
    const store = createStore(await openFolder(folder));
    const list = Array.from({ length: 20 }, () => randomBytes(100));
    await writeFile(join(folder, 'segments'), 'a file where the directory should be');
    const results = await Promise.allSettled(list.map((bytes) => storeBlob(store, bytes)));
    expect(results).toMatchObject(list.map(() => ({ status: 'rejected', reason: { code: 'BLOB_STORE_UNAVAILABLE' } })));
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    await rm(join(folder, 'segments'));
    for (const { blob } of await putAll(store, list)) expect(await store.has(blob)).toBe(true);
  });

  it('that was removed at run time is created again', async () => {
    const store = createStore(await openFolder(folder));
    await storeBlob(store, Buffer.from('x'));
    await rm(folder, { recursive: true });
    const { blob } = await storeBlob(store, Buffer.from('x'));
    expect((await collect(store.read(blob))).toString()).toBe('x');
    await store.check();
  });

  it('reports a source that fails, and keeps none of it', async () => {
    const store = createStore(await openFolder(folder));
    async function* failing() {
      yield Buffer.from('half');
      throw new Error('connection lost');
    }
    await expect(store.putStream(failing())).rejects.toThrow('connection lost');
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });
});

it.each([
  ['ENOSPC', 'BLOB_STORE_FULL'],
  ['EDQUOT', 'BLOB_STORE_FULL'],
  ['EACCES', 'BLOB_STORE_UNAVAILABLE'],
  ['EROFS', 'BLOB_STORE_UNAVAILABLE'],
  ['EIO', 'BLOB_STORE_UNAVAILABLE'],
  ['ECONNREFUSED', 'BLOB_STORE_UNAVAILABLE'],
])('%s is %s', (errno, code) => {
  expect(blobError(Object.assign(new Error(errno), { code: errno }), 'write', '/data/blobs')).toMatchObject({
    code,
    message: expect.stringContaining(`(/data/blobs, write: ${errno})`),
    class: 'transient',
    remote: { code: errno, command: 'write' },
  });
});

describe('markers', () => {
  it('are created once by whichever process is first; they are durable and not blobs', async () => {
    const [one, two] = [await createBlobStore(config()), await createBlobStore(config(ring))];
    const before = new Date(Date.now() - 5_000);
    expect(await one.markedAt('begun 1')).toBeUndefined();
    const first = await Promise.all([one, two, one, two].map((store) => store.createMarker('begun 1')));
    expect(first.filter((made) => made)).toHaveLength(1);
    expect((await two.markedAt('begun 1'))?.getTime()).toBeGreaterThan(before.getTime());
    expect(await one.markedAt('begun 2')).toBeUndefined();
    // Under another key of the ring, too: a rotation must not forget them.
    expect(await (await createBlobStore(config([key('2027')]))).createMarker('begun 1')).toBe(false);
    expect(await one.sweep(new Date(Date.now() + 1_000))).toBe(0);
    expect(await one.markedAt('begun 1')).toBeDefined();
  });

  it('are kept for forty days', async () => {
    let now = Date.now();
    const store = createStore(await openFolder(folder, { now: () => now }));
    await store.createMarker('begun 1');
    now += 39 * 86_400_000;
    await store.sweep(new Date(now));
    expect(await store.createMarker('begun 1')).toBe(false);
    now += 2 * 86_400_000;
    await store.sweep(new Date(0));
    expect(await store.markedAt('begun 1')).toBeUndefined();
  });

  it('that cannot be created because the folder is gone for good are reported', async () => {
    const store = await createBlobStore(config());
    await rm(folder, { recursive: true });
    await writeFile(folder, 'a file');
    await expect(store.createMarker('begun 1')).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
    await rm(folder);
  });
});
