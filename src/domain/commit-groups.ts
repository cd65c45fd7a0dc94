// Messages of a batch in groups that one commit may carry: a script that takes many megabytes at once blocks Redis for everybody. Pure.

/** Bytes of JSON that one commit carries at most. */
export const MAX_COMMIT_BYTES = 4_000_000;

/** Consecutive groups whose sizes sum up to at most `max`; one that is larger alone is a group of its own. In order, none left out. */
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
