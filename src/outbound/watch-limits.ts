// Watches the limits of a sending mailbox: their use as metrics, and one event when the limit of recipients is near, before replies wait for it.
import type { SmtpServer } from '../domain/email-server.ts';
import { limitReachedAt, nearnessOf, recipientsUsed } from '../domain/recipient-limit.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { OutboundDeps } from './ports.ts';

export function createLimitWatch({ pace, emit, metrics }: Pick<OutboundDeps, 'pace' | 'emit'> & { metrics: Metrics }) {
  const submissions = metrics.gauge('mailroom_sender_submissions');
  const perMinute = metrics.gauge('mailroom_sender_submissions_limit');
  const recipients = metrics.gauge('mailroom_sender_recipients');
  const perDay = metrics.gauge('mailroom_sender_recipients_limit');
  const expected = metrics.gauge('mailroom_sender_recipients_limit_timestamp_seconds');
  const all = [submissions, perMinute, recipients, perDay, expected];

  return {
    /** Measures a server; reports once over all replicas that it is near its limit. */
    async measure({ name, user, host, pace: limits }: SmtpServer): Promise<void> {
      const mailbox = sendingMailbox({ user, host });
      const sent = await pace.used(mailbox);
      const used = recipientsUsed(sent);
      const limit = limits.recipientsPerDay;
      const reachedAt = limitReachedAt(sent, limit);
      const labels = { server: name };
      submissions.set(labels, sent.minute);
      perMinute.set(labels, limits.perMinute);
      recipients.set(labels, used);
      perDay.set(labels, limit);
      if (reachedAt === undefined) expected.remove(labels);
      else expected.set(labels, reachedAt / 1000);
      const nearness = nearnessOf(used, limit, reachedAt, sent.now);
      if (nearness === 'far') await pace.noteFar(mailbox);
      if (nearness !== 'near' || !(await pace.noteNear(mailbox))) return;
      emit('RecipientsNearLimit', {
        server: name,
        count: used,
        ...(reachedAt === undefined ? {} : { delayMs: reachedAt - sent.now }),
        detail: { limit },
      });
    },
    /** Its worker has stopped. */
    forget(server: string): void {
      for (const one of all) one.remove({ server });
    },
  };
}
