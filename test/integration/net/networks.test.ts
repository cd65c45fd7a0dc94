// Networks as they are, for token, IMAP and SMTP traffic alike, by the production code: proxies, private CAs, IPv6, hosts of two families, and names
// whose address changes.
import dns from 'node:dns';
import { createServer, connect as dial, isIPv6, type Server, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openMailbox } from '../../../src/adapters/imap/connection.ts';
import type { TokenProvider } from '../../../src/adapters/oauth/index.ts';
import { createSubmitter, submitterDefaults } from '../../../src/adapters/smtp/submitter.ts';
import type { ImapServer, OAuthApplication, SmtpServer } from '../../../src/domain/email-server.ts';
import type { Submitter } from '../../../src/domain/submission.ts';
import { createCertificates } from '../../../src/sandbox/certificate.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { startProxy } from '../../support/proxy.ts';
import { waitFor } from '../../support/temp.ts';
import { createFixture, imapServer, SHARED, smtpServer } from '../oauth/fixture.ts';

leakWatch();

interface Places {
  host?: string;
  proxy?: string;
  ca?: string;
}

function networks(listen: string) {
  const fixture = createFixture({ listen });
  const submitters: Submitter[] = [];
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const one of submitters.splice(0)) await one.close();
  });
  const common = ({ host = 'localhost', proxy, ca = fixture.sandbox.caPem }: Places) => ({
    host,
    ca,
    ...(proxy === undefined ? {} : { proxy }),
  });
  const imap = (places: Places = {}): ImapServer =>
    imapServer({}, { ...common(places), port: fixture.sandbox.imap.port });
  const smtp = (places: Places = {}): SmtpServer =>
    smtpServer({}, { ...common(places), port: fixture.sandbox.smtp.port });

  /** A new token each time it is asked. */
  function provider({ proxy, ca }: Places = {}): TokenProvider {
    const extra: Partial<OAuthApplication> = { ...(ca ? { ca } : {}), ...(proxy ? { proxy } : {}) };
    return fixture.replica([fixture.application(extra)]);
  }
  async function receive(server: ImapServer, tokens: TokenProvider) {
    const { accessToken } = await tokens.getToken(server, 'imap');
    return openMailbox(server, { accessToken }, { connectMs: 30_000, answerMs: 30_000 });
  }
  function sender(server: SmtpServer, tokens: TokenProvider): Submitter {
    const submitter = createSubmitter(server, (one, protocol, options) => tokens.getToken(one, protocol, options), {
      ...submitterDefaults,
      connectionTimeoutMs: 30_000,
      ehloName: 'mailroom.test',
    });
    submitters.push(submitter);
    return submitter;
  }
  async function send(submitter: Submitter) {
    const mail = Buffer.from(`From: <${SHARED}>\r\nTo: <${SHARED}>\r\nSubject: x\r\n\r\ny\r\n`);
    return submitter.submit({
      envelope: { from: SHARED, to: [SHARED], smtpUtf8: false },
      from: SHARED,
      bytes: async function* () {
        yield mail;
      },
      size: mail.length,
      tries: 1,
      onDataBegin: async () => {},
    });
  }
  /** Token, mailbox and mail, all at those places. */
  async function all(places: Places): Promise<void> {
    const tokens = provider(places);
    const mailbox = await receive(imap(places), tokens);
    expect(mailbox.uidValidity).toMatch(/^\d+$/);
    await mailbox.close();
    expect(await send(sender(smtp(places), tokens))).toMatchObject({ kind: 'accepted' });
  }
  return { fixture, imap, smtp, provider, receive, sender, send, all };
}

/** What the system's resolver answers for localhost, as long as the test lasts. */
function localhostIs(addresses: () => string[]): void {
  const found = () => addresses().map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  const answer = (host: string, options: { all?: boolean }, done: (...answer: unknown[]) => void) => {
    if (host !== 'localhost') return done(Object.assign(new Error(`no ${host}`), { code: 'ENOTFOUND' }));
    const [first] = found();
    if (options.all) done(null, found());
    else done(null, first?.address, first?.family);
  };
  vi.spyOn(dns, 'lookup').mockImplementation(answer as never);
}

describe('a proxy', () => {
  const { fixture, all, provider, imap, receive, smtp, sender, send } = networks('127.0.0.1');

  it.each(['http', 'socks5'] as const)(
    '%s: carries token requests, mailbox and submission, and no connection bypasses it',
    async (kind) => {
      const proxy = await startProxy(kind);
      // The proxy resolves the names: this machine could not.
      localhostIs(() => {
        throw new Error('nobody here asks');
      });
      await all({ proxy: proxy.url });
      const { authority, imap: imapAt, smtp: smtpAt } = fixture.sandbox;
      const ports = [new URL(authority).port, imapAt.port, smtpAt.port];
      expect(new Set(proxy.asked)).toEqual(new Set(ports.map((port) => `localhost:${port}`)));
      await proxy.stop();
    },
  );

  it('can differ for each server and each application', async () => {
    const [forToken, forMail] = [await startProxy('http'), await startProxy('socks5')];
    const tokens = provider({ proxy: forToken.url });
    await (await receive(imap({ proxy: forMail.url }), tokens)).close();
    expect(await send(sender(smtp(), tokens))).toMatchObject({ kind: 'accepted' });
    expect(forToken.asked).toEqual(
      forToken.asked.filter((one) => one.endsWith(new URL(fixture.sandbox.authority).port)),
    );
    expect(forToken.asked.length).toBeGreaterThan(0);
    expect(forMail.asked).toEqual([`localhost:${fixture.sandbox.imap.port}`]);
    await Promise.all([forToken.stop(), forMail.stop()]);
  });
});

describe('a private CA', () => {
  const { fixture, all, provider, imap, receive, smtp, sender, send } = networks('127.0.0.1');
  const foreign = createCertificates().caPem;
  const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

  it('is trusted for its application and servers; another CA does not replace it', async () => {
    expect(await outcome(provider({ ca: foreign }).getToken(imap(), 'imap'))).toMatchObject({
      code: 'OAUTH_TLS_FAILED',
    });
    const tokens = provider();
    expect(await outcome(receive(imap({ ca: foreign }), tokens))).toMatchObject({ code: 'IMAP_TLS_FAILED' });
    expect(await send(sender(smtp({ ca: foreign }), tokens))).toMatchObject({
      kind: 'failed',
      verdict: { code: 'SMTP_TLS_FAILED' },
      sent: 'none',
    });
    await all({});
  });

  it('set for one server does not exclude those that the whole process trusts (NODE_EXTRA_CA_CERTS)', async () => {
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, fixture.sandbox.caPem]);
    try {
      await all({ ca: foreign });
    } finally {
      setDefaultCACertificates(before);
    }
  });
});

describe('IPv6', () => {
  const { all } = networks('::1');

  it('connects to an address', async () => {
    localhostIs(() => ['::1']); // an authority has a name always
    await all({ host: '::1' });
  });
  it('connects to a name that has IPv6 addresses only', async () => {
    localhostIs(() => ['::1']);
    await all({});
  });
  it('connects to a name with both families when IPv4 does not answer', async () => {
    localhostIs(() => ['127.0.0.1', '::1']);
    await all({});
  });
});

describe('IPv4', () => {
  const { all } = networks('127.0.0.1');

  it('connects to a name with both families when IPv6 does not answer', async () => {
    localhostIs(() => ['::1', '127.0.0.1']);
    await all({});
  });
});

describe('a name whose address changes', () => {
  const { fixture, provider, imap, receive, smtp, sender, send } = networks('127.0.0.1');

  /** The sandbox's ports at another address; `asked` are those connected to. */
  async function relay(address: string) {
    const asked: number[] = [];
    const sockets = new Set<Socket>();
    const { sandbox } = fixture;
    const ports = [Number(new URL(sandbox.authority).port), sandbox.imap.port, sandbox.smtp.port];
    const servers = ports.map(
      (port): Server =>
        createServer((client) => {
          asked.push(port);
          const target = dial(port, '127.0.0.1');
          for (const socket of [client, target]) {
            sockets.add(socket);
            socket.on('error', () => {});
            socket.on('close', () => {
              client.destroy();
              target.destroy();
            });
          }
          client.pipe(target).pipe(client);
        }),
    );
    await Promise.all(
      servers.map((server, i) => new Promise<void>((resolve) => server.listen(ports[i], address, resolve))),
    );
    return {
      asked,
      ports,
      async stop() {
        for (const socket of sockets) socket.destroy();
        await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      },
    };
  }

  it('is resolved again at the next connection: nothing is pinned or cached', async () => {
    const [old, next] = [await relay('127.0.0.2'), await relay('127.0.0.3')];
    let address = '127.0.0.2';
    localhostIs(() => [address]);
    const tokens = provider();
    const mailbox = await receive(imap(), tokens);
    const submitter = sender(smtp(), tokens);
    expect(await send(submitter)).toMatchObject({ kind: 'accepted' });
    expect(new Set(old.asked)).toEqual(new Set(old.ports));

    // The host moves. The old address is gone.
    address = '127.0.0.3';
    await old.stop();
    await waitFor(
      () =>
        mailbox.uids().then(
          () => false,
          () => true,
        ),
      { describe: 'the old connection to be lost' },
    );
    await mailbox.close();
    const before = (await tokens.getToken(imap(), 'imap')).accessToken;
    const { accessToken } = await tokens.getToken(imap(), 'imap', { refused: before });
    await (await openMailbox(imap(), { accessToken }, { connectMs: 30_000, answerMs: 30_000 })).close();
    await waitFor(async () => (await send(submitter)).kind === 'accepted', {
      describe: 'a mail by the same submitter',
    });
    expect(new Set(next.asked)).toEqual(new Set(next.ports));
    await next.stop();
  });
});
