// The state of one watched mailbox as metrics show it, and as people see it (in Redis, where every replica and the portal read it).
import type { ImapServer } from '../domain/email-server.ts';
import { blindTime } from './blind-time.ts';
import type { InboundPorts } from './ports.ts';

/** mailbox-life.ts lists when each is entered. */
export type MailboxState = 'connecting' | 'connected' | 'catching-up' | 'idle' | 'paused' | 'backing-off' | 'stopped';

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

/** A proof is published at most this often, ms. */
const PUBLISH_MS = 15_000;

export function mailboxStatus(ports: InboundPorts, server: ImapServer, mailboxId: string) {
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
    set(next: MailboxState, why: string): void {
      if (next === state && why === reason) return;
      if (state === 'paused') pausedFor.remove({ ...named, reason });
      if (next === 'paused') pausedFor.set({ ...named, reason: why }, 1);
      state = next;
      reason = why;
      since = now();
      up.set(named, UP.includes(state) ? 1 : 0);
      // A busy mailbox alternates between idle and catching up with every mail: people need not see each change.
      if (state === 'catching-up' || state === 'idle') later ??= setTimeout(publish, 1_000).unref();
      else publish();
    },
    snapshot: (): MailboxSnapshot => ({
      server: server.name,
      state,
      reason,
      since,
      lastProvenAt: blind.lastProvenAt(),
      blindSeconds: blind.totalMs() / 1000,
    }),
    /** The server answered. */
    proven: blind.proven,
    /** The connection is gone, or contradicts itself. */
    lost: blind.lost,
    /** Publishes, now and then, when the mailbox was last proven to be watched. Called for all mailboxes in one turn: one write to Redis. */
    publish(): void {
      if ((blind.lastProvenAt() ?? 0) !== publishedProof && monotonic() - published > PUBLISH_MS) publish();
    },
    remove(): void {
      offScrape();
      countBlind();
      up.remove(named);
    },
  };
}
