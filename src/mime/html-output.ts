// The output of html-text.ts: text with the blanks and line breaks that a reader sees.
import { decodeEntities } from './html-entities.ts';

export interface Output {
  pieces: string[];
  /** UTF-16 units so far. */
  length: number;
  /** Number of line breaks at the end; 2 at first, which drops leading blank lines. */
  newlines: number;
  /** The next text needs a blank before it. */
  space: boolean;
  /** Number of open <pre> elements. */
  pre: number;
}

export const newOutput = (): Output => ({ pieces: [], length: 0, newlines: 2, space: false, pre: 0 });

export function emit(out: Output, text: string): void {
  out.pieces.push(text);
  out.length += text.length;
}

/** Ensures at least `wanted` line breaks after the text so far. */
export function breakLine(out: Output, wanted: number): void {
  out.space = false;
  if (out.length === 0) return;
  while (out.newlines < wanted) {
    emit(out, '\n');
    out.newlines++;
  }
}

export function addLineBreak(out: Output): void {
  out.space = false;
  if (out.length === 0) return;
  emit(out, '\n');
  out.newlines++;
}

/** Adds the text between two tags, with its entities decoded. */
export function addText(out: Output, raw: string): void {
  if (raw === '') return;
  const text = raw.includes('&') ? decodeEntities(raw) : raw;
  if (out.pre > 0) {
    const plain = text.replaceAll('\r\n', '\n');
    if (plain === '') return;
    emit(out, plain);
    out.newlines = plain.endsWith('\n\n') ? 2 : plain.endsWith('\n') ? 1 : 0;
    return;
  }
  const collapsed = WHITE.test(text) ? text.replace(/[ \t\r\n\f]+/g, ' ') : text;
  let from = 0;
  if (collapsed.charCodeAt(0) === 0x20) {
    from = 1;
    if (out.newlines === 0) out.space = true;
  }
  if (from >= collapsed.length) return;
  if (out.space) emit(out, ' ');
  out.space = collapsed.charCodeAt(collapsed.length - 1) === 0x20;
  emit(out, out.space ? collapsed.slice(from, -1) : from === 0 ? collapsed : collapsed.slice(from));
  out.newlines = 0;
}

const WHITE = /[\t\r\n\f]| {2}/;
