// TLS for the test servers: one self-signed certificate for localhost and 127.0.0.1, which is its own trust anchor.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface TestCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** @param address the loopback address that it names besides localhost. Writes cert.pem and key.pem into the folder; cert.pem is what clients trust (`ca`, NODE_EXTRA_CA_CERTS). Valid for two days from yesterday. */
export async function makeCertificate(dir: string, address = '127.0.0.1'): Promise<TestCertificate> {
  const day = 24 * 3600 * 1000;
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    keySize: 2048,
    notBeforeDate: new Date(Date.now() - day),
    notAfterDate: new Date(Date.now() + 2 * day),
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: address },
        ],
      },
    ],
  });
  const certFile = join(dir, 'cert.pem');
  const keyFile = join(dir, 'key.pem');
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  return { certPem: cert, keyPem: key, certFile, keyFile };
}
