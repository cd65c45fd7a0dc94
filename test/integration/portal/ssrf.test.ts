// Where servers made in the portal may lead, proven at the socket: every way in which Mailroom connects for one of them is refused before a
// byte is sent when its host or proxy leads to this machine, and goes through when the operator allows it.
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMailbox } from '../../../src/adapters/imap/connection.ts';
import { probeMailbox } from '../../../src/adapters/imap/probe.ts';
import { createSentFolder } from '../../../src/adapters/imap/sent-folder.ts';
import { hostPolicy } from '../../../src/adapters/net/host-policy.ts';
import { reachPort, readTls, resolveHost } from '../../../src/adapters/net/probe.ts';
import { probeSignIn } from '../../../src/adapters/smtp/probe.ts';
import { createSubmitter, submitterDefaults } from '../../../src/adapters/smtp/submitter.ts';
import { connectPolicy, type GuardOf } from '../../../src/domain/connect-guard.ts';
import type { ImapServer, SmtpServer } from '../../../src/domain/email-server.ts';
import { portalRoom } from './gateway.ts';

let listener: Server;
let port: number;
let connections = 0;
let heard = '';
/** Waits for what the client says, as a proxy does. */
let isProxy = false;
const open = new Set<Socket>();

beforeAll(async () => {
  listener = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      socket.destroy();
    });
    socket.on('close', () => open.delete(socket));
    // A mail server speaks first: an answer that every protocol refuses. That something was reached is all that counts.
    if (!isProxy) socket.end('500 no\r\n');
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  port = (listener.address() as { port: number }).port;
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => listener.close(resolve));
});

/** The name leads to this machine: as if it had been another address when the definition was saved. */
const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
const { guardOf: refusing } = hostPolicy(connectPolicy(), resolve);
const { guardOf: allowing } = hostPolicy(connectPolicy({ allowed: ['127.0.0.0/8'] }), resolve);

interface Target {
  host: string;
  proxy?: string;
}
const common = (target: Target) => ({
  name: 'Guarded',
  port,
  tls: 'disabled' as const,
  authentication: { type: 'Password' as const, password: 'p' },
  user: 'support@contoso.example',
  enabled: true,
  source: 'portal' as const,
  ...target,
});
const imap = (target: Target): ImapServer => ({
  ...common(target),
  type: 'IMAP',
  emailFlow: 'F',
  folder: 'INBOX',
  startFrom: 'now',
  afterQueued: { action: 'leave' },
  maxMessageSize: 1_000_000,
});
const smtp = (target: Target): SmtpServer => ({
  ...common(target),
  type: 'SMTP',
  additionalFromAddresses: [],
  sendMode: 'sendAs',
  displayNames: {},
  sentCopy: { policy: 'none' },
  pace: { perMinute: 30, connections: 3, recipientsPerDay: 10_000 },
  fromRoles: {},
  uncertain: 'hold',
});
const settings = {
  connectionTimeoutMs: 30_000,
  greetingTimeoutMs: 30_000,
  socketTimeoutMs: 30_000,
  ehloName: 'x.example',
};
const noToken = async () => ({ accessToken: '', expiresAt: new Date() });

type Connect = (target: Target, guardOf: GuardOf) => Promise<unknown>;
const ways: Record<string, Connect> = {
  'IMAP, the watcher': (target, guardOf) =>
    openMailbox(imap(target), { password: 'p' }, { connectMs: 30_000, answerMs: 30_000 }, guardOf(imap(target))),
  'IMAP, the test of a connection': (target, guardOf) =>
    probeMailbox(imap(target), { password: 'p' }, 30_000, guardOf(imap(target))),
  'IMAP, the look into Sent': (target, guardOf) =>
    createSentFolder({
      getToken: noToken,
      imapServers: () => [imap(target)],
      guardOf,
      connectMs: 30_000,
      answerMs: 30_000,
    }).search(smtp(target), { replyId: 'r', messageId: '<m@x>', since: new Date(), folder: 'Sent' }),
  'SMTP, a submission': async (target, guardOf) => {
    const submitter = createSubmitter(smtp(target), noToken, { ...submitterDefaults, ...settings, guardOf });
    const outcome = await submitter.submit({
      envelope: { from: 'a@contoso.example', to: ['b@example.net'], smtpUtf8: false },
      from: 'a@contoso.example',
      bytes: async function* () {
        yield Buffer.from('x');
      },
      size: 1,
      tries: 1,
      onDataBegin: async () => {},
    });
    await submitter.close();
    if (outcome.kind === 'failed') throw Object.assign(new Error('failed'), { code: outcome.verdict.code, outcome });
    return outcome;
  },
  'SMTP, the test of a connection': (target, guardOf) =>
    probeSignIn(smtp(target), { password: 'p' }, { ...settings, guardOf }),
};
const byName: Record<string, Target> = {
  'a name': { host: 'mail.example.org' },
  'an address': { host: '127.0.0.1' },
  'an IPv4-mapped address': { host: '::ffff:127.0.0.1' },
};

const tries = Object.keys(ways).flatMap((way) => Object.keys(byName).map((target) => [way, target] as const));

describe('a server made in the portal', () => {
  it.each(tries)('%s by %s: refused before any connection; allowed when the operator permits it', async (way, name) => {
    const connect = ways[way] as Connect;
    const target = byName[name] as Target;
    const before = connections;
    await expect(connect(target, refusing)).rejects.toMatchObject({ code: 'EMAIL_SERVER_HOST_REFUSED' });
    expect(connections).toBe(before);
    await expect(connect(target, allowing)).rejects.not.toMatchObject({ code: 'EMAIL_SERVER_HOST_REFUSED' });
    expect(connections).toBeGreaterThan(before);
  });

  it.each(
    Object.keys(ways).flatMap((way) =>
      ['http://proxy.example.org', 'socks5://proxy.example.org', 'http://127.0.0.1'].map(
        (proxy) => [way, proxy] as const,
      ),
    ),
  )('%s through %s: checks the proxy as well', async (way, proxy) => {
    const connect = ways[way] as Connect;
    const target = { host: 'mail.example.net', proxy: `${proxy}:${port}` };
    const before = connections;
    await expect(connect(target, refusing)).rejects.toMatchObject({ code: 'EMAIL_SERVER_HOST_REFUSED' });
    expect(connections).toBe(before);
    heard = '';
    isProxy = true;
    await expect(connect(target, allowing).finally(() => (isProxy = false))).rejects.toThrow();
    expect(connections).toBeGreaterThan(before);
    // The name goes to the proxy, which resolves it.
    expect(heard.startsWith(proxy.startsWith('http') ? `CONNECT mail.example.net:${port}` : '\u0005')).toBe(true);
  });

  it('the doctor connects to no forbidden address', async () => {
    const guard = refusing({ source: 'portal' });
    const before = connections;
    const look = { start: 'none', protocol: 'smtp', timeoutMs: 30_000, guard } as const;
    for (const host of ['mail.example.org', '127.0.0.1']) {
      const refused = { code: 'EMAIL_SERVER_HOST_REFUSED' };
      await expect(resolveHost(host, guard)).rejects.toMatchObject(refused);
      await expect(reachPort(host, port, 30_000, guard)).rejects.toMatchObject(refused);
      await expect(readTls(host, port, look)).rejects.toMatchObject(refused);
    }
    expect(connections).toBe(before);
    expect(await reachPort('mail.example.org', port, 30_000, allowing({ source: 'portal' }))).toBe('127.0.0.1');
  });
});

describe('through the API', () => {
  const portal = portalRoom();

  it.each(['127.0.0.1', 'localhost', '169.254.169.254', '0.0.0.0', '[::1]', 'metadata.google.internal'])(
    '%s: neither saved nor tested',
    async (host) => {
      const definition = {
        serverType: 'SMTP',
        name: `To ${host}`,
        host,
        port,
        authenticationType: 'Password',
        user: 'person@contoso.example',
        password: 'a-secret-password-1',
      };
      const before = connections;
      for (const [path, body] of [
        ['/v1/email-servers', definition],
        ['/v1/email-servers-test', { definition }],
        ['/v1/email-servers', { ...definition, host: 'smtp.example.org', proxy: `http://${host}:${port}` }],
      ] as const) {
        const answer = await portal.api('administrator', 'POST', path, body);
        expect([answer.status, path], await answer.text()).toEqual([422, path]);
      }
      expect(connections).toBe(before);
    },
  );
});
