// The single pass over a raw mail: its tree of parts as byte offsets. Copies header fields only, decodes nothing.

import { unfold } from './encoded-words.ts';
import { type HeaderBlock, type HeaderField, readHeaders } from './headers.ts';
import { type Parameterized, parseParameterized } from './parameters.ts';

export interface Part {
  /** IMAP part number (RFC 3501 §6.4.5): '1', '2.1'. The root of a mail that is no multipart is '1'. */
  path: string;
  header: HeaderBlock;
  type: Parameterized;
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

/** A multipart around the current position. */
interface Open {
  part: Part;
  boundary: string;
  closed: boolean;
}

interface State {
  raw: Buffer;
  limits: WalkLimits;
  warn: Warn;
  /** Outermost first. */
  stack: Open[];
  /** Number of parts so far. */
  parts: number;
  truncated: boolean;
  isBoundary(lineStart: number, lineEnd: number): boolean;
}

type Warn = (code: WalkWarning, path: string) => void;

/** Bytes per search. */
const WINDOW = 1 << 17;

export const field = (fields: readonly HeaderField[], name: string): string | undefined => {
  for (const f of fields) if (f.name === name) return f.value;
  return undefined;
};

/** Linear in the size of the mail. */
export function walk(raw: Buffer, limits: WalkLimits): Walk {
  const warnings = new Map<WalkWarning, string>();
  const warn: Warn = (code, path) => {
    if (!warnings.has(code)) warnings.set(code, path);
  };
  const stack: Open[] = [];
  const isBoundary = (from: number, to: number) => delimiterAt(raw, stack, from, to) !== undefined;
  const state: State = { raw, limits, warn, stack, parts: 0, truncated: false, isBoundary };
  const root = openPart(state, 0, undefined);
  if (!root.multipart) {
    root.path = '1';
    return { root, warnings, truncated: state.truncated };
  }

  let leaf: Part | undefined; // the part around the current position; undefined in preambles and epilogues
  let pos = root.bodyStart;
  for (;;) {
    const delimiter = nextDelimiter(state, pos);
    if (delimiter === undefined) break;
    const { index, closes, lineStart, next } = delimiter;
    const bodyEnd = beforeLineBreak(raw, lineStart);
    if (leaf !== undefined) leaf.bodyEnd = Math.max(leaf.bodyStart, bodyEnd);
    leaf = undefined;
    for (const { part, closed } of stack.splice(index + 1).reverse()) {
      part.bodyEnd = Math.max(part.bodyStart, bodyEnd);
      if (!closed) warn('boundary-unclosed', part.path);
    }
    const frame = stack[index] as Open;
    if (closes) {
      frame.closed = true;
      frame.part.bodyEnd = next;
      if (index === 0 && !moreParts(raw, next, frame.boundary)) break;
      pos = next;
      continue;
    }
    if (frame.closed) {
      warn('part-after-close', frame.part.path);
      frame.closed = false;
    }
    if (state.parts >= limits.maxParts) {
      warn('parts-limit', frame.part.path);
      state.truncated = true;
      break;
    }
    const child = openPart(state, next, frame.part);
    if (!child.multipart) leaf = child;
    pos = child.bodyStart;
  }
  checkEnd(root, state.truncated ? undefined : stack, warn);
  return { root, warnings, truncated: state.truncated };
}

/** Reads the header of the part that begins at `start`. */
function openPart(state: State, start: number, parent: Part | undefined): Part {
  const { raw, limits, warn } = state;
  state.parts++;
  const header = readHeaders(raw, start, raw.length, limits.maxHeaderBytes, state.isBoundary);
  const number = `${(parent?.children.length ?? 0) + 1}`;
  const path = parent === undefined ? '' : parent.path === '' ? number : `${parent.path}.${number}`;
  if (header.junkLines > 0) warn('header-malformed', path);
  if (header.unterminated && header.bodyStart < raw.length) warn('header-unterminated', path);
  if (header.truncated) warn('header-truncated', path);
  const declared = field(header.fields, 'content-type');
  const digest = parent !== undefined && parent.type.value === 'multipart/digest';
  let type = declared === undefined ? { value: '', params: {} } : contentType(declared);
  if (!/^[^/\s]+\/[^/\s]+$/.test(type.value))
    type = { value: digest ? 'message/rfc822' : looseType(type.value), params: type.params };
  const { bodyStart } = header;
  const part: Part = { path, header, type, bodyStart, bodyEnd: raw.length, parent, children: [], multipart: false };
  parent?.children.push(part);
  if (type.value.startsWith('multipart/')) openMultipart(state, part);
  return part;
}

/** Finds the boundary of a multipart; without one, the part stays a leaf. */
function openMultipart(state: State, part: Part): void {
  const { raw, limits, warn, stack } = state;
  if (stack.length >= limits.maxDepth) {
    warn('depth-limit', part.path);
    state.truncated = true;
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
}

interface Delimiter {
  /** Of its multipart in the stack. */
  index: number;
  /** It ends the multipart. */
  closes: boolean;
}

/** Of which open multipart the line, which begins with `--`, is a delimiter. */
function delimiterAt(raw: Buffer, stack: readonly Open[], lineStart: number, lineEnd: number): Delimiter | undefined {
  let end = lineEnd;
  while (end > lineStart + 2 && (raw[end - 1] === 0x20 || raw[end - 1] === 0x09 || raw[end - 1] === 0x0d)) end--;
  const length = end - lineStart - 2;
  for (let index = stack.length - 1; index >= 0; index--) {
    const { boundary } = stack[index] as Open;
    const size = boundary.length;
    if (length !== size && length !== size + 2) continue;
    if (raw[lineStart + 2] !== boundary.charCodeAt(0)) continue;
    if (length === size + 2 && (raw[end - 1] !== 0x2d || raw[end - 2] !== 0x2d)) continue;
    let same = 1;
    while (same < size && raw[lineStart + 2 + same] === boundary.charCodeAt(same)) same++;
    if (same >= size) return { index, closes: length !== size };
  }
  return undefined;
}

/** The next delimiter line from `from`, where a line begins, and the start of the line after it. */
function nextDelimiter(
  { raw, stack }: State,
  from: number,
): (Delimiter & { lineStart: number; next: number }) | undefined {
  let pos = from;
  let atLineStart = true;
  while (pos < raw.length) {
    let lineStart: number;
    if (atLineStart && raw[pos] === 0x2d && raw[pos + 1] === 0x2d) lineStart = pos;
    // In a row of lines of dashes a native search for each would be slow.
    else if (!atLineStart && raw[pos] === 0x0a && raw[pos + 1] === 0x2d && raw[pos + 2] === 0x2d) lineStart = pos + 1;
    else {
      const to = Math.min(raw.length, pos + WINDOW);
      const found = nextDashes(raw, pos, to);
      atLineStart = false;
      if (found === -1) {
        if (to >= raw.length) return undefined;
        // Searches the last bytes again: they may hold the line feed of a delimiter.
        pos = to - 2;
        continue;
      }
      lineStart = found + 1;
    }
    const lineFeed = endOfLine(raw, lineStart);
    const delimiter = delimiterAt(raw, stack, lineStart, lineFeed);
    if (delimiter !== undefined) return { ...delimiter, lineStart, next: Math.min(lineFeed + 1, raw.length) };
    pos = lineFeed;
    atLineStart = false;
  }
  return undefined;
}

/** Warns about multiparts without parts and about those still `open` at the end; `open` is undefined when the walk stopped early. */
function checkEnd(root: Part, open: readonly Open[] | undefined, warn: Warn): void {
  for (const part of open === undefined ? [] : withoutParts(root)) {
    part.multipart = false;
    warn('multipart-without-parts', part.path);
  }
  if (root.path === '' && !root.multipart) root.path = '1';
  if (open?.some(({ closed }) => !closed) === true) warn('boundary-unclosed', open.at(-1)?.part.path ?? '');
}

/** Offset of the line break before a delimiter, which belongs to it (RFC 2046 §5.1.1). */
function beforeLineBreak(raw: Buffer, lineStart: number): number {
  const end = raw[lineStart - 1] === 0x0a ? lineStart - 1 : lineStart;
  return raw[end - 1] === 0x0d ? end - 1 : end;
}

/** Parsed types of text parts by declaration: few forms recur in nearly all mails. Shared, so never modified; bounded. */
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

/** Multiparts in which no part was found. Their preamble is shown as text. */
function withoutParts(part: Part): Part[] {
  if (!part.multipart) return [];
  return part.children.length === 0 ? [part] : part.children.flatMap(withoutParts);
}

/**
 * Index of a line feed followed by two dashes, in [from, to), or -1. Searches for the dashes, which base64 does not contain: attachments are
 * skipped at the speed of memchr.
 */
function nextDashes(raw: Buffer, from: number, to: number): number {
  const range = to === raw.length ? raw : raw.subarray(0, to);
  let at = range.indexOf(DASHES, from);
  while (at !== -1) {
    if (at > 0 && raw[at - 1] === 0x0a && at - 1 >= from) return at - 1;
    // Not at the start of a line: continue after the run of dashes.
    let k = at + 2;
    while (k < to && raw[k] === 0x2d) k++;
    at = range.indexOf(DASHES, k);
  }
  return -1;
}

/** Index of the next line feed, or the length. Short lines need no native search. */
function endOfLine(raw: Buffer, from: number): number {
  const near = Math.min(raw.length, from + 16);
  for (let k = from; k < near; k++) if (raw[k] === 0x0a) return k;
  const found = raw.indexOf(0x0a, near);
  return found === -1 ? raw.length : found;
}

const DASHES = Buffer.from('--');

/** Bytes after a multipart's header in which its first delimiter must be. Bounded: a hostile mail may have a thousand multiparts. */
const PROBE = 1 << 18;

/** Whether a delimiter line with this boundary, not merely with a longer one that begins with it, is in the probed range. */
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

/** Type for a declared half (`text`, `html`); plain text for anything else (RFC 2045 §5.2). */
function looseType(value: string): string {
  if (value === 'html' || value === 'text/html') return 'text/html';
  if (value.startsWith('multipart')) return 'multipart/mixed';
  return 'text/plain';
}

/** Replaces a boundary that is missing or does not occur: the first line `--x` before a Content-… field within the first 64 KB. */
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
