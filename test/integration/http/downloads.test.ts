// Downloads and connections over real sockets: the folder store, the real decoder and a 25 MB attachment in constant memory; clients that
// trickle, break off or stay.
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBlobStore } from '../../../src/adapters/blobs/index.ts';
import type { Message } from '../../../src/contract/message.ts';
import type { BlobStore } from '../../../src/domain/blob-store.ts';
import { createHttp, type Http, type HttpDeps } from '../../../src/http/index.ts';
import { decodeSlice } from '../../../src/mime/slices.ts';
import { storeBlob } from '../../support/blobs.ts';
import { type TempDir, tempDir, waitFor } from '../../support/temp.ts';
import { as, fakeApi, fakeDeps, message, sha256 } from '../../unit/http/fixtures.ts';

const MB = 1024 * 1024;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
let directory: TempDir;
let blobs: BlobStore;
let http: Http | undefined;
let base: string;
let port: number;

beforeEach(async () => {
  directory = tempDir('downloads');
  blobs = await createBlobStore({
    kind: 'folder',
    folder: directory.path,
    s3: {
      bucket: undefined,
      region: '',
      endpoint: undefined,
      accessKeyId: undefined,
      secretAccessKey: undefined,
      prefix: '',
      forcePathStyle: false,
    },
    encryptionKeys: [{ id: 'k', key: randomBytes(32) }],
    retentionDays: 1,
  });
});
afterEach(async () => {
  await http?.close();
  http = undefined;
  await blobs.close();
  directory.remove();
});

async function serve(deps: Partial<HttpDeps>): Promise<void> {
  http = await createHttp(fakeDeps(deps));
  ({ port } = await http.listen());
  base = `http://127.0.0.1:${port}`;
}

/** A stored mail with one base64 attachment of this size, served under the fixture's key. */
async function serveAttachment(content: Buffer, deps: Partial<HttpDeps> = {}): Promise<void> {
  const head = 'From: kim@example.org\r\n\r\n';
  const encoded = (content.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n');
  const raw = await storeBlob(blobs, Buffer.from(`${head}${encoded}\r\n--end--`));
  const [first] = message.attachments;
  if (first === undefined) throw new Error('the fixture has attachments');
  const stored: Message = {
    ...message,
    raw,
    attachments: [
      {
        ...first,
        size: content.length,
        sha256: sha256(content),
        slice: { start: head.length, end: head.length + encoded.length, encoding: 'base64' },
      },
    ],
  };
  await serve({ ...deps, api: fakeApi({ blobs, decodeSlice, readMessage: async () => stored }) });
}
const download = (headers: Record<string, string> = {}) =>
  fetch(`${base}/v1/messages/m-abc-1-7/attachments/0`, { headers: { ...as('desk'), ...headers } });

describe('a 25 MB attachment', () => {
  const content = randomBytes(25 * MB);

  it('is downloaded whole without growing the heap or the buffers by its size', async () => {
    await serveAttachment(content);
    const answer = await download();
    expect(answer.headers.get('content-length')).toBe(String(content.length));
    const hash = createHash('sha256');
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    let held = 0;
    let next = MB;
    let received = 0;
    for await (const chunk of answer.body ?? []) {
      hash.update(chunk);
      received += chunk.length;
      if (received < next) continue;
      next += MB;
      collectGarbage();
      held = Math.max(held, process.memoryUsage().arrayBuffers - before);
    }
    expect(hash.digest('hex')).toBe(sha256(content));
    // Server and client together, buffers of the sockets included; the mail and its decoded form would be 59 MB.
    expect(held).toBeLessThan(16 * MB);
  });

  it('waits for a slow reader instead of decoding ahead', async () => {
    let read = 0;
    const counting = {
      read: async function* (key: string, range?: { start: number; end: number }) {
        for await (const chunk of blobs.read(key, range)) {
          read += chunk.length;
          yield chunk;
        }
      },
    };
    await serveAttachment(content);
    await http?.close();
    const stored = (await fakeApi().readMessage(message.messageKey)) as Message;
    const raw = await storeBlob(blobs, Buffer.alloc(30 * MB, 'x'));
    await serve({ api: fakeApi({ blobs: counting, readMessage: async () => ({ ...stored, raw }) }) });
    const socket = await open();
    socket.write(
      `GET /v1/messages/m-abc-1-7/raw HTTP/1.1\r\nhost: x\r\nauthorization: ${as('desk').authorization}\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    const stands = async () => {
      let last = -1;
      await waitFor(
        () => {
          const still = read === last;
          last = read;
          return still;
        },
        { intervalMs: 200, describe: 'reading to stop' },
      );
      return read;
    };
    expect(await stands()).toBeLessThan(20 * MB); // what the kernel's socket buffers and ours take
    socket.destroy();
    // A piece may have been on its way.
    expect(await stands()).toBeLessThan(20 * MB);
  });

  it('is downloaded in ranges that join to the whole', async () => {
    await serveAttachment(content.subarray(0, 3 * MB));
    const parts: Buffer[] = [];
    for (let start = 0; start < 3 * MB; start += 700_001) {
      const answer = await download({ range: `bytes=${start}-${start + 700_000}` });
      expect(answer.status).toBe(206);
      parts.push(Buffer.from(await answer.arrayBuffer()));
    }
    expect(sha256(Buffer.concat(parts))).toBe(sha256(content.subarray(0, 3 * MB)));
  });
});

it('a damaged raw mail aborts the download instead of completing it', async () => {
  const events: string[] = [];
  const content = randomBytes(MB);
  await serveAttachment(content, { emit: (name) => void events.push(name) });
  await http?.close();
  const broken: Pick<BlobStore, 'read'> = {
    async *read() {
      yield Buffer.from(content.subarray(0, 100_000).toString('base64'));
    },
  };
  const [first] = message.attachments;
  const stored = { ...message, attachments: [{ ...first, size: content.length }] } as Message;
  await serve({
    emit: (name) => void events.push(name),
    api: fakeApi({ blobs: broken, decodeSlice, readMessage: async () => stored }),
  });
  const answer = await download();
  await expect(answer.arrayBuffer()).rejects.toThrow();
  expect(events).toContain('DownloadBroken');
});

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}
const closed = (socket: Socket) =>
  new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    socket.resume();
  });

describe('connections', () => {
  it('that send their headers or body too slowly are cut off', async () => {
    await serve({ timeouts: { headers: 200, request: 400 } });
    const headers = await open();
    headers.write('GET /healthz HTTP/1.1\r\nhost: x\r\n');
    expect(await closed(headers)).toContain('408');
    const body = await open();
    body.write(
      `POST /v1/replies HTTP/1.1\r\nhost: x\r\nauthorization: ${as('desk').authorization}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
    );
    expect(await closed(body)).toContain('408');
  });

  it('with headers that are too large, or with two lengths, are refused and closed', async () => {
    await serve({});
    const large = await open();
    large.write(`GET /healthz HTTP/1.1\r\nhost: x\r\nx-large: ${'y'.repeat(20_000)}\r\n\r\n`);
    expect(await closed(large)).toContain('431');
    const smuggling = await open();
    smuggling.write(
      'POST /v1/replies HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(await closed(smuggling)).toContain('400');
    const still = await open();
    still.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(await closed(still)).toContain('200');
  });

  it('without valid credentials get their 401 before their body is read', async () => {
    await serve({});
    const socket = await open();
    socket.write(
      'POST /v1/replies HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{',
    );
    const text = await new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())));
    expect(text).toContain('401');
    socket.destroy();
  });

  it('with a request in progress are answered on close; idle ones are closed', async () => {
    let answer: (value: undefined) => void = () => {};
    const asked = new Promise<void>((resolve) => {
      void serve({
        api: fakeApi({
          getReply: () =>
            new Promise((done) => {
              answer = done;
              resolve();
            }),
        }),
      });
    });
    await waitFor(() => http !== undefined && port > 0);
    await waitFor(async () => (await fetch(`${base}/healthz`)).ok);
    const pending = fetch(`${base}/v1/replies/r1`, { headers: as('desk') });
    await asked;
    const closing = http?.close();
    answer(undefined);
    expect((await pending).status).toBe(404);
    await closing;
  });

  it('that never end are closed after the grace period', async () => {
    let asked = false;
    const getReply = () => {
      asked = true;
      return new Promise<undefined>(() => {});
    };
    await serve({ timeouts: { close: 100 }, api: fakeApi({ getReply }) });
    const pending = fetch(`${base}/v1/replies/r1`, { headers: as('desk') }).catch((error: unknown) => error);
    await waitFor(() => asked, { describe: 'the request to arrive' });
    await http?.close();
    expect(await pending).toBeInstanceOf(Error);
  });
});

describe('concurrent downloads', () => {
  it('are limited per client, pipelined requests included', async () => {
    let open = 0;
    let most = 0;
    const forever = {
      async *read() {
        open += 1;
        most = Math.max(most, open);
        try {
          yield new Uint8Array(1);
          await new Promise(() => {});
        } finally {
          open -= 1;
        }
      },
    };
    await serve({ streamsPerClient: 3, api: fakeApi({ blobs: forever }) });
    const socket = connect(port, '127.0.0.1');
    const request = `GET /v1/messages/m-abc-1-7/raw HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-of-desk\r\n\r\n`;
    socket.write(request.repeat(20));
    const raw = (who: 'desk' | 'ops') => fetch(`${base}/v1/messages/m-abc-1-7/raw`, { headers: as(who) });
    await waitFor(() => open === 3);
    const refused = await raw('desk');
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([429, 'HTTP_TOO_MANY_STREAMS']);
    expect(most).toBe(3);
    const other = await raw('ops');
    expect(other.status).toBe(200);
    await other.body?.cancel();
    socket.destroy();
    await waitFor(async () => {
      const again = await raw('desk');
      await again.body?.cancel();
      return again.status === 200;
    });
  });
});

it('reports that its port is already in use', async () => {
  await serve({});
  const other = await createHttp(fakeDeps({ port }));
  await expect(other.listen()).rejects.toMatchObject({ code: 'HTTP_PORT_UNAVAILABLE', field: 'http.port' });
  await other.close();
});
