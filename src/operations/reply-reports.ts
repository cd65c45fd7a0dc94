// Records what an incoming report says about a reply in its journal entry (domain/delivery.ts). A report about our own tenant or mailbox pauses the
// server, as the same answer at submission would: otherwise the other replies bounce one by one.
import type { Message } from '../contract/message.ts';
import { learn } from '../domain/delivery.ts';
import type { SmtpServer } from '../domain/email-server.ts';
import type { ErrorCode, FailureClass } from '../domain/errors.ts';
import type { Journal, JournalEntry } from '../domain/reply-journal.ts';
import type { Pauses } from '../outbound/index.ts';
import type { Emit } from '../telemetry/events.ts';

/** The effect of a refusal, at submission or by report, on the server that sent the reply; undefined: none. */
type ClassifyBounce = (
  server: SmtpServer,
  failure: { replyCode?: number | undefined; enhancedCode?: string | undefined; text?: string | undefined },
) => { code: ErrorCode; class: FailureClass; holdMs: number; hint: string } | undefined;

interface ReportDeps {
  journal: Pick<Journal, 'learn' | 'now'>;
  emit: Emit;
  /** Absent where mails are read again: an old refusal is no reason to pause now. */
  hold?: {
    servers: () => readonly SmtpServer[];
    pauses: Pick<Pauses, 'read' | 'set'>;
    classify: ClassifyBounce;
  };
}

/** @returns a function that records what a message reports about a reply; the same message again adds nothing */
export function learnReports({ journal, emit, hold }: ReportDeps): (message: Message) => Promise<void> {
  async function pause(message: Message, entry: JournalEntry): Promise<void> {
    const server = hold?.servers().find(({ name }) => name === entry.server);
    const failure = ownRefusal(message);
    if (hold === undefined || server === undefined || failure === undefined) return;
    const verdict = hold.classify(server, failure);
    if (verdict === undefined) return;
    // Counted from its arrival: a report that was moved, restored or read late must not pause a server that works again.
    const probeMs = Math.min(verdict.holdMs, Date.parse(message.receivedAt) + verdict.holdMs - (await journal.now()));
    if (probeMs <= 0 || (await hold.pauses.read(server.name)) !== undefined) return;
    const { code, hint } = verdict;
    await hold.pauses.set(server.name, { code, hint, probeMs });
    emit('SmtpServerPaused', { server: server.name, code, class: verdict.class, hint, reason: 'bounce' });
  }

  return async (message) => {
    const { deliveryStatus, automatic, messageKey } = message;
    const { replyId, proof } = deliveryStatus?.reply ?? {};
    // Every recipient of the mail knows its Message-ID, so only a report that names a recipient counts.
    if (deliveryStatus === undefined || replyId === undefined || proof !== 'recipient-matches') return;
    const learntAt = new Date(await journal.now()).toISOString();
    const isReceipt = automatic.kind === 'receipt';
    const found = await journal.learn(replyId, ({ deliveries = {}, envelope, from }) =>
      learn(
        deliveries,
        envelope?.to ?? [],
        { deliveryStatus, isReceipt, messageKey, learntAt },
        from === undefined ? [] : [from],
      ),
    );
    if (found === undefined) return;
    const { server } = found.entry;
    for (const { delivery, report } of found.learnt)
      if (delivery === 'bounced') emit('ReplyBounced', { server, replyId, kind: report.class ?? 'other' });
      else emit('ReplyDeliveryLearned', { server, replyId, state: delivery });
    await pause(message, found.entry);
  };
}

/**
 * The refusal, if it is our own mail system's: the report has Exchange's header for mail created within the tenant, which Exchange removes from external
 * mail; it names the signed Message-ID of a reply; and it quotes no other host.
 */
function ownRefusal({ deliveryStatus, conversation }: Message): Parameters<ClassifyBounce>[1] | undefined {
  if (deliveryStatus?.internal !== true || conversation.proof !== 'signed') return undefined;
  const own = deliveryStatus.recipients.find(({ action, remoteMta }) => action === 'failed' && remoteMta === undefined);
  if (own === undefined) return undefined;
  return { replyCode: own.replyCode, enhancedCode: own.status, text: own.diagnostic?.replace(/^smtp\s?;\s?/i, '') };
}
