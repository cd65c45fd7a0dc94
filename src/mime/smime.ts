// S/MIME with its content in a CMS message (RFC 8551 §3.5.2, "opaque"): the mail inside is shown; its signature is not verified.
import { type Bodies, decodeSections } from './bodies.ts';
import { type Classified, classify, declaredCharset, type Leaf } from './classify.ts';
import { readCms } from './cms.ts';
import type { Warn } from './header-fields.ts';
import { decodeWhole } from './transfer.ts';
import { type WalkLimits, walk } from './walk.ts';

/** Largest CMS message that is unwrapped, in encoded bytes; a larger one stays an attachment. */
const MAX_ENCODED = 32 << 20;
/** Nested signatures (RFC 2634 §1.1 wraps three times). */
const MAX_WRAPS = 3;
/** Inline bytes of a body that cannot be referred to, when the configuration wants references only. */
const WHOLE_BYTES = 1 << 20;

interface Limits extends WalkLimits {
  inlineTextBytes: number;
  inlineHtmlBytes: number;
}

const isCms = ({ type, filename }: Leaf): boolean =>
  /^application\/(?:x-)?pkcs7-mime$/.test(type) || (type === 'application/octet-stream' && /\.p7m$/i.test(filename));

interface Unwrapped {
  /** Without references, as their bytes are not in the raw mail. */
  bodies: Bodies;
  /** The signed content and its attachments; none for nested signatures, as a slice leads into one CMS message only. */
  content: Buffer;
  attachments: Leaf[];
  hint: string | undefined;
}

/**
 * The signed mail within `leaf`; undefined for none. Warns of content that cannot be shown (`encrypted`, `smime-unreadable`), and of unwrapping
 * (`smime-unwrapped`, with the number of attachments left inside).
 */
export function unwrapped(raw: Buffer, leaf: Leaf, limits: Limits, warn: Warn, wraps = 0): Unwrapped | undefined {
  const { path, bodyStart, bodyEnd } = leaf.part;
  const encoded = raw.subarray(bodyStart, bodyEnd);
  const cms = encoded.length > MAX_ENCODED ? undefined : readCms(decodeWhole(encoded, leaf.encoding));
  if (cms?.kind !== 'signed') {
    warn(cms?.kind === 'enveloped' ? 'encrypted' : 'smime-unreadable', `part ${path}`);
    return undefined;
  }
  const { content } = cms;
  const { root } = walk(content, limits);
  const hint = declaredCharset(root);
  const inner = classify(root, hint);
  const within = signedMail(inner);
  if (within !== undefined && wraps < MAX_WRAPS) return unwrapped(content, within, limits, warn, wraps + 1);
  const attachments = wraps === 0 ? inner.attachments : [];
  const left = inner.attachments.length - attachments.length;
  warn('smime-unwrapped', left === 0 ? `part ${path}` : `part ${path}: ${left} attachments within`);
  const bounds = limits.inlineTextBytes === 0 ? { inlineTextBytes: WHOLE_BYTES, inlineHtmlBytes: WHOLE_BYTES } : limits;
  const bodies = decodeSections(content, inner, hint, bounds, warn);
  return {
    bodies: {
      ...bodies,
      text: withoutParts(bodies.text),
      html: withoutParts(bodies.html),
      uuencoded: wraps === 0 ? bodies.uuencoded : [],
    },
    content,
    attachments,
    hint,
  };
}

/** The CMS part of a mail without any other body. */
export const signedMail = ({ sections, attachments }: Classified): Leaf | undefined =>
  sections.length === 0 ? attachments.find(isCms) : undefined;

function withoutParts(body: Bodies['text']): Bodies['text'] {
  if (body?.parts === undefined) return body;
  const { parts: _ofTheInside, ...rest } = body;
  return rest;
}
