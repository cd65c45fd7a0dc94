// Messages by fingerprint that got their outcome since the UIDs of the folder were reset: a message is a copy of an old one only if Redis knows more
// copies than these. In memory: after a restart, all that Redis knows count as old.

export type Copies = ReturnType<typeof createCopies>;

/** Takes one of the known copies that are left of a fingerprint. @returns false: none is left, the message is another one */
export function takeCopy(left: Map<string, number>, print: string): boolean {
  const count = left.get(print) ?? 0;
  if (count <= 0) return false;
  left.set(print, count - 1);
  return true;
}

export function createCopies() {
  const counts = new Map<string, number>();
  function add(prints: Iterable<string>): void {
    for (const print of prints) counts.set(print, (counts.get(print) ?? 0) + 1);
  }
  return {
    of: (print: string): number => counts.get(print) ?? 0,
    add,
    /** UIDs were reset; these were found among the known ones. */
    startOver(prints: Iterable<string>): void {
      counts.clear();
      add(prints);
    },
  };
}
