// emit(): one named event = one pino line + one counter. Every room gets it as a function; nobody logs any other way.

import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { type EventName, eventDefinitions } from './events/index.ts';
import { countRepeats, type RepeatClock } from './repeats.ts';

/** Fields that may stand in a log line. Deliberately closed: no subject, no body, no address of a customer, no token. */
export interface EventFields {
  server?: string;
  emailFlow?: string;
  mailbox?: string;
  folder?: string;
  uid?: number;
  uidValidity?: string;
  jobId?: string;
  messageKey?: string;
  messageId?: string;
  replyId?: string;
  err?: unknown;
  reason?: string;
  code?: string;
  class?: string;
  hint?: string;
  role?: string;
  application?: string;
  kind?: string;
  state?: string;
  field?: string;
  /** Of Redis; keys hold digests and names of the configuration. */
  key?: string;
  count?: number;
  bytes?: number;
  attempts?: number;
  delayMs?: number;
  durationMs?: number;
  /** Anything else that is a number, a boolean, or a list of names from the configuration. */
  detail?: Record<string, number | boolean | string | readonly string[] | undefined>;
}

export type Emit = (name: EventName, fields?: EventFields) => void;

/** `MessageEnqueued` → `mailroom_message_enqueued_total`. */
export function metricName(event: string): string {
  return `mailroom_${event.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase()}_total`;
}

/** @param clock of repeated events, where a test cannot wait a minute */
export function createEmit(logger: Logger, registry: Registry, clock?: RepeatClock): Emit {
  const repeated = countRepeats(logger, clock);
  const counters = new Map<string, Counter>();
  for (const [name, definition] of Object.entries(eventDefinitions)) {
    const labelNames = [...(definition.labels ?? [])];
    counters.set(
      name,
      new Counter({ name: metricName(name), help: definition.message, labelNames, registers: [registry] }),
    );
  }
  return (name, fields = {}) => {
    const definition = eventDefinitions[name];
    const labels: Record<string, string> = {};
    for (const label of definition.labels ?? [])
      labels[label] = String(fields[label] ?? codeOf(label, fields.err) ?? '');
    counters.get(name)?.inc(labels);
    if (definition.repeats && repeated(name, labels, fields.err)) return;
    logger[definition.level]({ event: name, ...fields }, definition.message);
  };
}

/** The labels `code` and `class` default to those of the error. */
function codeOf(label: string, err: unknown): string | undefined {
  if ((label !== 'code' && label !== 'class') || typeof err !== 'object' || err === null) return undefined;
  const value = (err as Record<string, unknown>)[label];
  return typeof value === 'string' ? value : undefined;
}
