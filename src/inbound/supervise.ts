// Supervisor of one mailbox: connects, watches, and decides by the error's class when to try again. An exception in a mailbox's loop is that
// mailbox's event and nobody else's. Back-off resets only after a connection has lived for minutes.
import { backoffMs } from '../domain/backoff.ts';
import type { ImapServer } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { emptyLedger } from '../domain/ledger.ts';
import { type BlindTime, blindTime } from './blind-time.ts';
import { type LoginGate, sleep } from './login-gate.ts';
import type { InboundPorts, Mailbox } from './ports.ts';
import type { Watched } from './receive.ts';
import { watchMailbox } from './watch-mailbox.ts';

export interface Supervised {
  server: ImapServer;
  mailboxId: string;
  status(): MailboxStatus;
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

  const set = (state: MailboxStatus['state'], reason = '') => {
    if (state === status.state && reason === status.reason) return;
    if (state === 'paused') ports.emit('MailboxPaused', { server: server.name, reason });
    else if (status.state === 'paused') ports.emit('MailboxResumed', { server: server.name });
    Object.assign(status, { state, reason, since: ports.now() });
    up.set({ server: server.name }, ['connected', 'catching-up', 'idle', 'paused'].includes(state) ? 1 : 0);
    publish();
  };
  let published = 0;
  const publish = () => {
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

  async function connect(renew: boolean): Promise<{ mailbox: Mailbox; renewAt: number | undefined }> {
    const { authentication } = server;
    if (authentication.type === 'Password') {
      await gate.enter(server.host, signal);
      return { mailbox: await ports.openMailbox(server, { password: authentication.password }), renewAt: undefined };
    }
    const token = await ports.getToken(server, { renew });
    await gate.enter(authentication.application, signal);
    const mailbox = await ports.openMailbox(server, { accessToken: token.accessToken });
    // A planned reconnect before the server ends the session; jitter keeps a fleet from renewing in one second.
    // Never sooner than in ten seconds: a provider that hands out the same token again must not make us reconnect in a circle.
    const planned = token.expiresAt.getTime() - 60_000 - Math.round(ports.random() * 60_000);
    return { mailbox, renewAt: Math.max(planned, ports.now() + Math.min(10_000, ports.settings.provenMs)) };
  }

  async function run(): Promise<void> {
    const watched: Watched = {
      server,
      mailboxId,
      leaseToken,
      ledger: emptyLedger(),
      ports,
      signal,
      proven: () => {
        blind.proven();
        // People look at `mailroom servers` and the portal: what they see is never much older than a probe.
        if (ports.now() - published > 15_000) publish();
      },
    };
    let attempt = 0;
    let renew = false;
    if (firstDelayMs > 0) await sleep(firstDelayMs, signal);
    while (!signal.aborted) {
      let mailbox: Mailbox | undefined;
      const startedAt = ports.now();
      try {
        if (status.state === 'stopped' || status.state === 'backing-off') set('connecting');
        watched.ledger = await ports.ledgers.load(mailboxId);
        const opened = await connect(renew);
        mailbox = opened.mailbox;
        renew = false;
        ports.emit('MailboxConnected', {
          server: server.name,
          emailFlow: server.emailFlow,
          uidValidity: mailbox.uidValidity,
          attempts: attempt,
        });
        blind.proven();
        set('connected');
        await checkMoveFolder(mailbox);
        const end = await watchMailbox(watched, mailbox, { signal, renewAt: opened.renewAt, state: { set } });
        if (end === 'renew') {
          ports.emit('MailboxRenewed', { server: server.name });
          attempt = 0;
        }
      } catch (thrown) {
        if (signal.aborted) break;
        blind.lost();
        const error = thrown instanceof MailroomError ? thrown : asError(thrown);
        if (ports.now() - startedAt >= ports.settings.provenMs) attempt = 0;
        attempt++;
        const decision = decide(error, attempt, startedAt);
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
        await mailbox?.close().catch(() => {});
        mailbox = undefined;
        await sleep(decision.delayMs, signal).catch(() => {});
      } finally {
        await mailbox?.close().catch(() => {});
        if (mailbox !== undefined) blind.lost();
      }
    }
  }

  /** How long to wait, and whether with a fresh token. A pure decision over class and attempt, but for the jitter. */
  function decide(error: Error, attempt: number, startedAt: number): { delayMs: number; renew: boolean } {
    const { backoff } = ports.settings;
    const jittered = backoffMs(attempt, backoff, ports.random);
    if (!(error instanceof MailroomError)) return { delayMs: jittered, renew: false };
    if (error.code === 'IMAP_TOKEN_EXPIRED' && attempt === 1) return { delayMs: 0, renew: true };
    if (error.code === 'LEDGER_STALE') return { delayMs: Math.min(jittered, 1_000), renew: false };
    if (error.code === 'LEASE_LOST') return { delayMs: Math.max(jittered, 1_000), renew: false };
    // Obeyed to the millisecond hint, plus jitter so that mailboxes throttled together do not come back together.
    if (error.retryAfterMs !== undefined)
      return { delayMs: error.retryAfterMs + Math.round(ports.random() * 1_000), renew: false };
    const slow = { baseMs: backoff.baseMs, capMs: Math.max(backoff.capMs, ports.settings.slowCapMs) };
    if (error.class === 'auth') {
      // One retry at once with a new token; then slowly: login storms lock accounts.
      if (attempt === 1 && server.authentication.type === 'OAuth2') return { delayMs: 0, renew: true };
      return { delayMs: backoffMs(attempt + 2, slow, ports.random), renew: server.authentication.type === 'OAuth2' };
    }
    if (error.class === 'permission' || error.class === 'permanent')
      return { delayMs: backoffMs(attempt + 1, slow, ports.random), renew: false };
    // A connection that had worked for a while is taken up again at once; a short-lived one backs off.
    if (attempt === 1 && ports.now() - startedAt > 5_000)
      return { delayMs: Math.round(ports.random() * 250), renew: false };
    return { delayMs: jittered, renew: false };
  }

  /** A move target that is missing is said when the mailbox opens, not at the first message. */
  async function checkMoveFolder(mailbox: Mailbox): Promise<void> {
    const { afterQueued } = server;
    if (afterQueued.action !== 'move' || (await mailbox.folderExists(afterQueued.folder))) return;
    throw new MailroomError('IMAP_FOLDER_MISSING', {
      message: `folder "${afterQueued.folder}" of afterQueued does not exist in the mailbox`,
      field: 'afterQueued.folder',
    });
  }

  publish();
  const running = run().catch(() => {});
  return {
    server,
    mailboxId,
    status: () => ({ ...status, lastProvenAt: blind.lastProvenAt(), blindSeconds: blind.totalMs() / 1000 }),
    async stop(reason) {
      abort.abort(new Error(reason));
      await running;
      set('stopped', reason);
      up.remove({ server: server.name });
      ports.emit('MailboxStopped', { server: server.name, reason });
    },
  };
}

function hintOf(error: Error): { hint?: string } {
  return error instanceof MailroomError ? { hint: error.hint } : {};
}
