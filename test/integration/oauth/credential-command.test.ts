// `mailroom credentials` as a process: two overlapping credentials, the dry run before one is promoted, and which one is in use.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { journey } from '../../support/journey.ts';
import { tempDir } from '../../support/temp.ts';
import { CLIENT, createFixture, SECRET, SHARED } from './fixture.ts';

const OLD = 'the~former~secret~of~the~application';

// Each command is a process of its own, ten in all: seconds each on a loaded machine.
describe('mailroom credentials', { timeout: 240_000 }, () => {
  const at = createFixture();
  const folder = tempDir('credentials');
  let j: ReturnType<typeof journey>;

  beforeAll(async () => {
    writeFileSync(join(folder.path, 'next'), `${SECRET}\n`);
    writeFileSync(join(folder.path, 'wrong'), OLD);
    const authority = at.sandbox.authority.slice(0, at.sandbox.authority.lastIndexOf('/'));
    j = journey({
      redisUrl: at.redis.url,
      caFile: await at.sandbox.caFile(join(folder.path, 'ca.pem')),
      emailServers: [
        {
          serverType: 'IMAP',
          name: 'Support in',
          host: 'localhost',
          port: at.sandbox.imap.port,
          authenticationType: 'OAuth2',
          application: 'Contoso',
          user: SHARED,
          emailFlow: 'Support',
          enabled: true,
        },
      ],
      settings: {
        oauthApplications: [
          {
            name: 'Contoso',
            tenant: at.sandbox.tenant,
            clientId: CLIENT,
            authority,
            credentials: [
              { secretEnv: 'MAILROOM_SECRET_OLD', expires: '2026-01-31' },
              { secretEnv: 'MAILROOM_SECRET_NEW', expires: '2099-01-31' },
            ],
          },
          {
            name: 'Elsewhere',
            tenant: '-',
            clientId: CLIENT,
            generic: {
              tokenUrl: `${at.sandbox.authority}/oauth2/v2.0/token`,
              scopes: ['https://outlook.office.com/SMTP.Send', 'offline_access'],
            },
            credentials: [{ secretEnv: 'MAILROOM_SECRET_OLD' }, { secretEnv: 'MAILROOM_SECRET_NEW' }],
          },
        ],
      },
      env: { MAILROOM_SECRET_OLD: OLD, MAILROOM_SECRET_NEW: SECRET },
    });
  });
  afterAll(async () => {
    await j.stop();
    folder.remove();
  });
  const oauthKeys = async () => (await at.connect().keys('*')).filter((key) => key.includes(':oauth:'));

  it('a dry run reports what works and what to do, and leaves nothing behind', async () => {
    const both = await j.run('credentials', 'test', 'Contoso', '--lang', 'en');
    expect(both.code).toBe(1);
    expect(both.output).toMatch(/Contoso, credential 1 \(secret, 2026-01-31\)\n {2}FAILED .*OAUTH_SECRET_WRONG/);
    expect(both.output).toContain(`App registrations > Contoso (${CLIENT}) > Certificates & secrets`);
    expect(both.output).toMatch(
      /Contoso, credential 2 \(secret, 2099-01-31\)\n {2}ok .*IMAP.AccessAsApp, SMTP.SendAsApp/,
    );
    expect(both.output).toContain('Put it first under credentials of "Contoso"');

    expect((await j.run('credentials', 'test', 'Contoso', '2')).code).toBe(0);
    const german = await j.run('credentials', 'test', 'Contoso', '1', '--lang', 'de');
    expect(german.output).toContain('was zu tun ist: Entra Admin Center > App-Registrierungen');
    expect(await oauthKeys()).toEqual([]);
  });

  it('tests a credential that is not configured yet', async () => {
    const good = await j.run('credentials', 'test', 'Contoso', '--secret-file', join(folder.path, 'next'), '--json');
    expect(good.code).toBe(0);
    expect(JSON.parse(good.output)).toMatchObject({
      ok: true,
      credentials: [{ application: 'Contoso', kind: 'secret', ok: true }],
    });
    expect((await j.run('credentials', 'test', 'Contoso', '--secret-file', join(folder.path, 'wrong'))).code).toBe(1);
    const none = await j.run('credentials', 'test', 'Contoso', '--secret-file', join(folder.path, 'none'));
    expect(none.code).toBe(1);
    expect(none.output).toContain('credential.secretFile: cannot be read (ENOENT)');
  });

  it('reports what is proven for a provider that issues tokens to people only, without Microsoft portal paths', async () => {
    const both = await j.run('credentials', 'test', 'Elsewhere', '--lang', 'en');
    expect(both.code).toBe(1);
    expect(both.output).toContain(`Compare client id ${CLIENT} and the secret with those at the provider (localhost:`);
    expect(both.output).toMatch(
      /Elsewhere, credential 2 \(secret\)\n {2}ok .*knows the client and its secret; it issues tokens only/,
    );
    expect(both.output).not.toContain('Entra');
    const german = await j.run('credentials', 'test', 'Elsewhere', '2', '--lang', 'de');
    expect(german.code).toBe(0);
    expect(german.output).toContain('der Anbieter kennt Client und Geheimnis');
  });

  it('lists the existing applications and credential numbers', async () => {
    expect((await j.run('credentials', 'test', 'Fabrikam')).output).toContain('there are: "Contoso", "Elsewhere"');
    expect((await j.run('credentials', 'test', 'Contoso', '3')).output).toContain(
      'has 2 credential(s), none with the number 3',
    );
  });

  it('lists expiry dates, and the credential in use after the first one was refused', async () => {
    type Row = { credential: number; expires: string; daysLeft: number; inUse: string };
    const list = async () => JSON.parse((await j.run('credentials', 'list', 'Contoso', '--json')).output) as Row[];
    expect((await list()).map(({ inUse }) => inUse)).toEqual(['', '']);
    const check = await j.run('check', 'Support in');
    expect(check.output).toContain('CredentialRefused');
    const rows = await list();
    expect(rows.map(({ credential, expires, inUse }) => [credential, expires, inUse.slice(0, 8)])).toEqual([
      [1, '2026-01-31', ''],
      [2, '2099-01-31', 'since 20'],
    ]);
    expect(rows[0]?.daysLeft).toBeLessThan(0);
  });
});
