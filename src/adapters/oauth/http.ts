// HTTPS for token traffic: private CA, HTTP or SOCKS5 proxy, one time-out. Deliberately small: token endpoints answer a form with JSON.
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, getCACertificates } from 'node:tls';
import { openSocket } from '../../lib/proxy-socket.ts';

interface HttpSettings {
  /** PEM, besides the public CAs (and NODE_EXTRA_CA_CERTS). */
  ca?: string | undefined;
  /** http://[user:password@]host:port or socks5://… */
  proxy?: string | undefined;
  timeoutMs: number;
}

interface Content {
  headers?: Record<string, string> | undefined;
  body?: string | undefined;
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
  content: Content,
  { ca, proxy, timeoutMs }: HttpSettings,
): Promise<HttpAnswer> {
  const target = new URL(url);
  const secure = target.protocol === 'https:';
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const signal = AbortSignal.timeout(timeoutMs);
  let socket: Socket | undefined;
  try {
    socket = await openSocket({ host, port: Number(target.port || (secure ? 443 : 80)), proxy }, signal);
    if (secure) {
      socket = connectTls({
        socket,
        ...(isIP(host) ? { host } : { servername: host }),
        ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
      });
      socket.on('error', () => {}); // a late error of a socket that is no longer read must not end the process
      await once(socket, 'secureConnect', { signal });
    }
    return await exchange(method, target, content, socket, signal);
  } catch (error) {
    if (signal.aborted) throw coded('ETIMEDOUT', 'no answer in time');
    throw error;
  } finally {
    socket?.destroy();
  }
}

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });

function exchange(
  method: string,
  target: URL,
  { headers = {}, body }: Content,
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
