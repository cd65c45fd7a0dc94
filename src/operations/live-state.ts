// The current state of an email server, as the watching and sending replicas wrote it: state, since when, pause, what waits.
import { mailboxId } from '../contract/names.ts';
import { type EmailServer, isImap, type SmtpServer } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { limitReachedAt, recipientsUsed } from '../domain/recipient-limit.ts';
import { type PaceUsed, sendingMailbox } from '../domain/reply-pace.ts';
import { signInTarget, smtpState } from '../domain/smtp-sign-in.ts';
import type { EmailServerView } from '../http/api/email-servers.ts';
import type { Inbound } from '../inbound/index.ts';
import { defined } from '../lib/defined.ts';
import type { ReplyRoom } from '../wiring/outbound.ts';
import type { Stores } from '../wiring/stores.ts';

export type LiveOf = (server: EmailServer) => Promise<EmailServerView['live']>;

export function liveStates(
  { ledgers, pauses, signInNotes, view, pace }: Stores,
  { queues }: ReplyRoom,
  inbound: Inbound | undefined,
): LiveOf {
  return async (server) => {
    if (!server.enabled) return { state: 'disabled' };
    // An unreadable server does not hide the others.
    return live(server).catch((error: unknown) => ({
      state: 'unknown',
      code: error instanceof MailroomError ? error.code : 'REDIS_KEY_DAMAGED',
    }));
  };

  async function live(server: EmailServer): Promise<EmailServerView['live']> {
    if (isImap(server)) {
      // This replica's own watcher is more current than its last record.
      const own = inbound?.status().find((status) => status.server === server.name);
      const id = mailboxId(server);
      const [[lastMessageAt], stored] = await Promise.all([
        view.lastArrivals([id]),
        own ? ({ ...own } as Record<string, unknown>) : ledgers.readState(id),
      ]);
      if (stored.state === undefined) return { state: 'unknown' };
      const number = (field: string) =>
        Number.isFinite(Number(stored[field] ?? Number.NaN)) ? { [field]: Math.round(Number(stored[field])) } : {};
      const reason = String(stored.reason ?? '');
      return {
        state: String(stored.state),
        ...(reason === '' ? {} : { reason }),
        ...number('since'),
        ...number('lastProvenAt'),
        ...number('blindSeconds'),
        ...defined({ lastMessageAt }),
      };
    }
    const [pause, note, counts, lastMessageAt, sent] = await Promise.all([
      pauses.read(server.name),
      signInNotes.read(server.name),
      queues.counts(server.name),
      queues.lastCompleted(server.name),
      pace.used(sendingMailbox(server)),
    ]);
    const { waiting = 0, prioritized = 0, delayed = 0, paused = 0 } = counts;
    return {
      ...smtpState(signInTarget(server), { pause, note }),
      waiting: waiting + prioritized + delayed + paused,
      ...defined({ lastMessageAt }),
      pace: paceOf(sent, server.pace),
    };
  }
}

function paceOf(sent: PaceUsed, { perMinute, recipientsPerDay }: SmtpServer['pace']): EmailServerView['live']['pace'] {
  return {
    minute: sent.minute,
    perMinute,
    recipients: recipientsUsed(sent),
    recipientsPerDay,
    ...defined({ recipientsLimitAt: limitReachedAt(sent, recipientsPerDay) }),
  };
}
