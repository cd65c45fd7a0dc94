// Reusable memory for steady streams: fetched mails (adapters/imap) and the commits of their jobs
// (adapters/queue). A fresh buffer for each costs more CPU (page faults, collections) than all work on its bytes, and it stays in memory until
// V8's next full collection. A caller gets a piece of a slab; when all pieces of a slab are returned,
// it is reused. A caller that returns nothing loses only the reuse: the garbage collector takes the slab.

interface Slab {
  memory: Buffer;
  used: number;
  /** Pieces in use. */
  out: number;
}

export interface Piece {
  memory: Buffer;
  /** The bytes must not be accessed afterwards. Calling it twice counts once. */
  release(): void;
}

export type Allocate = (size: number) => Piece;

/** Free slabs that are kept. */
const KEPT = 3;

/** Frees the memory now: the garbage collector does not know how much memory such a small object holds. Later readers find nothing. */
const drop = (memory: Buffer) => void (memory.buffer as ArrayBuffer).transfer(0);

/**
 * @param slabBytes size of a slab; anything larger than half of it gets memory of its own
 */
export function createSlabs(slabBytes: number): Allocate {
  const free: Slab[] = [];
  let current: Slab | undefined;

  const backIn = (slab: Slab) => {
    slab.used = 0;
    if (slab === current) return;
    if (free.length < KEPT) free.push(slab);
    else drop(slab.memory);
  };

  const piece = (memory: Buffer, giveBack: () => void): Piece => {
    let released = false;
    return {
      memory,
      release() {
        if (released) return;
        released = true;
        giveBack();
      },
    };
  };

  return (size) => {
    if (size > slabBytes / 2) {
      const memory = Buffer.allocUnsafeSlow(size);
      return piece(memory, () => drop(memory));
    }
    if (current === undefined || current.used + size > slabBytes) {
      const full = current;
      current = free.pop() ?? { memory: Buffer.allocUnsafeSlow(slabBytes), used: 0, out: 0 };
      if (full?.out === 0) backIn(full);
    }
    const slab = current;
    const memory = slab.memory.subarray(slab.used, slab.used + size);
    slab.used += size;
    slab.out += 1;
    return piece(memory, () => {
      slab.out -= 1;
      if (slab.out === 0) backIn(slab);
    });
  };
}
