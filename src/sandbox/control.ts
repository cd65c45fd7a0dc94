// HTTP control endpoint of a running sandbox, on loopback: inject mail, look into mailboxes, switch faults. For the CLI and for clients in
// other languages; tests in this process use the Sandbox object itself.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FAULTS, type Fault } from './faults.ts';
import type { Sandbox } from './index.ts';
import { OUTLOOK_ACTS } from './outlook.ts';
import { BOUNCES, type BounceName } from './smtp/bounces.ts';

/** Largest body taken, bytes: Exchange's largest message. */
const MAX_BODY = 157_286_400;

/** A route's answer: status and JSON body. */
type Result = [status: number, body: unknown];
type Route = (request: { query: URLSearchParams; parameter: string; body: Buffer }) => Result;

export interface Control {
  url: string;
  stop(): Promise<void>;
}

/** @throws when the port is taken. Only loopback addresses are listened on. */
export async function startControl(sandbox: Sandbox, port: number): Promise<Control> {
  const routes: Record<string, Route> = {
    'GET /': () => [200, description(sandbox)],
    'GET /ca.pem': () => [200, sandbox.caPem],
    'POST /mail': ({ query, body }) => {
      const to = query.getAll('to');
      if (to.length === 0) return [400, { error: 'Say who it is for: /mail?to=address' }];
      return [202, { undelivered: sandbox.mailboxes.deliver(to, body, query.get('from') ?? '') }];
    },
    'GET /mailboxes': ({ query, parameter }) => {
      const messages = sandbox.mailboxes.list(parameter, query.get('folder') ?? undefined);
      return [
        200,
        messages.map(({ raw, ...message }) => ({ ...message, size: raw.length, raw: raw.toString('latin1') })),
      ];
    },
    'GET /folders': ({ parameter }) => [200, sandbox.mailboxes.folders(parameter)],
    'POST /outlook': ({ query, parameter }) => {
      const act = OUTLOOK_ACTS.find((one) => one === query.get('act'));
      if (act === undefined) return [400, { error: `Say what is done: ?act=${OUTLOOK_ACTS.join('|')}&uid=…` }];
      const given = (name: string) => (query.has(name) ? { [name]: query.get(name) ?? '' } : {});
      sandbox.outlook(parameter, act, Number(query.get('uid')), { ...given('folder'), ...given('by'), ...given('to') });
      return [202, {}];
    },
    'GET /submissions': () => [
      200,
      sandbox.submissions().map(({ raw, ...submission }) => ({ ...submission, raw: raw.toString('latin1') })),
    ],
    'GET /sessions': () => [200, sandbox.sessions()],
    'GET /faults': () => [200, sandbox.faults.list()],
    'GET /fault-table': () => [200, FAULTS],
    'POST /faults': ({ body }) => [201, { id: sandbox.faults.set(JSON.parse(body.toString()) as Fault) }],
    'DELETE /faults': ({ parameter }) => {
      sandbox.faults.clear(parameter === '' ? undefined : parameter);
      return [200, sandbox.faults.list()];
    },
    'GET /devices': () => [200, sandbox.oauth.pendingDevices()],
    'POST /devices': ({ query, parameter }) =>
      sandbox.oauth.settleDevice(parameter, query.get('person') ?? undefined)
        ? [200, {}]
        : [404, { error: 'No such code' }],
    'POST /bounces': ({ parameter, query }) => {
      const submission = sandbox.submissions().find(({ id }) => id === parameter);
      if (!submission) return [404, { error: 'No such submission' }];
      const bounce = query.get('bounce') ?? 'recipientNotFound';
      if (!Object.hasOwn(BOUNCES, bounce)) return [400, { error: 'No such bounce', bounces: Object.keys(BOUNCES) }];
      sandbox.bounce(submission, query.has('recipient') ? query.getAll('recipient') : undefined, {
        bounce: bounce as BounceName,
        action: query.get('action') === 'delayed' ? 'delayed' : 'failed',
      });
      return [202, {}];
    },
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A web page must not steer the sandbox: browsers send Origin with what they post across sites.
    if (request.headers.origin !== undefined) return send(response, 403, { error: 'Not for browsers' });
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, resource = '', ...rest] = url.pathname.split('/');
    const route = routes[`${request.method} /${resource}`];
    if (!route) return send(response, 404, { error: 'Not found', routes: Object.keys(routes) });
    try {
      const [status, body] = route({
        query: url.searchParams,
        parameter: decodeURIComponent(rest.join('/')),
        body: await readBody(request),
      });
      send(response, status, body);
    } catch (error) {
      send(response, 400, { error: error instanceof Error ? error.message : 'Bad request' });
    }
  };

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Where everything is, as the command prints it. */
export function description(sandbox: Sandbox) {
  return {
    tenant: sandbox.tenant,
    authority: sandbox.authority,
    imap: { host: sandbox.imap.host, port: sandbox.imap.port, tls: 'implicit' },
    smtp: { host: sandbox.smtp.host, port: sandbox.smtp.port, tls: 'STARTTLS' },
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY) throw new RangeError('Body too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const plain = typeof body === 'string';
  response.writeHead(status, {
    'Content-Type': plain ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
  });
  response.end(plain ? body : JSON.stringify(body));
}
