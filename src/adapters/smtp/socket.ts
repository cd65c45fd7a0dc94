// Opens the connections of an SMTP server: directly, by HTTP CONNECT or SOCKS5, and for servers made in the portal through the guard that checks
// where they lead. nodemailer would look names up on its own: IPv4 and IPv6 of the network's interfaces only, past /etc/hosts, and kept for five
// minutes, during which a server that moved is not found. Here each connection asks the system again and tries all addresses (RFC 8305).
import { request } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { SocksClient } from 'socks';
import type { ConnectGuard } from '../../domain/connect-guard.ts';
import type { SmtpServer } from '../../domain/email-server.ts';
import { asError } from '../../domain/errors.ts';

type Done = (error: Error | null, socket?: { connection: Socket }) => void;

/** For nodemailer's option getSocket. TLS is nodemailer's work on top of it. */
export function smtpSocket(
  server: Pick<SmtpServer, 'host' | 'port' | 'proxy'>,
  guard: ConnectGuard | undefined,
  timeoutMs: number,
): (options: unknown, done: Done) => void {
  return (_options, done) => {
    open(server, guard, timeoutMs).then(
      (connection) => done(null, { connection }),
      (error: unknown) => done(asError(error)),
    );
  };
}

async function open(
  { host, port, proxy }: Pick<SmtpServer, 'host' | 'port' | 'proxy'>,
  guard: ConnectGuard | undefined,
  timeoutMs: number,
): Promise<Socket> {
  // Behind a proxy it is the proxy that resolves the name; an address is refused here all the same.
  guard?.checkAddress(host);
  if (proxy === undefined) return dial(host, port, guard, timeoutMs);
  const via = new URL(proxy);
  const socks = via.protocol.startsWith('socks');
  const proxyPort = Number(via.port || (socks ? 1080 : 80));
  const socket = await dial(via.hostname.replace(/^\[|\]$/g, ''), proxyPort, guard, timeoutMs);
  const user = decodeURIComponent(via.username);
  const password = decodeURIComponent(via.password);
  try {
    if (!socks) return await tunnel(socket, host, port, user === '' ? undefined : `${user}:${password}`, timeoutMs);
    await SocksClient.createConnection({
      proxy: {
        host: via.hostname,
        port: proxyPort,
        type: 5,
        ...(user === '' ? {} : { userId: user, password }),
      },
      destination: { host, port },
      command: 'connect',
      existing_socket: socket,
      timeout: timeoutMs,
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function dial(host: string, port: number, guard: ConnectGuard | undefined, timeoutMs: number): Promise<Socket> {
  guard?.checkAddress(host);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      ...(guard === undefined ? {} : { lookup: guard.lookup }),
      ...(isIP(host) ? {} : { autoSelectFamily: true }),
    });
    const late = setTimeout(
      () => socket.destroy(Object.assign(new Error('Connection timeout'), { code: 'ETIMEDOUT' })),
      timeoutMs,
    );
    socket.once('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(late);
      socket.removeAllListeners('error');
      socket.on('error', () => {}); // until nodemailer listens
      resolve(socket);
    });
  });
}

/** CONNECT (RFC 9110 §9.3.6). */
function tunnel(
  socket: Socket,
  host: string,
  port: number,
  login: string | undefined,
  timeoutMs: number,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    const proof =
      login === undefined ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
    const ask = request({
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...proof },
      createConnection: () => socket,
      timeout: timeoutMs,
    });
    const failed = (words: string) => reject(Object.assign(new Error(words), { code: 'EPROXY' }));
    ask.once('connect', ({ statusCode }, tunnelled, first) => {
      if (statusCode !== 200) return failed(`the proxy answered ${statusCode ?? 'nonsense'}`);
      if (first.length > 0) tunnelled.unshift(first);
      resolve(tunnelled as Socket);
    });
    ask.once('timeout', () => ask.destroy(Object.assign(new Error('Connection timeout'), { code: 'ETIMEDOUT' })));
    ask.once('response', ({ statusCode }) => failed(`the proxy answered ${statusCode ?? 'nonsense'}`));
    ask.once('error', reject);
    ask.end();
  });
}
