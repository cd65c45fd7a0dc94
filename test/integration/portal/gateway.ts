// A gateway with the role portal only, on a Redis of its own, for the tests of a file.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { stringify } from 'yaml';
import { createPortalSessions } from '../../../src/adapters/redis/portal-sessions.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { startGateway } from '../../../src/gateway.ts';
import { redisRoom } from '../../support/redis.ts';
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

/** What tests ask of a portal: by API token, and as a browser without script. */
const asking = (base: () => string) => {
  const post = (
    path: string,
    fields: Record<string, string> | [string, string][],
    headers: Record<string, string> = {},
  ) => fetch(base() + path, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields), headers });
  return {
    api: (who: Who | undefined, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      fetch(base() + path, {
        method,
        headers: {
          ...(who === undefined ? {} : { authorization: `Bearer ${TOKENS[who]}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    post,
    /** Signs in and resolves with the cookie and the token of its forms. */
    async signIn(secret: string, language = 'en') {
      const answer = await post('/portal/sign-in', { secret });
      const setCookie = answer.headers.getSetCookie()[0] ?? '';
      const cookie = setCookie.split(';')[0] ?? '';
      const headers = { cookie, 'accept-language': language };
      const get = (path: string) => fetch(base() + path, { headers, redirect: 'manual' });
      const text = await (await get('/portal/email-servers')).text();
      const csrf = /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
      return {
        status: answer.status,
        ...{ cookie, setCookie, csrf, get },
        post: (path: string, fields: Record<string, string>, more: Record<string, string> = {}) =>
          post(path, { _csrf: csrf, ...fields }, { ...headers, ...more }),
      };
    },
  };
};

export type Portal = Awaited<ReturnType<typeof startPortal>>;
export type Person = Awaited<ReturnType<Portal['signIn']>>;

async function startPortal(redisUrl: string, env: Record<string, string> = {}) {
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
      ...env,
    },
  });
  const gateway = await startGateway(config, ['portal']);
  const base = `http://127.0.0.1:${gateway.port}`;
  let stopping: Promise<void> | undefined;
  return {
    ...{ base, config, routes: gateway.routes },
    ...asking(() => base),
    /** Once, however often it is called. */
    stop: () => (stopping ??= gateway.stop('test').then(() => dir.remove())),
  };
}

interface PortalRoomOptions {
  /** Settings; a function where they are known only once the file's earlier hooks have run. */
  env?: Record<string, string> | (() => Record<string, string>);
  /** Empties Redis before each test. */
  flush?: boolean;
}

/** Registers the hooks of the calling file: a Redis, and a portal on it. */
export function portalRoom({ env = {}, flush = false }: PortalRoomOptions = {}) {
  const room = redisRoom({ flush });
  const opened = new Set<Portal>();
  let portal: Portal;
  async function another(more: Record<string, string> = {}): Promise<Portal> {
    const one = await startPortal(room.url, more);
    opened.add(one);
    return one;
  }
  beforeAll(async () => {
    portal = await another(typeof env === 'function' ? env() : env);
  });
  afterAll(async () => void (await Promise.all([...opened].map((one) => one.stop()))));
  return {
    ...asking(() => portal.base),
    get base() {
      return portal.base;
    },
    get config() {
      return portal.config;
    },
    get routes() {
      return portal.routes;
    },
    /** A client of the portal's Redis. */
    get redis() {
      return room.redis;
    },
    /** Another portal on the same Redis, until the file ends. */
    another,
    /** Forgets the failed sign-ins of this machine, so that the next test begins again. */
    async forgive(): Promise<void> {
      for (const from of ['127.0.0.1', 'api:127.0.0.1']) await createPortalSessions(room.redis).forgive(from);
    },
  };
}
