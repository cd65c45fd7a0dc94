// Ingest silence: a mailbox that is watched and healthy, and that no longer receives mail. The cause is often a lost forwarding or a mail
// flow rule, which no connection shows. A gauge for alerts, and one event for each silence.
import { mailboxId } from '../contract/names.ts';
import { attentionRows } from '../domain/attention-words.ts';
import type { ImapServer } from '../domain/email-server.ts';
import { every } from '../lib/every.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Metrics } from '../telemetry/metrics.ts';

interface SilenceWiring {
  /** Servers that this replica watches. */
  watched: () => readonly ImapServer[];
  /** Epoch ms of the newest message of each mailbox, in order. */
  lastArrivals(mailboxIds: readonly string[]): Promise<(number | undefined)[]>;
  /** 0: no event. */
  silenceMs: number;
  emit: Emit;
  metrics: Metrics;
  now: () => number;
}

const EVERY_MS = 60_000;

export function createSilence({ watched, lastArrivals, silenceMs, emit, metrics, now }: SilenceWiring) {
  const age = metrics.gauge('mailroom_mailbox_last_message_seconds');
  /** Newest message of mailboxes whose silence was reported. */
  const reported = new Map<string, number>();
  const shown = new Set<string>();

  return async function poll(): Promise<void> {
    const servers = watched();
    const names = new Set(servers.map(({ name }) => name));
    for (const name of shown) if (!names.has(name)) forget(name);
    const arrivals = await lastArrivals(servers.map(mailboxId));
    for (const [i, server] of servers.entries()) {
      const at = arrivals[i];
      if (at === undefined) continue; // a mailbox that never received mail is not silent
      const ageMs = Math.max(0, now() - at);
      shown.add(server.name);
      age.set({ server: server.name }, Math.round(ageMs / 1000));
      if (silenceMs === 0 || ageMs < silenceMs) reported.delete(server.name);
      else if (reported.get(server.name) !== at) {
        reported.set(server.name, at);
        const { hint } = attentionRows.MAILBOX_SILENT.en;
        emit('MailboxSilent', { server: server.name, emailFlow: server.emailFlow, durationMs: ageMs, hint });
      }
    }
  };

  /** Another replica watches it, or none. */
  function forget(name: string): void {
    shown.delete(name);
    reported.delete(name);
    age.remove({ server: name });
  }
}

export const startSilence = (wiring: SilenceWiring) => every(EVERY_MS, createSilence(wiring));
