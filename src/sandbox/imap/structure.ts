// The MIME tree of a message by byte offsets, and from it BODY, BODYSTRUCTURE and the sections of FETCH (RFC 3501 §6.4.5, §7.4.2).
import { headerFields, headerLength, headerValue } from '../addresses.ts';
import { imapEnvelope } from './envelope.ts';
import { quote } from './tokens.ts';

export interface Part {
  /** Header with its empty line, and body, as slices of the message. */
  header: Buffer;
  body: Buffer;
  fields: [name: string, value: string][];
  type: string;
  subtype: string;
  parameters: [name: string, value: string][];
  /** Children of a multipart, or the one message within message/rfc822. */
  parts: Part[];
}

/** Nesting beyond this is a leaf. */
const MAX_DEPTH = 50;

export function parsePart(raw: Buffer, depth = 0): Part {
  const split = headerLength(raw);
  const header = raw.subarray(0, split);
  const body = raw.subarray(split);
  const fields = headerFields(header);
  const [media = 'text/plain', ...rest] = splitParameters(
    headerValue(fields, 'content-type') ?? 'text/plain; charset=us-ascii',
  );
  const [type = 'text', subtype = 'plain'] = media.trim().toLowerCase().split('/');
  const parameters = rest.map(readParameter);
  const part: Part = { header, body, fields, type: type || 'text', subtype: subtype || 'plain', parameters, parts: [] };
  if (depth < MAX_DEPTH) {
    const boundary = parameters.find(([name]) => name === 'boundary')?.[1];
    if (type === 'multipart' && boundary)
      part.parts = splitBody(body, boundary).map((piece) => parsePart(piece, depth + 1));
    else if (type === 'message' && subtype === 'rfc822') part.parts = [parsePart(body, depth + 1)];
  }
  return part;
}

/** The part that a section number such as 1.2 names. */
export function findPart(root: Part, path: readonly number[]): Part | undefined {
  let part: Part | undefined = root;
  for (const number of path) {
    const container: Part | undefined = part?.type === 'message' ? part.parts[0] : part;
    part = container?.type === 'multipart' ? container.parts[number - 1] : number === 1 ? container : undefined;
  }
  return part;
}

/** BODYSTRUCTURE (extended) or BODY. */
export function bodyStructure(part: Part, extended: boolean): string {
  if (part.type === 'multipart' && part.parts.length > 0) {
    const tail = extended ? ` ${parameterList(part.parameters)} ${disposition(part)} NIL NIL` : '';
    return `(${part.parts.map((child) => bodyStructure(child, extended)).join('')} ${quote(part.subtype.toUpperCase())}${tail})`;
  }
  const id = headerValue(part.fields, 'content-id');
  const description = headerValue(part.fields, 'content-description');
  const encoding = headerValue(part.fields, 'content-transfer-encoding')?.split(/[\s;]/)[0] ?? '7bit';
  const type = part.type === 'multipart' ? 'text' : part.type;
  const words = [
    quote(type.toUpperCase()),
    quote(part.subtype.toUpperCase()),
    parameterList(part.parameters),
    quote(id),
    quote(description),
    quote(encoding),
    part.body.length,
  ];
  const inner = part.parts[0];
  if (inner) words.push(imapEnvelope(inner.fields), bodyStructure(inner, extended), lines(part.body));
  else if (type === 'text') words.push(lines(part.body));
  if (extended) words.push(quote(headerValue(part.fields, 'content-md5')), disposition(part), 'NIL', 'NIL');
  return `(${words.join(' ')})`;
}

function disposition(part: Part): string {
  const value = headerValue(part.fields, 'content-disposition');
  if (value === undefined) return 'NIL';
  const [kind = 'attachment', ...rest] = splitParameters(value);
  return `(${quote(kind.trim())} ${parameterList(rest.map(readParameter))})`;
}

function parameterList(parameters: readonly [string, string][]): string {
  return parameters.length === 0
    ? 'NIL'
    : `(${parameters.map(([name, value]) => `${quote(name)} ${quote(value)}`).join(' ')})`;
}

function splitParameters(value: string): string[] {
  return (value.match(/(?:"(?:\\.|[^"\\])*"|[^;"]|")+/g) ?? [])
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function readParameter(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 0) return [text.toLowerCase(), ''];
  const value = text
    .slice(equals + 1)
    .trim()
    .replace(/^"([\s\S]*)"$/, '$1')
    .replace(/\\(.)/g, '$1');
  return [text.slice(0, equals).trim().toLowerCase(), value];
}

function lines(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(10); at >= 0; at = body.indexOf(10, at + 1)) count += 1;
  return count;
}

/** Pieces between the boundary lines (RFC 2046 §5.1.1); the CRLF before a boundary belongs to it. */
function splitBody(body: Buffer, boundary: string): Buffer[] {
  const mark = Buffer.from(`--${boundary}`, 'latin1');
  const pieces: Buffer[] = [];
  let start = -1;
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) {
    if (at > 0 && body[at - 1] !== 10) continue;
    const newline = body.indexOf(10, at);
    const lineEnd = newline < 0 ? body.length : newline + 1;
    const rest = body.toString('latin1', at + mark.length, lineEnd).trim();
    // A line that only begins like the boundary is no boundary.
    if (rest !== '' && rest !== '--') continue;
    if (start >= 0) pieces.push(body.subarray(start, Math.max(start, body[at - 2] === 13 ? at - 2 : at - 1)));
    if (rest === '--') return pieces;
    start = lineEnd;
  }
  if (start >= 0) pieces.push(body.subarray(start));
  return pieces;
}
