// The API by inject(): who may what, what is refused and how it says so, downloads, replies.
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { InjectOptions } from 'light-my-request';
import { describe, expect, it } from 'vitest';
import { MailroomError } from '../../../src/domain/errors.ts';
import { createHttp, type HttpDeps } from '../../../src/http/index.ts';
import { decodeSlice, parseMessage } from '../../../src/mime/index.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { signedData } from '../../support/cms.ts';
import { as, fakeApi, fakeDeps, message, pdf, rawMail, result, sha256, wholeBodiesOf } from './fixtures.ts';

async function ask(deps: Partial<HttpDeps>, request: InjectOptions) {
  const http = await createHttp(fakeDeps(deps));
  try {
    return await http.inject(request);
  } finally {
    await http.close();
  }
}
const get = (url: string, headers: Record<string, string> = as('desk'), deps: Partial<HttpDeps> = {}) =>
  ask(deps, { method: 'GET', url, headers });
const reply = {
  schema: 'mailroom.reply/1',
  replyId: 'r1',
  server: 'Service SMTP',
  to: ['kim@example.org'],
  subject: 'Re: Rechnung',
  text: 'Hello',
};
const post = (
  url: string,
  payload?: unknown,
  headers: Record<string, string> = as('desk'),
  deps: Partial<HttpDeps> = {},
) => ask(deps, { method: 'POST', url, headers, ...(payload === undefined ? {} : { payload: payload as object }) });

describe('permissions by role', () => {
  // Stated here again on purpose: what each kind of token may do is public, and a changed table of routes must not change it unseen.
  const routes = [
    ['GET', '/v1/messages/m-abc-1-7', { ops: 200, desk: 200, grafana: 403, nobody: 401 }],
    ['GET', '/v1/messages/m-abc-1-7/raw', { ops: 200, desk: 200, grafana: 403, nobody: 401 }],
    ['GET', '/v1/messages/m-abc-1-7/text', { ops: 404, desk: 404, grafana: 403, nobody: 401 }],
    ['GET', '/v1/messages/m-abc-1-7/html', { ops: 404, desk: 404, grafana: 403, nobody: 401 }],
    ['GET', '/v1/messages/m-abc-1-7/attachments/0', { ops: 200, desk: 200, grafana: 403, nobody: 401 }],
    ['GET', '/v1/replies', { ops: 200, desk: 200, grafana: 200, nobody: 401 }],
    ['GET', '/v1/replies/r1', { ops: 200, desk: 200, grafana: 200, nobody: 401 }],
    ['GET', '/v1/email-flows/x/senders', { ops: 404, desk: 404, grafana: 404, nobody: 401 }],
    ['POST', '/v1/replies', { ops: 202, desk: 202, grafana: 403, nobody: 401 }],
    ['POST', '/v1/replies/r1/release', { ops: 200, desk: 403, grafana: 403, nobody: 401 }],
    ['POST', '/v1/replies/r1/drop', { ops: 200, desk: 403, grafana: 403, nobody: 401 }],
    ['DELETE', '/v1/replies/r1', { ops: 200, desk: 200, grafana: 403, nobody: 401 }],
    ['PATCH', '/v1/replies/r1', { ops: 200, desk: 200, grafana: 403, nobody: 401 }],
    ['GET', '/v1/schemas', { ops: 200, desk: 200, grafana: 200, nobody: 200 }],
    ['GET', '/v1/openapi.json', { ops: 200, desk: 200, grafana: 200, nobody: 200 }],
    ['GET', '/healthz', { ops: 200, desk: 200, grafana: 200, nobody: 200 }],
    ['GET', '/readyz', { ops: 200, desk: 200, grafana: 200, nobody: 200 }],
    ['GET', '/metrics', { ops: 200, desk: 200, grafana: 200, nobody: 200 }],
  ] as const;

  it.each(routes)('%s %s', async (method, url, expected) => {
    const http = await createHttp(fakeDeps({ api: fakeApi({ getReply: async (id) => result(id) }) }));
    const statuses: Record<string, number> = {};
    for (const who of ['ops', 'desk', 'grafana', 'nobody'] as const) {
      const headers = who === 'nobody' ? {} : as(who);
      const answer = await http.inject({
        method,
        url,
        headers,
        ...(url === '/v1/replies' && method === 'POST' ? { payload: reply } : {}),
        ...(method === 'PATCH' ? { payload: { priority: 'high' } } : {}),
      });
      statuses[who] = answer.statusCode;
    }
    expect(statuses).toEqual(expected);
    await http.close();
  });

  it('cover every described route', async () => {
    const document = (await get('/v1/openapi.json')).json() as { paths: Record<string, Record<string, unknown>> };
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const asked = routes.map(([method, url]) =>
      `${method} ${url}`
        .replace('m-abc-1-7', '{key}')
        .replace('/0', '/{n}')
        .replace(/r1/, '{id}')
        .replace('/x/', '/{flow}/'),
    );
    expect([...asked, 'GET /v1/schemas/{name}'].sort()).toEqual(described.sort());
  });

  it('a route without a declared permission is not served', async () => {
    const register = (app: FastifyInstance) => void app.get('/forgotten', () => 'x');
    await expect(createHttp(fakeDeps({ register }))).rejects.toThrow('GET /forgotten does not say who may use it');
  });

  it.each([
    ['a wrong token', { authorization: 'Bearer token-of-desl' }],
    ['a token with trailing characters', { authorization: 'Bearer token-of-desk x' }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['basic', { authorization: 'Basic dG9rZW4tb2YtZGVzaw==' }],
  ])('%s is 401', async (_, headers) => {
    const answer = await get('/v1/replies', headers);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('Bearer');
    expect(answer.json()).toMatchObject({ code: 'HTTP_UNAUTHENTICATED', class: 'auth' });
  });

  it('name what to configure when no token is configured', async () => {
    const answer = await get('/v1/replies', as('desk'), { apiTokens: [] });
    expect(answer.statusCode).toBe(401);
    expect((answer.json() as { hint: string }).hint).toContain('HTTP_API_TOKENS');
  });

  it('log a refusal as an event without the token', async () => {
    const events: unknown[] = [];
    await get(
      '/v1/replies',
      { authorization: 'Bearer stolen' },
      { emit: (name, fields) => void events.push([name, fields]) },
    );
    expect(events).toEqual([
      ['ApiRequestRefused', { code: 'HTTP_UNAUTHENTICATED', kind: '/v1/replies', detail: { address: '127.0.0.1' } }],
    ]);
  });
});

describe('health and metrics', () => {
  it('readyz is 503 when a check fails, when health() throws, and when it does not respond', async () => {
    const failing = { ready: false, checks: { redis: { ok: false, code: 'REDIS_UNREACHABLE' } } };
    const one = await get('/readyz', {}, { health: async () => failing });
    expect([one.statusCode, one.json()]).toEqual([503, failing]);
    const two = await get('/readyz', {}, { health: () => Promise.reject(new Error('secret detail')) });
    expect([two.statusCode, two.body.includes('secret')]).toEqual([503, false]);
    const three = await get('/readyz', {}, { health: () => new Promise(() => {}), timeouts: { health: 5 } });
    expect(three.statusCode).toBe(503);
  });

  it('metrics are Prometheus text with the route’s pattern as label', async () => {
    const metrics = createMetrics();
    const http = await createHttp(fakeDeps({ metrics }));
    await http.inject({ url: '/v1/messages/m-abc-1-7', headers: as('desk') });
    const answer = await http.inject('/metrics');
    expect(answer.headers['content-type']).toContain('text/plain');
    expect(answer.body).toContain('route="/v1/messages/:key",status="200"');
    expect(answer.body).not.toContain('m-abc');
    await http.close();
  });

  it('are all that is served without the API', async () => {
    const { api: _, ...deps } = fakeDeps();
    const http = await createHttp(deps);
    expect((await http.inject('/healthz')).statusCode).toBe(200);
    expect((await http.inject({ url: '/v1/replies', headers: as('ops') })).statusCode).toBe(404);
    await http.close();
  });
});

describe('what needs a token is kept by no cache', () => {
  it.each([
    ['/v1/messages/m-abc-1-7', 'private, no-store'],
    ['/v1/messages/m-abc-1-7/raw', 'private, no-cache'], // revalidated by its ETag
    ['/v1/replies', 'private, no-store'],
    ['/v1/replies/r1', 'private, no-store'],
  ])('%s: %s', async (url, expected) => {
    const { statusCode, headers } = await get(url, as('ops'), { api: fakeApi({ getReply: async (id) => result(id) }) });
    expect([statusCode, headers['cache-control']]).toEqual([200, expected]);
  });
});

describe('messages', () => {
  it('are returned as they were on the queue', async () => {
    expect((await get('/v1/messages/m-abc-1-7')).json()).toEqual(message);
  });

  it.each([
    ['/v1/messages/m-unknown', 'MESSAGE_UNKNOWN'],
    [`/v1/messages/${'x'.repeat(500)}`, 'MESSAGE_UNKNOWN'],
    ['/v1/messages/m-unknown/raw', 'MESSAGE_UNKNOWN'],
    ['/v1/messages/m-abc-1-7/attachments/2', 'ATTACHMENT_UNKNOWN'],
    ['/v1/messages/m-abc-1-7/attachments/-1', 'ATTACHMENT_UNKNOWN'],
    ['/v1/messages/m-abc-1-7/attachments/0x0', 'ATTACHMENT_UNKNOWN'],
    ['/v1/messages/m-unknown/text', 'MESSAGE_UNKNOWN'],
    ['/v1/messages/m-abc-1-7/text', 'MESSAGE_TEXT_UNKNOWN'],
    ['/v1/messages/m-abc-1-7/html', 'MESSAGE_TEXT_UNKNOWN'],
    ['/v1/messages/m-abc-1-7/nothing', 'HTTP_NOT_FOUND'],
    ['/v1/schemas/__proto__', 'HTTP_NOT_FOUND'],
  ])('%s is 404 %s', async (url, code) => {
    const answer = await get(url);
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ status: 404, code, type: `urn:mailroom:error:${code}` });
  });

  it.each([
    ['text', 'text/plain'],
    ['html', 'text/html'],
  ] as const)('%s is served whole from the message, with safe headers, when it is not cut', async (kind, type) => {
    const value = '<p>Grüße</p>';
    const stored = { ...message, [kind]: { value, truncated: false, length: value.length } };
    const api = fakeApi({ readMessage: async () => stored });
    const answer = await get(`/v1/messages/m-abc-1-7/${kind}`, as('desk'), { api });
    expect(answer.body).toBe(value);
    expect(answer.headers).toMatchObject({
      'content-type': `${type}; charset=utf-8`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, no-cache',
    });
    expect(answer.headers['content-disposition']).toMatch(/^attachment; /);
    const again = { ...as('desk'), 'if-none-match': String(answer.headers.etag) };
    expect((await get(`/v1/messages/m-abc-1-7/${kind}`, again, { api })).statusCode).toBe(304);
    expect((await get(`/v1/messages/m-abc-1-7/${kind}`, {}, { api })).statusCode).toBe(401);
  });

  it('text is decoded from the raw mail when it is cut in the message', async () => {
    const text = 'Grüße aus Köln, 5 €\n'.repeat(5000);
    const raw = Buffer.from(
      `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(text).toString('base64')}`,
    );
    const parsed = parseMessage(raw);
    expect(parsed.text?.truncated).toBe(true);
    const api = fakeApi({
      readMessage: async () => ({ ...message, ...(parsed.text === undefined ? {} : { text: parsed.text }) }),
      wholeBody: wholeBodiesOf(raw),
    });
    expect((await get('/v1/messages/m-abc-1-7/text', as('desk'), { api })).body).toBe(text);
  });

  it.each(['base64', 'binary'])(
    'a file within an S/MIME signature (%s) is downloaded, also in ranges',
    async (sent) => {
      const file = '%PDF-1.7 4711';
      const cms = signedData(
        Buffer.from(
          `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n${file}\r\n--b--\r\n`,
        ),
      );
      const raw = Buffer.concat([
        Buffer.from(`Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: ${sent}\r\n\r\n`),
        sent === 'base64' ? Buffer.from(cms.toString('base64')) : cms,
      ]);
      const { attachments } = parseMessage(raw);
      const api = fakeApi({
        readMessage: async () => ({ ...message, attachments }),
        decodeSlice,
        blobs: { ...fakeApi().blobs, read: (_blob, range) => Readable.from([raw.subarray(range?.start, range?.end)]) },
      });
      const whole = await get('/v1/messages/m-abc-1-7/attachments/1', as('desk'), { api });
      expect([whole.statusCode, whole.body, whole.headers['content-type']]).toEqual([200, file, 'application/pdf']);
      const piece = await get('/v1/messages/m-abc-1-7/attachments/1', { ...as('desk'), range: 'bytes=9-12' }, { api });
      expect([piece.statusCode, piece.body]).toEqual([206, '4711']);
    },
  );

  it('the raw mail is served unchanged with safe headers', async () => {
    const answer = await get('/v1/messages/m-abc-1-7/raw');
    expect(answer.rawPayload.equals(rawMail)).toBe(true);
    expect(answer.headers).toMatchObject({
      'content-type': 'message/rfc822',
      'content-length': String(rawMail.length),
      'content-disposition': `attachment; filename="m-abc-1-7.eml"; filename*=UTF-8''m-abc-1-7.eml`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, no-cache',
      etag: `"${sha256(rawMail)}"`,
    });
  });

  const url = '/v1/messages/m-abc-1-7/attachments/0';
  it('attachments are decoded, with their name in both forms', async () => {
    const answer = await get(url);
    expect(answer.rawPayload.equals(pdf)).toBe(true);
    expect(answer.headers['content-disposition']).toBe(
      `attachment; filename="Rechnung _Nr. 7_ _ ___.pdf"; filename*=UTF-8''Rechnung%20%22Nr.%207%22%20%E2%80%93%20%E6%97%A5%E6%9C%AC%25.pdf`,
    );
  });

  it.each([
    ['bytes=0-0', 206, 0, 1],
    ['bytes=10-19', 206, 10, 20],
    ['bytes=990-', 206, 990, 1000],
    ['bytes=-5', 206, 995, 1000],
    ['bytes=-5000', 206, 0, 1000],
    ['bytes=500-5000', 206, 500, 1000],
    ['Bytes = 10 - 19', 206, 10, 20],
    ['bytes=20-10', 200, 0, 1000],
    ['bytes=0-1,5-6', 200, 0, 1000],
    ['items=0-1', 200, 0, 1000],
    ['bytes=-', 200, 0, 1000],
  ])('Range %s of 1000 bytes: %i [%i, %i)', async (range, status, start, end) => {
    for (const [path, whole] of [
      [url, pdf],
      ['/v1/messages/m-abc-1-7/raw', undefined],
    ] as const) {
      if (whole === undefined) continue;
      const answer = await get(path, { ...as('desk'), range });
      expect(answer.statusCode).toBe(status);
      expect(answer.rawPayload.equals(whole.subarray(start, end))).toBe(true);
      expect(answer.headers['content-length']).toBe(String(end - start));
      expect(answer.headers['content-range']).toBe(status === 206 ? `bytes ${start}-${end - 1}/1000` : undefined);
    }
  });

  it('a range of an unencoded attachment and of the raw mail is read from its position', async () => {
    const note = await get('/v1/messages/m-abc-1-7/attachments/1', { ...as('desk'), range: 'bytes=6-10' });
    expect([note.statusCode, note.body]).toEqual([206, 'bytes']);
    const raw = await get('/v1/messages/m-abc-1-7/raw', { ...as('desk'), range: 'bytes=0-3' });
    expect([raw.statusCode, raw.body]).toEqual([206, 'From']);
  });

  it.each(['bytes=1000-', 'bytes=2000-3000', 'bytes=-0'])('Range %s is outside: 416', async (range) => {
    const answer = await get(url, { ...as('desk'), range });
    expect(answer.statusCode).toBe(416);
    expect(answer.headers['content-range']).toBe('bytes */1000');
    expect(answer.json()).toMatchObject({ code: 'HTTP_RANGE_NOT_SATISFIABLE', field: 'Range' });
  });

  it('If-None-Match and If-Range are supported', async () => {
    const etag = `"${sha256(pdf)}"`;
    for (const tags of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const answer = await get(url, { ...as('desk'), 'if-none-match': tags });
      expect([answer.statusCode, answer.body], tags).toEqual([304, '']);
    }
    const current = await get(url, { ...as('desk'), range: 'bytes=0-1', 'if-range': etag });
    const stale = await get(url, { ...as('desk'), range: 'bytes=0-1', 'if-range': '"other"' });
    expect([current.statusCode, stale.statusCode]).toEqual([206, 200]);
  });

  it('HEAD returns the size and reads nothing', async () => {
    const api = fakeApi({
      blobs: {
        read() {
          throw new Error('read');
        },
      },
    });
    const answer = await ask({ api }, { method: 'HEAD', url, headers: as('desk') });
    expect([answer.statusCode, answer.headers['content-length'], answer.body]).toEqual([200, '1000', '']);
  });

  it('a missing blob is a 404 with its reason, without the headers of a download', async () => {
    const api = fakeApi({
      blobs: {
        // biome-ignore lint/correctness/useYield: it fails before it yields
        async *read() {
          throw new MailroomError('BLOB_NOT_FOUND');
        },
      },
    });
    for (const path of [url, '/v1/messages/m-abc-1-7/raw']) {
      const answer = await get(path, as('desk'), { api });
      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ code: 'BLOB_NOT_FOUND' });
      expect(answer.headers).not.toHaveProperty('content-disposition');
      expect(answer.headers).not.toHaveProperty('etag');
    }
  });

  it('a media type made to inject headers is not repeated', async () => {
    const [first] = message.attachments;
    const evil = {
      ...message,
      attachments: [{ ...first, contentType: 'text/html\r\nset-cookie: x' }],
    } as typeof message;
    const answer = await get(url, as('desk'), { api: fakeApi({ readMessage: async () => evil }) });
    expect(answer.headers['content-type']).toBe('application/octet-stream');
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });
});

describe('replies', () => {
  it('are accepted with 202, with defaults and an address to follow', async () => {
    const taken: unknown[] = [];
    const api = fakeApi({
      submitReply: async (given) => {
        taken.push(given);
        return result(given.replyId);
      },
    });
    const answer = await post('/v1/replies', { ...reply, replyId: 'r/1 ü' }, as('desk'), { api });
    expect(answer.statusCode).toBe(202);
    expect(answer.headers.location).toBe('/v1/replies/r%2F1%20%C3%BC');
    expect(answer.json()).toEqual(result('r/1 ü'));
    expect(taken).toMatchObject([{ ...reply, replyId: 'r/1 ü', cc: [], attachments: [], priority: 'normal' }]);
  });

  it('that are wrong are refused, naming every field and value', async () => {
    const answer = await post('/v1/replies', {
      ...reply,
      replyId: '',
      subject: 7,
      priority: 'urgent',
      server: undefined,
    });
    expect(answer.statusCode).toBe(422);
    const { code, problems } = answer.json() as { code: string; problems: { field: string; value?: unknown }[] };
    expect(code).toBe('HTTP_REQUEST_INVALID');
    expect(Object.fromEntries(problems.map(({ field, value }) => [field, value]))).toEqual({
      replyId: '',
      subject: 7,
      priority: 'urgent',
      server: undefined,
    });
  });

  it.each([
    ['REPLY_ID_REUSED', new MailroomError('REPLY_ID_REUSED'), 409],
    ['SMTP_SERVER_UNKNOWN', new MailroomError('SMTP_SERVER_UNKNOWN', { field: 'server' }), 422],
    [
      'FROM_NOT_PERMITTED',
      new MailroomError('FROM_NOT_PERMITTED', { permitted: ['a@example.com'], field: 'from' }),
      422,
    ],
    ['BLOB_STORE_UNAVAILABLE', new MailroomError('BLOB_STORE_UNAVAILABLE', { retryAfterMs: 1500 }), 503],
    ['HTTP_INTERNAL', new TypeError('secret detail'), 500],
  ] as const)('%s', async (code, error, status) => {
    const answer = await post('/v1/replies', reply, as('desk'), {
      api: fakeApi({ submitReply: () => Promise.reject(error) }),
    });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ code, status });
    expect(answer.body).not.toContain('secret');
    if (code === 'FROM_NOT_PERMITTED')
      expect(answer.json()).toMatchObject({ permitted: ['a@example.com'], field: 'from' });
    if (status === 503) expect(answer.headers['retry-after']).toBe('2');
  });

  it('are listed by state, server and page', async () => {
    const asked: unknown[] = [];
    const api = fakeApi({
      listReplies: async (filter) => {
        asked.push(filter);
        return { replies: [result('r1', 'held')], next: 'c2' };
      },
    });
    const answer = await get('/v1/replies?state=held,uncertain&server=S&limit=5&cursor=c1', as('desk'), { api });
    expect(answer.json()).toEqual({ replies: [result('r1', 'held')], next: 'c2' });
    await get('/v1/replies?state=held&state=rejected', as('desk'), { api });
    expect(asked).toEqual([
      { states: ['held', 'uncertain'], server: 'S', limit: 5, cursor: 'c1' },
      { states: ['held', 'rejected'], limit: 100 },
    ]);
    for (const query of ['state=gone', 'limit=0', 'limit=x']) {
      expect((await get(`/v1/replies?${query}`)).statusCode, query).toBe(422);
    }
  });

  it('that are held are released or dropped in the token’s name', async () => {
    const calls: unknown[] = [];
    const events: string[] = [];
    const deps = {
      emit: (name: string) => void events.push(name),
      api: fakeApi({
        releaseHeld: async (...args) => {
          calls.push(['release', ...args]);
          return result('r 1');
        },
        dropHeld: async () => {
          throw new MailroomError('REPLY_NOT_HELD');
        },
      }),
    };
    expect((await post('/v1/replies/r%201/release', undefined, as('ops'), deps)).json()).toEqual(result('r 1'));
    expect((await post('/v1/replies/r%201/drop', undefined, as('ops'), deps)).statusCode).toBe(409);
    expect((await get('/v1/replies/r2', as('ops'), deps)).json()).toMatchObject({ code: 'REPLY_UNKNOWN', status: 404 });
    expect(calls).toEqual([['release', 'r 1', 'ops']]);
    expect(events).toEqual(['ApiRequestRefused']);
  });

  it('are cancelled and expedited in the token’s name, until it is too late', async () => {
    const calls: unknown[] = [];
    const tooLate = new MailroomError('REPLY_TOO_LATE', { message: 'This reply is accepted' });
    const api = fakeApi({
      getReply: async (id) => result(id, id === 'r2' ? 'accepted' : 'queued'),
      cancelReply: async (id, by) => {
        calls.push(['cancel', id, by]);
        if (id === 'r2') throw tooLate;
        return { ...result(id, 'dropped'), ended: 'cancelled' };
      },
      raisePriority: async (id, priority) => {
        calls.push([priority, id]);
        return result(id, 'queued');
      },
    });
    const asked = (method: 'DELETE' | 'PATCH', url: string, payload?: object) =>
      ask({ api }, { method, url, headers: as('desk'), ...(payload === undefined ? {} : { payload }) });
    expect((await asked('DELETE', '/v1/replies/r%201')).json()).toMatchObject({ state: 'dropped', ended: 'cancelled' });
    const refused = await asked('DELETE', '/v1/replies/r2');
    expect([refused.statusCode, refused.json().code, refused.json().detail]).toEqual([
      409,
      'REPLY_TOO_LATE',
      'This reply is accepted',
    ]);
    expect((await asked('PATCH', '/v1/replies/r1', { priority: 'high' })).json()).toMatchObject({ state: 'queued' });
    for (const wrong of [{}, { priority: 'highest' }, { priority: 'high', text: 'x' }])
      expect((await asked('PATCH', '/v1/replies/r1', wrong)).statusCode).toBe(422);
    expect(calls).toEqual([
      ['cancel', 'r 1', 'desk'],
      ['cancel', 'r2', 'desk'],
      ['high', 'r1'],
    ]);
  });

  it('include the senders of a flow with any name', async () => {
    const senders = {
      emailFlow: message.emailFlow,
      senders: [{ address: 'service@example.com', server: 'S', default: true }],
    };
    const api = fakeApi({ sendersOfFlow: async (flow) => (flow === message.emailFlow ? senders : undefined) });
    const path = (flow: string) => `/v1/email-flows/${encodeURIComponent(flow)}/senders`;
    expect((await get(path(message.emailFlow), as('desk'), { api })).json()).toEqual(senders);
    expect((await get(path(message.emailFlow.normalize('NFD')), as('desk'), { api })).json()).toEqual(senders);
    expect((await get(path('ü'.repeat(100)), as('desk'), { api })).json()).toMatchObject({
      code: 'EMAIL_FLOW_UNKNOWN',
    });
  });
});

describe('request bodies', () => {
  it.each([
    ['broken JSON', 'application/json', '{"a":', 400, 'HTTP_BODY_MALFORMED'],
    ['no body', 'application/json', '', 400, 'HTTP_BODY_MALFORMED'],
    ['prototype poisoning', 'application/json', '{"__proto__":{"x":1}}', 400, 'HTTP_BODY_MALFORMED'],
    ['text', 'text/plain', 'hello', 415, 'HTTP_MEDIA_TYPE'],
    ['a form', 'application/x-www-form-urlencoded', 'a=b', 415, 'HTTP_MEDIA_TYPE'],
    ['an oversize body', 'application/json', JSON.stringify('x'.repeat(20_000)), 413, 'HTTP_BODY_TOO_LARGE'],
    ['an array', 'application/json', '[]', 422, 'HTTP_REQUEST_INVALID'],
    ['null', 'application/json', 'null', 422, 'HTTP_REQUEST_INVALID'],
  ])('%s', async (_, type, payload, status, code) => {
    const answer = await ask(
      {},
      { method: 'POST', url: '/v1/replies', headers: { ...as('desk'), 'content-type': type }, payload },
    );
    expect([answer.statusCode, (answer.json() as { code: string }).code]).toEqual([status, code]);
  });

  it('return hints in German when German is requested', async () => {
    const answer = await get('/v1/nothing', { ...as('desk'), 'accept-language': 'de-DE,de;q=0.9' });
    expect((answer.json() as { hint: string }).hint).toContain('Routen');
  });

  it('a malformed path is refused without a crash', async () => {
    const answer = await get('/v1/messages/%E0%A4%A');
    expect(answer.statusCode).toBeLessThan(500);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });
});

describe('when a system that Mailroom needs is out of order', () => {
  const oom = "OOM command not allowed when used memory > 'maxmemory'. script: 5b1, on @user_script:22.";
  const kinds: [said: Error, code: string][] = [
    [
      Object.assign(new Error(oom), { name: 'ReplyError', command: { name: 'evalsha', args: ['a-secret'] } }),
      'REDIS_OUT_OF_MEMORY',
    ],
    [new Error('MISCONF Errors writing to the AOF file: No space left on device'), 'REDIS_DISK_FAILED'],
    [new Error("READONLY You can't write against a read only replica."), 'REDIS_READ_ONLY'],
    [new Error("NOPERM User mailroom has no permissions to run the 'evalsha' command"), 'REDIS_PERMISSION_MISSING'],
    [new Error('Connection is closed.'), 'REDIS_UNREACHABLE'],
    [new MailroomError('BLOB_STORE_FULL'), 'BLOB_STORE_FULL'],
    [new MailroomError('BLOB_STORE_UNAVAILABLE'), 'BLOB_STORE_UNAVAILABLE'],
  ];
  it.each(kinds)('%s is 503 with its code', async (said, code) => {
    const answer = await post('/v1/replies', reply, as('desk'), {
      api: fakeApi({ submitReply: () => Promise.reject(said) }),
    });
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ status: 503, code, hint: expect.stringMatching(/\w/) });
    expect(answer.body).not.toContain('a-secret');
  });

  it('without Redis, health responds, and everything else reports at once what is missing', async () => {
    const deps = { unavailable: () => new MailroomError('REDIS_UNREACHABLE') };
    for (const url of ['/healthz', '/readyz', '/metrics']) expect((await get(url, {}, deps)).statusCode).toBe(200);
    for (const url of ['/v1/replies/r1', '/v1/messages/m-abc-1-7', '/portal', '/nowhere']) {
      const answer = await get(url, as('desk'), deps);
      expect(answer.statusCode).toBe(503);
      expect(answer.json()).toMatchObject({ code: 'REDIS_UNREACHABLE' });
    }
  });
});
