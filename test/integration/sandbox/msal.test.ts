// Real MSAL takes the sandbox for Entra: every way to a token, and its errors.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { fileFolder } from '../../support/fixture.ts';
import { ALEX, CLIENT, imapClient, runProgram, SHARED, testTenant, xoauth2 } from './support.ts';

const CERTIFIED = 'c0000000-0000-4000-8000-000000000001';
const FEDERATED = 'f0000000-0000-4000-8000-000000000002';
const PUBLIC = 'a0000000-0000-4000-8000-000000000003';

let sandbox: Sandbox;
const folder = fileFolder('sandbox-msal');
let ca: string;
let pair: { private: string; cert: string };

beforeAll(async () => {
  pair = await generate([{ name: 'commonName', value: 'mailroom' }], {
    keyType: 'rsa',
    keySize: 2048,
    algorithm: 'sha256',
  });
  sandbox = await testTenant({
    oauth: { deviceInterval: 1 },
    applications: [
      { clientId: CLIENT, secret: 'secret' },
      { clientId: CERTIFIED, certificates: [pair.cert] },
      {
        clientId: FEDERATED,
        certificates: [pair.cert],
        federated: [{ issuer: 'https://issuer.example', subject: 'workload' }],
      },
      { clientId: PUBLIC },
    ],
  });
  ca = await sandbox.caFile(join(folder, 'ca.pem'));
});
beforeEach(() => sandbox.faults.clear());
afterAll(() => sandbox.stop());

async function msal(flow: string, more: Record<string, string> = {}) {
  const order = {
    flow,
    authority: sandbox.authority,
    knownAuthority: sandbox.knownAuthority,
    clientId: CLIENT,
    secret: 'secret',
    certificate: pair.cert,
    key: pair.private,
    user: ALEX,
    ...more,
  };
  const ran = await runProgram(
    process.execPath,
    [fileURLToPath(new URL('msal-child.ts', import.meta.url)), JSON.stringify(order)],
    { env: { NODE_EXTRA_CA_CERTS: ca } },
  );
  return JSON.parse(ran.stdout || JSON.stringify({ stderr: ran.stderr })) as Record<string, unknown>;
}

function claims(token: unknown): Record<string, unknown> {
  const part = (index: number) =>
    JSON.parse(Buffer.from(String(token).split('.')[index] ?? '', 'base64url').toString()) as Record<string, unknown>;
  expect(part(0)).toMatchObject({ typ: 'JWT', alg: 'RS256' });
  return part(1);
}

describe('application-only tokens', () => {
  it.each([
    ['secret', CLIENT],
    ['certificate', CERTIFIED],
    ['federated', FEDERATED],
  ])('by %s', async (flow, clientId) => {
    const { token } = await msal(flow, { clientId });
    expect(claims(token)).toMatchObject({
      aud: 'https://outlook.office365.com',
      roles: ['IMAP.AccessAsApp', 'SMTP.SendAsApp'],
      appid: clientId,
    });
    expect(Number(claims(token).nbf) * 1000).toBeLessThan(Date.now());
    const client = await imapClient(sandbox);
    expect(await client.command(`AUTHENTICATE XOAUTH2 ${xoauth2(SHARED, String(token))}`)).toContain(
      'OK AUTHENTICATE completed.',
    );
    expect(await client.command('SELECT INBOX')).toContain('OK [READ-WRITE]');
    client.close();
  });

  it('are cached by MSAL', async () => {
    expect(await msal('secret')).toMatchObject({ cached: true });
  });
});

describe('tokens for a person', () => {
  it('by authorization code with PKCE, renewed by the refresh token', async () => {
    const result = await msal('code');
    expect(result).toMatchObject({ account: ALEX, state: 'here', title: 'Pick an account' });
    expect(claims(result.token)).toMatchObject({ upn: ALEX, scp: 'IMAP.AccessAsUser.All SMTP.Send' });
    expect(result.renewed).not.toBe(result.token);
    expect(claims(result.renewed)).toMatchObject({ upn: ALEX });
  });

  it('by device code', async () => {
    const result = await msal('device', { clientId: PUBLIC });
    expect(result).toMatchObject({ account: ALEX });
    expect(claims(result.token)).toMatchObject({ upn: ALEX });
  });
});

describe('errors in Entra’s words', () => {
  it('names a wrong secret', async () => {
    expect(await msal('secret', { secret: 'wrong' })).toMatchObject({
      error: {
        name: 'ServerError',
        errorCode: 'invalid_client',
        errorMessage: expect.stringContaining('AADSTS7000215'),
      },
    });
  });
  it('names an unknown application', async () => {
    expect(await msal('secret', { clientId: 'b0000000-0000-4000-8000-000000000009' })).toMatchObject({
      error: { errorCode: 'unauthorized_client', errorMessage: expect.stringContaining('AADSTS700016') },
    });
  });
  it('names a foreign certificate', async () => {
    const other = await generate([{ name: 'commonName', value: 'other' }], {
      keyType: 'rsa',
      keySize: 2048,
      algorithm: 'sha256',
    });
    expect(
      await msal('certificate', { clientId: CERTIFIED, certificate: other.cert, key: other.private }),
    ).toMatchObject({ error: { errorMessage: expect.stringContaining('AADSTS700027') } });
  });
  it('names an unknown tenant', async () => {
    const authority = sandbox.authority.replace(sandbox.tenant, '00000000-0000-4000-8000-00000000dead');
    expect(JSON.stringify(await msal('secret', { authority }))).toContain('endpoints_resolution_error');
  });
  it.each([
    [50076, 'InteractionRequiredAuthError'],
    [53003, 'InteractionRequiredAuthError'],
    [700082, 'InteractionRequiredAuthError'],
    [65001, 'InteractionRequiredAuthError'],
    [90033, 'ServerError'],
    [7000222, 'ServerError'],
  ])('AADSTS%i on command is a %s', async (number, name) => {
    sandbox.faults.set({ name: 'aadsts', number });
    expect(await msal('secret')).toMatchObject({
      error: { name, errorMessage: expect.stringContaining(`AADSTS${number}`) },
    });
  });
});
