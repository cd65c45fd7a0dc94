// The ledger of one watched mailbox, as this process read or wrote it last. Nothing else changes it.
//
// Invariant: the ledger advances only in the same transaction that enqueues (ports.commit is the one place that does either).
import { emptyLedger, type LedgerChange } from '../domain/ledger.ts';
import type { CommitRequest, InboundPorts } from './ports.ts';

export function openLedger(ports: InboundPorts, mailboxId: string, leaseToken: string) {
  let ledger = emptyLedger();
  let firstConnectAt = 0;
  return {
    current: () => ledger,
    /** When this process connected to the mailbox as the first one ever, epoch ms, else 0: what was there then was not late. */
    firstConnectAt: () => firstConnectAt,
    /** Reads it from Redis. */
    async load(): Promise<void> {
      ledger = await ports.ledgers.load(mailboxId);
    },
    /** One script enqueues messages and records outcomes; the state in memory follows what was written. @throws what ports.commit throws */
    async commit(change: LedgerChange, rest: Omit<Partial<CommitRequest>, 'change'> = {}): Promise<void> {
      let begun = ports.monotonic();
      // Until the raw mails are on disk, the time is the blob store's.
      const after = rest.after?.then(() => {
        begun = ports.monotonic();
      });
      after?.catch(() => {}); // the commit rejects with it
      const isFirst = ledger.meta === undefined;
      ledger = await ports.commit({
        mailboxId,
        leaseToken,
        ledger,
        change,
        ...rest,
        ...(after === undefined ? {} : { after }),
      });
      if (isFirst) firstConnectAt = ports.now();
      ports.metrics.histogram('mailroom_commit_seconds').observe((ports.monotonic() - begun) / 1000);
    },
  };
}
