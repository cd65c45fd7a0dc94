// The trace of one mail: from its FETCH to its job, whose traceparent continues it. Called by ingest-message.ts, only where traces are written.
import { emailFlowQueue, messageKey } from '../contract/names.ts';
import { queueAttributes } from '../contract/traceparent.ts';
import { codeOfError } from '../domain/errors.ts';
import type { Span, Tracing } from '../telemetry/tracing.ts';
import type { Item, Ready, Target } from './ingest-message.ts';

export interface MailTrace {
  /** The whole way. */
  mail: Span;
  /** Its last part, up to the queue. */
  send?: Span;
}

export function beginTraces(tracing: Tracing, { server, mailboxId, meta }: Target, items: readonly Item[]): void {
  for (const item of items) {
    const attributes = {
      'messaging.system': 'imap',
      'messaging.operation.name': 'ingest',
      'messaging.operation.type': 'process',
      'messaging.destination.name': server.name,
      'messaging.message.id': messageKey(mailboxId, meta.uidValidity, item.uid, meta.era),
      'messaging.message.envelope.size': item.size,
      'server.address': server.host,
      'server.port': server.port,
    };
    const mail = tracing.start(`ingest ${server.name}`, { kind: 'consumer', since: item.seenAt, attributes });
    item.trace = { mail };
    if (item.seenAt !== undefined) tracing.start('fetch', { parent: mail, since: item.seenAt }).end();
  }
}

/** A step that the items take together: one span each. */
export async function traceStep<T>(
  tracing: Tracing | undefined,
  name: string,
  items: readonly Item[],
  step: () => Promise<T>,
): Promise<T> {
  if (tracing === undefined) return step();
  const spans = items.map(({ trace }) => tracing.start(name, { parent: trace?.mail }));
  let failed: string | undefined = 'ERROR';
  try {
    const done = await step();
    failed = undefined;
    return done;
  } catch (error) {
    failed = codeOfError(error);
    throw error;
  } finally {
    for (const span of spans) span.end(failed);
  }
}

/** @returns fields of the job */
export function beginSend(tracing: Tracing, { trace }: Item, emailFlow: string, key: string): { traceparent?: string } {
  if (trace === undefined) return {};
  const queue = emailFlowQueue(emailFlow);
  const attributes = {
    ...queueAttributes(queue, 'send'),
    'messaging.message.id': key,
    'mailroom.email_flow': emailFlow,
  };
  trace.send = tracing.start(`send ${queue}`, { kind: 'producer', parent: trace.mail, attributes });
  return { traceparent: trace.send.traceparent };
}

/**
 * One commit enqueued them all, the quarantined ones too.
 * @param reasonOf why one was quarantined
 */
export function endTraces(ready: readonly Ready[], reasonOf: (one: Ready) => string | undefined): void {
  for (const one of ready) {
    one.trace?.send?.end(undefined, { 'messaging.batch.message_count': ready.length });
    const attributes = { 'mailroom.parse': one.parsed.parse, 'messaging.message.envelope.size': one.raw.size };
    one.trace?.mail.end(reasonOf(one), attributes);
  }
}

/** They are fetched again, each with a new trace. */
export function failTraces(items: Iterable<Item>, error: unknown): void {
  for (const { trace } of items) {
    trace?.send?.end(codeOfError(error));
    trace?.mail.end(codeOfError(error));
  }
}
