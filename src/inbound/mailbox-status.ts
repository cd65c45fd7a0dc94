// What a mailbox says of itself: its state for the log, for metrics, and for people (in Redis, where every replica and the portal read it).
import type { ImapServer } from '../domain/email-server.ts';
import { blindTime } from './blind-time.ts';
import type { InboundPorts } from './ports.ts';

/** The life of a mailbox; supervise.ts says when it enters which state. */
type MailboxState = 'connecting' | 'connected' | 'catching-up' | 'idle' | 'paused' | 'backing-off' | 'stopped';

const UP: readonly MailboxState[] = ['connected', 'catching-up', 'idle', 'paused'];

export interface MailboxSnapshot {
  server: string;
  state: MailboxState;
  reason: string;
  /** Epoch ms. */
  since: number;
  lastProvenAt: number | undefined;
  blindSeconds: number;
}

export interface MailboxStatus {
  set(state: MailboxState, reason?: string, error?: Error): void;
  state(): MailboxState;
  snapshot(): MailboxSnapshot;
  /** The server answered. */
  proven(): void;
  /** The connection is gone, or what it says contradicts itself. */
  lost(): void;
  /** Tells people that the mailbox was proven to be watched, now and then. Called for all mailboxes in one turn: then it is one write to Redis. */
  publish(): void;
  remove(): void;
}

/** A proof is published at most this often, ms. */
const PUBLISH_MS = 15_000;

export function mailboxStatus(ports: InboundPorts, server: ImapServer, mailboxId: string): MailboxStatus {
  const { metrics, emit, now, monotonic } = ports;
  const named = { server: server.name };
  const blindSeconds = metrics.counter('mailroom_mailbox_blind_seconds_total');
  const up = metrics.gauge('mailroom_mailbox_up');
  const pausedFor = metrics.gauge('mailroom_mailbox_paused');
  const blind = blindTime(monotonic, now, (ms) => {
    if (ms >= 1_000) emit('MailboxBlinded', { server: server.name, durationMs: Math.round(ms) });
  });
  let state: MailboxState = 'connecting';
  let reason = '';
  let since = now();
  let published = Number.NEGATIVE_INFINITY;
  /** Last proof that was published. */
  let publishedProof = 0;
  let later: NodeJS.Timeout | undefined;

  const publish = () => {
    clearTimeout(later);
    later = undefined;
    published = monotonic();
    const at = blind.lastProvenAt();
    publishedProof = at ?? 0;
    const fields = {
      server: server.name,
      user: server.user,
      folder: server.folder,
      emailFlow: server.emailFlow,
      state,
      reason,
      since,
      replica: ports.replica,
      blindSeconds: Math.round(blind.totalMs() / 1000),
      ...(at === undefined ? {} : { lastProvenAt: at }),
    };
    ports.ledgers.writeState(mailboxId, fields).catch(() => {}); // a view for people; its loss loses nothing
  };
  publish();
  let counted = 0;
  const countBlind = () => {
    const total = blind.totalMs() / 1000;
    blindSeconds.inc(named, Math.max(0, total - counted));
    counted = total;
  };
  const offScrape = metrics.onScrape(countBlind);
  up.set(named, 0);

  return {
    set(next, why = '', error) {
      if (next === state && why === reason) return;
      const err = error === undefined ? {} : { err: error };
      if (next === 'paused') emit('MailboxPaused', { server: server.name, reason: why, ...err });
      else if (state === 'paused') emit('MailboxResumed', { server: server.name });
      if (state === 'paused') pausedFor.remove({ ...named, reason });
      if (next === 'paused') pausedFor.set({ ...named, reason: why }, 1);
      state = next;
      reason = why;
      since = now();
      up.set(named, UP.includes(state) ? 1 : 0);
      // Between idle and catching up a busy mailbox goes to and fro with every mail: people need not see each turn.
      if (state === 'catching-up' || state === 'idle') later ??= setTimeout(publish, 1_000).unref();
      else publish();
    },
    state: () => state,
    snapshot: () => ({
      server: server.name,
      state,
      reason,
      since,
      lastProvenAt: blind.lastProvenAt(),
      blindSeconds: blind.totalMs() / 1000,
    }),
    proven: blind.proven,
    lost: blind.lost,
    publish() {
      if ((blind.lastProvenAt() ?? 0) !== publishedProof && monotonic() - published > PUBLISH_MS) publish();
    },
    remove() {
      offScrape();
      countBlind();
      up.remove(named);
    },
  };
}
