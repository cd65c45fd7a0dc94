// Watches one mailbox over one connection: catch up, wait in IDLE, catch up again. Returns when asked to stop or when its successor with a
// fresh token stands; throws when the connection is lost. The supervisor (supervise.ts) stands outside and decides what happens then.
//
// IDLE is never trusted alone. After every return of it, and at the latest every probe interval, the UIDs of the folder are compared with
// the ledger: that finds what IDLE or FETCH missed, and is at the same time the proof that the connection lives.
import { settled, workOf } from '../domain/ledger.ts';
import { highest } from '../domain/uid-set.ts';
import { afterCare } from './after-care.ts';
import type { Mailbox } from './ports.ts';
import { receive, receiveNew } from './receive.ts';
import type { Renewal } from './renewal.ts';
import { settleStart } from './start-point.ts';
import type { Watched } from './watched.ts';

const DAY = 86_400_000;
/** Frequent looks cover this many UIDs below the newest known one: UIDs that become visible late or out of order. */
const WINDOW = 1_000;
export interface WatchState {
  set(state: 'connected' | 'catching-up' | 'idle' | 'paused', reason?: string): void;
}

export interface WatchOptions {
  signal: AbortSignal;
  renewal: Pick<Renewal, 'ready' | 'signal'>;
  state: WatchState;
}

export async function watchMailbox(
  watched: Watched,
  mailbox: Mailbox,
  { signal, renewal, state }: WatchOptions,
): Promise<'stopped' | 'renew'> {
  const { ports } = watched;
  const { settings, now } = ports;
  watched.proven();
  let uids = await settleStart(watched, mailbox);
  let full = true;
  let lastReconcile = now();
  let lookedAt = lastReconcile;
  /** Messages that the folder is known to hold. */
  let known = mailbox.count();
  // Made anew only with the renewal's: the runtime keeps book of each such signal until a collection.
  let news = renewal.signal();
  let interrupt = AbortSignal.any([signal, news]);
  /** Why nothing can be taken in now. */
  const hindrance = () => ports.pressure(watched.server.emailFlow);
  // Every probe interval something is asked, and an answer is due within the time-out: together they bound how long a black hole can last.
  const probeMs = Math.max(1_000, Math.min(settings.idleRenewMs, settings.deadAfterMs * 0.6));

  for (;;) {
    watched.proven();
    let work: readonly number[] = workOf(watched.ledger, uids, now());
    while (work.length > 0 && !signal.aborted) {
      const pause = await hindrance();
      if (pause === undefined) {
        state.set('catching-up');
        work = await receive(watched, mailbox, work);
      } else {
        state.set('paused', pause);
        await mailbox.waitForChange(Math.min(5_000, probeMs), signal);
        if (signal.aborted) return 'stopped';
        if (renewal.ready()) return 'renew';
        uids = await look(watched, mailbox, full);
        work = workOf(watched.ledger, uids, now());
      }
    }
    await afterCare(watched, mailbox, full ? new Set(uids) : undefined);
    if (signal.aborted) return 'stopped';
    if (renewal.ready()) return 'renew';

    state.set('idle');
    const wait = inStep(Math.min(probeMs, nextPendingIn(watched, now())), now());
    if (renewal.signal() !== news) {
      news = renewal.signal();
      interrupt = AbortSignal.any([signal, news]);
    }
    const woken = await mailbox.waitForChange(wait, interrupt);
    if (signal.aborted) return 'stopped';
    if (renewal.ready()) return 'renew';
    full = now() - lastReconcile >= settings.reconcileMs;
    // A mail that has just come is fetched without being listed first. That is all there is to do if the folder has grown by just what was
    // taken, and if the last look is not long ago.
    if (woken === 'changed' && !full && now() - lookedAt < probeMs && (await hindrance()) === undefined) {
      state.set('catching-up');
      const taken = await receiveNew(watched, mailbox);
      known += taken;
      uids = [];
      if (signal.aborted) return 'stopped';
      if (taken > 0 && mailbox.count() === known) continue;
    }
    if (full) lastReconcile = now();
    lookedAt = now();
    known = mailbox.count();
    uids = await look(watched, mailbox, full);
  }
}

/** UIDs to compare: the newest window, and in full looks also everything that arrived in the last three days. */
async function look(watched: Watched, mailbox: Mailbox, full: boolean): Promise<number[]> {
  const newest = highest(settled(watched.ledger));
  const uids = await mailbox.uids(Math.max(1, newest - WINDOW));
  watched.proven();
  const pending = [...watched.ledger.pending.keys()].filter((uid) => uid < newest - WINDOW);
  if (!full) return [...pending, ...uids];
  const recent = await mailbox.uidsSince(new Date(watched.ports.now() - 3 * DAY));
  return [...new Set([...pending, ...recent, ...uids])].sort((a, b) => a - b);
}

/**
 * A wait that ends at a full second when it is long: of a thousand mailboxes those that are due look one after another. Each alone would find
 * the processor asleep and its caches cold, which costs more than the look.
 */
export function inStep(ms: number, now: number): number {
  return ms < 10_000 ? ms : ms - ((now + ms) % 1_000);
}

function nextPendingIn(watched: Watched, now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { nextAt } of watched.ledger.pending.values()) next = Math.min(next, nextAt - now);
  return Math.max(50, next);
}
