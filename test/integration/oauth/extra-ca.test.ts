// An authority behind a private CA, without `ca` in the application: trusted through NODE_EXTRA_CA_CERTS, told as TLS trouble without it.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { tempDir } from '../../support/temp.ts';
import { CLIENT, createFixture, SECRET } from './fixture.ts';

const run = promisify(execFile);
const child = fileURLToPath(new URL('./child.ts', import.meta.url));

describe('NODE_EXTRA_CA_CERTS', () => {
  const at = createFixture();
  const folder = tempDir('ca');
  afterAll(() => folder.remove());

  it('makes a private CA trusted for the whole process', async () => {
    const { authority, tenant } = at.sandbox;
    const extra = await at.sandbox.caFile(join(folder.path, 'ca.pem'));
    const fetch = async (env: Record<string, string>) =>
      (
        await run(process.execPath, [child, authority, tenant, CLIENT, SECRET], {
          env: { PATH: process.env.PATH, ...env },
        })
      ).stdout;
    expect(await fetch({ NODE_EXTRA_CA_CERTS: extra })).toBe('token');
    expect(await fetch({})).toBe('OAUTH_TLS_FAILED');
  });
});
