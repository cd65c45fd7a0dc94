// The doctor waits its turn beside a live gateway: among the sign-ins of a tenant (adapters/redis/login-slots.ts), and among the connections and
// mails of a sending mailbox (adapters/redis/pace.ts). It only takes what is free, and never asks a sender to release a connection.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmailServer, loginKey, type SmtpServer } from '../domain/email-server.ts';
import { type Pace, sendingMailbox } from '../domain/reply-pace.ts';

export type Turns = ReturnType<typeof createTurns>;

interface TurnSettings {
  /** How long the doctor waits for a connection or the pace of a mailbox, ms: a sender releases an idle connection after ten seconds. */
  waitMs: number;
  /** Life of a connection's slot without renewal, ms. */
  slotTtlMs: number;
}

/** @param reserve takes the next slot of a tenant's sign-ins; resolves with the ms to wait for it */
export function createTurns(
  reserve: (key: string) => Promise<number>,
  pace: Pace,
  { waitMs, slotTtlMs }: TurnSettings = { waitMs: 12_000, slotTtlMs: 8_000 },
) {
  return {
    /** Waits until a sign-in of this server may start. */
    async signIn(server: EmailServer): Promise<void> {
      const ms = await reserve(loginKey(server));
      if (ms > 0) await sleep(ms);
    },
    /** Runs with a connection that counts as one of the sending mailbox's; undefined: all are in use, and it did not run. */
    async connection<T>(server: SmtpServer, run: () => Promise<T>): Promise<T | undefined> {
      const mailbox = sendingMailbox(server);
      const slot = randomUUID();
      const take = () =>
        pace.takeSlot({ mailbox, slot, limit: server.pace.connections, ttlMs: slotTtlMs, hasNone: false });
      const until = Date.now() + waitMs;
      while ((await take()) === 'full') {
        if (Date.now() >= until) return undefined;
        await sleep(Math.min(250, waitMs));
      }
      const renew = setInterval(() => void take().catch(() => {}), slotTtlMs / 3);
      try {
        return await run();
      } finally {
        clearInterval(renew);
        await pace.freeSlot({ mailbox, slot }).catch(() => {}); // Redis is away: it expires on its own
      }
    },
    /** Counts a mail; false: the pace of the mailbox is used up for longer than the doctor waits. */
    async mail(server: SmtpServer): Promise<boolean> {
      const { perMinute, recipientsPerDay } = server.pace;
      const one = { mailbox: sendingMailbox(server), token: randomUUID(), perMinute, recipientsPerDay, recipients: 1 };
      const until = Date.now() + waitMs;
      for (;;) {
        const answer = await pace.acquire(one);
        if (answer.granted) return true;
        if (Date.now() + answer.waitMs > until) return false;
        await sleep(answer.waitMs);
      }
    },
  };
}
