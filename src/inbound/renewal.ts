// Planned renewal of a connection before its token expires: the successor is opened while the old connection continues watching, so that the
// mailbox is never without one. For that moment, and for no other, a mailbox has two connections; the ledger is written by one loop either way.
// A successor that cannot be had costs nothing: the old connection is used to its real end.
import { backoffMs } from '../domain/backoff.ts';
import type { Mailbox } from './ports.ts';

export interface Connected {
  mailbox: Mailbox;
  /** With OAuth2: what it signed in with, and the end of that, in ms of the clock that the renewal is given. */
  token?: { accessToken: string; expiresAt: number };
}

export interface RenewalDeps {
  /** A connection with a newer token than the current one; undefined: there is none yet. */
  open(): Promise<Connected | undefined>;
  onFailed(error: unknown, delayMs: number): void;
  now(): number;
  random(): number;
}

export interface Renewal {
  /** Aborts when there is news: a reader that waits in IDLE then checks `ready`. A new one each time. */
  signal(): AbortSignal;
  /** The successor is open. */
  ready(): boolean;
  /** Hands the successor over. */
  take(): Connected | undefined;
  /** Now instead of when it is due: the application was changed, or somebody asked for it. */
  begin(): void;
  /** Ends it; a successor that nobody took is closed. */
  stop(): Promise<void>;
}

/** Between two tries of a renewal that failed, ms. */
const AGAIN = { baseMs: 10_000, capMs: 300_000 };

/**
 * When a connection is renewed: shortly before its token ends, but after the token provider has fetched the next one (it begins at a quarter of
 * a token's life at the latest), with jitter so that a fleet does not sign in within one second.
 */
export function renewInMs(expiresAt: number, now: number, random: () => number): number {
  const left = Math.max(0, expiresAt - now);
  return Math.round(left - Math.min(60_000 + 60_000 * random(), (left / 6) * (1 - random() / 2)));
}

export function renewal(current: Connected, deps: RenewalDeps): Renewal {
  let news = new AbortController();
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
    if (stopped || token === undefined || successor !== undefined || running !== undefined) return;
    clearTimeout(timer);
    running = attempt().finally(() => {
      running = undefined;
    });
  }

  async function attempt(): Promise<void> {
    try {
      successor = await deps.open();
      // The provider has nothing newer: asked again soon, or when it is due, without another sign-in.
      if (successor === undefined) return plan(Math.max(AGAIN.baseMs, dueAt - deps.now()));
      const waiting = news;
      news = new AbortController();
      waiting.abort();
    } catch (error) {
      const delayMs = backoffMs(++tries, AGAIN, deps.random);
      if (!stopped) deps.onFailed(error, delayMs);
      plan(delayMs);
    }
  }

  plan(dueAt - deps.now());
  return {
    signal: () => news.signal,
    ready: () => successor !== undefined,
    take() {
      const taken = successor;
      successor = undefined;
      return taken;
    },
    begin,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
      await successor?.mailbox.close().catch(() => {});
    },
  };
}
