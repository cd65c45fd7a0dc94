// The sandbox's own certificate authority and one server certificate for localhost and 127.0.0.1, made anew at each start.
import { generate } from 'selfsigned';

export interface Certificates {
  /** PEM of the authority; clients trust it by NODE_EXTRA_CA_CERTS, CertificateFile and the like. */
  caPem: string;
  certificate: string;
  key: string;
}

/** Makes the authority and the server certificate (EC keys: milliseconds instead of seconds). Valid from one day ago, for a year. */
export async function createCertificates(): Promise<Certificates> {
  const notBeforeDate = new Date(Date.now() - 86_400_000);
  const notAfterDate = new Date(Date.now() + 365 * 86_400_000);
  const common = {
    keyType: 'ec' as const,
    curve: 'P-256' as const,
    algorithm: 'sha256' as const,
    notBeforeDate,
    notAfterDate,
  };
  const authority = await generate([{ name: 'commonName', value: 'Mailroom Sandbox Authority' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { caPem: authority.cert, certificate: server.cert, key: server.private };
}
