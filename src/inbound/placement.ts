// Which replica watches which mailbox: rendezvous hashing over the replicas alive. Pure. Adding a replica moves only the mailboxes that now
// belong to it; removing one moves only its own.
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
