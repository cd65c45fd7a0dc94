// The dry run of a credential where the provider is no Microsoft: by client credentials if it gives tokens to programs, else proven by how it
// refuses. Against the sandbox by plain endpoints, and against a token endpoint that answers as Google's does.
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryCredential } from '../../../src/adapters/oauth/credential-test.ts';
import type { OAuthApplication, OAuthCredential } from '../../../src/domain/email-server.ts';
import { createCertificates } from '../../../src/sandbox/certificate.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { CLIENT, createFixture, SECRET } from './fixture.ts';

leakWatch();

const secret = (value: string): OAuthCredential => ({ kind: 'secret', secret: value });
const outcome = (application: OAuthApplication, credential: OAuthCredential) =>
  tryCredential(application, credential, 30_000).catch((error: unknown) => error);

describe('a provider that answers like Google', () => {
  const GOOGLE_SECRET = 'GOCSPX-the-secret-of-it';
  const { caPem, certificate, key } = createCertificates();
  const asked: string[] = [];
  let server: Server;
  let down = false;

  /** accounts.google.com: the client is looked at first, then what it asks for. */
  function answer(form: URLSearchParams): [number, object] {
    if (down) return [503, { error: 'temporarily_unavailable' }];
    if (form.get('client_secret') !== GOOGLE_SECRET)
      return [401, { error: 'invalid_client', error_description: 'Unauthorized' }];
    if (form.get('grant_type') === 'refresh_token')
      return [400, { error: 'invalid_grant', error_description: 'Bad Request' }];
    return [
      400,
      { error: 'unsupported_grant_type', error_description: `Invalid grant_type: ${form.get('grant_type')}` },
    ];
  }
  beforeAll(async () => {
    server = createServer({ cert: certificate, key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const form = new URLSearchParams(Buffer.concat(chunks).toString());
        asked.push(form.get('grant_type') ?? '');
        const [status, body] = answer(form);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const google = (): OAuthApplication => ({
    name: 'Google',
    tenant: '-',
    clientId: '1234.apps.googleusercontent.com',
    cloud: 'world',
    ca: caPem,
    credentials: [],
    generic: {
      tokenUrl: `https://localhost:${(server.address() as AddressInfo).port}/token`,
      scopes: ['https://mail.google.com/'],
    },
  });

  it('proves client and secret although it issues no tokens to programs', async () => {
    asked.length = 0;
    expect(await tryCredential(google(), secret(GOOGLE_SECRET), 30_000)).toEqual({
      expiresAt: undefined,
      claims: undefined,
    });
    expect(asked).toEqual(['client_credentials', 'refresh_token']);
  });

  it('names a wrong secret', async () => {
    expect(await outcome(google(), secret('the~old~one'))).toMatchObject({
      code: 'OAUTH_SECRET_WRONG',
      remote: { code: 'invalid_client' },
    });
  });

  it('takes no failure of the provider as proof', async () => {
    down = true;
    expect(await outcome(google(), secret(GOOGLE_SECRET))).toMatchObject({ code: 'OAUTH_PROVIDER_FAILED' });
    down = false;
  });

  it('reports that certificates cannot be used with this provider', async () => {
    const credential: OAuthCredential = { kind: 'certificate', certificate: 'c', privateKey: 'k' };
    expect(await outcome(google(), credential)).toMatchObject({
      code: 'OAUTH_CREDENTIAL_UNUSABLE',
      message: expect.stringContaining('take a client secret; this is a certificate'),
    });
  });
});

describe('the sandbox by plain endpoints', () => {
  const at = createFixture();
  const generic = (scopes: string[]) =>
    at.application({ generic: { tokenUrl: `${at.sandbox.authority}/oauth2/v2.0/token`, scopes } });

  it('gets a token where the provider issues them to programs', async () => {
    const proof = await tryCredential(generic(['https://outlook.office365.com/.default']), secret(SECRET), 30_000);
    expect(proof.expiresAt?.getTime()).toBeGreaterThan(Date.now());
    expect(proof.claims?.permissions).toContain('IMAP.AccessAsApp');
  });

  it('otherwise proves the secret, and refuses a wrong one', async () => {
    const people = generic(['https://outlook.office.com/SMTP.Send', 'offline_access']);
    expect(await tryCredential(people, secret(SECRET), 30_000)).toMatchObject({ expiresAt: undefined });
    expect(await outcome(people, secret('not-the-secret'))).toMatchObject({ code: 'OAUTH_SECRET_WRONG' });
    expect(people.clientId).toBe(CLIENT);
  });
});
