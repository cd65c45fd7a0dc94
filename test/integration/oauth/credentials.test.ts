// The other credentials of an application, with real MSAL: certificate, federated assertion from a file; their mistakes.
import { createSign } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, describe, expect, it } from 'vitest';
import { tempDir } from '../../support/temp.ts';
import { CLIENT, createFixture, imapServer } from './fixture.ts';

const own = await generate([{ name: 'commonName', value: 'mailroom' }], {
  keyType: 'rsa',
  keySize: 2048,
  algorithm: 'sha256',
});
const foreign = await generate([{ name: 'commonName', value: 'foreign' }], {
  keyType: 'rsa',
  keySize: 2048,
  algorithm: 'sha256',
});
const folder = tempDir('assertion');
const file = join(folder.path, 'token');

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
function assertion(subject: string, key = own.private): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'https://issuer.example',
    sub: subject,
    aud: 'api://AzureADTokenExchange',
    iat: now,
    nbf: now - 10,
    exp: now + 600,
  };
  const text = `${part({ typ: 'JWT', alg: 'RS256' })}.${part(claims)}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key).toString('base64url')}`;
}

describe('credentials', () => {
  const federated = [{ issuer: 'https://issuer.example', subject: 'system:serviceaccount:mailroom' }];
  const at = createFixture({ applications: [{ clientId: CLIENT, certificates: [own.cert], federated }] });
  afterAll(() => folder.remove());
  const token = (credential: Parameters<typeof at.application>[0]) =>
    at.replica([at.application(credential)]).getToken(imapServer(), 'imap');

  it('signs in with a certificate', async () => {
    const credentials = [{ kind: 'certificate', certificate: own.cert, privateKey: own.private }] as const;
    expect((await token({ credentials })).accessToken).toBeTypeOf('string');
  });

  it('uses the registered certificate after one that is not registered is refused', async () => {
    const wrong = { kind: 'certificate', certificate: foreign.cert, privateKey: foreign.private } as const;
    await expect(token({ credentials: [wrong] })).rejects.toMatchObject({
      code: 'OAUTH_ASSERTION_REFUSED',
      remote: { code: 'AADSTS700027' },
    });
    const right = { kind: 'certificate', certificate: own.cert, privateKey: own.private } as const;
    expect((await token({ credentials: [wrong, right] })).accessToken).toBeTypeOf('string');
  });

  it('rejects text that is not a certificate or not a key', async () => {
    await expect(
      token({ credentials: [{ kind: 'certificate', certificate: 'x', privateKey: own.private }] }),
    ).rejects.toMatchObject({ code: 'OAUTH_CREDENTIAL_UNUSABLE' });
    const failed = token({
      credentials: [{ kind: 'certificate', certificate: own.cert, privateKey: 'geheimer-schluessel' }],
    });
    await expect(failed).rejects.toMatchObject({ code: 'OAUTH_CREDENTIAL_UNUSABLE' });
    expect(JSON.stringify(at.events)).not.toContain('geheimer-schluessel');
  });

  it('reads a federated assertion again for each request', async () => {
    const credentials = [{ kind: 'federated', assertionFile: file }] as const;
    writeFileSync(file, assertion('somebody else'));
    await expect(token({ credentials })).rejects.toMatchObject({ code: 'OAUTH_ASSERTION_REFUSED' });
    writeFileSync(file, `${assertion('system:serviceaccount:mailroom')}\n`);
    expect((await token({ credentials })).accessToken).toBeTypeOf('string');
    rmSync(file);
    await expect(token({ credentials })).resolves.toBeDefined();
    const redis = at.connect();
    await redis.flushall();
    await expect(token({ credentials })).rejects.toMatchObject({
      code: 'OAUTH_ASSERTION_UNREADABLE',
      message: expect.stringContaining(file),
    });
  });

  it('reports that no credential is configured', async () => {
    await expect(token({ credentials: [] })).rejects.toMatchObject({ code: 'OAUTH_CREDENTIAL_MISSING' });
  });
});
