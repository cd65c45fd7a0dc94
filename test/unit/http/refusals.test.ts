// Who was refused is in the log: the address as far as log.clientAddresses allows, and the name of the token; never what was offered.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ClientAddresses } from '../../../src/http/client.ts';
import { createHttp } from '../../../src/http/index.ts';
import { registerPortal } from '../../../src/http/portal/index.ts';
import type { EventFields } from '../../../src/telemetry/events.ts';
import { as, fakeDeps, tokens } from './fixtures.ts';

const digest = (token: string) => createHash('sha256').update(token).digest('hex');
const bound = {
  name: 'bound',
  role: 'viewer',
  digest: digest('token-of-bound'),
  scope: { emailFlows: ['x'] },
} as const;

/** A server whose portal has nothing but the sign-in. */
async function served(clientAddresses?: ClientAddresses) {
  const told: [string, EventFields][] = [];
  const emit = (name: string, fields: EventFields = {}) => void told.push([name, fields]);
  const apiTokens = [...tokens, bound];
  const portal = {
    apiTokens,
    emit,
    publicUrl: 'http://mailroom.test',
    organisation: 'default',
    clientAddresses,
    record: async () => {},
    sessions: {
      create: async () => 'x'.repeat(43),
      read: async () => undefined,
      end: async () => {},
      redeem: async () => undefined,
      attempt: async () => ({ count: 1, forgottenInMs: 1 }),
      forgive: async () => {},
    },
  } as unknown as Parameters<typeof registerPortal>[0];
  const http = await createHttp(
    fakeDeps({ apiTokens, emit, register: registerPortal(portal), ...(clientAddresses ? { clientAddresses } : {}) }),
  );
  return { http, told };
}

const signIn = (secret: string, remoteAddress: string) => ({
  method: 'POST' as const,
  url: '/portal/sign-in',
  payload: new URLSearchParams({ secret }).toString(),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  remoteAddress,
});

describe('a refused sign-in', () => {
  it.each([
    ['a guess', 'some-guess', {}],
    ['the token of a back-end', 'token-of-desk', { token: 'desk' }],
    ['a bound token', ' token-of-bound ', { token: 'bound' }],
  ])('%s: logs its address, and its token if there is one', async (_title, secret, named) => {
    const { http, told } = await served();
    expect((await http.inject(signIn(secret, '192.0.2.7'))).statusCode).toBe(401);
    expect(told).toEqual([
      ['PortalSignInRefused', { code: 'PORTAL_SIGN_IN_REFUSED', detail: { address: '192.0.2.7', ...named } }],
    ]);
    expect(JSON.stringify(told)).not.toContain(secret.trim());
    await http.close();
  });

  it.each([
    ['full', '192.0.2.7', { address: '192.0.2.7' }],
    ['full', '::ffff:192.0.2.7', { address: '192.0.2.7' }],
    ['network', '192.0.2.7', { address: '192.0.2.0/24' }],
    ['network', '2001:db8:1:2:3:4:5:6', { address: '2001:db8:1:2::/64' }],
    ['none', '192.0.2.7', {}],
  ] as const)('log.clientAddresses %s: %s', async (how, ip, detail) => {
    const { http, told } = await served(how);
    await http.inject(signIn('some-guess', ip));
    expect(told).toEqual([['PortalSignInRefused', { code: 'PORTAL_SIGN_IN_REFUSED', detail }]]);
    await http.close();
  });
});

describe('a refused request of the API', () => {
  it.each([
    ['without a token', {}, 401, 'HTTP_UNAUTHENTICATED', {}],
    ['with a wrong token', { authorization: 'Bearer some-guess' }, 401, 'HTTP_UNAUTHENTICATED', {}],
    ['with a token that lacks the permission', as('grafana'), 403, 'HTTP_FORBIDDEN', { token: 'grafana' }],
  ])('%s', async (_title, headers, status, code, named) => {
    const { http, told } = await served();
    const answer = await http.inject({ method: 'POST', url: '/v1/replies', headers, remoteAddress: '192.0.2.7' });
    expect(answer.statusCode).toBe(status);
    expect(told).toEqual([
      ['ApiRequestRefused', { code, kind: '/v1/replies', detail: { address: '192.0.2.7', ...named } }],
    ]);
    await http.close();
  });

  it('a request that is only malformed names no client', async () => {
    const { http, told } = await served();
    await http.inject({ method: 'POST', url: '/v1/replies', headers: as('desk'), payload: { a: 1 } });
    expect(told).toEqual([['ApiRequestRefused', { code: 'HTTP_REQUEST_INVALID', kind: '/v1/replies' }]]);
    await http.close();
  });
});
