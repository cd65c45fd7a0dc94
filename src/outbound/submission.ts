// Submits one claimed reply and classifies the outcome. Invariant: once DATA has begun, nothing is sent again without proof that the first attempt
// did not go out. Proof is one of: no byte was sent (stream never pulled, or the journal refused); the final dot was never sent; the server
// answered the dot with a refusal; a person or the policy `resend` decides. Everything else is uncertain and goes to settle.ts.
import type { BlobReference } from '../contract/message.ts';
import type { Failure, RecipientState } from '../contract/result.ts';
import { needsSmtpUtf8 } from '../domain/address.ts';
import type { AnsweredElsewhere } from '../domain/answered.ts';
import { MailroomError } from '../domain/errors.ts';
import { afterRcpt, openRecipients } from '../domain/recipients.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { JobEnding } from '../domain/reply-queues.ts';
import type { Submitter } from '../domain/submission.ts';
import type { EventName } from '../telemetry/events/index.ts';
import { beginData, forgottenBegin } from './begin.ts';
import { AnsweredMeanwhile, collisionFailure, findCollision, isWarned, refuseCollision, warned } from './collision.ts';
import { accepted, conclude, doubtful, type Taken } from './conclude.ts';
import { classifySender, type SenderVerdict, stillDecided } from './decide.ts';
import { prepare } from './prepare.ts';
import { traceStep, traceSubmission } from './reply-trace.ts';
import { resultOf, type Told } from './results.ts';
import { isSuspect, prepareSuspect } from './suspects.ts';
import { fenced, type Work } from './work.ts';

export async function prepareAndSubmit(work: Work, found: JournalEntry): Promise<JobEnding> {
  const { now } = work;
  let entry = found;
  let bytes: Buffer | undefined;
  const unprepared = entry.rendered === undefined;
  // Before it may be prepared again: of what may have been sent, the first mail is the one to search for.
  let forgotten = unprepared ? undefined : await forgottenBegin(work, entry);
  if (forgotten !== undefined) return doubtful(work, entry, forgotten);
  const judged = classifySender(work, entry);
  if (judged.verdict === 'hold') return holdForPerson(work, entry, judged, 'ReplyHeldForSender');
  if (judged.verdict === 'prepare') {
    const prepareIt = () =>
      traceStep(work, 'prepare', () => prepareNow(work, found, judged.changed)).catch(uncomposable);
    const prepared = await (isSuspect(found) ? prepareSuspect(work, found, prepareIt) : prepareIt());
    if (prepared === undefined) return fenced(work);
    if ('failure' in prepared) return holdForPerson(work, entry, prepared, 'ReplyNotComposed');
    ({ entry, bytes } = prepared);
    forgotten = unprepared ? await forgottenBegin(work, entry) : undefined;
    if (forgotten !== undefined) return doubtful(work, entry, forgotten);
  }
  const collision = await findCollision(work, entry);
  if (collision.answered !== undefined && !isWarned(work)) return holdForCollision(work, entry, collision.answered);
  const note = warned(entry, collision);
  entry = { ...entry, ...(note.result === undefined ? {} : { result: note.result }) };
  const submitted = await work.lanes.use(
    async (submitter): Promise<JobEnding | Taken> => {
      if (entry.envelope?.smtpUtf8 === true) await needSmtpUtf8(submitter, entry.envelope);
      return submit(work, entry, bytes, submitter, note);
    },
    15_000,
    work.job.priority,
  );
  if (submitted === undefined) return { end: 'later', at: now() + 500 };
  // The connection carries the next reply while this one's acceptance is written.
  return 'kind' in submitted ? accepted(work, { ...entry, attempts: entry.attempts + 1 }, submitted) : submitted;
}

/** Composes the mail and records it. @param changed what differs from the sender of an earlier preparation; undefined result: fenced */
async function prepareNow(
  work: Work,
  entry: JournalEntry,
  changed: readonly string[],
): Promise<{ entry: JournalEntry; bytes: Buffer | undefined } | undefined> {
  const { deps, settings, server, reply, fence, now } = work;
  const prepared = await prepare(deps, settings, server, reply, new Date(now()), work.maxSize.known);
  const evidence =
    changed.length === 0 ? {} : { evidence: `prepared again, the sender changed: ${changed.join(', ')}` };
  const { moved } = await deps.journal.transition(reply.replyId, {
    from: ['queued', 'prepared', 'submitting'],
    to: 'prepared',
    fence,
    change: { ...prepared.change, ...evidence },
  });
  if (!moved) return undefined;
  const named = { server: server.name, replyId: reply.replyId };
  deps.emit('ReplyPrepared', { ...named, bytes: prepared.change.renderedSize ?? 0 });
  if (changed.length > 0) deps.emit('ReplySenderChanged', named);
  if (prepared.personalFallback) {
    deps.emit('ReplySentFromPersonalAddress', {
      ...named,
      hint: 'Add the shared address to Additional Email From Addresses of this SMTP server',
    });
  }
  return { entry: { ...entry, ...prepared.change, state: 'prepared' }, bytes: prepared.bytes };
}

/** It would end its worker at each attempt: a person decides. */
function uncomposable(error: unknown): { failure: Failure } {
  if (error instanceof MailroomError && error.code === 'REPLY_NOT_COMPOSED') return { failure: error.toFailure() };
  throw error;
}

async function storeReply({ deps, reply }: Work): Promise<string> {
  const {
    references: [reference],
    durable,
  } = await deps.blobs.putBatch([Buffer.from(JSON.stringify(reply))]);
  await durable;
  return (reference as BlobReference).blob;
}

const holdForCollision = (work: Work, entry: JournalEntry, answered: AnsweredElsewhere): Promise<JobEnding> =>
  holdForPerson(work, entry, { failure: collisionFailure() }, 'ReplyHeldForAnswer', { answeredElsewhere: answered });

/** Not submitted: a person decides. The next release agrees to the sender that is offered here. */
async function holdForPerson(
  work: Work,
  entry: JournalEntry,
  { failure, offered }: Pick<SenderVerdict & { verdict: 'hold' }, 'failure' | 'offered'>,
  event: EventName,
  told: Told = {},
): Promise<JobEnding> {
  const { deps, server, reply, fence, now } = work;
  const source = entry.source ?? (await storeReply(work));
  const result = resultOf({ ...entry, state: 'held' }, { failure, ...told });
  const { moved } = await deps.journal.transition(reply.replyId, {
    from: ['queued', 'prepared', 'submitting'],
    to: 'held',
    fence,
    release: fence,
    change: {
      result,
      source,
      offered: offered ?? null,
      evidence: `held for a person: ${failure.code} ${failure.message}`,
    },
  });
  if (!moved) return { end: 'later', at: now() + 500 };
  deps.emit(event, { server: server.name, replyId: reply.replyId, code: failure.code });
  return { end: 'failed', result };
}

/** Without SMTPUTF8 such an address would be sent as undefined bytes: refused before anything is sent. */
async function needSmtpUtf8(
  submitter: Submitter,
  { from, to }: { from: string; to: readonly string[] },
): Promise<void> {
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
  note: ReturnType<typeof warned>,
): Promise<JobEnding | Taken> {
  const { deps, server, reply, fence, now, job } = work;
  const { envelope, rendered, renderedSize = 0 } = entry;
  if (envelope === undefined || rendered === undefined) return fenced(work);
  if (!stillDecided(work, entry)) return { end: 'later', at: now() + 500 };
  const to = openRecipients(entry);
  const pace = {
    mailbox: sendingMailbox(server),
    token: `${reply.replyId} ${fence}`,
    recipients: to.length,
  };
  const { perMinute, recipientsPerDay } = server.pace;
  const [pause, granted] = await Promise.all([
    deps.pauses.read(server.name),
    deps.pace.acquire({ ...pace, perMinute, recipientsPerDay }),
  ]);
  if (pause !== undefined && pause.leftMs > 0) {
    if (granted.granted) await deps.pace.refund(pace);
    return { end: 'later', at: now() + 1_000 };
  }
  if (!granted.granted) {
    await job.progress({ state: entry.state, expectedAt: new Date(now() + granted.waitMs).toISOString() });
    return { end: 'rate-limited', ms: granted.waitMs };
  }
  // Written during the envelope; DATA waits for it, and it proceeds only for the holder of the claim.
  const submitting = deps.journal.transition(reply.replyId, {
    from: ['prepared', 'submitting'],
    to: 'submitting',
    fence,
    change: { countAttempt: true, ...note },
  });
  submitting.catch(() => {}); // awaited below, whatever the outcome of the submission
  const tries = entry.attempts + 1;
  const asked = performance.now();
  let begun: Promise<void> | undefined;
  let said: RecipientState[] | undefined;
  const outcome = await traceSubmission(work, submitter, {
    envelope: { ...envelope, to },
    from: entry.from ?? '',
    size: renderedSize,
    bytes: () => (bytes === undefined ? deps.blobs.read(rendered) : inPieces(bytes)),
    tries,
    onDataBegin: (recipients) => {
      // Recorded separately only where they differ: most replies have one recipient.
      const differ = entry.recipients !== undefined || recipients.some(({ state }) => state !== 'accepted');
      said = differ ? afterRcpt(entry, recipients) : undefined;
      begun = submitting.then(async () => {
        await refuseCollision(work, entry);
        if (!stillDecided(work, entry)) throw new Error('the server was changed while the envelope was sent');
        return beginData(work, entry.begins + 1, said);
      });
      // After a sign-in the server's minute begins later than our grant: the 31st mail, on an open connection, would come too early.
      if (performance.now() - asked > PROMPT_MS) deps.pace.stamp(pace).catch(() => {});
      return begun;
    },
    mayContinue: work.claimStillValid,
  });
  work.maxSize.known = submitter.maxSize() ?? work.maxSize.known;
  // The journal's writes may still be under way when the connection broke: their result must be known before the next step.
  await begun?.catch(() => {});
  if (outcome.kind === 'withheld' || (outcome.kind === 'failed' && outcome.sent === 'none'))
    await deps.pace.refund(pace);
  if (outcome.kind === 'accepted') return outcome;
  if (!(await submitting).moved) return fenced(work);
  if (outcome.kind === 'withheld' && outcome.error instanceof AnsweredMeanwhile)
    return holdForCollision(work, { ...entry, attempts: tries }, outcome.error.answered);
  if (outcome.kind === 'failed' && outcome.recipients !== undefined) said ??= afterRcpt(entry, outcome.recipients);
  return conclude(work, { ...entry, attempts: tries, ...(said === undefined ? {} : { recipients: said }) }, outcome);
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
