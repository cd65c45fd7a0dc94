// Sorts the leaves of the tree into bodies, attachments and reports. RFC 2046 §5.1, RFC 2387, RFC 2183, and common deviations.
import { unfold } from './encoded-words.ts';
import { type Parameterized, parseParameterized } from './parameters.ts';
import type { TransferEncoding } from './transfer.ts';
import { field, type Part } from './walk.ts';

/** A stretch of the body that is shown in one place: text, html, or both as alternatives. */
export interface Section {
  texts: Leaf[];
  htmls: Leaf[];
}

export interface Leaf {
  part: Part;
  type: string;
  encoding: TransferEncoding;
  /** Declared, but unknown. */
  encodingUnknown: boolean;
  disposition: Parameterized;
  /** As declared, decoded, not yet safe; '' for none. */
  filename: string;
  contentId: string | undefined;
  contentLocation: string | undefined;
  /** Child of multipart/related other than its root. */
  related: boolean;
}

export interface Classified {
  sections: Section[];
  attachments: Leaf[];
  /** message/delivery-status, disposition-notification, feedback-report; also among the attachments. */
  reports: Leaf[];
}

/** Encoding by declaration, misspellings included. Unknown ones mean that nothing is encoded. */
function readEncoding(value: string): TransferEncoding {
  if (value.startsWith('quoted') || /^["']?(?:q-?p|quoted[-_ ]?print\w*)/.test(value)) return 'quoted-printable';
  if (/^["'\s]*base-?64/.test(value)) return 'base64';
  if (/^["'\s]*(?:x-)?uu(?:e|-?encode)?/.test(value)) return 'uuencode';
  return 'identity';
}

/** Declarations that are known, also those without an encoding. */
const KNOWN_ENCODING =
  /^["'\s]*(?:7-?bit|8-?bit|binary|quoted|q-?p|base-?64|(?:x-)?uu|none|identity|plain|ascii|us-ascii|utf-?8|$)/;

type Encoded = Pick<Leaf, 'encoding' | 'encodingUnknown'>;
const NOT_ENCODED: Encoded = { encoding: 'identity', encodingUnknown: false };

/** Cache by declaration, of which nearly all mails use a handful. Bounded, as they may be anything. */
const encodings = new Map<string, Encoded>();

function encodingOf(declared: string | undefined): Encoded {
  if (declared === undefined) return NOT_ENCODED;
  let known = encodings.get(declared);
  if (known === undefined) {
    const value = unfold(declared).toLowerCase();
    known = { encoding: readEncoding(value), encodingUnknown: !KNOWN_ENCODING.test(value.slice(0, 100)) };
    if (encodings.size < 500 && declared.length <= 60) encodings.set(declared, known);
  }
  return known;
}

const EMPTY: Parameterized = { value: '', params: {} };

function leafOf(part: Part, related: boolean, hint: string | undefined): Leaf {
  const { fields } = part.header;
  const rawDisposition = field(fields, 'content-disposition');
  const disposition = rawDisposition === undefined ? EMPTY : parseParameterized(unfold(rawDisposition), hint);
  const id = field(fields, 'content-id');
  const location = field(fields, 'content-location');
  let type = part.type.value;
  if (type === 'text' || type === '') type = 'text/plain';
  const { encoding, encodingUnknown } = encodingOf(field(fields, 'content-transfer-encoding'));
  const contentId = id === undefined ? undefined : unfold(id).replace(/^<|>$/g, '').trim();
  return {
    part,
    type,
    encoding: part.type.value.startsWith('multipart/') ? 'identity' : encoding,
    encodingUnknown,
    disposition,
    filename:
      disposition.params.filename ??
      part.type.params.name ??
      disposition.params.name ??
      part.type.params.filename ??
      '',
    contentId: contentId === '' ? undefined : contentId,
    contentLocation: location === undefined ? undefined : unfold(location).replace(/\s+/g, ''),
    related,
  };
}

/** Charset that the mail's texts declare: a hint for header bytes without a declaration. */
export function declaredCharset(part: Part): string | undefined {
  if (!part.multipart) return part.type.value.startsWith('text/') ? part.type.params.charset : undefined;
  for (const child of part.children.slice(0, 8)) {
    const charset = declaredCharset(child);
    if (charset !== undefined && !/^(?:us-ascii|utf-?8)$/i.test(charset)) return charset;
  }
  return undefined;
}

const REPORT = /^message\/(?:global-)?(?:delivery-status|disposition-notification|feedback-report)$/;
const bodyTypes = new Set([
  'text/plain',
  'text/html',
  'text/enriched',
  'text/richtext',
  'text/x-html',
  'application/xhtml+xml',
]);

export function classify(root: Part, hint: string | undefined): Classified {
  const result: Classified = { sections: [], attachments: [], reports: [] };
  const newSection = (): Section => {
    const section: Section = { texts: [], htmls: [] };
    result.sections.push(section);
    return section;
  };
  visit(root, undefined, false, true);
  return result;

  /** `first`: no sibling precedes this part, at any level. */
  function visit(part: Part, section: Section | undefined, related: boolean, first: boolean): void {
    if (part.multipart) {
      const kind = part.type.value;
      if (kind === 'multipart/alternative') {
        const target = section ?? newSection();
        for (const child of part.children) visit(child, target, false, first);
        return;
      }
      const start = kind === 'multipart/related' ? relatedRoot(part) : undefined;
      for (const [k, child] of part.children.entries()) {
        const isRelated = start !== undefined && child !== start;
        visit(child, section, isRelated || (related && !child.multipart), first && k === 0);
      }
      return;
    }
    const leaf = leafOf(part, related, hint);
    const isReport = REPORT.test(leaf.type);
    if (isReport) result.reports.push(leaf);
    if (isReport || !isBody(leaf, section !== undefined, first)) {
      result.attachments.push(leaf);
      return;
    }
    const target = section ?? newSection();
    (isHtml(leaf.type) ? target.htmls : target.texts).push(leaf);
  }
}

export const isHtml = (type: string): boolean =>
  type === 'text/html' || type === 'text/x-html' || type === 'application/xhtml+xml';

function isBody(leaf: Leaf, inAlternative: boolean, first: boolean): boolean {
  const root = leaf.part.parent === undefined;
  // A multipart without parts is shown as text.
  if (leaf.type.startsWith('multipart/')) return root || leaf.encoding === 'identity';
  const named = leaf.filename !== '';
  if (!bodyTypes.has(leaf.type)) {
    // Unknown kinds of text are text (RFC 2046 §4.1.4), unless they are a file.
    return (
      leaf.type.startsWith('text/') &&
      root &&
      !named &&
      leaf.disposition.value !== 'attachment' &&
      leaf.type !== 'text/calendar'
    );
  }
  const disposition = leaf.disposition.value;
  if (disposition === 'attachment') return root && !named;
  if (leaf.related && leaf.contentId !== undefined) return false;
  if (!named) return disposition === '' || disposition === 'inline' || root || inAlternative;
  return root || inAlternative || first;
}

/** The root by `start`, else the first part (RFC 2387 §3.2); some clients put a picture first. */
function relatedRoot(part: Part): Part | undefined {
  const start = part.type.params.start?.replace(/^<|>$/g, '');
  if (start !== undefined && start !== '') {
    const named = part.children.find((c) => field(c.header.fields, 'content-id')?.includes(start));
    if (named !== undefined) return named;
  }
  const [head] = part.children;
  if (head === undefined || head.multipart || head.type.value.startsWith('text/')) return head;
  return part.children.find((c) => c.multipart || c.type.value === 'text/html') ?? head;
}
