// The sandbox's certificates stand up to Node's and OpenSSL's strict verification.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createCertificates } from '../../../src/sandbox/certificate.ts';

const { caPem, certificate } = createCertificates();

it('names the hosts and the authority', () => {
  const leaf = new X509Certificate(certificate);
  const authority = new X509Certificate(caPem);
  expect(authority.ca).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(leaf.checkIssued(authority)).toBe(true);
  expect(leaf.verify(authority.publicKey)).toBe(true);
  expect(leaf.checkHost('localhost')).toBe('localhost');
  expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(leaf.checkIP('::1')).toBe('::1');
  expect(leaf.checkHost('example.com')).toBeUndefined();
  expect(Date.parse(leaf.validTo)).toBeGreaterThan(Date.now() + 360 * 86_400_000);
});

it('passes OpenSSL’s strict check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-certificate-'));
  try {
    const [ca, leaf] = [join(folder, 'ca.pem'), join(folder, 'leaf.pem')];
    writeFileSync(ca, caPem);
    writeFileSync(leaf, certificate);
    const said = execFileSync(
      'openssl',
      ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'localhost', '-CAfile', ca, leaf],
      { encoding: 'utf8' },
    );
    expect(said).toContain('OK');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
