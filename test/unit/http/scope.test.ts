// A token that is bound to email flows and SMTP servers: what lies outside does not exist for it, and routes that do not keep to it are closed.
import { describe, expect, it } from 'vitest';
import { parseApiTokens } from '../../../src/config/secrets.ts';
import type { TokenScope } from '../../../src/domain/access.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
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

  it('lists only its own entries', async () => {
    expect(JSON.parse((await ask(own, 'GET', '/v1/replies')).body).replies).toHaveLength(1);
    expect((await ask(own, 'GET', `/v1/email-flows/${flow}/senders`)).body).not.toContain('b@contoso.example');
  });
});

describe('a token with a namespace of replyIds', () => {
  /** Two backends and one without a namespace, before one journal. */
  async function backends() {
    const journal = new Map<string, string>();
    const api = fakeApi({
      submitReply: async ({ replyId, text }) => {
        if ((journal.get(replyId) ?? text) !== text) throw new MailroomError('REPLY_ID_REUSED');
        journal.set(replyId, text ?? '');
        return result(replyId);
      },
      getReply: async (id) => (journal.has(id) ? result(id) : undefined),
      listReplies: async () => ({ replies: [...journal.keys()].map((id) => result(id)) }),
      readMessage: async () => ({
        ...message,
        deliveryStatus: { recipients: [], reply: { replyId: 'desk/4711', messageId: '<r@x>' } },
      }),
    });
    const named = (name: string, scope?: TokenScope) => ({
      name,
      role: 'administrator' as const,
      digest: sha256(Buffer.from(`${secret}-${name}`)),
      ...(scope === undefined ? {} : { scope }),
    });
    const apiTokens = [
      named('desk', { replyNamespace: 'desk' }),
      named('bot', { replyNamespace: 'bot' }),
      named('old'),
    ];
    const http = await createHttp(fakeDeps({ apiTokens, api }));
    const ask = async (who: string, method: 'GET' | 'POST', url: string, payload?: object) => {
      const headers = { authorization: `Bearer ${secret}-${who}` };
      const answer = await http.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
      return { status: answer.statusCode, location: answer.headers.location, body: JSON.parse(answer.body) };
    };
    const submit = (who: string, replyId: string) =>
      ask(who, 'POST', '/v1/replies', { ...reply, server: 'Service SMTP', replyId, text: `of ${who}` });
    return { journal, ask, submit, close: () => http.close() };
  }

  it('has its replyIds for itself, and sees them as it wrote them', async () => {
    const { journal, ask, submit, close } = await backends();
    for (const who of ['desk', 'bot', 'old', 'desk']) {
      expect(await submit(who, '4711')).toMatchObject({
        status: 202,
        location: '/v1/replies/4711',
        body: { replyId: '4711' },
      });
    }
    expect([...journal.keys()].sort()).toEqual(['4711', 'bot/4711', 'desk/4711']);
    expect(await ask('desk', 'GET', '/v1/replies/4711')).toMatchObject({ status: 200, body: { replyId: '4711' } });
    expect((await ask('desk', 'GET', '/v1/replies/bot%2F4711')).status).toBe(404);
    expect((await ask('old', 'GET', '/v1/replies/desk%2F4711')).body).toMatchObject({ replyId: 'desk/4711' });
    const listed = async (who: string) =>
      (await ask(who, 'GET', '/v1/replies')).body.replies.map(({ replyId }: { replyId: string }) => replyId);
    expect(await listed('desk')).toEqual(['4711']);
    expect(await listed('old')).toHaveLength(3);
    for (const action of ['release', 'drop']) {
      expect((await ask('bot', 'POST', `/v1/replies/4711/${action}`)).body).toMatchObject({ replyId: '4711' });
      expect((await ask('bot', 'POST', `/v1/replies/4712/${action}`)).status).toBe(404);
    }
    await close();
  });

  it('is not usable by other tokens', async () => {
    const { journal, submit, close } = await backends();
    expect(await submit('old', 'desk/1')).toMatchObject({ status: 403, body: { field: 'replyId' } });
    expect((await submit('old', 'other/1')).status).toBe(202);
    expect((await submit('bot', 'desk/1')).status).toBe(202); // its own
    expect([...journal.keys()].sort()).toEqual(['bot/desk/1', 'other/1']);
    expect((await submit('desk', 'x'.repeat(195))).status).toBe(202);
    expect((await submit('desk', 'x'.repeat(196))).status).toBe(422);
    await close();
  });

  it('receives the bounces of its own replies only', async () => {
    const { ask, close } = await backends();
    const named = async (who: string) => (await ask(who, 'GET', '/v1/messages/m-abc-1-7')).body.deliveryStatus.reply;
    expect(await named('desk')).toEqual({ replyId: '4711', messageId: '<r@x>' });
    expect(await named('bot')).toEqual({ messageId: '<r@x>' });
    expect(await named('old')).toEqual({ replyId: 'desk/4711', messageId: '<r@x>' });
    await close();
  });
});

describe('scopes in the configuration', () => {
  it('are entries with lists', () => {
    const entry = { token: `desk:backend:${secret}`, emailFlows: ['A'], emailServers: ['S'], replyNamespace: 'desk' };
    expect(parseApiTokens([entry, `ops:viewer:${secret}x`])).toMatchObject([
      { name: 'desk', scope: { emailFlows: ['A'], emailServers: ['S'], replyNamespace: 'desk' } },
      { name: 'ops' },
    ]);
  });

  it.each([
    [{ token: 'desk' }],
    [{ token: `desk:backend:${secret}`, emailFlows: [] }],
    [{ token: `desk:backend:${secret}`, emailFlows: 'A' }],
    [{ token: `desk:backend:${secret}`, flows: ['A'] }],
    [{ emailFlows: ['A'] }],
    [{ token: `desk:backend:${secret}`, replyNamespace: 'a/b' }],
    [{ token: `desk:backend:${secret}`, replyNamespace: ['desk'] }],
    [7],
  ])('%j is refused', (entry) => {
    expect(() => parseApiTokens([entry])).toThrow(/entry 1/);
  });
});
