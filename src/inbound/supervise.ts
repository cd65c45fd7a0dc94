// Supervisor of one mailbox: connects, watches, renews, and decides by the error's class when to try again (retry.ts). An exception in a
// mailbox's loop is that mailbox's event and nobody else's. Back-off resets only after a connection has lived for minutes, or when somebody
// has reason to believe that the fault is gone (wake).
import { type ImapServer, loginKey } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { emptyLedger, settled } from '../domain/ledger.ts';
import { highest } from '../domain/uid-set.ts';
import { type BlindTime, blindTime } from './blind-time.ts';
import { type LoginGate, sleep } from './login-gate.ts';
import type { InboundPorts, Mailbox } from './ports.ts';
import { type Connected, type Renewal, renewal } from './renewal.ts';
import { isNormalEnd, retryOf } from './retry.ts';
import { watchMailbox } from './watch-mailbox.ts';
import type { Watched } from './watched.ts';

export interface Supervised {
  server: ImapServer;
  mailboxId: string;
  status(): MailboxStatus;
  /** Tells people that the mailbox was proven to be watched, now and then. Called for all mailboxes in one turn: then it is one write to Redis. */
  publish(): void;
  /** The fault may be gone: a mailbox that backs off is tried at once, a connected one is renewed if there is a newer token. */
  wake(): void;
  /** Stops watching: work in hand is committed, the connection logged out. */
  stop(reason: string): Promise<void>;
}

export interface MailboxStatus {
  server: string;
  state: 'connecting' | 'connected' | 'catching-up' | 'idle' | 'paused' | 'backing-off' | 'stopped';
  reason: string;
  since: number;
  lastProvenAt: number | undefined;
  blindSeconds: number;
}

export function supervise(
  ports: InboundPorts,
  server: ImapServer,
  mailboxId: string,
  leaseToken: () => string,
  gate: LoginGate,
  firstDelayMs: number,
): Supervised {
  const abort = new AbortController();
  const { signal } = abort;
  const status: MailboxStatus = {
    server: server.name,
    state: 'connecting',
    reason: '',
    since: ports.now(),
    lastProvenAt: undefined,
    blindSeconds: 0,
  };
  const gauge = ports.metrics.gauge(
    'mailroom_mailbox_blind_seconds',
    'Seconds in which the mailbox was not provably watched',
    ['server'],
  );
  const up = ports.metrics.gauge('mailroom_mailbox_up', '1 while connected and watching', ['server']);
  const blind: BlindTime = blindTime(ports.now, (ms) => {
    gauge.set({ server: server.name }, blind.totalMs() / 1000);
    if (ms >= 1_000) ports.emit('MailboxBlinded', { server: server.name, durationMs: Math.round(ms) });
  });

  let attempt = 0;
  /** Token of the latest sign-in: should it be refused, another one is asked for. */
  let usedToken: string | undefined;
  let tryNow: (() => void) | undefined;
  let renewNow: (() => void) | undefined;

  const set = (state: MailboxStatus['state'], reason = '') => {
    if (state === status.state && reason === status.reason) return;
    if (state === 'paused') ports.emit('MailboxPaused', { server: server.name, reason });
    else if (status.state === 'paused') ports.emit('MailboxResumed', { server: server.name });
    Object.assign(status, { state, reason, since: ports.now() });
    up.set({ server: server.name }, ['connected', 'catching-up', 'idle', 'paused'].includes(state) ? 1 : 0);
    // Between idle and catching up a busy mailbox goes to and fro with every mail: people need not see each turn.
    if (state === 'catching-up' || state === 'idle') later ??= setTimeout(publish, 1_000).unref();
    else publish();
  };
  let published = 0;
  let later: NodeJS.Timeout | undefined;
  const publish = () => {
    clearTimeout(later);
    later = undefined;
    published = ports.now();
    const at = blind.lastProvenAt();
    const fields = {
      server: server.name,
      user: server.user,
      folder: server.folder,
      emailFlow: server.emailFlow,
      state: status.state,
      reason: status.reason,
      since: status.since,
      replica: ports.replica,
      blindSeconds: Math.round(blind.totalMs() / 1000),
      ...(at === undefined ? {} : { lastProvenAt: at }),
    };
    ports.ledgers.writeState(mailboxId, fields).catch(() => {}); // a view for people; its loss loses nothing
  };

  async function connect(options: { renew?: boolean; refused?: string }): Promise<Connected> {
    const { authentication } = server;
    if (authentication.type === 'Password') {
      await gate.enter(loginKey(server), signal);
      return { mailbox: await ports.openMailbox(server, { password: authentication.password }) };
    }
    const { accessToken, expiresAt } = await ports.getToken(server, options);
    usedToken = accessToken;
    await gate.enter(loginKey(server), signal);
    const mailbox = await ports.openMailbox(server, { accessToken });
    return { mailbox, token: { accessToken, expiresAt: expiresAt.getTime() } };
  }

  /** The next connection, opened beside the current one; undefined when the token provider has nothing newer. */
  async function openSuccessor({ token }: Connected, watched: Watched): Promise<Connected | undefined> {
    const { authentication } = server;
    const next = await ports.getToken(server);
    if (authentication.type !== 'OAuth2' || next.accessToken === token?.accessToken) return undefined;
    const before = highest(settled(watched.ledger));
    await gate.enter(loginKey(server), signal);
    const mailbox = await ports.openMailbox(server, { accessToken: next.accessToken });
    const after = highest(settled(watched.ledger));
    usedToken = next.accessToken;
    return {
      // What the old connection took meanwhile must not look as if UIDNEXT had gone back.
      mailbox: after > before && after >= mailbox.uidNext ? { ...mailbox, uidNext: 0 } : mailbox,
      token: { accessToken: next.accessToken, expiresAt: next.expiresAt.getTime() },
    };
  }

  function renewalOf(current: Connected, watched: Watched): Renewal {
    return renewal(current, {
      open: () => openSuccessor(current, watched),
      onFailed: (error, delayMs) =>
        ports.emit('MailboxRenewalFailed', { server: server.name, err: asError(error), delayMs, ...hintOf(error) }),
      now: ports.now,
      random: ports.random,
    });
  }

  async function run(): Promise<void> {
    const watched: Watched = {
      server,
      mailboxId,
      leaseToken,
      ledger: emptyLedger(),
      unfinished: new Map(),
      begun: new Map(),
      ports,
      signal,
      proven: blind.proven,
    };
    let renew = false;
    let current: Connected | undefined;
    if (firstDelayMs > 0) await sleep(firstDelayMs, signal);
    while (!signal.aborted) {
      let openedAt = ports.now();
      try {
        if (status.state === 'stopped' || status.state === 'backing-off') set('connecting');
        const [ledger, unfinished] = await Promise.all([
          ports.ledgers.load(mailboxId),
          ports.ledgers.unfinished(mailboxId),
        ]);
        // A parsing that this process noted and lived through, though its commit failed, is no reason for suspicion.
        const foreign = [...unfinished].filter(([uid, count]) => watched.begun.get(uid) !== count);
        Object.assign(watched, { ledger, unfinished: new Map(foreign) });
        const isSuccessor = current !== undefined;
        current ??= await connect(renew ? { renew, ...(usedToken === undefined ? {} : { refused: usedToken }) } : {});
        renew = false;
        openedAt = ports.now();
        const { mailbox } = current;
        const event = isSuccessor ? 'MailboxRenewed' : 'MailboxConnected';
        ports.emit(event, {
          server: server.name,
          emailFlow: server.emailFlow,
          uidValidity: mailbox.uidValidity,
          attempts: attempt,
        });
        if (isSuccessor) attempt = 0;
        blind.proven();
        if (!isSuccessor) set('connected');
        await checkMoveFolder(mailbox);
        current = await watch(watched, current);
      } catch (thrown) {
        if (signal.aborted) break;
        blind.lost();
        const error = thrown instanceof MailroomError ? thrown : asError(thrown);
        const livedMs = current === undefined ? 0 : ports.now() - openedAt;
        attempt = isNormalEnd(error, livedMs) ? 0 : livedMs >= ports.settings.provenMs ? 1 : attempt + 1;
        const oauth = server.authentication.type === 'OAuth2';
        const decision = retryOf({ error, attempt, livedMs, oauth }, ports.settings, ports.random);
        renew = decision.renew;
        set('backing-off', error instanceof MailroomError ? error.code : error.name);
        const event =
          error instanceof MailroomError && (error.code === 'LEASE_LOST' || error.code === 'LEDGER_STALE')
            ? 'LedgerReloaded'
            : 'MailboxDisconnected';
        ports.emit(event, {
          server: server.name,
          err: error,
          attempts: attempt,
          delayMs: decision.delayMs,
          ...hintOf(error),
        });
        await current?.mailbox.close().catch(() => {});
        current = undefined;
        await pause(decision.delayMs);
      }
    }
    await current?.mailbox.close().catch(() => {});
    if (current !== undefined) blind.lost();
  }

  /** Watches over the connection; resolves with its successor once that stands. The old one is closed behind us. */
  async function watch(watched: Watched, connected: Connected): Promise<Connected | undefined> {
    const renewing = renewalOf(connected, watched);
    renewNow = renewing.begin;
    try {
      const end = await watchMailbox(watched, connected.mailbox, { signal, renewal: renewing, state: { set } });
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

  /** A move target that is missing is said when the mailbox opens, not at the first message. */
  async function checkMoveFolder(mailbox: Mailbox): Promise<void> {
    const { afterQueued } = server;
    if (afterQueued.action === 'move') await mailbox.requireFolder(afterQueued.folder, 'afterQueued.folder');
  }

  publish();
  const running = run().catch(() => {});
  return {
    server,
    mailboxId,
    status: () => ({ ...status, lastProvenAt: blind.lastProvenAt(), blindSeconds: blind.totalMs() / 1000 }),
    publish() {
      const proven = blind.lastProvenAt() ?? 0;
      if (proven > published && ports.now() - published > 15_000) publish();
    },
    wake() {
      tryNow?.();
      renewNow?.();
    },
    async stop(reason) {
      abort.abort(new Error(reason));
      await running;
      set('stopped', reason);
      up.remove({ server: server.name });
      ports.emit('MailboxStopped', { server: server.name, reason });
    },
  };
}

function hintOf(error: unknown): { hint?: string } {
  return error instanceof MailroomError ? { hint: error.hint } : {};
}
