// The trace of a reply: its submission by the backend, each run of its job, its submission to the server. Its `traceparent` continues the trace of the mail
// that it answers. Without Tracing, nothing here has an effect.
import { repliesQueue } from '../contract/names.ts';
import type { Reply } from '../contract/reply.ts';
import { queueAttributes } from '../contract/traceparent.ts';
import { codeOfError } from '../domain/errors.ts';
import type { JobEnding, ReplyJob } from '../domain/reply-queues.ts';
import type { Submission, SubmissionOutcome, Submitter } from '../domain/submission.ts';
import type { Span, Tracing } from '../telemetry/tracing.ts';
import type { Delivery } from './work.ts';

type Traced = Pick<Delivery, 'deps' | 'server' | 'span'>;

/** A reply that came in over HTTP on its way to the queue. The queued reply contains the span's traceparent instead of the original one. */
export async function traceSend(
  tracing: Tracing | undefined,
  reply: Reply & { server: string },
  add: (reply: Reply) => Promise<void>,
): Promise<void> {
  if (tracing === undefined) return add(reply);
  const queue = repliesQueue(reply.server);
  const attributes = queueAttributes(queue, 'send');
  const span = tracing.start(`send ${queue}`, { kind: 'producer', parent: reply.traceparent, attributes });
  await ending(span, () => tracing.within(span, () => add({ ...reply, traceparent: span.traceparent })));
}

/** One run of a reply's job. */
export async function traceRun(
  delivery: Delivery,
  job: ReplyJob,
  run: (delivery: Delivery) => Promise<JobEnding>,
): Promise<JobEnding> {
  const { tracing } = delivery.deps;
  if (tracing === undefined) return run(delivery);
  const queue = repliesQueue(job.server);
  const given = (job.payload as { traceparent?: unknown } | null)?.traceparent;
  const span = tracing.start(`process ${queue}`, {
    kind: 'consumer',
    parent: typeof given === 'string' ? given : job.traceparent,
    attributes: { ...queueAttributes(queue, 'process'), 'messaging.message.id': job.jobId },
  });
  return ending(span, () => tracing.within(span, () => run({ ...delivery, span })), {
    failed: (end) => (end.end === 'failed' ? (end.result.failure?.code ?? 'failed') : undefined),
    attributes: (end) => ({
      'mailroom.job.ending': end.end,
      'mailroom.reply.state': 'result' in end ? end.result.state : undefined,
    }),
  });
}

/** A step of it. */
export async function traceStep<T>(
  { deps: { tracing }, span }: Traced,
  name: string,
  step: () => Promise<T>,
): Promise<T> {
  return tracing === undefined ? step() : ending(tracing.start(name, { parent: span }), step);
}

/** One submission, from the envelope to the server's answer. */
export async function traceSubmission(
  { deps: { tracing }, server, span }: Traced,
  submitter: Submitter,
  submission: Submission,
): Promise<SubmissionOutcome> {
  const submit = () => submitter.submit(submission);
  if (tracing === undefined) return submit();
  const attributes = {
    'network.protocol.name': 'smtp',
    'server.address': server.host,
    'server.port': server.port,
    'mailroom.email_server': server.name,
    'mailroom.recipients': submission.envelope.to.length,
    'messaging.message.envelope.size': submission.size,
  };
  return ending(tracing.start(`submit ${server.name}`, { kind: 'client', parent: span, attributes }), submit, {
    failed: failureIn,
    attributes: (outcome) => ({
      'mailroom.submission.tries': submission.tries,
      ...('remote' in outcome
        ? {
            'mailroom.smtp.reply_code': outcome.remote.code,
            'mailroom.smtp.enhanced_code': outcome.remote.enhancedCode,
          }
        : {}),
    }),
  });
}

function failureIn(outcome: SubmissionOutcome): string | undefined {
  if (outcome.kind === 'failed') return outcome.verdict.code;
  return outcome.kind === 'withheld' ? codeOfError(outcome.error) : undefined;
}

/** Ends the span with the outcome of the work. */
async function ending<T>(
  span: Span,
  work: () => Promise<T>,
  read: { failed?: (done: T) => string | undefined; attributes?: (done: T) => Parameters<Span['end']>[1] } = {},
): Promise<T> {
  try {
    const done = await work();
    span.end(read.failed?.(done), read.attributes?.(done));
    return done;
  } catch (error) {
    span.end(codeOfError(error));
    throw error;
  }
}
