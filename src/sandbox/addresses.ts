// Reads RFC 5322 address lists and header blocks, as far as a mail server needs them (ENVELOPE, From checks, SEARCH).

export interface Address {
  name: string;
  /** Without angle brackets; empty when there is none. */
  address: string;
}

/** The unfolded fields of a raw message's header, in order, names in lower case. Text is latin1, that is: bytes. */
export function headerFields(raw: Buffer): [name: string, value: string][] {
  return splitFields(raw.toString('latin1', 0, headerLength(raw))).map((field) => {
    const colon = field.indexOf(':');
    return [
      field.slice(0, colon).trim().toLowerCase(),
      field
        .slice(colon + 1)
        .replace(/\r?\n(?=[ \t])/g, '')
        .trim(),
    ];
  });
}

/** The raw fields (folding kept, CRLF at the end kept) of a header block. */
export function splitFields(header: string): string[] {
  return header.split(/(?<=\n)(?![ \t])/).filter((field) => /^[^\s:]+[ \t]*:/.test(field));
}

/** Bytes of the header including the empty line after it. */
export function headerLength(raw: Buffer): number {
  if (raw[0] === 13 && raw[1] === 10) return 2;
  const crlf = raw.indexOf('\r\n\r\n');
  const lf = raw.indexOf('\n\n');
  if (crlf >= 0 && (lf < 0 || crlf < lf)) return crlf + 4;
  return lf >= 0 ? lf + 2 : raw.length;
}

/** First value of a header field, undefined when it is missing. */
export function headerValue(fields: readonly [string, string][], name: string): string | undefined {
  return fields.find(([field]) => field === name)?.[1];
}

/** Addresses of a header value; groups are flattened, comments dropped. */
export function parseAddresses(value: string): Address[] {
  return splitList(value)
    .map((item) => parseAddress(item))
    .filter((item) => item.address !== '' || item.name !== '');
}

function parseAddress(item: string): Address {
  const angle = /<([^<>]*)>[^<>]*$/.exec(item);
  if (angle) return { name: unquote(item.slice(0, angle.index)), address: angle[1]?.trim() ?? '' };
  const comment = /\(([^)]*)\)/.exec(item);
  return { name: comment?.[1] ?? '', address: item.replace(/\([^)]*\)/g, '').trim() };
}

function unquote(text: string): string {
  return text
    .trim()
    .replace(/^"([\s\S]*)"$/, '$1')
    .replace(/\\(.)/g, '$1');
}

function splitList(value: string): string[] {
  const items: string[] = [];
  let item = '';
  let quoted = false;
  let angle = false;
  for (let at = 0; at < value.length; at += 1) {
    const char = value.charAt(at);
    if (quoted && char === '\\') {
      item += char + value.charAt(at + 1);
      at += 1;
      continue;
    }
    if (char === '"') quoted = !quoted;
    else if (!quoted && char === '<') angle = true;
    else if (!quoted && char === '>') angle = false;
    if (!quoted && !angle && (char === ',' || char === ';')) {
      items.push(item);
      item = '';
    } else if (!quoted && !angle && char === ':') {
      item = '';
    } else item += char;
  }
  return [...items, item];
}

/** Addresses compare in lower case. */
export function normalise(address: string): string {
  return address.trim().toLowerCase();
}
