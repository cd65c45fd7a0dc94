// The content of a CMS message (RFC 5652): that of signed-data, which is not encrypted. Reads no certificate and verifies nothing.

/** A BER element (X.690 §8.1) by the range of its contents; `end` is -1 for an indefinite length, up to the end-of-contents octets. */
interface Element {
  tag: number;
  start: number;
  end: number;
}

/** Elements read per message, and their nesting; signed-data has a dozen elements before its content. */
const MAX_ELEMENTS = 200_000;
const MAX_DEPTH = 16;

const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const SEQUENCE = 0x30;
const EXPLICIT = 0xa0;
const CONSTRUCTED = 0x20;

/** Encoded arcs of 1.2.840.113549.1.7 (PKCS #7). */
const PKCS7 = Buffer.from('2a864886f70d0107', 'hex');
const kinds = { 1: 'data', 2: 'signed', 3: 'enveloped' } as const;

type Cms = { kind: 'signed'; content: Buffer } | { kind: 'enveloped' } | undefined;

/** undefined for any other bytes, or damaged ones. Never throws; linear. */
export function readCms(bytes: Buffer): Cms {
  let read = 0;

  const at = (from: number, limit: number): Element | undefined => {
    if (++read > MAX_ELEMENTS || from + 2 > limit) return undefined;
    const tag = bytes[from] as number;
    if ((tag & 0x1f) === 0x1f) return undefined; // tags of several octets: none here
    const first = bytes[from + 1] as number;
    if (first === 0x80) return (tag & CONSTRUCTED) === 0 ? undefined : { tag, start: from + 2, end: -1 };
    const octets = first < 0x80 ? 0 : first & 0x7f;
    if (octets > 4 || from + 2 + octets > limit) return undefined;
    const length = octets === 0 ? first : bytes.readUIntBE(from + 2, octets);
    const start = from + 2 + octets;
    return start + length > limit ? undefined : { tag, start, end: start + length };
  };

  const isEnd = (from: number): boolean => bytes[from] === 0 && bytes[from + 1] === 0;

  /** Offset after an element; -1 if it is damaged. */
  const behind = ({ start, end }: Element, limit: number, depth = 0): number => {
    if (end !== -1) return end;
    let from = start;
    while (!isEnd(from)) {
      const child = depth < MAX_DEPTH ? at(from, limit) : undefined;
      from = child === undefined ? -1 : behind(child, limit, depth + 1);
      if (from === -1) return -1;
    }
    return from + 2 <= limit ? from + 2 : -1;
  };

  /** Collects the contents of an octet string in one or several pieces (X.690 §8.7.3). @returns false if it is damaged */
  const collect = (element: Element, limit: number, pieces: Buffer[], depth = 0): boolean => {
    if ((element.tag & CONSTRUCTED) === 0) {
      pieces.push(bytes.subarray(element.start, element.end));
      return true;
    }
    const to = element.end === -1 ? limit : element.end;
    let from = element.start;
    while (element.end === -1 ? !isEnd(from) : from < to) {
      const child = depth < MAX_DEPTH ? at(from, to) : undefined;
      if (child === undefined || (child.tag & ~CONSTRUCTED) !== OCTET_STRING) return false;
      if (!collect(child, to, pieces, depth + 1)) return false;
      from = behind(child, to);
      if (from === -1) return false;
    }
    return true;
  };

  /** The element at `from`, if it has this tag. */
  const expect = (tag: number, from: number): Element | undefined => {
    const element = at(from, bytes.length);
    return element?.tag === tag ? element : undefined;
  };

  const kindAt = (outer: Element | undefined): { kind: string | undefined; next: number } | undefined => {
    const oid = outer === undefined ? undefined : expect(OBJECT_IDENTIFIER, outer.start);
    if (oid === undefined) return undefined;
    const value = bytes.subarray(oid.start, oid.end);
    const arc = value[PKCS7.length] as keyof typeof kinds;
    const known = value.length === PKCS7.length + 1 && value.subarray(0, PKCS7.length).equals(PKCS7);
    return { kind: known ? kinds[arc] : undefined, next: oid.end };
  };

  const outer = kindAt(expect(SEQUENCE, 0));
  if (outer?.kind === 'enveloped') return { kind: 'enveloped' };
  if (outer?.kind !== 'signed') return undefined;
  const explicit = expect(EXPLICIT, outer.next);
  const signed = explicit === undefined ? undefined : expect(SEQUENCE, explicit.start);
  if (signed === undefined) return undefined;
  // version, digestAlgorithms, encapContentInfo (RFC 5652 §5.1)
  let from = signed.start;
  for (let skipped = 0; skipped < 2; skipped++) {
    const element = at(from, bytes.length);
    from = element === undefined ? -1 : behind(element, bytes.length);
    if (from === -1) return undefined;
  }
  const content = kindAt(expect(SEQUENCE, from));
  const wrapped = content?.kind === 'data' ? expect(EXPLICIT, content.next) : undefined;
  const octets = wrapped === undefined ? undefined : at(wrapped.start, bytes.length);
  if (octets === undefined || (octets.tag & ~CONSTRUCTED) !== OCTET_STRING) return undefined;
  const pieces: Buffer[] = [];
  if (!collect(octets, bytes.length, pieces)) return undefined;
  return { kind: 'signed', content: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces) };
}
