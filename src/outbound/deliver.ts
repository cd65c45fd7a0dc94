// Delivers one reply: what a job of a replies queue runs. Invariant: after DATA began, nothing is sent again unless it is proven that the
// first did not go. Proof is one of: not a byte left (stream never pulled, or the journal refused); the final dot was never sent; the server
// answered the dot with a refusal; a person or the policy `resend` says so. All else is uncertain and goes to settle.ts.
import { randomUUID } from 'node:crypto';
import { type Reply, replySchema } from '../contract/reply.ts';
import type { Failure, Result } from '../contract/result.ts';
import { backoffMs } from '../domain/backoff.ts';
import type { SmtpServer } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { type JournalEntry, replyDigest } from '../domain/reply-journal.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { JobEnding, ReplyJob } from '../domain/reply-queues.ts';
import { permittedFrom, stillPermitted } from '../domain/sender-policy.ts';
import type { SubmissionOutcome } from '../domain/submission.ts';
import type { Lanes } from './lanes.ts';
import { describeProblems } from './malformed.ts';
import type { OutboundDeps, OutboundSettings } from './ports.ts';
import { prepare } from './prepare.ts';
import { failureOf, refusalOf, remoteLine, resultOf } from './results.ts';
import { settleUncertain } from './settle.ts';

/** BullMQ priority (1 is first) of a reply: agents' before automatic ones, whatever their own priority. */
export function priorityOf(reply: Pick<Reply, 'priority' | 'automatic'>): number {
  return (reply.automatic ? 100 : 0) + { high: 1, normal: 10, low: 20 }[reply.priority];
}

export interface Delivery {
  deps: OutboundDeps;
  settings: OutboundSettings;
  server: SmtpServer;
  lanes: Lanes;
  /** Largest message the server said it takes. */
  maxSize: { known: number | undefined };
  /** Pauses the server's queue on all replicas. */
  pauseServer: (failure: Failure, probeMs: number) => Promise<void>;
}

/** A claimed reply at work. */
export interface Work extends Delivery {
  job: ReplyJob;
  reply: Reply;
  fence: number;
  now: () => number;
}

/** Runs one job to its ending. Never throws for the reply's own faults; a fault of Redis or the blob store becomes a later try. */
export async function deliverReply(delivery: Delivery, job: ReplyJob): Promise<JobEnding> {
  const { deps, settings, server } = delivery;
  const now = deps.now ?? Date.now;
  const parsed = replySchema.safeParse(job.payload);
  if (!parsed.success || (parsed.data.server !== undefined && parsed.data.server !== server.name)) {
    return malformed(
      delivery,
      job,
      parsed.success
        ? [{ path: ['server'], message: `is not ${server.name}, whose queue this is` }]
        : parsed.error.issues,
    );
  }
  const reply = { ...parsed.data, server: server.name };
  const notBefore = reply.notBefore === undefined ? 0 : Date.parse(reply.notBefore);
  if (notBefore > now()) {
    await job.progress({ state: 'queued', expectedAt: new Date(notBefore).toISOString() });
    return { end: 'later', at: notBefore, priority: job.priority || priorityOf(reply) };
  }
  // A backend may add an automatic reply without priority, which BullMQ takes before all that have one.
  if (reply.automatic && job.priority < 100) return { end: 'later', at: now(), priority: priorityOf(reply) };

  const claim = await deps.journal.claim({
    replyId: reply.replyId,
    digest: replyDigest(reply),
    server: server.name,
    owner: randomUUID(),
    leaseMs: settings.leaseMs,
  });
  switch (claim.claim) {
    case 'reused': {
      deps.emit('ReplyRejected', {
        server: server.name,
        replyId: reply.replyId,
        code: 'REPLY_ID_REUSED',
        class: 'invalid',
      });
      return {
        end: 'failed',
        result: resultOf(
          { replyId: reply.replyId, server: server.name, state: 'rejected' },
          { failure: failureOf('REPLY_ID_REUSED') },
        ),
      };
    }
    case 'busy':
      deps.emit('ReplyGateClosed', { server: server.name, replyId: reply.replyId, state: 'busy' });
      return { end: 'later', at: now() + claim.retryAfterMs + 50 };
    case 'settled':
      deps.emit('ReplyGateClosed', { server: server.name, replyId: reply.replyId, state: claim.entry.state });
      if (claim.entry.state === 'accepted') await storeSentCopy(delivery, claim.entry);
      return endingOf(claim.entry);
    case 'yours':
      return atWork({ ...delivery, job, reply, fence: claim.fence, now }, claim.entry);
  }
}

/** How the job of an ended reply ends. */
export function endingOf(entry: JournalEntry): JobEnding {
  const result = resultOf(entry, entry.state === 'dropped' ? { failure: failureOf('REPLY_DROPPED') } : {});
  return { end: entry.state === 'accepted' ? 'completed' : 'failed', result };
}

async function atWork(work: Work, entry: JournalEntry): Promise<JobEnding> {
  const { deps, settings, reply, fence } = work;
  const renewal = setInterval(
    () => void deps.journal.renew(reply.replyId, fence, settings.leaseMs).catch(() => {}),
    settings.leaseMs / 3,
  );
  let ending: JobEnding | undefined;
  try {
    if (entry.state === 'data-begun') {
      // Whoever sent this is gone. The wire is not known to us: uncertain, not failed.
      await deps.journal.transition(reply.replyId, {
        from: ['data-begun'],
        to: 'uncertain',
        fence,
        change: { evidence: 'worker ended between DATA and the server’s answer' },
      });
      deps.emit('ReplyUncertain', { server: work.server.name, replyId: reply.replyId });
      const since = (await deps.journal.read(reply.replyId)) ?? entry;
      ending = await settleUncertain(work, since);
    } else if (entry.state === 'uncertain') {
      ending = await settleUncertain(work, entry);
    } else {
      ending = await prepareAndSubmit(work, entry);
    }
    return ending;
  } catch (error) {
    const failure = refusalOf(error);
    if (failure !== undefined && ['queued', 'prepared', 'submitting'].includes(entry.state)) {
      ending = await reject(work, failure);
      return ending;
    }
    deps.emit('ReplyWorkerFailed', { server: work.server.name, replyId: reply.replyId, err: asError(error) });
    return { end: 'later', at: work.now() + backoffMs(work.job.attemptsMade + 1, { baseMs: 2_000, capMs: 60_000 }) };
  } finally {
    clearInterval(renewal);
    await deps.journal.release(reply.replyId, fence);
  }
}

async function prepareAndSubmit(work: Work, found: JournalEntry): Promise<JobEnding> {
  const { deps, settings, server, reply, fence, now } = work;
  let entry = found;
  if (entry.rendered === undefined) {
    const prepared = await prepare(deps, settings, server, reply, new Date(now()), work.maxSize.known);
    const { moved } = await deps.journal.transition(reply.replyId, {
      from: ['queued'],
      to: 'prepared',
      fence,
      change: prepared.change,
    });
    if (!moved) return fenced(work);
    deps.emit('ReplyPrepared', {
      server: server.name,
      replyId: reply.replyId,
      bytes: prepared.change.renderedSize ?? 0,
    });
    if (prepared.personalFallback) {
      deps.emit('ReplySentFromPersonalAddress', {
        server: server.name,
        replyId: reply.replyId,
        hint: 'Add the shared address to Additional Email From Addresses of this SMTP server',
      });
    }
    entry = (await deps.journal.read(reply.replyId)) ?? entry;
  }
  if (entry.from !== undefined && !stillPermitted(server, entry.from)) {
    throw new MailroomError('FROM_NOT_PERMITTED', {
      message: `From ${entry.from} is not permitted on this server any more`,
      field: 'from',
      permitted: permittedFrom(server).map(({ address }) => address),
    });
  }
  const pause = await deps.pauses.read(server.name);
  if (pause !== undefined && pause.until > now()) return { end: 'later', at: now() + 1_000 };
  const ending = await work.lanes.use(
    (submitter) => submit(work, entry, submitter.submit, () => submitter.maxSize()),
    15_000,
  );
  return ending ?? { end: 'later', at: now() + 500 };
}

type Submit = Parameters<Parameters<Lanes['use']>[0]>[0]['submit'];

async function submit(
  work: Work,
  entry: JournalEntry,
  send: Submit,
  maxSize: () => number | undefined,
): Promise<JobEnding> {
  const { deps, server, reply, fence, now, job } = work;
  const { envelope, rendered, renderedSize = 0 } = entry;
  if (envelope === undefined || rendered === undefined) return fenced(work);
  const mailbox = sendingMailbox(server);
  const token = `${reply.replyId} ${fence}`;
  const pace = { mailbox, token, recipients: envelope.to.length };
  const granted = await deps.pace.acquire({
    ...pace,
    perMinute: server.pace.perMinute,
    recipientsPerDay: server.pace.recipientsPerDay,
  });
  if (!granted.granted) {
    await job.progress({ state: entry.state, expectedAt: new Date(now() + granted.waitMs).toISOString() });
    return { end: 'queue-waits', ms: Math.min(granted.waitMs, 60_000) };
  }
  const submitting = await deps.journal.transition(reply.replyId, {
    from: ['prepared', 'submitting'],
    to: 'submitting',
    fence,
    change: { countAttempt: true },
  });
  if (!submitting.moved) return fenced(work);
  const tries = entry.attempts + 1;
  let begun: Promise<void> | undefined;
  const outcome = await send({
    envelope,
    from: entry.from ?? '',
    size: renderedSize,
    bytes: () => deps.blobs.read(rendered),
    tries,
    onDataBegin: () => {
      begun = beginData(work);
      return begun;
    },
  });
  work.maxSize.known = maxSize() ?? work.maxSize.known;
  // The journal's write may still be under way when the connection broke under it: what it says must be known before what comes next.
  await begun?.catch(() => {});
  if (outcome.kind === 'withheld' || (outcome.kind === 'failed' && outcome.sent === 'none'))
    await deps.pace.refund(pace);
  return conclude(work, { ...entry, attempts: tries }, outcome);
}

/** The gate itself: durable before the first byte. Only the holder of the claim gets through, once. */
async function beginData({ deps, reply, fence, server }: Work): Promise<void> {
  const { moved, state } = await deps.journal.transition(reply.replyId, {
    from: ['submitting'],
    to: 'data-begun',
    fence,
    durable: true,
  });
  if (moved) return;
  deps.emit('ReplyFenced', { server: server.name, replyId: reply.replyId, ...(state === undefined ? {} : { state }) });
  throw new Error(`the journal says ${state}: not ours to send`);
}

async function conclude(work: Work, entry: JournalEntry, outcome: SubmissionOutcome): Promise<JobEnding> {
  const { deps, reply, fence } = work;
  if (outcome.kind === 'withheld') {
    // Not a byte left. If the journal did write DATA begun and only failed to say so, it goes back.
    await deps.journal.transition(reply.replyId, {
      from: ['submitting', 'data-begun'],
      to: 'prepared',
      fence,
      change: { evidence: 'withheld before the first byte' },
    });
    return { end: 'later', at: work.now() + 1_000 };
  }
  if (outcome.kind === 'accepted') return accepted(work, entry, outcome);
  if (outcome.verdict.action === 'settle') return uncertain(work, outcome);
  return refused(work, entry, outcome);
}

async function accepted(
  work: Work,
  entry: JournalEntry,
  outcome: SubmissionOutcome & { kind: 'accepted' },
): Promise<JobEnding> {
  const { deps, server, reply, fence, now } = work;
  const refusedRecipients = outcome.recipients.filter(({ state }) => state === 'rejected');
  const result = resultOf(
    { ...entry, state: 'accepted' },
    {
      acceptedAt: new Date(now()).toISOString(),
      ...(outcome.serverMessageId === undefined ? {} : { serverMessageId: outcome.serverMessageId }),
      recipients: outcome.recipients,
      remote: outcome.remote,
      ...(refusedRecipients.length > 0
        ? { warnings: [`${refusedRecipients.length} of ${outcome.recipients.length} recipients were refused`] }
        : {}),
    },
  );
  // A late answer still counts: it may come after another worker began to doubt, or a person to decide.
  const { moved } = await deps.journal.transition(reply.replyId, {
    from: ['data-begun', 'uncertain', 'held', 'prepared', 'submitting', 'dropped'],
    to: 'accepted',
    fence,
    late: true,
    change: { result, evidence: `accepted: ${remoteLine(outcome.remote)}` },
  });
  if (moved) {
    deps.emit('ReplyAccepted', { server: server.name, replyId: reply.replyId, attempts: entry.attempts });
    if (refusedRecipients.length > 0) {
      deps.emit('ReplyPartlyRefused', { server: server.name, replyId: reply.replyId, count: refusedRecipients.length });
    }
    await deps.pauses.healed(server.name);
    await storeSentCopy(work, { ...entry, state: 'accepted' });
  }
  return { end: 'completed', result };
}

async function uncertain(work: Work, outcome: SubmissionOutcome & { kind: 'failed' }): Promise<JobEnding> {
  const { deps, server, reply, fence, settings, now } = work;
  await deps.journal.transition(reply.replyId, {
    from: ['data-begun'],
    to: 'uncertain',
    fence,
    change: { evidence: `no answer after DATA: ${remoteLine(outcome.remote)}` },
  });
  deps.emit('ReplyUncertain', { server: server.name, replyId: reply.replyId, code: outcome.verdict.code });
  await work.job.progress({ state: 'uncertain', code: outcome.verdict.code });
  return { end: 'later', at: now() + Math.min(settings.firstLookMs, settings.settleMs) };
}

/** The server refused, or it is proven that no complete mail left. */
async function refused(
  work: Work,
  entry: JournalEntry,
  outcome: SubmissionOutcome & { kind: 'failed' },
): Promise<JobEnding> {
  const { deps, server, reply, fence, now } = work;
  const { verdict, remote, sent } = outcome;
  const failure: Failure = { ...failureOf(verdict.code), class: verdict.class, hint: verdict.hint, remote };
  if (verdict.action === 'fail') {
    return reject(work, failure, outcome.recipients === undefined ? {} : { recipients: outcome.recipients });
  }
  const { moved } = await deps.journal.transition(reply.replyId, {
    from: ['submitting', 'data-begun'],
    to: 'prepared',
    fence,
    change: { evidence: `${verdict.code} (sent: ${sent}): ${remoteLine(remote)}` },
  });
  if (!moved) return fenced(work);
  deps.emit('ReplyRetried', {
    server: server.name,
    replyId: reply.replyId,
    code: verdict.code,
    class: verdict.class,
    attempts: entry.attempts,
    delayMs: verdict.retryAfterMs,
  });
  await work.job.progress({
    state: 'prepared',
    attempts: entry.attempts,
    code: verdict.code,
    expectedAt: new Date(now() + verdict.retryAfterMs).toISOString(),
  });
  if (verdict.action === 'pause-server' || verdict.action === 'hold') {
    await work.pauseServer(failure, verdict.action === 'hold' ? verdict.retryAfterMs : work.settings.pauseProbeMs);
    return { end: 'later', at: now() + 1_000 };
  }
  if (verdict.action === 'back-off' && verdict.code !== 'RECIPIENT_RATE') {
    deps.emit('SubmissionSlowed', { server: server.name, code: verdict.code, delayMs: verdict.retryAfterMs });
    return { end: 'queue-waits', ms: jittered(verdict.retryAfterMs) };
  }
  return { end: 'later', at: now() + jittered(verdict.retryAfterMs) };
}

const jittered = (ms: number) => Math.round(ms * (0.75 + Math.random() * 0.5));

async function reject(work: Work, failure: Failure, more: Partial<Result> = {}): Promise<JobEnding> {
  const { deps, server, reply, fence } = work;
  const before = await deps.journal.read(reply.replyId);
  const result = resultOf(
    { ...(before ?? {}), replyId: reply.replyId, server: server.name, state: 'rejected' },
    { failure, ...(failure.remote === undefined ? {} : { remote: failure.remote }), ...more },
  );
  const { moved } = await deps.journal.transition(reply.replyId, {
    from: ['queued', 'prepared', 'submitting', 'data-begun'],
    to: 'rejected',
    fence,
    change: { result, evidence: `rejected: ${failure.code} ${remoteLine(failure.remote)}` },
  });
  if (!moved) return fenced(work);
  deps.emit('ReplyRejected', { server: server.name, replyId: reply.replyId, code: failure.code, class: failure.class });
  return { end: 'failed', result };
}

/** The claim was lost: another worker decides. The job comes back to read the outcome. */
function fenced(work: Work): JobEnding {
  work.deps.emit('ReplyFenced', { server: work.server.name, replyId: work.reply.replyId });
  return { end: 'later', at: work.now() + 1_000 };
}

function malformed(delivery: Delivery, job: ReplyJob, issues: Parameters<typeof describeProblems>[0]): JobEnding {
  const { message, replyId } = describeProblems(issues, job.payload);
  delivery.deps.emit('ReplyRejected', {
    server: delivery.server.name,
    jobId: job.jobId,
    code: 'REPLY_MALFORMED',
    class: 'invalid',
    reason: message,
  });
  return {
    end: 'failed',
    result: resultOf(
      { replyId: replyId ?? job.jobId, server: delivery.server.name, state: 'rejected' },
      { failure: failureOf('REPLY_MALFORMED', { message }) },
    ),
  };
}

/** Sent copy by policy `append`; storing twice is prevented by our own header in the folder. Never fails the reply. */
export async function storeSentCopy({ deps, server }: Delivery, entry: JournalEntry): Promise<void> {
  if (server.sentCopy.policy !== 'append' || entry.rendered === undefined || entry.messageId === undefined) return;
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of deps.blobs.read(entry.rendered)) chunks.push(chunk);
    const query = {
      replyId: entry.replyId,
      messageId: entry.messageId,
      since: new Date(entry.createdAt),
      folder: server.sentCopy.folder,
    };
    if ((await deps.sent.append(server, query, Buffer.concat(chunks))) === 'stored') {
      deps.emit('SentCopyStored', { server: server.name, replyId: entry.replyId });
    }
  } catch (error) {
    deps.emit('SentCopyFailed', { server: server.name, replyId: entry.replyId, err: asError(error) });
  }
}
