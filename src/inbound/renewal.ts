// Planned renewal of a connection before its token expires: the successor is opened while the old connection continues to watch, and the mailbox is
// never without one. Only for that moment does a mailbox have two connections; one loop writes the ledger either way. If no successor can be opened,
// nothing is lost: the old connection is used until it really ends.
import { backoffMs } from '../domain/backoff.ts';
import type { Mailbox } from './ports.ts';

export interface Connected {
  mailbox: Mailbox;
  /** OAuth2: the token that it signed in with, and when that expires, in ms of the renewal's clock. */
  token?: { accessToken: string; expiresAt: number };
}

export interface RenewalDeps {
  /** A connection with a newer token than the current one; undefined: there is none yet. */
  open(): Promise<Connected | undefined>;
  onFailed(error: unknown, delayMs: number): void;
  now(): number;
  random(): number;
}

/** Between two tries of a renewal that failed, ms. */
const AGAIN = { baseMs: 10_000, capMs: 300_000 };

/**
 * When a connection is renewed: shortly before its token expires, but after the token provider has fetched the next one (it starts with a quarter of
 * the token's life left), with jitter so that a fleet does not sign in within one second.
 */
export function renewInMs(expiresAt: number, now: number, random: () => number): number {
  const left = Math.max(0, expiresAt - now);
  return Math.round(left - Math.min(60_000 + 60_000 * random(), (left / 6) * (1 - random() / 2)));
}

export function renewal(current: Connected, deps: RenewalDeps) {
  const ready = new AbortController();
  let successor: Connected | undefined;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let tries = 0;
  let stopped = false;

  const { token } = current;
  const dueAt = token === undefined ? 0 : deps.now() + renewInMs(token.expiresAt, deps.now(), deps.random);
  const plan = (ms: number) => {
    clearTimeout(timer);
    if (stopped || token === undefined) return;
    timer = setTimeout(begin, Math.min(ms, 2 ** 31 - 1));
    timer.unref();
  };

  function begin(): void {
    if (stopped || token === undefined || ready.signal.aborted || running !== undefined) return;
    clearTimeout(timer);
    running = attempt().finally(() => {
      running = undefined;
    });
  }

  async function attempt(): Promise<void> {
    try {
      successor = await deps.open();
      // The provider has nothing newer: the next try is soon, or when it is due, without another sign-in.
      if (successor === undefined) return plan(Math.max(AGAIN.baseMs, dueAt - deps.now()));
      ready.abort();
    } catch (error) {
      const delayMs = backoffMs(++tries, AGAIN, deps.random);
      if (!stopped) deps.onFailed(error, delayMs);
      plan(delayMs);
    }
  }

  plan(dueAt - deps.now());
  return {
    /** Aborts when the successor is open. */
    ready: ready.signal as AbortSignal,
    /** Hands the successor over. */
    take(): Connected | undefined {
      const taken = successor;
      successor = undefined;
      return taken;
    },
    /** Now instead of when it is due: the application was changed, or somebody asked for it. */
    begin,
    /** Ends it; a successor that nobody took is closed. */
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      await running;
      await successor?.mailbox.close().catch(() => {});
    },
  };
}
