// Long texts for loops that read each unit: `charCodeAt` checks each time how its string is stored and takes 1.6 ns, a byte of a typed array 0.5,
// four bytes at once 0.2.

/** Number of units that are read together. */
const PIECE = 1 << 16;
const memory = new ArrayBuffer(PIECE);

/** Low bytes of the UTF-16 units of a piece of a text. A match has to be verified in the text, whose units may be larger. */
export const lowBytes = new Uint8Array(memory);
const writable = Buffer.from(memory);
/** The same, four bytes at a time; the piece is followed by blanks up to the next multiple of four. */
export const lowWords = new Int32Array(memory);

/** Fills {@link lowBytes} from `text`, beginning at `from`. @returns their number, a multiple of four unless the text ends */
export function readLowBytes(text: string, from: number): number {
  const piece = text.length <= PIECE ? text : text.slice(from, from + PIECE);
  writable.write(piece, 'latin1');
  for (let at = piece.length; at % 4 !== 0; at++) lowBytes[at] = 0x20;
  return piece.length;
}
