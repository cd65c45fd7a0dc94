// The single pass over a raw mail: its tree of parts as byte offsets. Nothing is decoded and nothing copied but header fields.

import { unfold } from './encoded-words.ts';
import { type HeaderBlock, type HeaderField, readHeaders } from './headers.ts';
import { type Parameterized, parseParameterized } from './parameters.ts';

export interface Part {
  /** IMAP part number (RFC 3501 §6.4.5): '1', '2.1'. The root of a mail that is no multipart is '1'. */
  path: string;
  header: HeaderBlock;
  type: Parameterized;
  /** False when there was no usable Content-Type. */
  typed: boolean;
  bodyStart: number;
  bodyEnd: number;
  parent: Part | undefined;
  /** Multipart only. */
  children: Part[];
  multipart: boolean;
}

export interface WalkLimits {
  maxParts: number;
  maxDepth: number;
  maxHeaderBytes: number;
}

type WalkWarning =
  | 'parts-limit'
  | 'depth-limit'
  | 'boundary-guessed'
  | 'boundary-unclosed'
  | 'multipart-without-parts'
  | 'header-malformed'
  | 'header-truncated'
  | 'header-unterminated'
  | 'part-after-close';

interface Walk {
  root: Part;
  warnings: Map<WalkWarning, string>;
  truncated: boolean;
}

interface Open {
  part: Part;
  boundary: string;
  closed: boolean;
}

/** Bytes searched at once. */
const WINDOW = 1 << 17;

export const field = (fields: readonly HeaderField[], name: string): string | undefined => {
  for (const f of fields) if (f.name === name) return f.value;
  return undefined;
};

/** Linear in the size of the mail. */
export function walk(raw: Buffer, limits: WalkLimits): Walk {
  const warnings = new Map<WalkWarning, string>();
  const warn = (code: WalkWarning, path: string): void => {
    if (!warnings.has(code)) warnings.set(code, path);
  };
  const stack: Open[] = [];
  let parts = 0;
  let truncated = false;

  /** Which open multipart a line that starts with `--` delimits: index in the stack (and whether it closes it), or -1. */
  let closing = false;
  const delimiter = (lineStart: number, lineEnd: number): number => {
    let end = lineEnd;
    while (end > lineStart + 2 && (raw[end - 1] === 0x20 || raw[end - 1] === 0x09 || raw[end - 1] === 0x0d)) end--;
    const length = end - lineStart - 2;
    for (let k = stack.length - 1; k >= 0; k--) {
      const { boundary } = stack[k] as Open;
      const size = boundary.length;
      if (length !== size && length !== size + 2) continue;
      if (raw[lineStart + 2] !== boundary.charCodeAt(0)) continue;
      if (length === size + 2 && (raw[end - 1] !== 0x2d || raw[end - 2] !== 0x2d)) continue;
      let same = 1;
      while (same < size && raw[lineStart + 2 + same] === boundary.charCodeAt(same)) same++;
      if (same < size) continue;
      closing = length !== size;
      return k;
    }
    return -1;
  };
  const isBoundary = (lineStart: number, lineEnd: number): boolean => delimiter(lineStart, lineEnd) !== -1;

  const open = (start: number, parent: Part | undefined): Part => {
    parts++;
    const header = readHeaders(raw, start, raw.length, limits.maxHeaderBytes, isBoundary);
    const path =
      parent === undefined
        ? ''
        : parent.path === ''
          ? `${parent.children.length + 1}`
          : `${parent.path}.${parent.children.length + 1}`;
    if (header.junkLines > 0) warn('header-malformed', path);
    if (header.unterminated && header.bodyStart < raw.length) warn('header-unterminated', path);
    if (header.truncated) warn('header-truncated', path);
    const declared = field(header.fields, 'content-type');
    const digest = parent !== undefined && parent.type.value === 'multipart/digest';
    let type = declared === undefined ? { value: '', params: {} } : contentType(declared);
    const typed = /^[^/\s]+\/[^/\s]+$/.test(type.value);
    if (!typed) type = { value: digest ? 'message/rfc822' : looseType(type.value), params: type.params };
    const part: Part = {
      path,
      header,
      type,
      typed,
      bodyStart: header.bodyStart,
      bodyEnd: raw.length,
      parent,
      children: [],
      multipart: false,
    };
    parent?.children.push(part);
    if (type.value.startsWith('multipart/')) enter(part);
    return part;
  };

  const enter = (part: Part): void => {
    if (stack.length >= limits.maxDepth) {
      warn('depth-limit', part.path);
      truncated = true;
      return;
    }
    let boundary = (part.type.params.boundary ?? '').trimEnd();
    if (boundary === '' || !occurs(raw, `--${boundary}`, part.bodyStart)) {
      const guessed = guessBoundary(raw, part.bodyStart);
      if (guessed === undefined && (boundary === '' || raw.length - part.bodyStart <= PROBE)) {
        warn('multipart-without-parts', part.path);
        return;
      }
      if (guessed !== undefined) {
        warn('boundary-guessed', part.path);
        boundary = guessed;
      }
    }
    part.multipart = true;
    stack.push({ part, boundary, closed: false });
  };

  const root = open(0, undefined);
  if (!root.multipart) {
    root.path = '1';
    return { root, warnings, truncated };
  }

  let leaf: Part | undefined; // the part whose body is being passed, undefined in preambles and epilogues
  let pos = root.bodyStart;
  let atLineStart = true;
  while (pos < raw.length) {
    let lineStart: number;
    if (atLineStart && raw[pos] === 0x2d && raw[pos + 1] === 0x2d) lineStart = pos;
    // Line after line of dashes is not worth a native search each.
    else if (!atLineStart && raw[pos] === 0x0a && raw[pos + 1] === 0x2d && raw[pos + 2] === 0x2d) lineStart = pos + 1;
    else {
      const found = nextDashes(raw, pos, Math.min(raw.length, pos + WINDOW));
      if (found === -1) {
        // Not within this window: step on, keeping the last byte, which may be the line feed of the next delimiter.
        const step = Math.min(raw.length, pos + WINDOW);
        if (step >= raw.length) break;
        pos = step - 2;
        atLineStart = false;
        continue;
      }
      lineStart = found + 1;
    }
    const lineFeed = endOfLine(raw, lineStart);
    const index = delimiter(lineStart, lineFeed);
    if (index === -1) {
      pos = lineFeed;
      atLineStart = false;
      if (pos >= raw.length) break;
      continue;
    }
    const close = closing;
    const bodyEnd = beforeLineBreak(raw, lineStart);
    if (leaf !== undefined) leaf.bodyEnd = Math.max(leaf.bodyStart, bodyEnd);
    leaf = undefined;
    for (const { part, closed } of stack.splice(index + 1).reverse()) {
      part.bodyEnd = Math.max(part.bodyStart, bodyEnd);
      if (!closed) warn('boundary-unclosed', part.path);
    }
    const frame = stack[index] as Open;
    const lineNext = Math.min(lineFeed + 1, raw.length);
    if (close) {
      frame.closed = true;
      frame.part.bodyEnd = lineNext;
      if (index === 0 && !moreParts(raw, lineNext, frame.boundary)) break;
      pos = lineNext;
      atLineStart = true;
      continue;
    }
    if (frame.closed) {
      warn('part-after-close', frame.part.path);
      frame.closed = false;
    }
    if (parts >= limits.maxParts) {
      warn('parts-limit', frame.part.path);
      truncated = true;
      break;
    }
    const child = open(lineNext, frame.part);
    if (!child.multipart) leaf = child;
    pos = child.bodyStart;
    atLineStart = true;
    // A part without a body: the delimiter follows its header at once.
  }
  checkEnd(root, truncated ? undefined : stack, warn);
  return { root, warnings, truncated };
}

/** What declares parts and has none, and what is still `open` at the end of the mail; undefined: it was not walked to its end. */
function checkEnd(
  root: Part,
  open: readonly Open[] | undefined,
  warn: (code: WalkWarning, path: string) => void,
): void {
  for (const part of open === undefined ? [] : withoutParts(root)) {
    part.multipart = false;
    warn('multipart-without-parts', part.path);
  }
  if (root.path === '' && !root.multipart) root.path = '1';
  if (open?.some(({ closed }) => !closed) === true) warn('boundary-unclosed', open.at(-1)?.part.path ?? '');
}

/** The line break before a delimiter belongs to it (RFC 2046 §5.1.1). */
function beforeLineBreak(raw: Buffer, lineStart: number): number {
  const end = raw[lineStart - 1] === 0x0a ? lineStart - 1 : lineStart;
  return raw[end - 1] === 0x0d ? end - 1 : end;
}

/** Types of text parts, as nearly all mails declare them, parsed once. Never changed afterwards by anyone; bounded. */
const knownTypes = new Map<string, Parameterized>();

function contentType(declared: string): Parameterized {
  if (declared.length > 60) return parseParameterized(unfold(declared));
  let type = knownTypes.get(declared);
  if (type === undefined) {
    type = parseParameterized(unfold(declared));
    if (knownTypes.size < 200 && type.value.startsWith('text/') && type.params.name === undefined)
      knownTypes.set(declared, type);
  }
  return type;
}

/** Multiparts whose delimiters turned out to be none: their preamble is all there is, and is shown as text. */
function withoutParts(part: Part): Part[] {
  if (!part.multipart) return [];
  return part.children.length === 0 ? [part] : part.children.flatMap(withoutParts);
}

/**
 * Index of a line feed followed by two dashes, in [from, to), or -1. Searches for the dashes, not for the line feed: base64 has none, so that
 * attachments are passed at the speed of memchr.
 */
function nextDashes(raw: Buffer, from: number, to: number): number {
  const range = to === raw.length ? raw : raw.subarray(0, to);
  let at = range.indexOf(DASHES, from);
  while (at !== -1) {
    if (at > 0 && raw[at - 1] === 0x0a && at - 1 >= from) return at - 1;
    // Not at a line's start: on behind the run of dashes.
    let k = at + 2;
    while (k < to && raw[k] === 0x2d) k++;
    at = range.indexOf(DASHES, k);
  }
  return -1;
}

/** Index of the next line feed, or the length. Short lines cost no native search. */
function endOfLine(raw: Buffer, from: number): number {
  const near = Math.min(raw.length, from + 16);
  for (let k = from; k < near; k++) if (raw[k] === 0x0a) return k;
  const found = raw.indexOf(0x0a, near);
  return found === -1 ? raw.length : found;
}

const DASHES = Buffer.from('--');

/** How far behind a multipart's header its first delimiter is looked for. Bounded: a hostile mail may have a thousand multiparts. */
const PROBE = 1 << 18;

/** Whether a delimiter line with this boundary (and not just a longer one that begins like it) is in the probed range. */
function occurs(raw: Buffer, what: string, from: number): boolean {
  const range = raw.subarray(from, Math.min(raw.length, from + PROBE));
  let at = range.indexOf(what, 0, 'latin1');
  for (let tries = 0; at !== -1 && tries < 50; tries++) {
    const next = range[at + what.length] ?? 0x0a;
    const lineStart = at === 0 || range[at - 1] === 0x0a;
    if (lineStart && (next === 0x0a || next === 0x0d || next === 0x20 || next === 0x09 || next === 0x2d)) return true;
    at = range.indexOf(what, at + what.length, 'latin1');
  }
  return at !== -1;
}

const moreParts = (raw: Buffer, from: number, boundary: string): boolean =>
  raw.indexOf(`\n--${boundary}`, Math.max(0, from - 1), 'latin1') !== -1;

/** `text` → text/plain, `html` → text/html: the other half was forgotten. Anything else is plain text (RFC 2045 §5.2). */
function looseType(value: string): string {
  if (value === 'html' || value === 'text/html') return 'text/html';
  if (value.startsWith('multipart')) return 'multipart/mixed';
  return 'text/plain';
}

/**
 * The boundary when the declared one does not occur (a near miss, or none declared): the first line of the form `--x` that is followed by a
 * Content-… field or a blank line and occurs again. Looks at the first 64 KB.
 */
function guessBoundary(raw: Buffer, from: number): string | undefined {
  const text = raw.toString('latin1', from, Math.min(raw.length, from + 65_536));
  let at = text.startsWith('--') ? 0 : text.indexOf('\n--');
  let tried = 0;
  while (at !== -1 && tried++ < 50) {
    const start = at === 0 && text.startsWith('--') ? 0 : at + 1;
    const lf = text.indexOf('\n', start);
    if (lf === -1) return undefined;
    const boundary = text.slice(start + 2, lf).trimEnd();
    if (
      boundary.length > 0 &&
      boundary.length < 200 &&
      !/^[-\s]*$/.test(boundary) &&
      /^Content-[\w-]+[ \t]*:/i.test(text.slice(lf + 1, lf + 60))
    )
      return boundary;
    at = text.indexOf('\n--', lf);
  }
  return undefined;
}
