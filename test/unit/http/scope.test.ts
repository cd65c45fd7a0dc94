// A token that is bound to email flows and SMTP servers: what lies outside does not exist for it, and routes that do not keep to it are closed.
import { describe, expect, it } from 'vitest';
import { parseApiTokens } from '../../../src/config/secrets.ts';
import { createHttp } from '../../../src/http/index.ts';
import { fakeApi, fakeDeps, message, result, sha256 } from './fixtures.ts';

const secret = 'a-token-with-sixteen-characters';
const reply = { schema: 'mailroom.reply/1', replyId: 'r1', to: ['kim@example.org'], subject: 'Re', text: 'Hello' };

async function ask(scope: object, method: 'GET' | 'POST', url: string, payload?: object) {
  const token = { name: 'desk', role: 'administrator' as const, digest: sha256(Buffer.from(secret)), scope };
  const senders = [
    { address: 'a@contoso.example', server: 'Service SMTP', default: true },
    { address: 'b@contoso.example', server: 'Other', default: false },
  ];
  const api = fakeApi({
    getReply: async (id) => ({ ...result(id), server: id === 'r1' ? 'Service SMTP' : 'Other' }),
    listReplies: async () => ({ replies: [result('r1'), { ...result('r2'), server: 'Other' }] }),
    sendersOfFlow: async (emailFlow) => ({ emailFlow, senders }),
  });
  const http = await createHttp(fakeDeps({ apiTokens: [token], api }));
  const headers = { authorization: `Bearer ${secret}` };
  const answer = await http.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
  await http.close();
  return { status: answer.statusCode, body: answer.body };
}
const own = { emailFlows: [message.emailFlow], emailServers: ['Service SMTP'] };
const other = { emailFlows: ['Another flow'], emailServers: ['Another server'] };
const flow = encodeURIComponent(message.emailFlow);

describe('a bound token', () => {
  it.each([
    ['GET', '/v1/messages/m-abc-1-7', undefined, 200, 404],
    ['GET', '/v1/messages/m-abc-1-7/raw', undefined, 200, 404],
    ['GET', '/v1/messages/m-abc-1-7/attachments/0', undefined, 200, 404],
    ['GET', '/v1/replies/r1', undefined, 200, 404],
    ['POST', '/v1/replies/r1/release', undefined, 200, 404],
    ['POST', '/v1/replies/r1/drop', undefined, 200, 404],
    ['POST', '/v1/replies', { ...reply, server: 'Service SMTP' }, 202, 403],
    ['GET', `/v1/email-flows/${flow}/senders`, undefined, 200, 404],
  ] as const)('%s %s', async (method, url, payload, inside, outside) => {
    expect((await ask(own, method, url, payload)).status).toBe(inside);
    expect((await ask(other, method, url, payload)).status).toBe(outside);
  });

  it('lists what is its own alone', async () => {
    expect(JSON.parse((await ask(own, 'GET', '/v1/replies')).body).replies).toHaveLength(1);
    expect((await ask(own, 'GET', `/v1/email-flows/${flow}/senders`)).body).not.toContain('b@contoso.example');
  });
});

describe('in the configuration', () => {
  it('is an entry with lists', () => {
    const entry = { token: `desk:backend:${secret}`, emailFlows: ['A'], emailServers: ['S'] };
    expect(parseApiTokens([entry, `ops:viewer:${secret}x`])).toMatchObject([
      { name: 'desk', scope: { emailFlows: ['A'], emailServers: ['S'] } },
      { name: 'ops' },
    ]);
  });

  it.each([
    [{ token: 'desk' }],
    [{ token: `desk:backend:${secret}`, emailFlows: [] }],
    [{ token: `desk:backend:${secret}`, emailFlows: 'A' }],
    [{ token: `desk:backend:${secret}`, flows: ['A'] }],
    [{ emailFlows: ['A'] }],
    [7],
  ])('%j is refused', (entry) => {
    expect(() => parseApiTokens([entry])).toThrow(/entry 1/);
  });
});
