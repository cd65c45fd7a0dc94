// Parsings that were begun and never ended, over the lives of processes: a message that kills its process is found by them. Each beginning is noted in
// Redis; the commit removes the note.
import type { InboundPorts } from './ports.ts';

export interface ParseAttempts {
  /** Reads what earlier processes noted. */
  load(): Promise<void>;
  /** Processes in a row that began to parse the message and did not end it. */
  deaths(uid: number): number;
  /** Notes that these are being parsed. Resolves once Redis has it. */
  begin(uids: readonly number[]): Promise<void>;
  /** They are committed. */
  end(uids: readonly number[]): void;
}

export function parseAttempts(ledgers: InboundPorts['ledgers'], mailboxId: string): ParseAttempts {
  /** UIDs that earlier processes noted, with how many in a row. */
  let unfinished = new Map<number, number>();
  /** What this process noted and has not committed yet. It lives, so these are no deaths. */
  const begun = new Map<number, number>();
  const deaths = (uid: number) => unfinished.get(uid) ?? 0;
  return {
    async load() {
      const noted = await ledgers.unfinished(mailboxId);
      unfinished = new Map([...noted].filter(([uid, count]) => begun.get(uid) !== count));
    },
    deaths,
    async begin(uids) {
      if (uids.length === 0) return;
      const notes = new Map(uids.map((uid) => [uid, deaths(uid) + 1]));
      for (const [uid, count] of notes) begun.set(uid, count);
      await ledgers.parsing(mailboxId, notes);
    },
    end(uids) {
      for (const uid of uids) begun.delete(uid);
    },
  };
}
