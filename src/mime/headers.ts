// A header block → fields, in latin1 view of the bytes; nothing is decoded.

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
  /** Number of lines that were no header fields. */
  junkLines: number;
  /** The block ended without a blank line, at the body or at a boundary. */
  unterminated: boolean;
  /** The block is longer than the bound, and was read up to it. */
  truncated: boolean;
}

/** Fields read per block; no real mail has as many. */
const MAX_FIELDS = 4000;

/** Field name of RFC 5322 §2.2 (any printable character but the colon), with blanks before the colon (obsolete syntax, §4.5). */
const FIELD = /^([!-9;-~]{1,120})[ \t]*:/;
const KNOWN =
  /^(?:from|to|cc|bcc|subject|date|sender|reply-to|message-id|in-reply-to|references|return-path|received|mime-version|content-[a-z-]+|x-[!-9;-~]+|[a-z][a-z0-9]*-[a-z0-9-]+|[a-z]{2,20})[ \t]*:/i;

/** Reads header fields from `start` up to the blank line, the first line that `isBoundary` (a delimiter of an enclosing multipart), `end` or `maxBytes`. */
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
  // Searches for line feeds only up to the bound.
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
  const endAt = (bodyStart: number, unterminated: boolean, truncated = false): HeaderBlock => {
    close();
    return { fields, bodyStart, junkLines, unterminated, truncated };
  };
  while (pos < limit && fields.length < MAX_FIELDS) {
    let lineFeed = within.indexOf(0x0a, pos);
    if (lineFeed === -1) lineFeed = limit;
    const next = Math.min(lineFeed + 1, limit);
    const lineEnd = lineFeed > pos && raw[lineFeed - 1] === 0x0d ? lineFeed - 1 : lineFeed;
    if (lineEnd === pos) return endAt(next, false);
    const first = raw[pos];
    if (first === 0x20 || first === 0x09) {
      if (isBlank(raw, pos, lineEnd) && !continues(raw, next, end)) {
        // A line of blanks is the separator, unless the header clearly continues.
        junkLines++;
        return endAt(next, false);
      }
      if (valueStart !== -1) valueEnd = lineEnd;
      else if (fields.length === 0) {
        // Some clients indent the whole block.
        const line = raw.toString('latin1', pos, Math.min(lineEnd, pos + 200)).trimStart();
        if (!KNOWN.test(line)) {
          if (start !== 0 || !continuesBelow(raw, next, end)) return endAt(pos, true);
          // The rest of a field whose beginning was cut off.
          junkLines++;
          pos = next;
          continue;
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
    if (first === 0x2d && raw[pos + 1] === 0x2d && isBoundary?.(pos, lineEnd) === true) return endAt(pos, true);
    const colon = fieldColon(raw, pos, lineEnd);
    if (colon !== -1) {
      close();
      name = lowerName(raw, pos, colon);
      valueStart = colon + 1;
      valueEnd = lineEnd;
    } else if (fields.length === 0 && valueStart === -1 && isMboxLine(raw, pos, lineEnd)) {
      junkLines++;
    } else if (continuesBelow(raw, next, end)) {
      close();
      junkLines++;
    } else {
      // No field here or below: the body begins without a blank line.
      return endAt(pos, true);
    }
    pos = next;
  }
  return pos >= end ? endAt(end, true) : endAt(afterBlankLine(raw, pos, end), false, true);
}

/** Cache of names in lower case, which recur in every mail. Bounded, as names may be anything. */
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

/** Length of blank lines before the first field (some fetchers add one); 0 if no field follows. */
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
  return match === null ? -1 : start + match[0].length - 1;
}

const isMboxLine = (raw: Buffer, start: number, end: number): boolean =>
  /^>?From /.test(raw.toString('latin1', start, Math.min(end, start + 8)));

function isBlank(raw: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (raw[i] !== 0x20 && raw[i] !== 0x09) return false;
  return true;
}

/** Whether the line at `pos`, after a line of blanks, continues the header. */
function continues(raw: Buffer, pos: number, end: number): boolean {
  const line = raw.toString('latin1', pos, Math.min(end, pos + 200)).split(/\r?\n/, 1)[0] ?? '';
  return /^[ \t]+\S/.test(line) || (KNOWN.test(line) && /^[A-Za-z-]+: ?\S/.test(line) && line.includes('-'));
}

/** Whether there is a field among the next lines, up to a blank line. Examines at most 2 KB. */
function continuesBelow(raw: Buffer, pos: number, end: number): boolean {
  const lines = raw.toString('latin1', pos, Math.min(end, pos + 2048)).split(/\r?\n/, 12);
  return KNOWN.test(lines.find((line) => line === '' || KNOWN.test(line)) ?? '');
}

/** Offset after the blank line that ends a block over the bound, if it is within the next megabyte; else `pos`. */
function afterBlankLine(raw: Buffer, pos: number, end: number): number {
  const range = raw.subarray(Math.max(0, pos - 2), Math.min(end, pos + (1 << 20)));
  const from = pos - Math.max(0, pos - 2);
  const lf = range.indexOf('\n\n', 0, 'latin1');
  const crlf = range.indexOf('\n\r\n', 0, 'latin1');
  const stops = [lf === -1 ? -1 : lf + 2, crlf === -1 ? -1 : crlf + 3].filter((stop) => stop >= from);
  return stops.length === 0 ? pos : pos - from + Math.min(...stops);
}
