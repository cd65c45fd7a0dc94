// Splits a batch of messages into groups that one commit may carry: a script with many megabytes blocks Redis for all clients. Pure.

/** Largest number of bytes of JSON in one commit. */
export const MAX_COMMIT_BYTES = 4_000_000;

/** Consecutive groups with a total size of at most `max`; a larger message forms its own group. In order and complete. */
export function commitGroups<T>(items: readonly T[], bytesOf: (item: T) => number, max = MAX_COMMIT_BYTES): T[][] {
  const groups: T[][] = [];
  let size = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    const last = groups.at(-1);
    if (last === undefined || size + bytes > max) {
      groups.push([item]);
      size = bytes;
    } else {
      last.push(item);
      size += bytes;
    }
  }
  return groups;
}
