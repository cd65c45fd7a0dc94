// Limits the bytes of fetched mails that this process holds at once, over all its connections: in a storm a thousand mailboxes have mails at the same
// moment, and each connection alone would buffer megabytes. The budget is requested before a message is read (row-reader.ts), granted in the order of the
// requests (no mailbox starves), and returned when the mail is committed.

export interface Ticket {
  /** Undefined when the bytes may be read at once; resolves when they may. */
  readonly ready: Promise<void> | undefined;
  /** Returns the bytes, or the place in the queue; `ready` then resolves. Calling it twice counts once. */
  give(): void;
}

export type ReadBudget = ReturnType<typeof createReadBudget>;

/** @param most bytes; a larger mail is admitted when nothing else is held */
export function createReadBudget(most: number) {
  let held = 0;
  const queue: { bytes: number; grant: () => void }[] = [];
  const fits = (bytes: number) => held === 0 || held + bytes <= most;
  const admit = () => {
    for (let next = queue[0]; next !== undefined && fits(next.bytes); next = queue[0]) {
      queue.shift();
      next.grant();
    }
  };

  return {
    /** Bytes given out now. */
    held: () => held,
    ask(bytes: number): Ticket {
      let state: 'waiting' | 'held' | 'given' = 'waiting';
      const isFree = queue.length === 0 && fits(bytes);
      const ready = isFree ? undefined : Promise.withResolvers<void>();
      const waiting = {
        bytes,
        grant() {
          held += bytes;
          state = 'held';
          ready?.resolve();
        },
      };
      if (isFree) waiting.grant();
      else queue.push(waiting);
      return {
        ready: ready?.promise,
        give() {
          if (state === 'held') held -= bytes;
          else if (state === 'waiting') {
            queue.splice(queue.indexOf(waiting), 1);
            ready?.resolve();
          } else return;
          state = 'given';
          admit();
        },
      };
    },
  };
}
