// uuencoded files within a plain text, as mailers without MIME sent them.

export interface UuencodedFile {
  /** Offsets into the raw mail: after the begin line, and after the last data line. */
  start: number;
  end: number;
  filename: string;
}

const BEGIN = /(?:^|\n)begin (?:0?[0-7]{3}) ([^\r\n]{1,200})\r?\n/g;

/**
 * Files within the identity-encoded text [from, to) of `raw`, and the text without them. A `begin` line counts only if a plausible data line
 * follows and an `end` line closes it: prose that starts with "begin" stays text.
 */
export function findUuencoded(
  raw: Buffer,
  from: number,
  to: number,
  text: string,
): { files: UuencodedFile[]; text: string } {
  const source = raw.toString('latin1', from, to);
  const files: UuencodedFile[] = [];
  for (const match of source.matchAll(BEGIN)) {
    if (files.length >= 100) break;
    const dataStart = (match.index ?? 0) + match[0].length;
    if (files.length > 0 && dataStart + from < (files[files.length - 1]?.end ?? 0)) continue;
    const firstEnd = source.indexOf('\n', dataStart);
    const first = source.slice(dataStart, firstEnd === -1 ? source.length : firstEnd).trimEnd();
    if (!plausible(first)) continue;
    const end = /\n(?:[` ]?\r?\n)?end[ \t]*(?:\r?\n|$)/g;
    end.lastIndex = Math.max(0, dataStart - 1);
    const close = end.exec(source);
    if (close === null) break;
    files.push({
      start: from + dataStart,
      end: from + close.index + close[0].length,
      filename: (match[1] ?? '').trim(),
    });
  }
  if (files.length === 0) return { files, text };
  return { files, text: withoutBlocks(text) };
}

/** Length character and as many data characters as it says (some encoders drop trailing blanks). */
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
