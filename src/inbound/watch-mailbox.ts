// What a mailbox does over one connection, step by step: each function is one state of mailbox-life.ts and resolves with what happened. It throws when
// the connection is lost; the supervisor (supervise.ts) is outside and acts on it.
//
// IDLE is never trusted alone. After every return of it, and at the latest every probe interval, the UIDs of the folder are compared with the ledger
// (poll.ts): that finds what IDLE or FETCH missed, and also proves that the connection lives.
import { setTimeout as sleep } from 'node:timers/promises';
import { asError } from '../domain/errors.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import { isDue, workOf } from '../domain/ledger.ts';
import { afterCare, checkAfterQueued } from './after-care.ts';
import type { Happened, Life } from './mailbox-life.ts';
import { markAnswered } from './mark-answered.ts';
import { type Hold, pauseReasonOf } from './pause.ts';
import { watchPeople } from './people.ts';
import { type PollState, poll, pollState } from './poll.ts';
import type { Mailbox, PauseReason } from './ports.ts';
import { receive, receiveNew } from './receive.ts';
import { settleStart } from './start-point.ts';
import type { Watched } from './watched.ts';

/** A paused mailbox checks whether it may continue this often, ms. */
const PAUSED_MS = 5_000;

const INTERRUPTED: Happened = { what: 'interrupted' };

/** @param interrupt ends a wait: the watch is to stop, or the connection to be replaced */
export function watchMailbox(watched: Watched, mailbox: Mailbox, interrupt: AbortSignal) {
  const { ports, server } = watched;
  const { settings, monotonic } = ports;
  const longestWaitMs = Math.max(...settings.pendingDelays);
  // Each probe interval a command is sent, and its answer is due within the time-out: together they bound how long a black hole lasts.
  const probeMs = Math.max(1_000, Math.min(settings.idleRenewMs, settings.deadAfterMs * 0.6));
  const noticePeople = watchPeople(watched, mailbox);
  let polls: PollState;
  /** What is next when the mailbox catches up: the start point, mail that was announced, a poll, or the UIDs of `work`. */
  let next: 'start' | 'announced' | 'poll' | 'work' = 'start';
  /** UIDs as listed last that have no outcome and are due. */
  let work: readonly number[] = [];
  let full = true;
  let reconciledAt = 0;
  let polledAt = 0;
  /** Messages that the folder is known to hold. */
  let known = 0;
  let marksWaiting = false;

  function listed(found: readonly number[]): void {
    work = workOf(watched.ledger, found, ports.now(), longestWaitMs);
    next = 'work';
  }

  function noteListing(): void {
    polledAt = monotonic();
    if (full) reconciledAt = polledAt;
    known = mailbox.count();
  }

  async function list(): Promise<void> {
    noteListing();
    listed(await poll(watched, mailbox, full, polls));
  }

  /** Which flow the next message is for is not known before it is read: one that is full stops them all. */
  async function pressure(): Promise<PauseReason | undefined> {
    const reasons = await Promise.all(flowsOf(server).map(ports.pressure));
    return reasons.find((reason) => reason !== undefined);
  }

  /** The next piece of work. */
  async function take(): Promise<void> {
    if (next === 'work') work = await receive(watched, mailbox, work);
    else if (next === 'announced') {
      const taken = await receiveNew(watched, mailbox);
      known += taken;
      listed([]);
      // The folder has grown by just what was taken: there is nothing to list.
      if (taken === 0 || mailbox.count() !== known) next = 'poll';
    } else {
      const found = await settleStart(watched, mailbox);
      polls = pollState(mailbox, found);
      listed(found);
      noteListing();
    }
  }

  async function catchUp(hold?: Hold): Promise<Happened> {
    if (next === 'poll') await list();
    if (next === 'work' && work.length === 0) return allTaken();
    const held = hold !== undefined && monotonic() < hold.until ? hold.reason : undefined;
    const reason = held ?? (next === 'work' ? await pressure() : undefined);
    if (reason !== undefined) return { what: 'pressed', reason };
    try {
      await take();
      return { what: 'took' };
    } catch (error) {
      const refusal = pauseReasonOf(error);
      if (refusal === undefined) throw error;
      if (next === 'announced') next = 'poll';
      return { what: 'refused', reason: refusal, error: asError(error), at: monotonic() };
    }
  }

  /** Every UID listed has an outcome: what else is done after a poll. */
  async function allTaken(): Promise<Happened> {
    // A message that is not listed has left the folder only if this listing covers it, and agrees with STATUS.
    const { low, uids } = (full ? polls.window : undefined) ?? { low: Number.POSITIVE_INFINITY, uids: [] };
    const inFolder = new Set(uids);
    await afterCare(watched, mailbox, (uid) => uid >= low && !inFolder.has(uid));
    if (marksWaiting) {
      marksWaiting = false;
      await markAnswered(watched, mailbox);
    }
    if (polls.window !== undefined) await noticePeople(polls.window, full);
    return { what: 'caught-up' };
  }

  async function paused(hold: Hold | undefined): Promise<Happened> {
    const held = (hold?.until ?? 0) - monotonic();
    // When the hold is over, something else keeps it paused.
    const ms = Math.min(held > 0 ? Math.max(50, held) : PAUSED_MS, PAUSED_MS, probeMs);
    // A change in the folder must not shorten the wait.
    if ((await mailbox.waitForChange(ms, interrupt)) === 'changed')
      await sleep(Math.min(ms, 1_000), undefined, { signal: interrupt }).catch(() => {});
    if (interrupt.aborted) return INTERRUPTED;
    if (next === 'work') next = 'poll';
    return catchUp(hold);
  }

  async function idle(): Promise<Happened> {
    const wait = inStep(Math.min(probeMs, nextPendingIn(watched, longestWaitMs)), monotonic());
    const woken = await mailbox.waitForChange(wait, interrupt);
    if (interrupt.aborted) return INTERRUPTED;
    full = monotonic() - reconciledAt >= settings.reconcileMs;
    // New mail is fetched without listing the folder first, unless a poll is due.
    if (woken === 'changed' && !full && monotonic() - polledAt < probeMs && (await pressure()) === undefined) {
      next = 'announced';
      return { what: 'announced' };
    }
    await list();
    return work.length > 0 ? { what: 'unsettled' } : allTaken();
  }

  return {
    /** One step of a state that has a connection. @throws the connection's error */
    async step({ state, hold }: Life): Promise<Happened> {
      if (state === 'catching-up') return catchUp();
      if (state === 'idle') return idle();
      if (state === 'paused') return paused(hold);
      await checkAfterQueued(server, mailbox);
      watched.proven();
      return { what: 'checked' };
    },
    /** Some accepted replies want their message flagged as answered. */
    marksWait(): void {
      marksWaiting = true;
    },
  };
}

/**
 * A long wait ends at a full second: of a thousand mailboxes, those that are due poll one after another. Each alone would find the processor asleep
 * and its caches cold, which costs more than the poll.
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
