// Which leaf of the tree is body, which is attachment, which is a report. RFC 2046 §5.1, RFC 2387, RFC 2183, and what clients do.
import { unfold } from './encoded-words.ts';
import { type Parameterized, parseParameterized } from './parameters.ts';
import type { TransferEncoding } from './transfer.ts';
import { field, type Part } from './walk.ts';

/** One stretch of the body: what is shown in one place, as text, as html, or both (multipart/alternative). */
export interface Section {
  texts: Leaf[];
  htmls: Leaf[];
}

export interface Leaf {
  part: Part;
  type: string;
  encoding: TransferEncoding;
  /** Declared, and nothing that we know. */
  encodingUnknown: boolean;
  disposition: Parameterized;
  /** As declared, decoded, not yet safe; '' when there is none. */
  filename: string;
  contentId: string | undefined;
  contentLocation: string | undefined;
  /** Child of multipart/related other than its root. */
  related: boolean;
}

export interface Classified {
  sections: Section[];
  attachments: Leaf[];
  /** message/delivery-status, disposition-notification, feedback-report: also kept as attachments. */
  reports: Leaf[];
}

/** Encodings as declared, and misspelt. Multiparts and unknown encodings are taken as they are. */
function readEncoding(value: string): TransferEncoding {
  if (value.startsWith('quoted') || /^["']?(?:q-?p|quoted[-_ ]?print\w*)/.test(value)) return 'quoted-printable';
  if (/^["'\s]*base-?64/.test(value)) return 'base64';
  if (/^["'\s]*(?:x-)?uu(?:e|-?encode)?/.test(value)) return 'uuencode';
  return 'identity';
}

/** Those that mean something to us, and those that mean nothing is encoded. */
const KNOWN_ENCODING =
  /^["'\s]*(?:7-?bit|8-?bit|binary|quoted|q-?p|base-?64|(?:x-)?uu|none|identity|plain|ascii|us-ascii|utf-?8|$)/;

type Encoded = Pick<Leaf, 'encoding' | 'encodingUnknown'>;
const NOT_ENCODED: Encoded = { encoding: 'identity', encodingUnknown: false };

/** Declared so far: a handful makes up nearly all mails. Bounded, as they may be anything. */
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

/** Charset that the mail's own texts declare: a hint for header bytes that declare nothing. */
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
  visit(root, undefined, false, true);
  return result;

  /** `first`: no sibling precedes this part, at any level. */
  function visit(part: Part, section: Section | undefined, related: boolean, first: boolean): void {
    if (part.multipart) {
      const kind = part.type.value;
      if (kind === 'multipart/alternative') {
        let target = section;
        if (target === undefined) {
          target = { texts: [], htmls: [] };
          result.sections.push(target);
        }
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
    if (REPORT.test(leaf.type)) {
      result.reports.push(leaf);
      result.attachments.push(leaf);
      return;
    }
    if (isBody(leaf, section !== undefined, first)) {
      let target = section;
      if (target === undefined) {
        target = { texts: [], htmls: [] };
        result.sections.push(target);
      }
      (isHtml(leaf.type) ? target.htmls : target.texts).push(leaf);
      return;
    }
    result.attachments.push(leaf);
  }
}

export const isHtml = (type: string): boolean =>
  type === 'text/html' || type === 'text/x-html' || type === 'application/xhtml+xml';

function isBody(leaf: Leaf, inAlternative: boolean, first: boolean): boolean {
  const root = leaf.part.parent === undefined;
  if (leaf.type.startsWith('multipart/')) return root || leaf.encoding === 'identity'; // no parts found in it: its text is shown
  const named = leaf.filename !== '';
  if (!bodyTypes.has(leaf.type)) {
    // Unknown kinds of text are text (RFC 2046 §4.1.4), but only where nothing says that they are a file.
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
  return root || inAlternative || (first && disposition !== 'attachment');
}

/** RFC 2387 §3.2: by `start`, else the first part; some clients put the picture first. */
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
