// HTTPS for token traffic: private CA, HTTP or SOCKS5 proxy, time-outs. Deliberately small: token endpoints answer a form with JSON.
import { request as httpRequest } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, getCACertificates } from 'node:tls';

interface HttpSettings {
  /** PEM, besides the public CAs (and NODE_EXTRA_CA_CERTS). */
  ca?: string | undefined;
  /** http://[user:password@]host:port or socks5://… */
  proxy?: string | undefined;
  timeoutMs: number;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Largest accepted answer, in bytes. */
const MAX_BODY = 1024 * 1024;

/** @throws Error with `code` (errno, TLS code, ETIMEDOUT, EPROXY); never contains request or answer. */
export async function send(
  method: 'GET' | 'POST',
  url: string,
  given: { headers?: Record<string, string> | undefined; body?: string | undefined },
  settings: HttpSettings,
): Promise<HttpAnswer> {
  const target = new URL(url);
  const signal = AbortSignal.timeout(settings.timeoutMs);
  let socket: Socket | undefined;
  try {
    socket = await open(target, settings, signal);
    return await exchange(method, target, given, socket, signal);
  } catch (error) {
    if (signal.aborted) throw coded('ETIMEDOUT', 'no answer in time');
    throw error;
  } finally {
    socket?.destroy();
  }
}

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });
const portOf = (url: URL): number =>
  Number(url.port || (url.protocol === 'https:' ? 443 : url.protocol.startsWith('socks') ? 1080 : 80));
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

async function open(target: URL, { ca, proxy }: HttpSettings, signal: AbortSignal): Promise<Socket> {
  const via = proxy === undefined ? undefined : new URL(proxy);
  const tcp = await connected(
    connectTcp({ host: hostOf(via ?? target), port: portOf(via ?? target) }),
    'connect',
    signal,
  );
  try {
    if (via)
      await (via.protocol.startsWith('socks')
        ? throughSocks(tcp, via, target, signal)
        : throughHttp(tcp, via, target, signal));
    if (target.protocol !== 'https:') return tcp;
    const host = hostOf(target);
    const secure = connectTls({
      socket: tcp,
      ...(isIP(host) ? { host } : { servername: host }),
      ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
    });
    return await connected(secure, 'secureConnect', signal);
  } catch (error) {
    tcp.destroy();
    throw error;
  }
}

function connected<T extends Socket>(socket: T, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (error: Error) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = () => stop(coded('ETIMEDOUT', 'no connection in time'));
    const onClose = () => stop(coded('ECONNRESET', 'connection closed'));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', stop);
    socket.once('close', onClose);
    socket.once(event, () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('close', onClose);
      socket.off('error', stop);
      // A late error of a socket that is no longer read must not end the process.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** Reads exactly as much as `enough` requires, and leaves the socket paused. */
function readUntil(socket: Socket, enough: (got: Buffer) => number | undefined, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let got: Buffer = Buffer.alloc(0);
    const finish = (act: () => void) => {
      socket.off('readable', onReadable);
      socket.off('close', onClose);
      signal.removeEventListener('abort', onClose);
      act();
    };
    const onClose = () => finish(() => reject(coded('EPROXY', 'the proxy closed the connection')));
    const onReadable = () => {
      for (let byte: Buffer | null = socket.read(1); byte !== null; byte = socket.read(1)) {
        got = Buffer.concat([got, byte]);
        const length = enough(got);
        if (length !== undefined && got.length >= length) return finish(() => resolve(got));
        if (got.length > 16_384) return finish(() => reject(coded('EPROXY', 'the proxy said too much')));
      }
    };
    socket.on('readable', onReadable);
    socket.once('close', onClose);
    signal.addEventListener('abort', onClose, { once: true });
    onReadable();
  });
}

/** CONNECT (RFC 9110 §9.3.6). */
async function throughHttp(socket: Socket, via: URL, target: URL, signal: AbortSignal): Promise<void> {
  const authority = `${target.hostname}:${portOf(target)}`;
  const login = via.username ? `${decodeURIComponent(via.username)}:${decodeURIComponent(via.password)}` : undefined;
  const proof = login === undefined ? '' : `Proxy-Authorization: Basic ${Buffer.from(login).toString('base64')}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${proof}\r\n`);
  const head = await readUntil(socket, (got) => (got.includes('\r\n\r\n') ? got.length : undefined), signal);
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1'))?.[1];
  if (status !== '200') throw coded('EPROXY', `the proxy answered ${status ?? 'nonsense'}`);
}

/** SOCKS5 (RFC 1928, RFC 1929); names are resolved by the proxy. */
async function throughSocks(socket: Socket, via: URL, target: URL, signal: AbortSignal): Promise<void> {
  const user = decodeURIComponent(via.username);
  socket.write(user ? Buffer.from([5, 2, 0, 2]) : Buffer.from([5, 1, 0]));
  const method = (await readUntil(socket, () => 2, signal))[1];
  if (method === 2) {
    const [name, word] = [Buffer.from(user), Buffer.from(decodeURIComponent(via.password))];
    socket.write(Buffer.concat([Buffer.from([1, name.length]), name, Buffer.from([word.length]), word]));
    if ((await readUntil(socket, () => 2, signal))[1] !== 0)
      throw coded('EPROXY', 'the proxy refused user or password');
  } else if (method !== 0) throw coded('EPROXY', 'the proxy offers no way to sign in that we know');
  const host = Buffer.from(hostOf(target));
  const port = portOf(target);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3, host.length]), host, Buffer.from([port >> 8, port & 255])]));
  const lengths: Record<number, (got: Buffer) => number> = {
    1: () => 10,
    3: (got) => 7 + (got[4] ?? 255),
    4: () => 22,
  };
  const answer = await readUntil(
    socket,
    (got) => (got.length < 5 ? undefined : (lengths[got[3] ?? 0]?.(got) ?? 10)),
    signal,
  );
  if (answer[1] !== 0) throw coded('EPROXY', `the proxy cannot connect (${answer[1]})`);
}

function exchange(
  method: string,
  target: URL,
  { headers = {}, body }: { headers?: Record<string, string> | undefined; body?: string | undefined },
  socket: Socket,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = httpRequest(
      {
        method,
        host: target.host,
        path: target.pathname + target.search,
        headers: { ...headers, ...length, host: target.host, connection: 'close' },
        createConnection: () => socket,
        signal,
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_BODY) request.destroy(coded('EMSGSIZE', 'answer too large'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
