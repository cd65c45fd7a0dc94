// Carries out the life of one mailbox (mailbox-life.ts): one loop that does the step of the present state, moves, and reports. An exception in it is
// that mailbox's event and nobody else's.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ImapServer, loginKey } from '../domain/email-server.ts';
import { asError } from '../domain/errors.ts';
import { signInTurn } from './connect-mailbox.ts';
import { mailboxConnections } from './connections.ts';
import { createCopies } from './copies.ts';
import { isolation } from './isolation.ts';
import { openLedger } from './ledger.ts';
import { BEGINNING, eventsOf, type Happened, nextLife } from './mailbox-life.ts';
import { mailboxStatus } from './mailbox-status.ts';
import { parseAttempts } from './parse-attempts.ts';
import { ledgerSetBack } from './poll.ts';
import type { InboundPorts } from './ports.ts';
import type { Watched } from './watched.ts';

interface SuperviseOptions {
  server: ImapServer;
  mailboxId: string;
  leaseToken: string;
  serverOf: Watched['serverOf'];
  /** ms before the first sign-in. */
  firstDelayMs: number;
}

export type Supervised = ReturnType<typeof supervise>;

export function supervise(ports: InboundPorts, options: SuperviseOptions) {
  const { server, mailboxId } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const status = mailboxStatus(ports, server, mailboxId);
  const ledger = openLedger(ports, mailboxId, options.leaseToken);
  const watched: Watched = {
    ...{ server, mailboxId, ports, signal },
    get ledger() {
      return ledger.current();
    },
    get firstConnectAt() {
      return ledger.firstConnectAt();
    },
    commit: ledger.commit,
    copies: createCopies(),
    parseAttempts: parseAttempts(ports.ledgers, mailboxId),
    isolation: isolation(),
    serverOf: options.serverOf,
    signInTurn: () => signInTurn(ports.loginSlot, loginKey(server), signal),
    proven: status.proven,
    doubted: status.lost,
  };
  const connections = mailboxConnections(watched);
  const rules = { settings: ports.settings, oauth: server.authentication.type === 'OAuth2', random: ports.random };
  let life = BEGINNING;
  /** Ends a rest. */
  let wake = () => {};

  function move(happened: Happened): void {
    const next = nextLife(life, happened, rules);
    for (const [name, fields] of eventsOf(life, next, happened)) ports.emit(name, { server: server.name, ...fields });
    life = next;
    status.set(life.state, life.reason);
  }

  async function run(): Promise<void> {
    if (options.firstDelayMs > 0) await sleep(options.firstDelayMs, undefined, { signal });
    while (!signal.aborted) {
      try {
        move(await step());
      } catch (thrown) {
        if (signal.aborted) break;
        status.lost();
        const error = asError(thrown);
        const searching = watched.isolation.isSearching(error);
        move({ what: 'failed', error, livedMs: connections.livedMs(), searching });
        await connections.drop();
      }
    }
    await connections.stop();
    status.lost();
  }

  async function step(): Promise<Happened> {
    if (life.restMs !== undefined) return rest(life.restMs);
    const current = connections.current();
    if (current !== undefined) {
      current.setBack.signal.throwIfAborted();
      if (!current.renewal.ready.aborted) return current.watch.step(life);
    }
    await Promise.all([ledger.load(), watched.parseAttempts.load()]);
    const { uidValidity } = current === undefined ? await connections.open(life.renew === true) : connections.replace();
    status.proven();
    return { what: current === undefined ? 'opened' : 'renewed', uidValidity, emailFlow: server.emailFlow };
  }

  async function rest(ms: number): Promise<Happened> {
    const woken = new AbortController();
    wake = () => woken.abort();
    try {
      await sleep(ms, undefined, { signal: AbortSignal.any([signal, woken.signal]) });
    } catch {
      signal.throwIfAborted();
    }
    wake = () => {};
    return { what: 'rested', woken: woken.signal.aborted };
  }

  const running = run().catch(() => {});
  return {
    server,
    status: status.snapshot,
    publish: status.publish,
    /** Version of the ledger that this process wrote or read last. */
    ledgerVersion: () => watched.ledger.version,
    /** Redis has an older ledger than it confirmed: it is read again, and the mails are fetched again. */
    setBack: (version: number) => connections.current()?.setBack.abort(ledgerSetBack(version, watched.ledger.version)),
    /** Some accepted replies want their message flagged as answered. */
    marksWait: () => connections.current()?.watch.marksWait(),
    /** The fault may be gone: a mailbox that backs off connects at once, a connected one is renewed if there is a newer token. */
    wake(): void {
      wake();
      connections.current()?.renewal.begin();
    },
    /** Stops watching: work in hand is committed, the connection logged out. */
    async stop(reason: string): Promise<void> {
      abort.abort(new Error(reason));
      await running;
      move({ what: 'stopped', reason });
      status.remove();
    },
  };
}
