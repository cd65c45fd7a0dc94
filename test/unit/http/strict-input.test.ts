// What a caller sends and no route knows is named, never dropped; counts are bounded before anything is checked; few problems are named.
import { describe, expect, it } from 'vitest';
import { createHttp } from '../../../src/http/index.ts';
import { as, fakeApi, fakeDeps, result } from './fixtures.ts';

const reply = {
  schema: 'mailroom.reply/1',
  replyId: 'r1',
  server: 'Service SMTP',
  to: ['kim@example.org'],
  subject: 'Re',
  text: 'Hello',
};
type Answer = {
  warnings?: string[];
  code: string;
  detail: string;
  problems: { field: string; value?: unknown; message: string }[];
};

async function ask(method: 'GET' | 'POST', url: string, payload?: object, bodyLimit = 10_000_000) {
  const http = await createHttp(fakeDeps({ bodyLimit, api: fakeApi({ getReply: async (id) => result(id) }) }));
  const answer = await http.inject({ method, url, headers: as('ops'), ...(payload === undefined ? {} : { payload }) });
  await http.close();
  return { ...(answer.json() as Answer), status: answer.statusCode };
}
const fields = ({ problems = [] }: Answer) => problems.map(({ field }) => field);

describe('unknown keys', () => {
  it.each([
    ['POST', '/v1/replies', { ...reply, text: undefined, body: 'Hello' }, ['text', 'body']],
    ['POST', '/v1/replies', { ...reply, server: undefined, smtpServer: 'x' }, ['server', 'smtpServer']],
    ['POST', '/v1/replies/r1/release', { why: 'x' }, ['why']],
    ['GET', '/v1/replies?stat=held', undefined, ['stat']],
    ['GET', '/v1/replies/r1?expand=all', undefined, ['expand']],
    ['GET', '/v1/messages/m-abc-1-7?format=eml', undefined, ['format']],
  ] as const)('%s %s %j: %j', async (method, url, payload, named) => {
    const answer = await ask(method, url, payload);
    expect([answer.status, answer.code]).toEqual([422, 'HTTP_REQUEST_INVALID']);
    expect(fields(answer)).toEqual(named);
  });

  it.each([
    [{ body: 'x', Bcc: ['a@b.example'] }, ['body', 'Bcc']],
    [{ to: [{ address: 'a@b.example', mail: 'x' }] }, ['to[0].mail']],
    [{ answers: { messageID: '<a@b>' } }, ['answers.messageID']],
    [{ agent: { id: '7', mail: 'x' } }, ['agent.mail']],
    [{ attachments: [{ filename: 'a', content: 'YQ==', type: 'x' }] }, ['attachments[0].type']],
    [{ headers: { 'X-Any': 'any name is one of the sender' } }, []],
  ])('of a reply that can be sent are named in its result: %j', async (change, named) => {
    const answer = await ask('POST', '/v1/replies', { ...reply, ...change });
    expect(answer.status).toBe(202);
    expect(answer.warnings ?? []).toEqual(named.map((key) => `${key} is not known here and was not obeyed`));
  });

  it('are harmless on open routes: probes may add any', async () => {
    expect((await ask('GET', '/healthz?probe=1')).status).toBe(200);
  });
});

describe('a list where one value is expected', () => {
  it.each([
    ['GET', '/v1/replies?limit=1&limit=2', undefined, 'limit', ['1', '2']],
    ['GET', '/v1/replies?server=a&server=b', undefined, 'server', ['a', 'b']],
    ['POST', '/v1/replies', { ...reply, subject: ['Re'] }, 'subject', undefined],
    [
      'POST',
      '/v1/replies',
      { ...reply, attachments: [{ filename: 'a', message: { messageKey: 'm', n: [1] } }] },
      'attachments[0].message.n',
      undefined,
    ],
  ] as const)('%s %s names %s', async (method, url, payload, field, value) => {
    const answer = await ask(method, url, payload);
    expect([answer.status, fields(answer), answer.problems[0]?.value]).toEqual([422, [field], value]);
  });

  it('except a state, which may be repeated', async () => {
    expect((await ask('GET', '/v1/replies?state=held&state=uncertain')).status).toBe(200);
  });
});

describe('a reply', () => {
  it.each(['text', 'html'])('with more %s than can be sent is refused by its length', async (name) => {
    const answer = await ask('POST', '/v1/replies', { ...reply, [name]: 'x'.repeat(5_000_001) });
    expect([answer.status, fields(answer)]).toEqual([422, [name]]);
  });

  it.each([
    ['neither text nor html', { text: undefined }],
    ['blanks only', { text: ' \n', html: '' }],
    ['an attachment and no text', { text: undefined, attachments: [{ filename: 'a', content: 'YQ==' }] }],
  ])('with %s is refused', async (_, change) => {
    const answer = await ask('POST', '/v1/replies', { ...reply, ...change });
    expect([answer.status, fields(answer)]).toEqual([422, ['text']]);
  });

  it('with an attachment may have an empty text', async () => {
    const attachments = [{ filename: 'a.pdf', content: 'YQ==' }];
    expect((await ask('POST', '/v1/replies', { ...reply, text: '', attachments })).status).toBe(202);
  });

  it.each(['to', 'cc', 'bcc', 'attachments', 'headers'])(
    'with too many %s is refused by the count alone',
    async (name) => {
      const answer = await ask('POST', '/v1/replies', { ...reply, [name]: Array.from({ length: 50_000 }, () => 7) });
      expect([answer.status, fields(answer)]).toEqual([422, [name]]);
      expect(answer.detail).toContain('has 50000 entries');
    },
  );

  it('with a thousand errors names twenty and counts the rest', async () => {
    const answer = await ask('POST', '/v1/replies', { ...reply, to: Array.from({ length: 900 }, () => 7) });
    expect(answer.problems).toHaveLength(20);
    expect(answer.detail).toContain('and 880 more');
  });
});
