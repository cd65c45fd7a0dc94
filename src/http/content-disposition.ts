// Content-Disposition of a download (RFC 6266) with the file name as ASCII for old clients and as UTF-8 (RFC 8187) for all others. Pure.

/** Characters that RFC 8187 does not encode. */
const ATTR_CHAR = /[A-Za-z0-9!#$&+.^_`|~-]/;

export function attachmentDisposition(filename: string): string {
  const name = filename.toWellFormed();
  const ascii = name.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_');
  const encoded = [...Buffer.from(name)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return byte < 0x80 && ATTR_CHAR.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

/** The media type in a mail may be any text; only a well-formed one is put into a header. */
export function safeContentType(type: string): string {
  return /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}$/i.test(type) ? type : 'application/octet-stream';
}
