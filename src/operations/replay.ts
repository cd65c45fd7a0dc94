// Enqueues messages of a mailbox once more, by the watcher's own way from a UID to a message (inbound/ingest-message.ts). The ledger is only read: a
// replayed message has the same messageKey, under a job id that names the run, so an interrupted run can be continued.
import type { EmailFlows } from '../adapters/queue/email-flows.ts';
import type { Ledgers } from '../adapters/redis/ledgers.ts';
import { MESSAGE_JOB, mailboxId, messageKey } from '../contract/names.ts';
import type { ImapServer } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import { type LedgerMeta, unsettledBecause } from '../domain/ledger.ts';
import { has, type UidSet } from '../domain/uid-set.ts';
import {
  faultOf,
  type IngestDeps,
  type Item,
  ingest,
  itemOf,
  type Mailbox,
  memoryBytes,
  messageOf,
} from '../inbound/index.ts';
import { DAY_MS, DAY_SECONDS } from '../lib/time.ts';

export type Selection = { uids: UidSet } | { since: Date };

export interface Replay {
  server: ImapServer;
  /** Another email flow than the message's own, e.g. a shadow queue. */
  emailFlow: string | undefined;
  wanted: Selection;
  /** Names the run; the same run never enqueues a message twice. Letters and digits. */
  run: string;
}

export interface ReplayDeps {
  flows: EmailFlows;
  ledgers: Pick<Ledgers, 'load'>;
  ingest: IngestDeps;
  /** A connection separate from the watcher's. */
  open(): Promise<Mailbox>;
}

export interface Replayed {
  enqueued: number;
  /** Enqueued by the same run before it was interrupted. */
  before: number;
  /** UIDs that the server did not return. */
  unreadable: number[];
}

/** Seconds that a completed job of a replay is kept: the time in which a run may be continued. */
const KEPT_SECONDS = DAY_SECONDS;

/** @throws MailroomError REPLAY_REFUSED where UIDs and ledger do not match; errors of Redis, the store or the connection */
export async function replay(deps: ReplayDeps, { server, emailFlow, wanted, run }: Replay): Promise<Replayed> {
  const id = mailboxId(server);
  const queues = await Promise.all((emailFlow === undefined ? flowsOf(server) : [emailFlow]).map(deps.flows.queueOf));
  const done: Replayed = { enqueued: 0, before: 0, unreadable: [] };
  let mailbox = await deps.open();
  try {
    const meta = await settledMeta(deps.ledgers, id, mailbox);
    const jobId = (uid: number) => `${messageKey(id, meta.uidValidity, uid, meta.era)}-replay-${run}`;
    // Built as for its own flow, because it belongs to the conversations of that flow.
    const target = { server, mailboxId: id, meta };
    for (const uid of await chosen(mailbox, wanted)) {
      const jobs = await Promise.all(queues.map((queue) => queue.getJob(jobId(uid))));
      if (jobs.some((job) => job !== undefined)) {
        done.before++;
        continue;
      }
      try {
        const item = await fetchOne(mailbox, uid, memoryBytes(server));
        if (item === undefined) done.unreadable.push(uid);
        else if (isWanted(wanted, item)) {
          await ingest(deps.ingest, target, [item], async (ready, durable) => {
            await durable;
            for (const message of ready.map(messageOf))
              await (await deps.flows.queueOf(emailFlow ?? message.emailFlow)).add(
                MESSAGE_JOB,
                { ...message, emailFlow: emailFlow ?? message.emailFlow },
                { jobId: jobId(uid), removeOnComplete: { age: KEPT_SECONDS } },
              );
          });
          done.enqueued++;
        }
        item?.release?.();
      } catch (error) {
        // A message that the server cannot return is left out; an unreachable server fails when it is opened.
        if (faultOf(error) === undefined) throw error;
        done.unreadable.push(uid);
        await mailbox.close().catch(() => {});
        mailbox = await deps.open();
        await settledMeta(deps.ledgers, id, mailbox);
      }
    }
  } finally {
    await mailbox.close();
  }
  return done;
}

/** @throws MailroomError REPLAY_REFUSED */
export async function settledMeta(ledgers: ReplayDeps['ledgers'], id: string, mailbox: Mailbox): Promise<LedgerMeta> {
  const ledger = await ledgers.load(id);
  const why = unsettledBecause(ledger, mailbox.uidValidity);
  if (why !== undefined || ledger.meta === undefined)
    throw new MailroomError('REPLAY_REFUSED', { message: `Replay refused: ${why ?? 'never watched yet'}` });
  return ledger.meta;
}

/** SINCE has only days, in the server's zone: SEARCH one day earlier, then compare INTERNALDATE exactly. */
async function chosen(mailbox: Mailbox, wanted: Selection): Promise<number[]> {
  if ('since' in wanted) return mailbox.uidsSince(new Date(wanted.since.getTime() - DAY_MS));
  return (await mailbox.uids()).filter((uid) => has(wanted.uids, uid));
}

const isWanted = (wanted: Selection, { internalDate }: Item): boolean =>
  !('since' in wanted) || internalDate === undefined || internalDate >= wanted.since;

/** @returns undefined when the mailbox does not return it @throws errors of the connection */
export async function fetchOne(mailbox: Mailbox, uid: number, most: number): Promise<Item | undefined> {
  let item: Item | undefined;
  for await (const rows of mailbox.fetch([uid], { maxBytes: most, batchCount: 1, batchBytes: most }))
    for (const row of rows) {
      const { source } = row;
      if (item !== undefined || row.uid !== uid || source === undefined) row.release?.();
      else item = itemOf({ ...row, source }, mailbox, most);
    }
  return item;
}
