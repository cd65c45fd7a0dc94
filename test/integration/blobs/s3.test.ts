// The S3 storage against s3rver, through the same store as the folder: plain and encrypted, ranges, streams, age, and a store that is not there.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBlobStore } from '../../../src/adapters/blobs/index.ts';
import type { Config, KeyRing } from '../../../src/config/config.ts';
import type { BlobStore, ListedBlob } from '../../../src/domain/blob-store.ts';
import { collect } from '../../../src/lib/streams.ts';
import { storeBlob } from '../../support/blobs.ts';
import { freePort, type TempDir, tempDir } from '../../support/temp.ts';

interface S3Server {
  run(): Promise<unknown>;
  close(): Promise<void>;
}
const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => S3Server;

const bucket = 'mails';
let directory: TempDir;
let server: S3Server;
let endpoint: string;
let direct: S3Client;
beforeAll(async () => {
  directory = tempDir('s3');
  const port = await freePort();
  server = new S3rver({
    port,
    address: '127.0.0.1',
    silent: true,
    directory: directory.path,
    configureBuckets: [{ name: bucket }],
  });
  await server.run();
  endpoint = `http://127.0.0.1:${port}`;
  direct = new S3Client({
    endpoint,
    region: 'eu-central-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  });
});
afterAll(async () => {
  direct.destroy();
  await server.close();
  directory.remove();
});

const config = (prefix: string, encryptionKeys: KeyRing = [], to = endpoint): Config['blobs'] => ({
  kind: 's3',
  folder: '/nowhere',
  s3: {
    bucket,
    region: 'eu-central-1',
    endpoint: to,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    prefix,
    forcePathStyle: true,
  },
  encryptionKeys,
  retentionDays: 30,
});

const putAll = (store: BlobStore, list: readonly Uint8Array[]) =>
  Promise.all(list.map((bytes) => storeBlob(store, bytes)));

async function* chunked(bytes: Uint8Array, size: number) {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

describe.each([
  ['plain', 'plain/', []],
  ['encrypted', 'encrypted/', [{ id: '2026', key: createHash('sha256').update('key').digest() }]],
])('%s', (_, prefix, ring) => {
  it('returns small and large blobs unchanged, whole and in ranges, stored from bytes or from a stream', async () => {
    const store = await createBlobStore(config(prefix, ring));
    const large = randomBytes(12 * 1024 * 1024 + 5); // more than one part of the multipart upload
    const list = [new Uint8Array(), Buffer.from('x'), randomBytes(70_000)];
    const references = await putAll(store, list);
    for (const [i, { blob }] of references.entries())
      expect(await collect(store.read(blob))).toEqual(Buffer.from(list[i] ?? []));
    const streamed = await store.putStream(chunked(large, 100_000));
    expect(streamed).toEqual(await storeBlob(store, large));
    expect((await collect(store.read(streamed.blob))).equals(large)).toBe(true);
    const range = { start: 6_000_000, end: 6_000_100 };
    expect(await collect(store.read(streamed.blob, range))).toEqual(large.subarray(range.start, range.end));
    const listed = await direct.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}tmp/` }));
    expect(listed.Contents ?? []).toEqual([]);
    await store.close();
  });

  it('deletes old blobs, keeps recent ones, and reports a missing one', async () => {
    const store = await createBlobStore(config(`${prefix}sweep/`, ring));
    const [one, two] = await putAll(store, [randomBytes(10), randomBytes(20)]);
    if (one === undefined || two === undefined) throw new Error('two references expected');
    expect(await store.sweep(new Date(Date.now() - 60_000))).toBe(0);
    await store.delete(one.blob);
    expect([await store.has(one.blob), await store.has(two.blob)]).toEqual([false, true]);
    await expect(collect(store.read(one.blob))).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    expect(await store.sweep(new Date(Date.now() + 60_000))).toBe(1);
    expect(await store.has(two.blob)).toBe(false);
    await store.close();
  });
});

it('lists every blob with its age; no marks, leftovers of uploads, or what else lies in the bucket', async () => {
  const store = await createBlobStore(config('list/'));
  await store.createMarker('begun');
  const references = await putAll(store, [randomBytes(10), randomBytes(20)]);
  for (const Key of ['list/tmp/left', 'list/notes.txt', `elsewhere/${'0'.repeat(64)}`])
    await direct.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
  const listed: ListedBlob[] = [];
  for await (const one of store.list()) listed.push(one);
  expect(listed.map(({ key }) => key).sort()).toEqual(references.map(({ blob }) => blob).sort());
  for (const { at } of listed) expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
  await store.close();
});

it('lists all pages of the bucket', async () => {
  // s3rver makes its continuation tokens with a cipher that OpenSSL 3 no longer has.
  const keys = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
  const asked: string[] = [];
  const paged = createServer((request, response) => {
    const token = new URL(request.url ?? '', endpoint).searchParams.get('continuation-token') ?? '0';
    asked.push(token);
    const at = Number(token);
    const next = `<IsTruncated>true</IsTruncated><NextContinuationToken>${at + 1}</NextContinuationToken>`;
    response.setHeader('content-type', 'application/xml');
    response.end(
      `<ListBucketResult><Contents><Key>p/${keys[at]}</Key><LastModified>2026-11-0${at + 1}T00:00:00Z</LastModified></Contents>${at + 1 < keys.length ? next : '<IsTruncated>false</IsTruncated>'}</ListBucketResult>`,
    );
  });
  const port = await new Promise<number>((resolve) => {
    paged.listen(0, '127.0.0.1', () => resolve((paged.address() as AddressInfo).port));
  });
  const store = await createBlobStore(config('p/', [], `http://127.0.0.1:${port}`));
  const listed: ListedBlob[] = [];
  for await (const one of store.list()) listed.push(one);
  expect(listed).toEqual(keys.map((key, i) => ({ key, at: Date.UTC(2026, 10, i + 1) })));
  expect(asked).toEqual(['0', '1', '2']);
  await store.close();
  paged.closeAllConnections();
  paged.close();
});

it('creates a marker only once, keeps it through a sweep, and does not list it as a blob', async () => {
  const store = await createBlobStore(config('marks-of/'));
  expect(await store.markedAt('begun 1')).toBeUndefined();
  expect(await store.createMarker('begun 1')).toBe(true);
  expect(await store.createMarker('begun 1')).toBe(false);
  expect(await store.createMarker('begun 2')).toBe(true);
  expect(await store.sweep(new Date(Date.now() + 60_000))).toBe(0);
  expect((await store.markedAt('begun 1'))?.getTime()).toBeGreaterThan(Date.now() - 600_000);
  await store.close();
});

it('a source that fails midway leaves no blob, and its own error is thrown', async () => {
  const store = await createBlobStore(config('broken/'));
  async function* failing() {
    yield randomBytes(100);
    throw new Error('connection lost');
  }
  await expect(store.putStream(failing())).rejects.toThrow('connection lost');
  const listed = await direct.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'broken/' }));
  expect(listed.Contents ?? []).toEqual([]);
  await store.close();
});

it('check() writes a blob; a missing bucket is reported as BLOB_STORE_UNAVAILABLE', async () => {
  const store = await createBlobStore(config('check/'));
  await store.check();
  await direct.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'check/tmp/check' }));
  await store.close();
  const away = await createBlobStore(config('', [], `http://127.0.0.1:${await freePort()}`));
  await expect(away.check()).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE', remote: { system: 'blob' } });
  await expect(storeBlob(away, randomBytes(5))).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
  await away.close();
  const wrong = await createBlobStore({ ...config(''), s3: { ...config('').s3, bucket: 'other' } });
  await expect(wrong.check()).rejects.toMatchObject({
    code: 'BLOB_STORE_UNAVAILABLE',
    remote: { code: 'NoSuchBucket' },
  });
  await wrong.close();
});
