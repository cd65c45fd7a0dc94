// CMS signed-data around a mail (RFC 5652 §5.1), without any signer: what signing programs put around what they sign.

const length = (n: number): Buffer =>
  n < 0x80 ? Buffer.from([n]) : Buffer.from([0x84, n >>> 24, (n >> 16) & 0xff, (n >> 8) & 0xff, n & 0xff]);

/** An element of DER. */
export const der = (tag: number, ...contents: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(
    contents.map((one) => Buffer.from(one as string, typeof one === 'string' ? 'latin1' : undefined)),
  );
  return Buffer.concat([Buffer.from([tag]), length(body.length), body]);
};

/** The same of BER, of indefinite length. */
export const ber = (tag: number, ...contents: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([tag, 0x80]), ...contents, Buffer.from([0, 0])]);

const oid = (arc: number): Buffer => der(0x06, Buffer.from('2a864886f70d0107', 'hex'), Buffer.from([arc]));
const version = der(0x02, Buffer.from([1]));
const algorithms = der(0x31, der(0x30, der(0x06, Buffer.from('608648016503040201', 'hex'))));

/** In one piece, as most programs write it. */
export const signedData = (content: Buffer): Buffer =>
  der(
    0x30,
    oid(2),
    der(0xa0, der(0x30, version, algorithms, der(0x30, oid(1), der(0xa0, der(0x04, content))), der(0x31))),
  );

/** Of indefinite length, around whatever stands for the octet string of the content. */
export const signedAround = (octets: Buffer): Buffer =>
  ber(0x30, oid(2), ber(0xa0, ber(0x30, version, algorithms, ber(0x30, oid(1), ber(0xa0, octets)), der(0x31))));

/** In pieces of this many octets, as streaming programs (Outlook among them) write it. */
export function streamedSignedData(content: Buffer, piece = 1000): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.length; at += piece) pieces.push(der(0x04, content.subarray(at, at + piece)));
  return signedAround(ber(0x24, ...pieces));
}

export const envelopedData = (): Buffer => der(0x30, oid(3), der(0xa0, der(0x30, version)));

/** Header fields and body of a mail that holds a CMS message. */
export const cmsBody = (cms: Buffer, type = 'application/pkcs7-mime; smime-type=signed-data'): string =>
  `Content-Type: ${type}; name="smime.p7m"\r\nContent-Transfer-Encoding: base64\r\n\r\n${cms.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`;
