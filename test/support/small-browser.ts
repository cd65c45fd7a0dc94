// A browser without script, for tests: keeps cookies by host, follows redirects, sends forms. Knows one private CA.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Page {
  url: string;
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

export interface SmallBrowser {
  open(url: string, form?: Record<string, string>): Promise<Page>;
  /** The next answer only, whatever it is. */
  once(url: string, form?: Record<string, string>): Promise<Page>;
  cookie(name: string): string | undefined;
  setCookie(host: string, name: string, value: string): void;
}

/** @param headers sent with every request */
export function smallBrowser(ca: string, headers: Record<string, string> = {}): SmallBrowser {
  const cookies = new Map<string, Map<string, string>>();

  async function once(url: string, form?: Record<string, string>): Promise<Page> {
    const target = new URL(url);
    const jar = cookies.get(target.host) ?? new Map<string, string>();
    cookies.set(target.host, jar);
    const body = form === undefined ? undefined : new URLSearchParams(form).toString();
    return new Promise((resolve, reject) => {
      const ask = (target.protocol === 'https:' ? httpsRequest : httpRequest)(
        target,
        {
          method: body === undefined ? 'GET' : 'POST',
          ...(target.protocol === 'https:' ? { ca } : {}),
          agent: false,
          headers: {
            ...headers,
            ...(jar.size === 0 ? {} : { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }),
            ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          },
        },
        (answer) => {
          for (const line of answer.headers['set-cookie'] ?? []) {
            const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
            if (value === '' || /max-age=0\b|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
            else jar.set(name, value);
          }
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () =>
            resolve({
              url,
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              text: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        },
      );
      ask.on('error', reject);
      ask.end(body);
    });
  }

  return {
    once,
    async open(url, form) {
      let page = await once(url, form);
      for (let hops = 0; page.status >= 300 && page.status < 400 && hops < 15; hops += 1)
        page = await once(new URL(String(page.headers.location), page.url).href);
      return page;
    },
    cookie: (name) => [...cookies.values()].map((jar) => jar.get(name)).find((value) => value !== undefined),
    setCookie: (host, name, value) =>
      void (cookies.get(host) ?? cookies.set(host, new Map()).get(host))?.set(name, value),
  };
}
