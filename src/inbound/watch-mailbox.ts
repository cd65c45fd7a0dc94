// Watches one mailbox over one connection: catch up, wait in IDLE, catch up again. Returns when asked to stop or when its successor with a
// fresh token is open; throws when the connection is lost. The supervisor (supervise.ts) is outside and decides what happens then.
//
// IDLE is never trusted alone. After every return of it, and at the latest every probe interval, the UIDs of the folder are compared with
// the ledger (poll.ts): that finds what IDLE or FETCH missed, and is at the same time the proof that the connection lives.
import { asError } from '../domain/errors.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import { isDue, workOf } from '../domain/ledger.ts';
import { afterCare } from './after-care.ts';
import { sleep } from './login-gate.ts';
import type { MailboxStatus } from './mailbox-status.ts';
import { markAnswered } from './mark-answered.ts';
import { type Hold, holdAfter, pauseReasonOf } from './pause.ts';
import { watchPeople } from './people.ts';
import { type PollState, poll, pollState } from './poll.ts';
import type { Mailbox } from './ports.ts';
import { receive, receiveNew } from './receive.ts';
import type { Renewal } from './renewal.ts';
import { settleStart } from './start-point.ts';
import type { Watched } from './watched.ts';

/** A paused mailbox asks again whether it may continue, ms. */
const PAUSED_MS = 5_000;

interface WatchOptions {
  signal: AbortSignal;
  renewal: Pick<Renewal, 'ready' | 'signal'>;
  status: Pick<MailboxStatus, 'set'>;
  /** Aborts, with the error as its reason, when Redis turned out to be set back: the ledger in memory is no longer what Redis has. */
  setBack: AbortSignal;
}

type End = 'stopped' | 'renew';

export async function watchMailbox(watched: Watched, mailbox: Mailbox, options: WatchOptions): Promise<End> {
  const { signal, renewal, status, setBack } = options;
  const { ports, server } = watched;
  const { settings, monotonic } = ports;
  const longestWaitMs = Math.max(...settings.pendingDelays);
  let hold: Hold | undefined;
  // Recreated only with the renewal's: the runtime keeps track of each such signal until a collection.
  let news = renewal.signal();
  let interrupt = AbortSignal.any([signal, news, setBack]);
  // Every probe interval something is asked, and an answer is due within the time-out: together they bound how long a black hole can last.
  const probeMs = Math.max(1_000, Math.min(settings.idleRenewMs, settings.deadAfterMs * 0.6));

  const end = (): End | undefined => {
    if (signal.aborted) return 'stopped';
    if (setBack.aborted) throw setBack.reason;
    return renewal.ready() ? 'renew' : undefined;
  };
  /** Takes mail in, unless a store refuses it: then the mailbox is paused, and undefined is the answer. */
  async function take<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (hold === undefined) status.set('catching-up');
    try {
      const done = await work();
      if (hold !== undefined) status.set('catching-up');
      hold = undefined;
      return done;
    } catch (error) {
      const reason = pauseReasonOf(error);
      if (reason === undefined) throw error;
      hold = holdAfter(hold, reason, asError(error), monotonic());
      return undefined;
    }
  }
  /** Why nothing can be taken in now. */
  const pauseReason = async () => (hold !== undefined && monotonic() < hold.until ? hold.reason : await pressure());
  /** Which flow the next message is for is not known before it is read: one that is full stops them all. */
  const pressure = async () =>
    (await Promise.all(flowsOf(server).map(ports.pressure))).find((reason) => reason !== undefined);
  async function pause(reason: string): Promise<void> {
    status.set('paused', reason, hold?.error);
    const wait = hold === undefined ? PAUSED_MS : Math.max(50, hold.until - monotonic());
    const ms = Math.min(wait, PAUSED_MS, probeMs);
    // What changes in the folder meanwhile is no reason to ask more often.
    if ((await mailbox.waitForChange(ms, interrupt)) === 'changed')
      await sleep(Math.min(ms, 1_000), interrupt).catch(() => {});
  }

  watched.proven();
  let uids = await take(() => settleStart(watched, mailbox));
  while (uids === undefined) {
    await pause((hold as Hold | undefined)?.reason ?? '');
    const over = end();
    if (over !== undefined) return over;
    if ((await pauseReason()) === undefined) uids = await take(() => settleStart(watched, mailbox));
  }
  const people = watchPeople(watched, mailbox);
  const state: PollState = pollState(mailbox, uids);
  let full = true;
  let lastReconcile = monotonic();
  let lookedAt = lastReconcile;
  /** Messages that the folder is known to hold. */
  let known = mailbox.count();

  for (;;) {
    let work: readonly number[] = workOf(watched.ledger, uids, ports.now(), longestWaitMs);
    while (work.length > 0 && !signal.aborted) {
      const reason = await pauseReason();
      const todo = work;
      const left = reason === undefined ? await take(() => receive(watched, mailbox, todo)) : undefined;
      if (left !== undefined) work = left;
      else {
        await pause(reason ?? (hold as Hold | undefined)?.reason ?? '');
        const over = end();
        if (over !== undefined) return over;
        uids = await poll(watched, mailbox, full, state);
        work = workOf(watched.ledger, uids, ports.now(), longestWaitMs);
      }
    }
    await afterCare(watched, mailbox, full ? new Set(uids) : undefined);
    if (watched.marksWaiting) await markAnswered(watched, mailbox);
    if (state.window !== undefined) await people.notice(state.window, full);
    const over = end();
    if (over !== undefined) return over;

    status.set('idle');
    const wait = inStep(Math.min(probeMs, nextPendingIn(watched, longestWaitMs)), monotonic());
    if (renewal.signal() !== news) {
      news = renewal.signal();
      interrupt = AbortSignal.any([signal, news, setBack]);
    }
    const woken = await mailbox.waitForChange(wait, interrupt);
    const ended = end();
    if (ended !== undefined) return ended;
    full = monotonic() - lastReconcile >= settings.reconcileMs;
    // A mail that has just come is fetched without being listed first. That is all there is to do if the folder has grown by just what was
    // taken, and if the last look is not long ago.
    if (woken === 'changed' && !full && monotonic() - lookedAt < probeMs && (await pauseReason()) === undefined) {
      const taken = await take(() => receiveNew(watched, mailbox));
      known += taken ?? 0;
      uids = [];
      if (signal.aborted) return 'stopped';
      if (taken !== undefined && taken > 0 && mailbox.count() === known) continue;
    }
    if (full) lastReconcile = monotonic();
    lookedAt = monotonic();
    known = mailbox.count();
    uids = await poll(watched, mailbox, full, state);
  }
}

/**
 * A wait that ends at a full second when it is long: of a thousand mailboxes those that are due look one after another. Each alone would find
 * the processor asleep and its caches cold, which costs more than the look.
 */
export function inStep(ms: number, now: number): number {
  return ms < 10_000 ? ms : ms - ((now + ms) % 1_000);
}

function nextPendingIn({ ledger, ports }: Watched, longestWaitMs: number): number {
  let next = Number.POSITIVE_INFINITY;
  const now = ports.now();
  for (const entry of ledger.pending.values())
    next = Math.min(next, isDue(entry, now, longestWaitMs) ? 0 : entry.nextAt - now);
  return Math.max(50, next);
}
