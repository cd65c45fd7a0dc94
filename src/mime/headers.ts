// A header block → fields. Works on the latin1 view of the bytes; nothing is decoded before it is asked for.

export interface HeaderField {
  /** Lower case. */
  name: string;
  /** Raw value, still folded, latin1 view. */
  value: string;
}

export interface HeaderBlock {
  fields: HeaderField[];
  /** Offset of the first byte after the block and its blank line. */
  bodyStart: number;
  /** Lines that were no header fields. */
  junkLines: number;
  /** The block ended without a blank line (the body began, or a boundary came). */
  unterminated: boolean;
  /** Longer than the bound: fields past it were not read. */
  truncated: boolean;
}

/** Fields read of one block at most: no mail has as many, and what is asked of them costs time each. */
const MAX_FIELDS = 4000;

/** Field name as in RFC 5322 §2.2 (any printable but the colon), blanks before the colon tolerated (obsolete syntax §4.5). */
const FIELD = /^([!-9;-~]{1,120})[ \t]*:/;
const KNOWN =
  /^(?:from|to|cc|bcc|subject|date|sender|reply-to|message-id|in-reply-to|references|return-path|received|mime-version|content-[a-z-]+|x-[!-9;-~]+|[a-z][a-z0-9]*-[a-z0-9-]+|[a-z]{2,20})[ \t]*:/i;

/**
 * Reads header fields from `start` up to the blank line, at most to `end` and `maxBytes`. `isBoundary(lineStart, lineEnd)` says that a line is a
 * delimiter of an enclosing multipart: the block ends before it.
 */
export function readHeaders(
  raw: Buffer,
  start: number,
  end: number,
  maxBytes: number,
  isBoundary?: (lineStart: number, lineEnd: number) => boolean,
): HeaderBlock {
  const fields: HeaderField[] = [];
  let pos = start;
  let junkLines = 0;
  const limit = Math.min(end, start + maxBytes);
  // Lines are looked for up to the bound only, whatever follows.
  const within = limit < raw.length ? raw.subarray(0, limit) : raw;
  if (start === 0) {
    pos = leadingBlank(raw, end);
    if (pos > 0) junkLines++;
  }
  let name = '';
  let valueStart = -1;
  let valueEnd = -1;
  const close = (): void => {
    if (valueStart !== -1) fields.push({ name, value: raw.toString('latin1', valueStart, valueEnd) });
    valueStart = -1;
  };
  while (pos < limit && fields.length < MAX_FIELDS) {
    let lineFeed = within.indexOf(0x0a, pos);
    if (lineFeed === -1) lineFeed = limit;
    const next = Math.min(lineFeed + 1, limit);
    const lineEnd = lineFeed > pos && raw[lineFeed - 1] === 0x0d ? lineFeed - 1 : lineFeed;
    if (lineEnd === pos) {
      close();
      return { fields, bodyStart: next, junkLines, unterminated: false, truncated: false };
    }
    const first = raw[pos];
    if (first === 0x20 || first === 0x09) {
      if (isBlank(raw, pos, lineEnd) && !continues(raw, next, end)) {
        // A blank line with blanks in it: the separator, unless the header clearly continues.
        close();
        return { fields, bodyStart: next, junkLines: junkLines + 1, unterminated: false, truncated: false };
      }
      if (valueStart !== -1) valueEnd = lineEnd;
      else if (fields.length === 0) {
        // White space before the first field: some clients indent the whole block by accident.
        const line = raw.toString('latin1', pos, Math.min(lineEnd, pos + 200)).trimStart();
        if (!KNOWN.test(line) && start === 0 && goesOn(raw, next, end)) {
          // The rest of a field whose beginning was cut off.
          junkLines++;
          pos = next;
          continue;
        }
        if (!KNOWN.test(line)) {
          close();
          return { fields, bodyStart: pos, junkLines, unterminated: true, truncated: false };
        }
        const colon = raw.indexOf(0x3a, pos);
        name = raw.toString('latin1', pos, colon).trim().toLowerCase();
        valueStart = colon + 1;
        valueEnd = lineEnd;
        junkLines++;
      }
      pos = next;
      continue;
    }
    if (first === 0x2d && raw[pos + 1] === 0x2d && isBoundary?.(pos, lineEnd) === true) {
      close();
      return { fields, bodyStart: pos, junkLines, unterminated: true, truncated: false };
    }
    const colon = fieldColon(raw, pos, lineEnd);
    if (colon !== -1) {
      close();
      name = lowerName(raw, pos, colon);
      valueStart = colon + 1;
      valueEnd = lineEnd;
    } else if (fields.length === 0 && valueStart === -1 && isMboxLine(raw, pos, lineEnd)) {
      junkLines++;
    } else if (goesOn(raw, next, end)) {
      close();
      junkLines++;
    } else {
      // No field, and none follows: the blank line was forgotten and the body begins here.
      close();
      return { fields, bodyStart: pos, junkLines, unterminated: true, truncated: false };
    }
    pos = next;
  }
  close();
  if (pos >= end) return { fields, bodyStart: end, junkLines, unterminated: true, truncated: false };
  return { fields, bodyStart: afterBlankLine(raw, pos, end), junkLines, unterminated: false, truncated: true };
}

/** Names recur in every mail: known ones cost a look-up. Bounded, as names may be anything. */
const lowered = new Map<string, string>();

function lowerName(raw: Buffer, start: number, end: number): string {
  const declared = raw.toString('latin1', start, end);
  let name = lowered.get(declared);
  if (name === undefined) {
    name = declared.trimEnd().toLowerCase();
    if (lowered.size < 1000 && name.length <= 40) lowered.set(declared, name);
  }
  return name;
}

/** Blank lines before the very first field (some fetchers add one), if a field does follow; else 0. */
function leadingBlank(raw: Buffer, end: number): number {
  const first = raw[0];
  if (first !== 0x0a && first !== 0x0d && first !== 0x20 && first !== 0x09 && first !== 0xef) return 0;
  let pos = raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf ? 3 : 0;
  let lineStart = pos;
  for (; pos < Math.min(end, 4096); pos++) {
    const b = raw[pos];
    if (b === 0x0a) lineStart = pos + 1;
    else if (b !== 0x20 && b !== 0x09 && b !== 0x0d) break;
  }
  return /^[A-Za-z][A-Za-z0-9-]*:/.test(raw.toString('latin1', lineStart, Math.min(end, lineStart + 80)))
    ? lineStart
    : 0;
}

/** Offset of the colon if the line is a header field, else -1. */
function fieldColon(raw: Buffer, start: number, end: number): number {
  const limit = Math.min(end, start + 120);
  let i = start;
  for (; i < limit; i++) {
    const b = raw[i] ?? 0;
    if (b === 0x3a) return i === start ? -1 : i;
    if (b <= 0x20 || b >= 0x7f) break;
  }
  if (raw[i] !== 0x20 && raw[i] !== 0x09) return -1;
  const line = raw.toString('latin1', start, limit);
  const match = FIELD.exec(line);
  if (match === null || match[1] === undefined) return -1;
  return start + match[0].length - 1;
}

const isMboxLine = (raw: Buffer, start: number, end: number): boolean =>
  /^>?From /.test(raw.toString('latin1', start, Math.min(end, start + 8)));

function isBlank(raw: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (raw[i] !== 0x20 && raw[i] !== 0x09) return false;
  return true;
}

/** After a line of blanks: does the very next line carry on the header? */
function continues(raw: Buffer, pos: number, end: number): boolean {
  const line = raw.toString('latin1', pos, Math.min(end, pos + 200)).split(/\r?\n/, 1)[0] ?? '';
  return /^[ \t]+\S/.test(line) || (KNOWN.test(line) && /^[A-Za-z-]+: ?\S/.test(line) && line.includes('-'));
}

/** After a line that is no field: is there a field among the next lines, and a blank line after it? Looks at no more than 2 KB. */
function goesOn(raw: Buffer, pos: number, end: number): boolean {
  const lines = raw.toString('latin1', pos, Math.min(end, pos + 2048)).split(/\r?\n/, 12);
  for (const line of lines) {
    if (line === '') return false;
    if (KNOWN.test(line)) return true;
  }
  return false;
}

/** A header block over the bound ends at its blank line, if that is within the next megabyte; else the body begins where reading stopped. */
function afterBlankLine(raw: Buffer, pos: number, end: number): number {
  const range = raw.subarray(Math.max(0, pos - 2), Math.min(end, pos + (1 << 20)));
  const from = pos - Math.max(0, pos - 2);
  const lf = range.indexOf('\n\n', 0, 'latin1');
  const crlf = range.indexOf('\n\r\n', 0, 'latin1');
  const stops = [lf === -1 ? -1 : lf + 2, crlf === -1 ? -1 : crlf + 3].filter((stop) => stop >= from);
  return stops.length === 0 ? pos : pos - from + Math.min(...stops);
}
