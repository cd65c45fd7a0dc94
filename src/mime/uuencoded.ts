// uuencoded files within a plain text, as sent by mailers without MIME.

interface UuencodedFile {
  /** Offsets into the raw mail: after the begin line, and after the last data line. */
  start: number;
  end: number;
  filename: string;
}

const BEGIN = /^begin 0?[0-7]{3} ([^\r\n]{1,200})\r?\n/;
const END = /^\n(?:[` ]?\r?\n)?end[ \t]*(?:\r?\n|$)/;

/**
 * Files within the identity-encoded text [from, to) of `raw`, and the text without them. A `begin` line counts only before a plausible data line and
 * with an `end` line: prose that starts with "begin" stays text. Linear.
 */
export function findUuencoded(
  raw: Buffer,
  from: number,
  to: number,
  text: string,
): { files: UuencodedFile[]; text: string } {
  const source = raw.subarray(from, to);
  const files: UuencodedFile[] = [];
  let at = 0;
  while (files.length < 100) {
    const begin = lineStarting(source, 'begin ', at);
    if (begin === -1) break;
    at = begin + 6;
    const match = BEGIN.exec(source.toString('latin1', begin, begin + 220));
    if (match === null) continue;
    const dataStart = begin + match[0].length;
    const data = source.toString('latin1', dataStart, dataStart + 100);
    if (!plausible((data.split('\n', 1)[0] ?? '').trimEnd())) continue;
    const end = endOf(source, dataStart);
    if (end === -1) break;
    files.push({ start: from + dataStart, end: from + end, filename: (match[1] ?? '').trim() });
    at = end - 1;
  }
  if (files.length === 0) return { files, text };
  return { files, text: withoutBlocks(text) };
}

/** Offset after the `end` line (and the line of length zero before it) that closes the data from `dataStart`, or -1. */
function endOf(source: Buffer, dataStart: number): number {
  for (let at = dataStart; ; ) {
    const end = lineStarting(source, 'end', at);
    if (end === -1) return -1;
    at = end + 3;
    const match = END.exec(source.toString('latin1', end - 1, end + 40));
    if (match !== null) return end - 1 + match[0].length;
    if (/^end[ \t]{30}/.test(source.toString('latin1', end, end + 33))) {
      // More blanks than END examines.
      const lf = source.indexOf(0x0a, end);
      const stop = lf === -1 ? source.length : lf + 1;
      if (stop - end < 2000 && /^end[ \t]*\r?\n?$/.test(source.toString('latin1', end, stop))) return stop;
    }
  }
}

/** Offset of the next line from `from` that begins with `word`, or -1. */
function lineStarting(source: Buffer, word: string, from: number): number {
  let at = source.indexOf(word, from, 'latin1');
  while (at > 0 && source[at - 1] !== 0x0a) at = source.indexOf(word, at + 1, 'latin1');
  return at;
}

/** Whether a line has a length character and no more data than it states (some encoders drop trailing blanks). */
function plausible(line: string): boolean {
  if (line === 'end' || line === '`') return true;
  const length = (line.charCodeAt(0) - 32) & 63;
  return (
    /^[\x20-\x60]+$/.test(line) && line.length >= 2 && line.length - 1 <= Math.ceil(length / 3) * 4 + 2 && length > 0
  );
}

function withoutBlocks(text: string): string {
  const out: string[] = [];
  let inside = false;
  const lines = text.split('\n');
  for (const [k, line] of lines.entries()) {
    if (!inside && /^begin 0?[0-7]{3} .+/.test(line) && plausible((lines[k + 1] ?? '').trimEnd())) inside = true;
    else if (inside) inside = !/^end\s*$/.test(line);
    else out.push(line);
  }
  return out.join('\n');
}
