// Connections of one SMTP server in this process. A lane is one submitter with one connection, opened only with a slot of the sending
// mailbox: slots are counted over all replicas, idle connections included. Replies that find every lane busy wait here, already prepared,
// and get the next free lane directly: the most urgent first, then in order.
import { randomUUID } from 'node:crypto';
import type { SmtpServer } from '../domain/email-server.ts';
import type { Pace } from '../domain/reply-pace.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { Submitter } from '../domain/submission.ts';

export interface Lanes {
  /**
   * Runs with a connection of its own; undefined if none became free in time.
   * @param priority BullMQ's: the lower goes first
   */
  use<T>(work: (submitter: Submitter) => Promise<T>, waitMs: number, priority: number): Promise<T | undefined>;
  close(): Promise<void>;
}

interface Lane {
  slot: string;
  submitter: Submitter;
  /** When it was opened, by the monotonic clock. */
  since: number;
  busy: boolean;
  /** Another replica has no connection and waits for one. */
  wanted: boolean;
  idle?: NodeJS.Timeout;
  renew: NodeJS.Timeout;
}

interface Waiter {
  priority: number;
  /** A free lane; undefined: try again. */
  wake: (lane: Lane | undefined) => void;
}

/** At the pace of 30 a minute the next reply is two seconds away; a sign-in for each would cost more than the mail. */
const IDLE_MS = 10_000;
/**
 * A connection is not used for longer. Exchange ends sessions however busy they are: after 20 minutes in the cloud (seen in haraka/Haraka#2321),
 * after ReceiveConnector.ConnectionTimeout (10 minutes, on Edge servers 5) on premises.
 */
const OLDEST_MS = 4 * 60_000;

/** @param slotTtlMs how long a dead process keeps its slots, ms */
export function createLanes(
  server: SmtpServer,
  pace: Pace,
  open: (server: SmtpServer) => Submitter,
  slotTtlMs: number,
): Lanes {
  const mailbox = sendingMailbox(server);
  const limit = server.pace.connections;
  const lanes = new Set<Lane>();
  const waiters: Waiter[] = [];
  let opening = 0;

  async function close(lane: Lane): Promise<void> {
    if (!lanes.delete(lane)) return;
    clearInterval(lane.renew);
    clearTimeout(lane.idle);
    await lane.submitter.close();
    await pace.freeSlot({ mailbox, slot: lane.slot });
    waiters[0]?.wake(undefined);
  }

  const closeSoon = (lane: Lane) => void close(lane).catch(() => {}); // Redis is away: the slot expires

  function giveBack(lane: Lane): void {
    lane.busy = false;
    if (!lanes.has(lane)) return;
    const [next] = waiters;
    if (lane.wanted || performance.now() - lane.since > OLDEST_MS) closeSoon(lane);
    else if (next === undefined) lane.idle = setTimeout(() => closeSoon(lane), IDLE_MS);
    else {
      lane.busy = true;
      next.wake(lane);
    }
  }

  async function openLane(): Promise<Lane | undefined> {
    if (lanes.size + opening >= limit) return undefined;
    const slot = randomUUID();
    const take = () =>
      pace.takeSlot({ mailbox, slot, limit, ttlMs: slotTtlMs, hasNone: lanes.size === 0 && opening <= 1 });
    opening += 1;
    try {
      if ((await take()) === 'full') return undefined;
      const renew = setInterval(() => {
        take().then(
          (taken) => {
            // Full: this process slept past the slot's life, and another process took it.
            lane.wanted ||= taken !== 'taken';
            if (lane.wanted && !lane.busy) closeSoon(lane);
          },
          () => {},
        );
      }, slotTtlMs / 3);
      renew.unref();
      const lane: Lane = { slot, submitter: open(server), since: performance.now(), busy: true, wanted: false, renew };
      lanes.add(lane);
      return lane;
    } finally {
      opening -= 1;
    }
  }

  function idleLane(): Lane | undefined {
    for (const lane of lanes) {
      if (lane.busy) continue;
      clearTimeout(lane.idle);
      lane.busy = true;
      return lane;
    }
    return undefined;
  }

  function wait(ms: number, priority: number): Promise<Lane | undefined> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        priority,
        wake(lane) {
          clearTimeout(timer);
          waiters.splice(waiters.indexOf(waiter), 1);
          resolve(lane);
        },
      };
      const timer = setTimeout(() => waiter.wake(undefined), ms);
      const later = waiters.findIndex((other) => other.priority > priority);
      waiters.splice(later < 0 ? waiters.length : later, 0, waiter);
    });
  }

  async function take(waitMs: number, priority: number): Promise<Lane | undefined> {
    const until = performance.now() + waitMs;
    for (;;) {
      const lane = idleLane() ?? (await openLane()) ?? idleLane();
      const left = until - performance.now();
      if (lane !== undefined || left <= 0) return lane;
      // When this process holds all slots, one is handed over; the state of other replicas has to be queried again.
      const given = await wait(lanes.size >= limit ? left : Math.min(left, 50 + Math.random() * 100), priority);
      if (given !== undefined) return given;
    }
  }

  return {
    async use(work, waitMs, priority) {
      const lane = await take(waitMs, priority);
      if (lane === undefined) return undefined;
      try {
        return await work(lane.submitter);
      } finally {
        giveBack(lane);
      }
    },
    async close() {
      await Promise.all([...lanes].map(close));
    },
  };
}
