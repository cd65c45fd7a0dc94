// `mailroom sandbox` as a process: prints where everything is, obeys its control endpoint, stops on a signal; and the OAuth faults, asked
// over plain HTTPS.
import { type ChildProcess, spawn } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FAULTS, FaultName, Sandbox } from '../../../src/sandbox/index.ts';
import { fileFolder } from '../../support/fixture.ts';
import { ALEX, CLIENT, mail, SHARED, testTenant } from './support.ts';

type OAuthFault = { [Name in FaultName]: (typeof FAULTS)[Name]['protocol'] extends 'oauth' ? Name : never }[FaultName];

interface Endpoints {
  authority: string;
  control: string;
  caFile: string;
  imap: { port: number };
  users: { address: string }[];
}

const folder = fileFolder('sandbox-command');
let child: ChildProcess | undefined;

afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
});

function start(args: string[]): {
  endpoints: Promise<Endpoints>;
  ended: Promise<{ code: number | null; stderr: string }>;
} {
  const started = spawn(
    process.execPath,
    [fileURLToPath(new URL('../../../src/main.ts', import.meta.url)), 'sandbox', ...args],
    { stdio: 'pipe' },
  );
  child = started;
  let stderr = '';
  started.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  let stdout = '';
  return {
    endpoints: new Promise((resolve, reject) => {
      started.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        if (stdout.endsWith('}\n')) resolve(JSON.parse(stdout) as Endpoints);
      });
      started.once('close', () => reject(new Error(stderr)));
    }),
    ended: new Promise((resolve) => started.once('close', (code) => resolve({ code, stderr }))),
  };
}

const json = async (response: Response): Promise<unknown> => response.json();

describe('mailroom sandbox', () => {
  it('serves a tenant from a file, accepts mail and faults over HTTP, and stops on SIGTERM', async () => {
    const config = join(folder, 'tenant.yaml');
    await writeFile(
      config,
      `users:\n  - { address: help@acme.example, kind: shared }\n  - { address: eve@acme.example, password: pw }\npermissions:\n  fullAccess: { help@acme.example: [eve@acme.example] }\n`,
    );
    const { endpoints, ended } = start(['--json', '--config', config]);
    const { control, caFile, users } = await endpoints;
    expect(users).toEqual([
      { address: 'help@acme.example', kind: 'shared' },
      { address: 'eve@acme.example', kind: 'user', password: 'pw' },
    ]);
    expect(await readFile(caFile, 'utf8')).toContain('BEGIN CERTIFICATE');

    const sent = await fetch(`${control}/mail?to=help@acme.example&to=nobody@acme.example`, {
      method: 'POST',
      body: mail('injected'),
    });
    expect(await json(sent)).toEqual({ undelivered: ['nobody@acme.example'] });
    expect(await json(await fetch(`${control}/mailboxes/help@acme.example`))).toMatchObject([
      { uid: 1, flags: [], raw: expect.stringContaining('Subject: injected') },
    ]);

    const fault = await fetch(`${control}/faults`, {
      method: 'POST',
      body: JSON.stringify({ name: 'dropAfterDot', times: 1 }),
    });
    expect(fault.status).toBe(201);
    expect(await json(await fetch(`${control}/faults`))).toMatchObject([{ name: 'dropAfterDot', struck: 0 }]);
    expect((await fetch(`${control}/faults`, { method: 'POST', body: '{"name":"nonsense"}' })).status).toBe(400);
    expect(await json(await fetch(`${control}/faults`, { method: 'DELETE' }))).toEqual([]);
    expect((await fetch(`${control}/faults`, { headers: { origin: 'https://evil.example' } })).status).toBe(403);

    child?.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, stderr: '' });
    await expect(access(caFile)).rejects.toThrow();
  });

  it('reports what is wrong with the file', async () => {
    const config = join(folder, 'wrong.yaml');
    await writeFile(config, 'users: [{ address: nobody, kind: robot }]\nport: 3\n');
    const { endpoints, ended } = start(['--json', '--config', config]);
    await expect(endpoints).rejects.toThrow(/users\.0\.address: is no address[\s\S]*users\.0\.kind[\s\S]*port/);
    expect((await ended).code).toBe(1);
  });
});

describe('OAuth faults', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await testTenant();
  });
  afterEach(() => sandbox.stop());

  const ask = (): Promise<{ status: number; headers: Record<string, unknown>; body: Record<string, unknown> }> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        `${sandbox.authority}/oauth2/v2.0/token`,
        { method: 'POST', ca: sandbox.caPem, agent: false },
        async (response) => {
          let text = '';
          for await (const chunk of response) text += String(chunk);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text },
          });
        },
      );
      outgoing.once('error', reject);
      outgoing.end(
        String(
          new URLSearchParams({
            grant_type: 'client_credentials',
            client_id: CLIENT,
            client_secret: 'secret',
            scope: 'https://outlook.office365.com/.default',
          }),
        ),
      );
    });

  const effects: Record<OAuthFault, () => Promise<void>> = {
    async aadsts() {
      sandbox.faults.set({ name: 'aadsts', number: 7000222, times: 1 });
      expect(await ask()).toMatchObject({
        status: 401,
        body: {
          error: 'invalid_client',
          error_codes: [7000222],
          error_description: expect.stringMatching(/^AADSTS7000222: .* Trace ID: /),
        },
      });
      sandbox.faults.set({ name: 'aadsts', number: 123456, text: 'Something new.', times: 1 });
      expect(await ask()).toMatchObject({
        status: 400,
        body: { error_codes: [123456], error_description: expect.stringContaining('Something new.') },
      });
    },
    async http429() {
      sandbox.faults.set({ name: 'http429', retryAfter: 7, times: 1 });
      expect(await ask()).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
    },
    async http5xx() {
      sandbox.faults.set({ name: 'http5xx', status: 502, times: 1 });
      expect(await ask()).toMatchObject({ status: 502 });
    },
    async slowToken() {
      sandbox.faults.set({ name: 'slowToken', milliseconds: 80, times: 1 });
      const begin = performance.now();
      expect(await ask()).toMatchObject({ status: 200 });
      expect(performance.now() - begin).toBeGreaterThan(70);
    },
    async dropToken() {
      sandbox.faults.set({ name: 'dropToken', times: 1 });
      await expect(ask()).rejects.toThrow();
    },
  };
  it.each(Object.entries(effects))('%s', async (_name, effect) => {
    await effect();
    expect(sandbox.faults.list()).toEqual([]);
    expect(await ask()).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 3600 } });
  });

  it('do not affect tokens of persons and mailboxes', () => {
    expect(sandbox.oauth.personToken(ALEX)).not.toBe(sandbox.oauth.personToken(ALEX));
    expect(sandbox.mailboxes.list(SHARED)).toEqual([]);
  });
});
