// The outcome of a submission and its effect on the reply: accepted, uncertain, refused, or tried again. Called by submission.ts.
import type { Failure, RecipientState, Remote } from '../contract/result.ts';
import { afterRcpt, moveRecipients, some } from '../domain/recipients.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { JobEnding } from '../domain/reply-queues.ts';
import type { RecipientOutcome, SubmissionOutcome } from '../domain/submission.ts';
import { acceptedLine, GIVE_UP_MS, settleAccepted } from './accept.ts';
import { BegunElsewhere, forgottenBegin } from './begin.ts';
import { failureOf, refusalOf, remoteLine } from './results.ts';
import { fenced, reject, type Work } from './work.ts';

export type Taken = SubmissionOutcome & { kind: 'accepted' };

/** The journal was reset to a state before DATA: a mail may have been sent that it does not know. */
export async function doubtful(
  work: Work,
  { recipients }: JournalEntry,
  { begins, at }: { begins: number; at: Date },
): Promise<JobEnding> {
  const { deps, server, reply, fence, settings, now } = work;
  const waitMs = Math.min(settings.firstLookMs, settings.settleMs);
  const { moved } = await deps.journal.transition(reply.replyId, {
    from: ['prepared', 'submitting', 'data-begun'],
    to: 'uncertain',
    fence,
    waitMs,
    change: {
      begins,
      dataBegunAt: at.getTime(),
      ...(recipients === undefined
        ? {}
        : { recipients: moveRecipients(recipients, ['deferred', 'pending'], { state: 'uncertain' }) }),
      evidence: `DATA had begun at ${at.toISOString()}, which Redis has forgotten`,
    },
  });
  if (!moved) return fenced(work);
  deps.emit('ReplyForgotten', { server: server.name, replyId: reply.replyId });
  deps.emit('ReplyUncertain', { server: server.name, replyId: reply.replyId });
  return { end: 'later', at: now() + waitMs };
}

export async function conclude(
  work: Work,
  entry: JournalEntry,
  outcome: Exclude<SubmissionOutcome, Taken>,
): Promise<JobEnding> {
  const { deps, reply, fence } = work;
  if (outcome.kind === 'withheld') {
    if (outcome.error instanceof BegunElsewhere) {
      const elsewhere = await forgottenBegin(work, entry);
      return doubtful(work, entry, elsewhere ?? { begins: entry.begins + 1, at: new Date(work.now()) });
    }
    const failure = refusalOf(outcome.error);
    if (failure !== undefined) return reject(work, failure); // the rendered mail no longer exists
    // No byte was sent. If the journal recorded DATA begun and only failed to report it, the reply returns to its earlier state.
    await deps.journal.transition(reply.replyId, {
      from: ['submitting', 'data-begun'],
      to: 'prepared',
      fence,
      change: { evidence: 'withheld before the first byte' },
    });
    return { end: 'later', at: work.now() + 1_000 };
  }
  if (outcome.verdict.action === 'settle') return uncertain(work, outcome);
  return refused(work, entry, outcome);
}

export async function accepted(work: Work, entry: JournalEntry, outcome: Taken): Promise<JobEnding> {
  const said = afterRcpt(entry, outcome.recipients);
  const ending = await settleAccepted(work, entry, {
    recipients: moveRecipients(said, ['uncertain'], { state: 'accepted' }),
    waitMs: longest(work, outcome.recipients),
    result: {
      acceptedAt: new Date(work.now()).toISOString(),
      ...(outcome.serverMessageId === undefined ? {} : { serverMessageId: outcome.serverMessageId }),
      remote: outcome.remote,
      ...(outcome.dsnIgnored === true ? { warnings: ['the server does not offer delivery reports (dsn)'] } : {}),
    },
    evidence: acceptedLine(outcome.remote),
    // A late answer still counts, whatever happened to the claim: another worker may have begun to doubt, a person may have decided, or Redis may have forgotten.
    from: ['data-begun', 'uncertain', 'held', 'queued', 'prepared', 'submitting', 'dropped'],
    taken: true,
  });
  return ending ?? { end: 'later', at: work.now() + 500 };
}

/** Longer, never shorter than requested: an announced wait is kept. */
const stretched = (work: Work, ms: number) => Math.round(ms * work.settings.waitScale * (1 + Math.random() / 4));

const longest = (work: Work, said: readonly RecipientOutcome[]) =>
  stretched(work, Math.max(0, ...said.map(({ retryAfterMs = 0 }) => retryAfterMs)));

async function uncertain(work: Work, outcome: SubmissionOutcome & { kind: 'failed' }): Promise<JobEnding> {
  const { deps, server, reply, fence, settings, now } = work;
  const waitMs = Math.min(settings.firstLookMs, settings.settleMs);
  await deps.journal.transition(reply.replyId, {
    from: ['data-begun'],
    to: 'uncertain',
    fence,
    waitMs,
    change: { evidence: `no answer after DATA: ${remoteLine(outcome.remote)}` },
  });
  deps.emit('ReplyUncertain', { server: server.name, replyId: reply.replyId, code: outcome.verdict.code });
  await work.job.progress({ state: 'uncertain', code: outcome.verdict.code });
  return { end: 'later', at: now() + waitMs };
}

/** The last open recipients are refused; others have it. */
async function partlyAccepted(
  work: Work,
  entry: JournalEntry,
  recipients: RecipientState[],
  waitMs: number,
  late: boolean,
  remote: Remote,
): Promise<JobEnding> {
  const ending = await settleAccepted(work, entry, {
    recipients,
    waitMs,
    result: {},
    evidence: `refused for the others: ${remoteLine(remote)}`,
    from: late ? ['data-begun', 'uncertain'] : ['prepared', 'submitting', 'data-begun'],
    fence: work.fence,
    taken: false,
  });
  return ending ?? fenced(work);
}

/** The server refused, or it is proven that no complete mail was sent. */
async function refused(
  work: Work,
  entry: JournalEntry,
  outcome: SubmissionOutcome & { kind: 'failed' },
): Promise<JobEnding> {
  const { deps, server, reply, fence, now } = work;
  const { verdict, remote, sent } = outcome;
  const waitMs = stretched(work, verdict.retryAfterMs);
  const failure: Failure = { ...failureOf(verdict.code), class: verdict.class, hint: verdict.hint, remote };
  // Proof about this DATA counts although another worker may have begun to doubt it.
  const late = sent !== 'none';
  const { recipients, deferredSince } = entry;
  const tooLong =
    verdict.action === 'retry' &&
    deferredSince !== undefined &&
    (await deps.journal.now()) - deferredSince > GIVE_UP_MS;
  if (tooLong) return partlyAccepted(work, entry, [...(recipients ?? [])], waitMs, late, remote);
  if (verdict.action === 'fail') {
    // Refused after the dot: the recipients of this DATA. Those refused at RCPT are `rejected` already.
    const left = moveRecipients(recipients ?? [], ['uncertain'], { state: 'rejected', code: verdict.code, remote });
    if (some(left, 'accepted')) return partlyAccepted(work, entry, left, waitMs, late, remote);
    const ended = moveRecipients(left, ['deferred', 'pending'], { state: 'rejected' });
    return reject(work, failure, ended.length === 0 ? {} : { recipients: ended }, late);
  }
  const slower = verdict.action === 'back-off' && verdict.code !== 'RECIPIENT_RATE';
  const paused = verdict.action === 'pause-server' || verdict.action === 'hold';
  const ofServer = slower || paused;
  const { moved } = await deps.journal.transition(reply.replyId, {
    from: late ? ['data-begun', 'uncertain'] : ['submitting', 'data-begun'],
    to: 'prepared',
    fence,
    late,
    ...(ofServer ? {} : { waitMs }),
    change: {
      ...(recipients === undefined
        ? {}
        : { recipients: moveRecipients(recipients, ['uncertain'], { state: 'pending' }) }),
      evidence: `${verdict.code} (sent: ${sent}): ${remoteLine(remote)}`,
    },
  });
  if (!moved) return fenced(work);
  deps.emit('ReplyRetried', {
    server: server.name,
    replyId: reply.replyId,
    code: verdict.code,
    class: verdict.class,
    attempts: entry.attempts,
    delayMs: waitMs,
  });
  await work.job.progress({
    state: 'prepared',
    attempts: entry.attempts,
    code: verdict.code,
    expectedAt: new Date(now() + waitMs).toISOString(),
  });
  if (paused) {
    await work.pauseServer(failure, verdict.action === 'hold' ? waitMs : work.settings.pauseProbeMs);
    return { end: 'later', at: now() + 1_000 };
  }
  if (slower) {
    await deps.pace.wait({ mailbox: sendingMailbox(server), ms: waitMs });
    deps.emit('SubmissionSlowed', { server: server.name, code: verdict.code, delayMs: waitMs });
    return { end: 'rate-limited', ms: waitMs };
  }
  return { end: 'later', at: now() + waitMs };
}
