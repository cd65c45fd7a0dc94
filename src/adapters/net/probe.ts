// Probes a host for the doctor: DNS, TCP, TLS (name, chain, expiry) and the greeting of the protocol. Each probe is a connection of its own that ends at
// once; it sends only EHLO or STARTTLS.
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, getCACertificates, type TLSSocket } from 'node:tls';
import type { Refused, TlsFacts, TlsOptions } from '../../doctor/ports.ts';
import type { ConnectGuard } from '../../domain/connect-guard.ts';

/** @returns addresses, IPv4 and IPv6. @throws Error with errno `code` ENOTFOUND, EAI_AGAIN */
export async function resolveHost(host: string, guard?: ConnectGuard): Promise<string[]> {
  guard?.checkAddress(host);
  if (isIP(host)) return [host];
  if (guard !== undefined) await guard.pinned(`socks5://${host}`);
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** @returns the address that answered. @throws Error with errno `code`; ETIMEDOUT after `timeoutMs` */
export async function reachPort(host: string, port: number, timeoutMs: number, guard?: ConnectGuard): Promise<string> {
  const socket = await opened(dial(host, port, guard), 'connect', timeoutMs);
  const address = socket.remoteAddress ?? host;
  socket.destroy();
  return address;
}

/** @throws MailroomError EMAIL_SERVER_HOST_REFUSED at once for an address; for a name the socket fails with it */
function dial(host: string, port: number, guard: ConnectGuard | undefined): Socket {
  guard?.checkAddress(host);
  return connectTcp({ host, port, ...(guard === undefined ? {} : { lookup: guard.lookup }) });
}

/** Connects, starts TLS, and reads the certificate, trusted or not. @throws Error with errno or TLS `code` */
export async function readTls(host: string, port: number, options: TlsOptions): Promise<TlsFacts | Refused> {
  const { start, protocol, timeoutMs, ehloName = '[127.0.0.1]' } = options;
  const tcp = await opened(dial(host, port, options.guard), 'connect', timeoutMs);
  let secure: TLSSocket | undefined;
  try {
    if (start !== 'implicit') {
      const refused = await beforeTls(tcp, protocol, ehloName, start === 'starttls', timeoutMs);
      if (refused !== undefined) return { refused };
    }
    if (start === 'none')
      return { protocol: 'none', names: [], issuer: '', validTo: new Date(0), untrusted: undefined, ehlo: [] };
    secure = await opened(
      connectTls({
        socket: tcp,
        ...(isIP(host) ? { host } : { servername: host, host }),
        ...(options.ca === undefined ? {} : { ca: [...getCACertificates('default'), options.ca] }),
        // The certificate is examined here, and nothing secret is sent over this connection.
        rejectUnauthorized: false,
      }),
      'secureConnect',
      timeoutMs,
    );
    const facts = readCertificate(secure);
    if (protocol !== 'smtp' || facts.untrusted !== undefined) return facts;
    const talk = conversation(secure, timeoutMs);
    if (start === 'implicit') {
      const greeting = await talk.reply();
      if (!greeting.startsWith('2')) return { refused: greeting };
    }
    const ehlo = await talk.say(`EHLO ${ehloName}`);
    if (!ehlo.startsWith('2')) return { refused: ehlo };
    await talk.say('QUIT').catch(() => '');
    return { ...facts, ehlo: ehlo.split('\n').map((line) => line.slice(4)) };
  } finally {
    secure?.destroy();
    tcp.destroy();
  }
}

/** Greeting and STARTTLS (RFC 3207, RFC 9051 §6.2.1). @returns the server's words if it refuses */
async function beforeTls(
  socket: Socket,
  protocol: TlsOptions['protocol'],
  ehloName: string,
  startTls: boolean,
  timeoutMs: number,
): Promise<string | undefined> {
  const talk = conversation(socket, timeoutMs);
  const greeting = await (protocol === 'smtp' ? talk.reply() : talk.line());
  // RFC 9051 §7.1.4: after PREAUTH there is no STARTTLS any more.
  const known = startTls ? /^(2\d\d|\* OK|\+OK)/ : /^(2\d\d|\* (OK|PREAUTH)|\+OK)/;
  if (!known.test(greeting)) return greeting;
  if (protocol === 'smtp') {
    const ehlo = await talk.say(`EHLO ${ehloName}`);
    if (!ehlo.startsWith('2')) return ehlo;
    if (!startTls) return undefined;
    if (!/^250[ -]STARTTLS/im.test(ehlo)) return 'STARTTLS is not offered';
    const answer = await talk.say('STARTTLS');
    if (!answer.startsWith('2')) return answer;
  } else if (startTls) {
    socket.write('a STARTTLS\r\n');
    let answer = await talk.line();
    while (answer.startsWith('*')) answer = await talk.line();
    if (!/^a OK/i.test(answer)) return answer;
  }
  talk.end();
  return undefined;
}

function readCertificate(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerCertificate();
  const names = [...(certificate.subjectaltname ?? '').matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(
    ([, name = '']) => name,
  );
  const error = socket.authorizationError as Error | string | null | undefined;
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    names: names.length > 0 ? names : [String(certificate.subject?.CN ?? '')],
    issuer: String(certificate.issuer?.O ?? certificate.issuer?.CN ?? ''),
    validTo: new Date(certificate.valid_to),
    untrusted: socket.authorized
      ? undefined
      : error instanceof Error
        ? ((error as NodeJS.ErrnoException).code ?? error.message)
        : String(error ?? 'unknown'),
    ehlo: [],
  };
}

function opened<T extends Socket>(socket: T, event: 'connect' | 'secureConnect', timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(coded('ETIMEDOUT', `no connection within ${timeoutMs} ms`)), timeoutMs);
    socket.once('error', fail);
    socket.once('close', () => fail(coded('ECONNRESET', 'connection closed')));
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', fail);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });

/** Lines of a text protocol, each with the time-out. */
function conversation(socket: Socket, timeoutMs: number) {
  let buffered = '';
  let wake: (() => void) | undefined;
  let over = false;
  const onData = (chunk: Buffer) => {
    buffered += chunk.toString('latin1');
    wake?.();
  };
  const onEnd = () => {
    over = true;
    wake?.();
  };
  socket.on('data', onData).on('close', onEnd).on('end', onEnd);

  async function line(): Promise<string> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const end = buffered.indexOf('\r\n');
      if (end >= 0) {
        const text = buffered.slice(0, end);
        buffered = buffered.slice(end + 2);
        return text;
      }
      if (over) throw coded('ECONNRESET', 'the server closed the connection');
      if (Date.now() >= until || buffered.length > 65_536) throw coded('ETIMEDOUT', 'no answer in time');
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, until - Date.now());
      });
      clearTimeout(timer);
      wake = undefined;
    }
  }
  async function reply(): Promise<string> {
    const lines: string[] = [];
    do lines.push(await line());
    while (/^\d{3}-/.test(lines.at(-1) ?? ''));
    return lines.join('\n');
  }
  return {
    line,
    reply,
    say(command: string) {
      socket.write(`${command}\r\n`);
      return reply();
    },
    end: () => void socket.off('data', onData).off('close', onEnd).off('end', onEnd),
  };
}
