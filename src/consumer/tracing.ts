// The trace of a message continues in the backend: onMessage runs in a span of that trace, and a reply written there carries it to the submission.
// Only OpenTelemetry's API: where the backend registers no SDK of its own nothing is recorded, and the reply carries the message's own traceparent.
import { context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Message } from '../contract/message.ts';
import { emailFlowQueue, repliesQueue } from '../contract/names.ts';
import { parseTraceparent, queueAttributes, traceparentOf } from '../contract/traceparent.ts';

interface Carrier {
  traceparent?: string;
}

interface Traced {
  /** Puts a reply on its queue; `add` is given what it carries. */
  send(server: string, add: (carrier: Carrier) => Promise<void>): Promise<void>;
}

export async function processTraced(
  emailFlow: string,
  { messageKey, traceparent }: Message,
  work: (traced: Traced) => Promise<void>,
): Promise<void> {
  const tracer = trace.getTracer('mailroom/consumer');
  const queue = emailFlowQueue(emailFlow);
  const sent = parseTraceparent(traceparent);
  const parent = sent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...sent, isRemote: true });
  const attributes = { ...queueAttributes(queue, 'process'), 'messaging.message.id': messageKey };
  const span = tracer.startSpan(`process ${queue}`, { kind: SpanKind.CONSUMER, attributes }, parent);
  const within = trace.setSpan(parent, span);
  const send: Traced['send'] = (server, add) => {
    // A span that the backend has opened takes precedence.
    const here = trace.getSpan(context.active()) === undefined ? within : context.active();
    const to = repliesQueue(server);
    const options = { kind: SpanKind.PRODUCER, attributes: queueAttributes(to, 'send') };
    const sending = tracer.startSpan(`send ${to}`, options, here);
    return ended(sending, () => add(carrierOf(sending)));
  };
  await ended(span, () => context.with(within, work, undefined, { send }));
}

function carrierOf(span: Span): Carrier {
  const traceparent = traceparentOf(span.spanContext());
  return parseTraceparent(traceparent) === undefined ? {} : { traceparent };
}

async function ended(span: Span, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const type = error instanceof Error ? error.name : 'ERROR';
    span.setAttribute('error.type', type);
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}
