// HTTP control endpoint of a running sandbox, on loopback: inject mail, show mailboxes, switch faults. For the CLI and for clients in
// other languages; tests in this process use the Sandbox object.
import { createServer, type IncomingMessage } from 'node:http';
import type { Listener } from './connection.ts';
import { FAULTS, type Fault } from './faults.ts';
import { type Answer, answering, errorText, json, readBody, serveHttp, text } from './http.ts';
import type { Sandbox } from './index.ts';
import { OUTLOOK_ACTS } from './outlook.ts';
import { BOUNCES, type BounceName } from './smtp/bounces.ts';
import { LARGEST_MESSAGE } from './tenant.ts';

/** A route's answer: status and JSON body. */
type Result = [status: number, body: unknown];
type Route = (request: { query: URLSearchParams; parameter: string; body: Buffer }) => Result;

const routesOf = (sandbox: Sandbox): Record<string, Route> => ({
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
});

export type Control = Listener & { url: string };

/** Only loopback addresses are listened on. @throws when the port is taken */
export async function startControl(sandbox: Sandbox, port: number): Promise<Control> {
  const routes = routesOf(sandbox);
  const respond = async (request: IncomingMessage): Promise<Answer> => {
    // A web page must not steer the sandbox: browsers send Origin with what they post across sites.
    if (request.headers.origin !== undefined) return json(403, { error: 'Not for browsers' });
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, resource = '', ...rest] = url.pathname.split('/');
    const route = routes[`${request.method} /${resource}`];
    if (!route) return json(404, { error: 'Not found', routes: Object.keys(routes) });
    try {
      const [status, body] = route({
        query: url.searchParams,
        parameter: decodeURIComponent(rest.join('/')),
        body: await readBody(request, LARGEST_MESSAGE),
      });
      return typeof body === 'string' ? text(status, body) : json(status, body);
    } catch (error) {
      return json(400, { error: errorText(error) });
    }
  };
  const control = await serveHttp(createServer(answering(respond)), port, '127.0.0.1');
  return { ...control, url: `http://127.0.0.1:${control.port}` };
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
