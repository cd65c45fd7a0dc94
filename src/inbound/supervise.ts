// The life of one mailbox, from lease to lease. Its states:
//
//   connecting   the lease was taken, or a back-off is over: waits for a token and for the login gate, signs in, opens the folder
//   connected    the folder is open; the start point is settled (start-point.ts)
//   catching-up  UIDs without an outcome are fetched and committed (receive.ts); entered again with each mail that comes
//   idle         every UID of the folder has an outcome or waits for a later try: IDLE, with a look at each probe interval (watch-mailbox.ts)
//   paused       connected, but Redis, the blob store or the email flow takes nothing: the reason says which (pause.ts, ports.pressure)
//   backing-off  the connection was lost or refused: waits as long as the error asks for (retry.ts), or until somebody believes it cured (wake)
//   stopped      the definition changed or was removed, the lease was lost or handed over, or the process stops
//
// An exception in a mailbox's loop is that mailbox's event and nobody else's. Back-off resets only after a connection has lived for minutes, or when
// somebody has reason to believe that the fault is gone.
import { type ImapServer, loginKey } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { emptyLedger, settled } from '../domain/ledger.ts';
import { highest } from '../domain/uid-set.ts';
import { checkAfterQueued, mailboxConnector } from './connect-mailbox.ts';
import { isolation, isSearching } from './isolation.ts';
import { type LoginGate, sleep } from './login-gate.ts';
import { type MailboxSnapshot, mailboxStatus } from './mailbox-status.ts';
import { pauseReasonOf } from './pause.ts';
import { ledgerSetBack } from './poll.ts';
import type { InboundPorts } from './ports.ts';
import { type Connected, type Renewal, renewal } from './renewal.ts';
import { isNormalEnd, retryOf } from './retry.ts';
import { watchMailbox } from './watch-mailbox.ts';
import type { Watched } from './watched.ts';

export interface Supervised {
  server: ImapServer;
  mailboxId: string;
  status(): MailboxSnapshot;
  publish(): void;
  /** Version of the ledger that this process wrote or read last. */
  ledgerVersion(): number;
  /** Redis has an older ledger than it confirmed: it is read again, and the mails are fetched again. */
  setBack(version: number): void;
  /** Some accepted replies want their message marked as answered. */
  marksWait(): void;
  /** The fault may be gone: a mailbox that backs off is tried at once, a connected one is renewed if there is a newer token. */
  wake(): void;
  /** Stops watching: work in hand is committed, the connection logged out. */
  stop(reason: string): Promise<void>;
}

interface SuperviseOptions {
  server: ImapServer;
  mailboxId: string;
  leaseToken: () => string;
  gate: LoginGate;
  serverOf: (mailboxId: string) => ImapServer | undefined;
  /** ms before the first sign-in. */
  firstDelayMs: number;
}

/** What ends a connection by our own will. */
const EVENTS: Readonly<Record<string, 'LedgerReloaded' | 'LedgerSetBack'>> = {
  LEASE_LOST: 'LedgerReloaded',
  LEDGER_STALE: 'LedgerReloaded',
  LEDGER_SET_BACK: 'LedgerSetBack',
};

export function supervise(ports: InboundPorts, options: SuperviseOptions): Supervised {
  const { server, mailboxId, firstDelayMs } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const status = mailboxStatus(ports, server, mailboxId);
  const connector = mailboxConnector(ports, server, options.gate, signal);
  const watched: Watched = {
    server,
    mailboxId,
    leaseToken: options.leaseToken,
    ledger: emptyLedger(),
    unfinished: new Map(),
    begun: new Map(),
    isolation: isolation(),
    view: undefined,
    marksWaiting: false,
    serverOf: options.serverOf,
    signInTurn: () => options.gate.enter(loginKey(server), signal),
    ports,
    signal,
    proven: status.proven,
    doubted: status.lost,
  };
  /** Failed tries in a row. */
  let attempt = 0;
  let tryNow: (() => void) | undefined;
  let renewNow: (() => void) | undefined;
  let setBack = new AbortController();

  async function run(): Promise<void> {
    let renew = false;
    let current: Connected | undefined;
    if (firstDelayMs > 0) await sleep(firstDelayMs, signal);
    while (!signal.aborted) {
      let openedAt = ports.monotonic();
      try {
        if (status.state() === 'stopped' || status.state() === 'backing-off') status.set('connecting');
        await loadLedger();
        const isSuccessor = current !== undefined;
        current ??= await connector.open(renew);
        renew = false;
        openedAt = ports.monotonic();
        opened(current, isSuccessor);
        await checkAfterQueued(server, current.mailbox);
        current = await watch(current);
      } catch (thrown) {
        if (signal.aborted) break;
        const livedMs = current === undefined ? 0 : ports.monotonic() - openedAt;
        const next = failed(asError(thrown), livedMs);
        renew = next.renew;
        await current?.mailbox.close().catch(() => {});
        current = undefined;
        await pause(next.delayMs);
      }
    }
    await current?.mailbox.close().catch(() => {});
    if (current !== undefined) status.lost();
  }

  async function loadLedger(): Promise<void> {
    setBack = new AbortController();
    const [ledger, unfinished, view] = await Promise.all([
      ports.ledgers.load(mailboxId),
      ports.ledgers.unfinished(mailboxId),
      server.mailboxEvents === undefined ? undefined : ports.people.view(mailboxId),
    ]);
    watched.ledger = ledger;
    watched.view = view;
    // A parsing that this process noted and lived through, though its commit failed, is no reason for suspicion.
    watched.unfinished = new Map([...unfinished].filter(([uid, count]) => watched.begun.get(uid) !== count));
  }

  function opened({ mailbox }: Connected, isSuccessor: boolean): void {
    ports.emit(isSuccessor ? 'MailboxRenewed' : 'MailboxConnected', {
      server: server.name,
      emailFlow: server.emailFlow,
      uidValidity: mailbox.uidValidity,
      attempts: attempt,
    });
    status.proven();
    if (isSuccessor) attempt = 0;
    else if (status.state() !== 'paused') status.set('connected');
  }

  /** Says what happened, and when to try again. */
  function failed(error: Error, livedMs: number): { delayMs: number; renew: boolean } {
    status.lost();
    // Each failure narrows the search for a message that cannot be fetched; there is nothing to wait for.
    const searching = watched.fetchError === error && isSearching(watched.isolation);
    watched.fetchError = undefined;
    if (isNormalEnd(error, livedMs)) attempt = 0;
    else attempt = searching || livedMs >= ports.settings.provenMs ? 1 : attempt + 1;
    const oauth = server.authentication.type === 'OAuth2';
    const decision = retryOf({ error, attempt, livedMs, oauth }, ports.settings, ports.random);
    if (searching && error instanceof MailroomError && error.retryAfterMs === undefined)
      decision.delayMs = Math.min(decision.delayMs, 500);
    const code = error instanceof MailroomError ? error.code : error.name;
    const paused = pauseReasonOf(error);
    if (paused !== undefined) status.set('paused', paused, error);
    else {
      status.set('backing-off', code);
      ports.emit(EVENTS[code] ?? 'MailboxDisconnected', {
        server: server.name,
        err: error,
        attempts: attempt,
        delayMs: decision.delayMs,
        ...hintOf(error),
      });
    }
    return decision;
  }

  /** Watches over the connection; resolves with its successor once that is open. The old one is closed behind us. */
  async function watch(connected: Connected): Promise<Connected | undefined> {
    const renewing = renewalOf(connected);
    renewNow = renewing.begin;
    try {
      const { signal: wasSetBack } = setBack;
      const end = await watchMailbox(watched, connected.mailbox, {
        signal,
        renewal: renewing,
        status,
        setBack: wasSetBack,
      });
      if (end === 'stopped') {
        await renewing.stop();
        return connected;
      }
      const successor = renewing.take();
      if (successor !== undefined) void connected.mailbox.close().catch(() => {});
      return successor;
    } finally {
      renewNow = undefined;
      // A connection that was lost is not to wait for a successor that may never come.
      void renewing.stop();
    }
  }

  function renewalOf(current: Connected): Renewal {
    return renewal(current, {
      async open() {
        const before = highest(settled(watched.ledger));
        const successor = await connector.openSuccessor(current);
        const after = highest(settled(watched.ledger));
        if (successor === undefined || after <= before || after < successor.mailbox.uidNext) return successor;
        // What the old connection took meanwhile must not look as if UIDNEXT had gone back.
        return { ...successor, mailbox: { ...successor.mailbox, uidNext: 0 } };
      },
      onFailed: (error, delayMs) =>
        ports.emit('MailboxRenewalFailed', { server: server.name, err: asError(error), delayMs, ...hintOf(error) }),
      now: ports.monotonic,
      random: ports.random,
    });
  }

  /** Waits for the next try, or until somebody has reason to believe that the fault is gone. */
  async function pause(ms: number): Promise<void> {
    const rest = new AbortController();
    tryNow = () => {
      attempt = 0;
      rest.abort();
    };
    await sleep(ms, AbortSignal.any([signal, rest.signal])).catch(() => {});
    tryNow = undefined;
  }

  const running = run().catch(() => {});
  return {
    server,
    mailboxId,
    status: status.snapshot,
    publish: status.publish,
    ledgerVersion: () => watched.ledger.version,
    setBack: (version) => setBack.abort(ledgerSetBack(version, watched.ledger.version)),
    marksWait() {
      watched.marksWaiting = true;
    },
    wake() {
      tryNow?.();
      renewNow?.();
    },
    async stop(reason) {
      abort.abort(new Error(reason));
      await running;
      status.set('stopped', reason);
      status.remove();
      ports.emit('MailboxStopped', { server: server.name, reason });
    },
  };
}

function hintOf(error: unknown): { hint?: string } {
  return error instanceof MailroomError ? { hint: error.hint } : {};
}
