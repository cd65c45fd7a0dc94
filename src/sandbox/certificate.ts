// The sandbox's own certificate authority and one server certificate for localhost, 127.0.0.1 and ::1, created at each start. Written as
// DER by hand (RFC 5280): strict verifiers (Python 3.13's default, OpenSSL -x509_strict) want subject and authority key identifiers, which
// the packages that generate certificates leave out.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Certificates {
  /** PEM of the authority; clients trust it by NODE_EXTRA_CA_CERTS, CertificateFile and the like. */
  caPem: string;
  certificate: string;
  key: string;
}

/** Makes the authority and the server certificate (P-256: milliseconds instead of seconds). Valid from one day before `now`, for a year. */
export function createCertificates(now = Date.now()): Certificates {
  const validity = sequence(utcTime(now - 86_400_000), utcTime(now + 365 * 86_400_000));
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = commonName(`Mailroom Sandbox Authority ${randomBytes(4).toString('hex')}`);

  const issue = (subject: Buffer, key: KeyObject, extensions: Buffer[]): string => {
    const body = sequence(
      context(0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
      ECDSA_SHA256,
      issuer,
      validity,
      subject,
      key.export({ type: 'spki', format: 'der' }),
      context(3, sequence(...extensions)),
    );
    const certificate = sequence(body, ECDSA_SHA256, bitString(sign('sha256', body, authority.privateKey), 0));
    return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
  };

  const authorityId = keyIdentifier(authority.publicKey);
  const names = [
    primitive(2, Buffer.from('localhost')),
    primitive(7, Buffer.from([127, 0, 0, 1])),
    primitive(7, Buffer.from([...Array(15).fill(0), 1])),
  ];
  return {
    // keyCertSign and cRLSign are bits 5 and 6, digitalSignature is bit 0 (RFC 5280 §4.2.1.3).
    caPem: issue(issuer, authority.publicKey, [
      extension('551d13', sequence(BOOLEAN_TRUE), true),
      extension('551d0f', bitString(Buffer.from([0b0000_0110]), 1), true),
      extension('551d0e', tagged(0x04, authorityId)),
    ]),
    certificate: issue(commonName('localhost'), server.publicKey, [
      extension('551d13', sequence(), true),
      extension('551d0f', bitString(Buffer.from([0b1000_0000]), 7), true),
      extension('551d25', sequence(oid('2b06010505070301'))),
      extension('551d11', sequence(...names)),
      extension('551d0e', tagged(0x04, keyIdentifier(server.publicKey))),
      extension('551d23', sequence(primitive(0, authorityId))),
    ]),
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A value with its DER tag and length (X.690 §8.1). */
function tagged(tag: number, ...content: Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  const long =
    bytes.length < 0x80 ? [] : bytes.length < 0x100 ? [bytes.length] : [bytes.length >> 8, bytes.length & 0xff];
  const length = long.length === 0 ? [bytes.length] : [0x80 | long.length, ...long];
  return Buffer.concat([Buffer.from([tag, ...length]), bytes]);
}

const sequence = (...content: Buffer[]): Buffer => tagged(0x30, ...content);
const context = (number: number, content: Buffer): Buffer => tagged(0xa0 | number, content);
const primitive = (number: number, content: Buffer): Buffer => tagged(0x80 | number, content);
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes);
/** Object identifier by its encoded bytes in hex. */
const oid = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'));
const bitString = (bytes: Buffer, unused: number): Buffer => tagged(0x03, Buffer.from([unused]), bytes);
const commonName = (name: string): Buffer =>
  sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from(name)))));

const BOOLEAN_TRUE = Buffer.from([0x01, 0x01, 0xff]);
/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2. */
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

function extension(identifier: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(identifier), ...(critical ? [BOOLEAN_TRUE] : []), tagged(0x04, value));
}

/** YYMMDDHHMMSSZ; right until 2049 (RFC 5280 §4.1.2.5). */
function utcTime(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/\D/g, '');
  return tagged(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}

/** SHA-1 over the public key's bit string, as RFC 5280 §4.2.1.2 (1) proposes; the last 65 bytes of a P-256 key are its point. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }).subarray(-65))
    .digest();
}
