// Submits one claimed reply and classifies the outcome. Invariant: once DATA has begun, nothing is sent again without proof that the first attempt
// did not go out. Proof is one of: no byte was sent (stream never pulled, or the journal refused); the final dot was never sent; the server
// answered the dot with a refusal; a person or the policy `resend` decides. Everything else is uncertain and goes to settle.ts.
import type { RecipientState } from '../contract/result.ts';
import { needsSmtpUtf8 } from '../domain/address.ts';
import { MailroomError } from '../domain/errors.ts';
import { afterRcpt, openRecipients } from '../domain/recipients.ts';
import type { JournalEntry, ReplyEnvelope } from '../domain/reply-journal.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { JobEnding } from '../domain/reply-queues.ts';
import type { Submitter } from '../domain/submission.ts';
import { defined } from '../lib/defined.ts';
import { AnsweredMeanwhile, findCollision, isWarned, refuseCollision, warningOf } from './answered-elsewhere.ts';
import { beginData, forgottenBegin } from './begin-data.ts';
import { type Accepted, accepted, conclude, uncertainByMarker } from './conclude.ts';
import { holdForCollision, holdForPerson } from './hold.ts';
import { isSuspect, prepareSuspect } from './isolation.ts';
import { prepare } from './prepare.ts';
import { traceStep, traceSubmission } from './reply-trace.ts';
import { classifySender, stillDecided } from './sender-check.ts';
import { expectedIn, fenced, later, move, report, type Work } from './work.ts';

export async function prepareAndSubmit(work: Work, found: JournalEntry): Promise<JobEnding> {
  let entry = found;
  let bytes: Buffer | undefined;
  const isNew = entry.rendered === undefined;
  // Before it may be prepared again: the mail to search for in Sent is the first one. A new reply has its Message-ID only after its preparation.
  let forgotten = isNew ? undefined : await forgottenBegin(work, entry);
  if (forgotten !== undefined) return uncertainByMarker(work, entry, forgotten);
  const sender = classifySender(work, entry);
  if (sender.verdict === 'hold') return holdForPerson(work, entry, sender, 'ReplyHeldForSender');
  if (sender.verdict === 'prepare') {
    const compose = () => traceStep(work, 'prepare', () => prepareNow(work, found, sender.changed)).catch(uncomposable);
    const prepared = await (isSuspect(found) ? prepareSuspect(work, found, compose) : compose());
    if (prepared === undefined) return fenced(work);
    if ('failure' in prepared) return holdForPerson(work, entry, prepared, 'ReplyNotComposed');
    ({ entry, bytes } = prepared);
    forgotten = isNew ? await forgottenBegin(work, entry) : undefined;
    if (forgotten !== undefined) return uncertainByMarker(work, entry, forgotten);
  }
  const collision = await findCollision(work, entry);
  if (collision.answered !== undefined && !isWarned(work)) return holdForCollision(work, entry, collision.answered);
  const warning = warningOf(entry, collision);
  entry = { ...entry, ...defined({ result: warning.result }) };
  const submitted = await work.pool.use(
    async (submitter): Promise<JobEnding | Accepted> => {
      if (entry.envelope?.smtpUtf8 === true) await needSmtpUtf8(submitter, entry.envelope);
      return submit(work, entry, bytes, submitter, warning);
    },
    15_000,
    work.job.priority,
  );
  if (submitted === undefined) return later();
  // The connection carries the next reply while this one's acceptance is written.
  return 'kind' in submitted ? accepted(work, { ...entry, attempts: entry.attempts + 1 }, submitted) : submitted;
}

/** Composes the mail and records it. @param changed what differs from the sender of an earlier preparation; undefined result: fenced */
async function prepareNow(
  work: Work,
  entry: JournalEntry,
  changed: readonly string[],
): Promise<{ entry: JournalEntry; bytes: Buffer | undefined } | undefined> {
  const { deps, settings, server, reply } = work;
  const prepared = await prepare(deps, settings, server, reply, new Date(), work.maxSize.known);
  const evidence =
    changed.length === 0 ? {} : { evidence: `prepared again, the sender changed: ${changed.join(', ')}` };
  const { moved } = await move(work, {
    from: ['queued', 'prepared', 'submitting'],
    to: 'prepared',
    change: { ...prepared.change, ...evidence },
  });
  if (!moved) return undefined;
  report(work, 'ReplyPrepared', { bytes: prepared.change.renderedSize ?? 0 });
  if (changed.length > 0) report(work, 'ReplySenderChanged');
  if (prepared.personalFallback)
    report(work, 'ReplySentFromPersonalAddress', {
      hint: 'Add the shared address to Additional Email From Addresses of this SMTP server',
    });
  return { entry: { ...entry, ...prepared.change, state: 'prepared' }, bytes: prepared.bytes };
}

/** Composing it again would end its worker at each attempt: a person decides. */
function uncomposable(error: unknown): { failure: ReturnType<MailroomError['toFailure']> } {
  if (error instanceof MailroomError && error.code === 'REPLY_NOT_COMPOSED') return { failure: error.toFailure() };
  throw error;
}

/** Without SMTPUTF8 such an address would be sent as undefined bytes: refused before anything is sent. */
async function needSmtpUtf8(submitter: Submitter, { from, to }: ReplyEnvelope): Promise<void> {
  if ((await submitter.offersSmtpUtf8()) !== false) return;
  const at = to.findIndex(needsSmtpUtf8);
  const field = needsSmtpUtf8(from) || at < 0 ? 'from' : `recipient ${at + 1} of ${to.length}`;
  throw new MailroomError('SMTPUTF8_NOT_OFFERED', {
    message: `The part before the @ of ${field} is not ASCII, and the server does not offer SMTPUTF8`,
  });
}

/** Longest time from the grant of the pace to DATA on an open connection, ms. */
const PROMPT_MS = 50;

async function submit(
  work: Work,
  entry: JournalEntry,
  bytes: Buffer | undefined,
  submitter: Submitter,
  warning: ReturnType<typeof warningOf>,
): Promise<JobEnding | Accepted> {
  const { deps, server, reply, fence, job } = work;
  const { envelope, rendered, renderedSize = 0 } = entry;
  if (envelope === undefined || rendered === undefined) return fenced(work);
  if (!stillDecided(work, entry)) return later();
  const to = openRecipients(entry);
  const pace = { mailbox: sendingMailbox(server), token: `${reply.replyId} ${fence}`, recipients: to.length };
  const { perMinute, recipientsPerDay } = server.pace;
  const [pause, granted] = await Promise.all([
    deps.pauses.read(server.name),
    deps.pace.acquire({ ...pace, perMinute, recipientsPerDay }),
  ]);
  if (pause !== undefined && pause.leftMs > 0) {
    if (granted.granted) await deps.pace.refund(pace);
    return later(1_000);
  }
  if (!granted.granted) {
    await job.progress({ state: entry.state, expectedAt: expectedIn(granted.waitMs) });
    return { end: 'rate-limited', ms: granted.waitMs };
  }
  // Written during the envelope; DATA waits for it, and it proceeds only for the holder of the claim.
  const submitting = move(work, {
    from: ['prepared', 'submitting'],
    to: 'submitting',
    change: { countAttempt: true, ...warning },
  });
  submitting.catch(() => {}); // awaited below, whatever the outcome of the submission
  const attempts = entry.attempts + 1;
  const grantedAt = performance.now();
  let begun: Promise<void> | undefined;
  let recipients: RecipientState[] | undefined;
  const outcome = await traceSubmission(work, submitter, {
    envelope: { ...envelope, to },
    from: entry.from ?? '',
    size: renderedSize,
    bytes: () => (bytes === undefined ? deps.blobs.read(rendered) : inPieces(bytes)),
    tries: attempts,
    onDataBegin: (outcomes) => {
      // Recorded separately only where they differ: most replies have one recipient.
      const differ = entry.recipients !== undefined || outcomes.some(({ state }) => state !== 'accepted');
      recipients = differ ? afterRcpt(entry, outcomes) : undefined;
      begun = submitting.then(async () => {
        await refuseCollision(work, entry);
        if (!stillDecided(work, entry)) throw new Error('the server was changed while the envelope was sent');
        return beginData(work, entry.begins + 1, recipients);
      });
      // After a sign-in the server's minute begins later than our grant: the 31st mail, on an open connection, would come too early.
      if (performance.now() - grantedAt > PROMPT_MS) deps.pace.stamp(pace).catch(() => {});
      return begun;
    },
    mayContinue: work.claimStillValid,
  });
  work.maxSize.known = submitter.maxSize() ?? work.maxSize.known;
  // The journal's writes may still be running when the connection breaks: the next step needs their result.
  await begun?.catch(() => {});
  if (outcome.kind === 'accepted') return outcome;
  if (outcome.sent === 'none') await deps.pace.refund(pace);
  if (!(await submitting).moved) return fenced(work);
  if (outcome.kind === 'withheld' && outcome.error instanceof AnsweredMeanwhile)
    return holdForCollision(work, { ...entry, attempts }, outcome.error.answered);
  if (outcome.kind === 'failed' && outcome.recipients !== undefined)
    recipients ??= afterRcpt(entry, outcome.recipients);
  return conclude(work, { ...entry, attempts, ...defined({ recipients }) }, outcome);
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
