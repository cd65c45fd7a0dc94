// Which replica watches which mailbox: rendezvous hashing over the live replicas. A new replica moves only the mailboxes that now belong to it; one that
// leaves moves only its own.
import { createHash } from 'node:crypto';

/** The replica that should watch the mailbox; undefined when there is none. */
export function preferredReplica(mailboxId: string, replicas: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestWeight = -1;
  for (const replica of replicas) {
    const weight = createHash('sha256').update(`${replica}\n${mailboxId}`).digest().readUIntBE(0, 6);
    if (weight > bestWeight || (weight === bestWeight && best !== undefined && replica < best)) {
      best = replica;
      bestWeight = weight;
    }
  }
  return best;
}

/** Remembers each mailbox until the replicas change: with 1,000 mailboxes, working it out each second would cost more than watching them. */
export function placementOf(replica: string) {
  let replicas: readonly string[] = [replica];
  let preferred = new Map<string, string | undefined>();
  return {
    /** @param alive replicas whose heartbeat counts */
    update(alive: readonly string[]): void {
      const now = [...new Set([...alive, replica])].sort();
      if (now.join('\n') === replicas.join('\n')) return;
      replicas = now;
      preferred = new Map();
    },
    isMine(id: string): boolean {
      if (!preferred.has(id)) preferred.set(id, preferredReplica(id, replicas));
      return preferred.get(id) === replica;
    },
  };
}
