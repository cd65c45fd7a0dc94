// Memory that is used again and again, for what comes in a steady stream: fetched mails (adapters/imap) and the commits of their jobs
// (adapters/queue). A fresh buffer for each costs more CPU (page faults, collections) than all that is done with its bytes, and it lingers until a
// collection comes: V8 lets such buffers live until the next full one. Anyone who asks takes a piece of a slab; when all pieces of a slab are given
// back, it serves the next ones. Anyone who does not give back loses nothing but the reuse: the garbage collector takes the slab.

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

/** Frees the memory now: nothing tells the garbage collector how much of it such a small object holds. What still reads it finds nothing. */
const drop = (memory: Buffer) => void (memory.buffer as ArrayBuffer).transfer(0);

/**
 * @param slabBytes of a slab; what is larger than half of it has memory of its own
 * @param kept free slabs that are kept
 */
export function createSlabs(slabBytes: number, kept: number): Allocate {
  const free: Slab[] = [];
  let current: Slab | undefined;

  const backIn = (slab: Slab) => {
    slab.used = 0;
    if (slab === current) return;
    if (free.length < kept) free.push(slab);
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
