// Memory of fetched mails, used again and again: a fresh buffer for each mail costs more CPU (page faults, collections) than all that is done with
// its bytes, and it lingers until a collection comes. A mail takes a piece of a slab; when all pieces of a slab are given back, it serves the next
// mails. Whoever does not give back loses nothing but the reuse: the garbage collector takes the slab.

/** Bytes of a slab; a mail of more than half of it has memory of its own. Attachments are three quarters of all bytes: they must fit. */
const SLAB = 4 << 20;
/** Free slabs that are kept. */
const KEPT = 3;

interface Slab {
  memory: Buffer;
  used: number;
  /** Pieces that are still out. */
  out: number;
}

export interface Piece {
  memory: Buffer;
  /** The bytes must not be touched afterwards. Twice is once. */
  release(): void;
}

export type Allocate = (size: number) => Piece;

export function createSlabs(): Allocate {
  const free: Slab[] = [];
  let current: Slab | undefined;

  const backIn = (slab: Slab) => {
    slab.used = 0;
    if (slab !== current && free.length < KEPT) free.push(slab);
  };

  return (size) => {
    if (size > SLAB / 2) return { memory: Buffer.allocUnsafeSlow(size), release() {} };
    if (current === undefined || current.used + size > SLAB) {
      const full = current;
      current = free.pop() ?? { memory: Buffer.allocUnsafeSlow(SLAB), used: 0, out: 0 };
      if (full?.out === 0) backIn(full);
    }
    const slab = current;
    const memory = slab.memory.subarray(slab.used, slab.used + size);
    slab.used += size;
    slab.out += 1;
    let released = false;
    return {
      memory,
      release() {
        if (released) return;
        released = true;
        slab.out -= 1;
        if (slab.out === 0) backIn(slab);
      },
    };
  };
}
