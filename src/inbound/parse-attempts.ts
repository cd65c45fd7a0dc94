// Parsings that were begun and never ended, over the lives of processes: a message that kills its process is found by them. Each beginning is noted in
// Redis; the commit removes the note, and a process that survived takes it back.
import type { InboundPorts } from './ports.ts';

export function parseAttempts(ledgers: InboundPorts['ledgers'], mailboxId: string) {
  /** UIDs that earlier processes noted, with how many in a row. */
  let unfinished = new Map<number, number>();
  /** What this process noted and has not committed yet. It lives, so these are no deaths. */
  const begun = new Map<number, number>();
  /** Processes in a row that began to parse the message and did not end it. */
  const deaths = (uid: number): number => unfinished.get(uid) ?? 0;
  return {
    /** Reads what earlier processes noted. */
    async load(): Promise<void> {
      const noted = await ledgers.unfinished(mailboxId);
      unfinished = new Map([...noted].filter(([uid, count]) => begun.get(uid) !== count));
    },
    deaths,
    /** Notes that these are being parsed. Resolves once Redis has it. */
    async begin(uids: readonly number[]): Promise<void> {
      if (uids.length === 0) return;
      const notes = new Map(uids.map((uid) => [uid, deaths(uid) + 1]));
      for (const [uid, count] of notes) begun.set(uid, count);
      await ledgers.parsing(mailboxId, notes);
    },
    /** They are parsed, but could not be committed. */
    async survived(uids: readonly number[]): Promise<void> {
      if (uids.length === 0) return;
      await ledgers.parsing(mailboxId, new Map(uids.map((uid) => [uid, deaths(uid)])));
      for (const uid of uids) begun.delete(uid);
    },
    /** They are committed. */
    end(uids: readonly number[]): void {
      for (const uid of uids) begun.delete(uid);
    },
  };
}
