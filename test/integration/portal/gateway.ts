// A gateway with the role portal only, on a Redis of its own, and small ways to ask it: by API token, and as a browser without script.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { stringify } from 'yaml';
import { createPortalSessions } from '../../../src/adapters/redis/portal-sessions.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { type Gateway, startGateway } from '../../../src/gateway.ts';
import { tempDir } from '../../support/temp.ts';

export const TOKENS = {
  administrator: 'admin-token-0123456789abcdef',
  operator: 'operator-token-0123456789abcdef',
  viewer: 'read-token-0123456789abcdef',
  backend: 'desk-token-0123456789abcdef',
};
export type Who = keyof typeof TOKENS;
const key = `test:${randomBytes(32).toString('base64')}`;

export const fileServer = {
  serverType: 'IMAP',
  name: 'From file',
  host: 'imap.example.org',
  authenticationType: 'OAuth2',
  application: 'Contoso',
  user: 'file@contoso.example',
  emailFlow: 'File <b>flow</b>',
};

export async function startPortal(redisUrl: string, more: Record<string, string> = {}) {
  const dir = tempDir('portal');
  writeFileSync(join(dir.path, 'email-servers.yaml'), stringify({ emailServers: [fileServer] }));
  const config = loadConfig({
    configDir: dir.path,
    env: {
      MAILROOM_REDIS_URL: redisUrl,
      MAILROOM_SECURITY_CACHE_KEYS: key,
      MAILROOM_SECURITY_CONVERSATION_KEYS: key,
      MAILROOM_HTTP_API_TOKENS: Object.entries(TOKENS)
        .map(([role, token]) => `${role}-person:${role}:${token}`)
        .join(','),
      MAILROOM_LOG_LEVEL: 'silent',
      MAILROOM_HTTP_PORT: '0',
      MAILROOM_BLOBS_FOLDER: join(dir.path, 'blobs'),
      ...more,
    },
  });
  const gateway: Gateway = await startGateway(config, ['portal']);
  const base = `http://127.0.0.1:${gateway.port}`;

  const api = (
    who: Who | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) =>
    fetch(base + path, {
      method,
      headers: {
        ...(who === undefined ? {} : { authorization: `Bearer ${TOKENS[who]}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });

  const post = (
    path: string,
    fields: Record<string, string> | [string, string][],
    headers: Record<string, string> = {},
  ) => fetch(base + path, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields), headers });

  return {
    base,
    config,
    routes: gateway.routes,
    /** Forgets the failed sign-ins of this machine, so that the next test begins again. */
    async forgive(): Promise<void> {
      const client = new Redis(redisUrl);
      for (const from of ['127.0.0.1', 'api:127.0.0.1']) await createPortalSessions(client).forgive(from);
      client.disconnect();
    },
    api,
    post,
    /** Signs in and resolves with the cookie and the token of its forms. */
    async signIn(secret: string, language = 'en') {
      const answer = await post('/portal/sign-in', { secret });
      const cookie = (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
      const headers = { cookie, 'accept-language': language };
      const get = (path: string) => fetch(base + path, { headers, redirect: 'manual' });
      const text = await (await get('/portal/email-servers')).text();
      const csrf = /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
      return {
        status: answer.status,
        cookie,
        setCookie: answer.headers.getSetCookie()[0] ?? '',
        csrf,
        get,
        post: (path: string, fields: Record<string, string>, more: Record<string, string> = {}) =>
          post(path, { _csrf: csrf, ...fields }, { ...headers, ...more }),
      };
    },
    async stop() {
      await gateway.stop('test');
      dir.remove();
    },
  };
}
