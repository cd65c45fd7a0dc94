// Connections of one SMTP server in this process: each is a submitter, opened only with a slot of the sending mailbox. Slots are counted over all
// replicas, idle connections included. Replies that find every connection busy wait here, already prepared, and get the next free one directly: the
// most urgent first, then in order.
import { randomUUID } from 'node:crypto';
import type { SmtpServer } from '../domain/email-server.ts';
import { type Pace, sendingMailbox } from '../domain/reply-pace.ts';
import type { Submitter } from '../domain/submission.ts';

export type ConnectionPool = ReturnType<typeof createConnectionPool>;

interface Connection {
  slot: string;
  submitter: Submitter;
  /** When it was opened, by the monotonic clock. */
  since: number;
  busy: boolean;
  /** Another replica without a connection waits for this one. */
  wanted: boolean;
  idle?: NodeJS.Timeout;
  renew: NodeJS.Timeout;
}

interface Waiter {
  priority: number;
  /** Called with a free connection; undefined: try again. */
  wake: (connection: Connection | undefined) => void;
}

/** At the pace of 30 a minute the next reply is two seconds away; a sign-in for each would cost more than the mail. */
const IDLE_MS = 10_000;
/**
 * A connection is not used for longer. Exchange ends sessions however busy they are: after 20 minutes in the cloud (seen in haraka/Haraka#2321),
 * after ReceiveConnector.ConnectionTimeout (10 minutes, on Edge servers 5) on premises.
 */
const OLDEST_MS = 4 * 60_000;

/** @param slotTtlMs how long a dead process keeps its slots, ms */
export function createConnectionPool(
  server: SmtpServer,
  pace: Pace,
  open: (server: SmtpServer) => Submitter,
  slotTtlMs: number,
) {
  const mailbox = sendingMailbox(server);
  const limit = server.pace.connections;
  const connections = new Set<Connection>();
  const waiters: Waiter[] = [];
  let opening = 0;
  let closed = false;

  async function close(connection: Connection): Promise<void> {
    if (!connections.delete(connection)) return;
    clearInterval(connection.renew);
    clearTimeout(connection.idle);
    await connection.submitter.close();
    await pace.freeSlot({ mailbox, slot: connection.slot });
    waiters[0]?.wake(undefined);
  }

  const closeSoon = (connection: Connection) => void close(connection).catch(() => {}); // Redis is away: the slot expires

  function giveBack(connection: Connection): void {
    connection.busy = false;
    if (!connections.has(connection)) return;
    const [next] = waiters;
    if (closed || connection.wanted || performance.now() - connection.since > OLDEST_MS) closeSoon(connection);
    else if (next === undefined) connection.idle = setTimeout(() => closeSoon(connection), IDLE_MS);
    else {
      connection.busy = true;
      next.wake(connection);
    }
  }

  async function openConnection(): Promise<Connection | undefined> {
    if (connections.size + opening >= limit) return undefined;
    const slot = randomUUID();
    const take = () =>
      pace.takeSlot({ mailbox, slot, limit, ttlMs: slotTtlMs, hasNone: connections.size === 0 && opening <= 1 });
    opening += 1;
    try {
      if ((await take()) === 'full') return undefined;
      const renew = setInterval(() => {
        take().then(
          (taken) => {
            // Full: this process slept past the end of its slot, and another process took it.
            connection.wanted ||= taken !== 'taken';
            if (connection.wanted && !connection.busy) closeSoon(connection);
          },
          () => {},
        );
      }, slotTtlMs / 3);
      renew.unref();
      const connection: Connection = {
        slot,
        submitter: open(server),
        since: performance.now(),
        busy: true,
        wanted: false,
        renew,
      };
      connections.add(connection);
      return connection;
    } finally {
      opening -= 1;
    }
  }

  function idleConnection(): Connection | undefined {
    for (const connection of connections) {
      if (connection.busy) continue;
      clearTimeout(connection.idle);
      connection.busy = true;
      return connection;
    }
    return undefined;
  }

  function wait(ms: number, priority: number): Promise<Connection | undefined> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        priority,
        wake(connection) {
          clearTimeout(timer);
          waiters.splice(waiters.indexOf(waiter), 1);
          resolve(connection);
        },
      };
      const timer = setTimeout(() => waiter.wake(undefined), ms);
      const later = waiters.findIndex((other) => other.priority > priority);
      waiters.splice(later < 0 ? waiters.length : later, 0, waiter);
    });
  }

  async function take(waitMs: number, priority: number): Promise<Connection | undefined> {
    const until = performance.now() + waitMs;
    for (;;) {
      const connection = idleConnection() ?? (await openConnection()) ?? idleConnection();
      const left = until - performance.now();
      if (connection !== undefined || left <= 0) return connection;
      // If this process has all slots, a connection is handed over; otherwise another replica may have freed a slot.
      const given = await wait(connections.size >= limit ? left : Math.min(left, 50 + Math.random() * 100), priority);
      if (given !== undefined) return given;
    }
  }

  return {
    /**
     * Runs with a connection of its own; undefined if none became free in time.
     * @param priority BullMQ's: the lower goes first
     */
    async use<T>(work: (submitter: Submitter) => Promise<T>, waitMs: number, priority: number): Promise<T | undefined> {
      const connection = await take(waitMs, priority);
      if (connection === undefined) return undefined;
      try {
        return await work(connection.submitter);
      } finally {
        giveBack(connection);
      }
    },
    /** A connection that is being opened is closed when its work is done. */
    async close(): Promise<void> {
      closed = true;
      await Promise.all([...connections].map(close));
    },
  };
}
