// Connections of one SMTP server in this process. A lane is one submitter with one connection, opened only with a slot of the sending
// mailbox: the slots are counted over all replicas, idle connections included.
import { randomUUID } from 'node:crypto';
import type { SmtpServer } from '../domain/email-server.ts';
import type { Pace } from '../domain/reply-pace.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { Submitter } from '../domain/submission.ts';

export interface Lanes {
  /** Runs with a connection of one's own; undefined if none became free in time. */
  use<T>(work: (submitter: Submitter) => Promise<T>, waitMs: number): Promise<T | undefined>;
  close(): Promise<void>;
}

interface Lane {
  slot: string;
  submitter: Submitter;
  busy: boolean;
  used: number;
  idle?: NodeJS.Timeout;
  renew: NodeJS.Timeout;
}

const IDLE_MS = 1_000;
/** A busy replica lets go of its connection now and then, so that another's waiting reply gets its turn. */
const USES = 20;

/** @param slotTtlMs how long a dead process keeps its slots from the others, ms */
export function createLanes(
  server: SmtpServer,
  pace: Pace,
  open: (server: SmtpServer) => Submitter,
  slotTtlMs: number,
): Lanes {
  const mailbox = sendingMailbox(server);
  const lanes = new Set<Lane>();
  let waiters: (() => void)[] = [];
  let opening = 0;

  async function close(lane: Lane): Promise<void> {
    lanes.delete(lane);
    clearInterval(lane.renew);
    clearTimeout(lane.idle);
    await lane.submitter.close();
    await pace.freeSlot({ mailbox, slot: lane.slot });
  }

  function giveBack(lane: Lane): void {
    lane.busy = false;
    lane.used += 1;
    if (lane.used >= USES) void close(lane).catch(() => {});
    else lane.idle = setTimeout(() => void (lane.busy ? undefined : close(lane).catch(() => {})), IDLE_MS);
    const waiting = waiters;
    waiters = [];
    for (const wake of waiting) wake();
  }

  async function take(): Promise<Lane | undefined> {
    for (const lane of lanes) {
      if (lane.busy) continue;
      clearTimeout(lane.idle);
      lane.busy = true;
      return lane;
    }
    if (lanes.size + opening >= server.pace.connections) return undefined;
    const slot = randomUUID();
    const take = () => pace.takeSlot({ mailbox, slot, limit: server.pace.connections, ttlMs: slotTtlMs });
    opening += 1;
    try {
      if (!(await take())) return undefined;
      const renew = setInterval(() => void take().catch(() => {}), slotTtlMs / 3);
      renew.unref();
      const lane: Lane = { slot, submitter: open(server), busy: true, used: 0, renew };
      lanes.add(lane);
      return lane;
    } finally {
      opening -= 1;
    }
  }

  return {
    async use(work, waitMs) {
      const until = Date.now() + waitMs;
      let lane = await take();
      while (lane === undefined && Date.now() < until) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 50 + Math.random() * 100);
          waiters.push(() => {
            clearTimeout(timer);
            resolve();
          });
        });
        lane = await take();
      }
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
