// How many bytes of fetched mails this process holds at once, over all its connections: in a storm a thousand mailboxes have mails at the same
// moment, and each connection alone would buffer megabytes. A row asks before its message is read (row-reader.ts); who has to wait is served in the
// order of asking, so that no mailbox starves. Bytes are given back when the mail is committed.

export interface Ticket {
  /** Undefined when the bytes may be read at once; resolves when they may. */
  readonly ready: Promise<void> | undefined;
  /** Gives the bytes back, or the place in the queue, and then nobody waits any more. Twice is once. */
  give(): void;
}

export interface ReadBudget {
  ask(bytes: number): Ticket;
  /** Bytes given out now. */
  held(): number;
}

/** @param most bytes; a mail larger than that is let in when nothing else is held */
export function createReadBudget(most: number): ReadBudget {
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
    held: () => held,
    ask(bytes) {
      let state: 'waiting' | 'held' | 'given' = 'waiting';
      let resolve: (() => void) | undefined;
      const waiting = {
        bytes,
        grant() {
          held += bytes;
          state = 'held';
          resolve?.();
        },
      };
      let ready: Promise<void> | undefined;
      if (queue.length === 0 && fits(bytes)) waiting.grant();
      else {
        ready = new Promise((done) => {
          resolve = done;
        });
        queue.push(waiting);
      }
      return {
        ready,
        give() {
          if (state === 'held') held -= bytes;
          else if (state === 'waiting') {
            queue.splice(queue.indexOf(waiting), 1);
            resolve?.();
          } else return;
          state = 'given';
          admit();
        },
      };
    },
  };
}
