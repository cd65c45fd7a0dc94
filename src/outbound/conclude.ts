// The outcome of a submission and its effect on the reply: accepted, uncertain, refused, or tried again. Called by submission.ts.
import type { Failure, RecipientState, Remote } from '../contract/result.ts';
import { asError } from '../domain/errors.ts';
import { afterRcpt, moveRecipients, some } from '../domain/recipients.ts';
import type { JournalEntry, ReplyState } from '../domain/reply-journal.ts';
import { STRETCH, sendingMailbox } from '../domain/reply-pace.ts';
import type { JobEnding } from '../domain/reply-queues.ts';
import type { RecipientOutcome, SubmissionOutcome } from '../domain/submission.ts';
import { defined } from '../lib/defined.ts';
import { MINUTE_MS } from '../lib/time.ts';
import { GIVE_UP_MS, settleAccepted } from './accept.ts';
import { BegunElsewhere, forgottenBegin } from './begin-data.ts';
import { failureOf, refusalOf, remoteLine } from './results.ts';
import { expectedIn, fenced, later, move, reject, report, type Work } from './work.ts';

export type Accepted = SubmissionOutcome & { kind: 'accepted' };

/** The journal was reset to a state before DATA: a mail that it does not know may have been sent. */
export async function uncertainByMarker(
  work: Work,
  { recipients }: JournalEntry,
  { begins, at }: { begins: number; at: Date },
): Promise<JobEnding> {
  const waitMs = firstLookMs(work);
  const { moved } = await move(work, {
    from: ['prepared', 'submitting', 'data-begun'],
    to: 'uncertain',
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
  report(work, 'ReplyForgotten');
  report(work, 'ReplyUncertain');
  return later(waitMs);
}

const firstLookMs = ({ settings }: Work) => Math.min(settings.firstLookMs, settings.settleMs);

export async function conclude(
  work: Work,
  entry: JournalEntry,
  outcome: Exclude<SubmissionOutcome, Accepted>,
): Promise<JobEnding> {
  if (outcome.kind === 'withheld') {
    if (outcome.error instanceof BegunElsewhere) {
      const elsewhere = await forgottenBegin(work, entry);
      return uncertainByMarker(work, entry, elsewhere ?? { begins: entry.begins + 1, at: new Date() });
    }
    const late = outcome.sent !== 'none';
    const failure = refusalOf(outcome.error);
    if (failure !== undefined) return reject(work, failure, {}, late); // the rendered mail no longer exists, or is damaged
    const where = late ? 'before its end' : 'before the first byte';
    // No dot was sent. The journal may have recorded DATA and failed to report it: the reply returns to its earlier state.
    const { moved } = await move(work, {
      from: late ? ['data-begun', 'uncertain'] : ['submitting', 'data-begun'],
      to: 'prepared',
      late,
      change: { evidence: `withheld ${where}: ${asError(outcome.error).message.slice(0, 200)}` },
    });
    // Half a mail costs the server more than none.
    return moved && late ? later(stretched(work, MINUTE_MS)) : later(1_000);
  }
  if (outcome.verdict.action === 'settle') return uncertain(work, outcome);
  return refused(work, entry, outcome);
}

/** A late answer counts whatever happened to the claim: another worker may have marked the reply uncertain, a person may have decided, Redis may have lost it. */
export const LATE_ACCEPTANCE_FROM: readonly ReplyState[] = [
  'data-begun',
  'uncertain',
  'held',
  'queued',
  'prepared',
  'submitting',
  'dropped',
];

export async function accepted(work: Work, entry: JournalEntry, outcome: Accepted): Promise<JobEnding> {
  const ending = await settleAccepted(work, entry, {
    recipients: moveRecipients(afterRcpt(entry, outcome.recipients), ['uncertain'], { state: 'accepted' }),
    waitMs: longest(work, outcome.recipients),
    result: {
      acceptedAt: new Date().toISOString(),
      ...defined({ serverMessageId: outcome.serverMessageId }),
      remote: outcome.remote,
      ...(outcome.dsnIgnored === true ? { warnings: ['the server does not offer delivery reports (dsn)'] } : {}),
    },
    evidence: `accepted: ${remoteLine(outcome.remote)}`,
    from: LATE_ACCEPTANCE_FROM,
    taken: true,
  });
  return ending ?? later();
}

/** Longer, never shorter than requested: an announced wait is kept. */
const stretched = (work: Work, ms: number) => Math.round(ms * work.settings.waitScale * (1 + Math.random() * STRETCH));

const longest = (work: Work, recipients: readonly RecipientOutcome[]) =>
  stretched(work, Math.max(0, ...recipients.map(({ retryAfterMs = 0 }) => retryAfterMs)));

async function uncertain(work: Work, outcome: SubmissionOutcome & { kind: 'failed' }): Promise<JobEnding> {
  const { code } = outcome.verdict;
  const waitMs = firstLookMs(work);
  await move(work, {
    from: ['data-begun'],
    to: 'uncertain',
    waitMs,
    change: { evidence: `no answer after DATA: ${remoteLine(outcome.remote)}` },
  });
  report(work, 'ReplyUncertain', { code });
  await work.job.progress({ state: 'uncertain', code });
  return later(waitMs);
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
  const { deps, server } = work;
  const { verdict, remote, sent } = outcome;
  const { code } = verdict;
  const waitMs = stretched(work, verdict.retryAfterMs);
  const failure: Failure = { ...failureOf(code), class: verdict.class, hint: verdict.hint, remote };
  // Proof about this DATA counts even if another worker has marked the reply uncertain.
  const late = sent !== 'none';
  const { recipients, deferredSince } = entry;
  const tooLong =
    verdict.action === 'retry' &&
    deferredSince !== undefined &&
    (await deps.journal.now()) - deferredSince > GIVE_UP_MS;
  if (tooLong) return partlyAccepted(work, entry, [...(recipients ?? [])], waitMs, late, remote);
  if (verdict.action === 'fail') {
    // Refused after the dot: the recipients of this DATA. Those refused at RCPT are `rejected` already.
    const left = moveRecipients(recipients ?? [], ['uncertain'], { state: 'rejected', code, remote });
    if (some(left, 'accepted')) return partlyAccepted(work, entry, left, waitMs, late, remote);
    const ended = moveRecipients(left, ['deferred', 'pending'], { state: 'rejected' });
    return reject(work, failure, ended.length === 0 ? {} : { recipients: ended }, late);
  }
  const slower = verdict.action === 'back-off' && code !== 'RECIPIENT_RATE';
  const paused = verdict.action === 'pause-server' || verdict.action === 'hold';
  const { moved } = await move(work, {
    from: late ? ['data-begun', 'uncertain'] : ['submitting', 'data-begun'],
    to: 'prepared',
    late,
    ...(slower || paused ? {} : { waitMs }), // otherwise the whole server waits
    change: {
      ...(recipients === undefined
        ? {}
        : { recipients: moveRecipients(recipients, ['uncertain'], { state: 'pending' }) }),
      evidence: `${code} (sent: ${sent}): ${remoteLine(remote)}`,
    },
  });
  if (!moved) return fenced(work);
  report(work, 'ReplyRetried', { code, class: verdict.class, attempts: entry.attempts, delayMs: waitMs });
  await work.job.progress({
    state: 'prepared',
    attempts: entry.attempts,
    code,
    expectedAt: expectedIn(waitMs),
  });
  if (paused) {
    await work.pauseServer(failure, verdict.action === 'hold' ? waitMs : work.settings.pauseProbeMs);
    return later(1_000);
  }
  if (slower) {
    await deps.pace.wait({ mailbox: sendingMailbox(server), ms: waitMs });
    deps.emit('SubmissionSlowed', { server: server.name, code, delayMs: waitMs });
    return { end: 'rate-limited', ms: waitMs };
  }
  return later(waitMs);
}
