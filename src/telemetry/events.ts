// emit(): one named event is one log line and one counter. Rooms receive it as a function; there is no other way to log.

import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { type EventName, eventDefinitions } from './events/index.ts';
import type { LogControl } from './log-control.ts';
import { measures } from './measures.ts';
import type { Metrics } from './metrics.ts';
import { countRepeats, type RepeatClock } from './repeats.ts';

/** Fields of a log line. The list is closed: no subject, no body, no address of a customer, no token. */
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
  /** A Redis key: it contains digests and names of the configuration only. */
  key?: string;
  count?: number;
  bytes?: number;
  attempts?: number;
  delayMs?: number;
  durationMs?: number;
  /** Further numbers, booleans and names of the configuration. */
  detail?: Record<string, number | boolean | string | readonly string[] | undefined>;
}

export type Emit = (name: EventName, fields?: EventFields) => void;
/** Called with each event. @param isShown false for repetitions and for debug events that are not logged */
export type Observe = (name: EventName, fields: EventFields, isShown: boolean) => void;

/** `MessageEnqueued` → `mailroom_message_enqueued_total`. */
export function metricName(event: string): string {
  return `mailroom_${event.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase()}_total`;
}

/** `emailFlow` → `email_flow`: labels are snake_case (https://prometheus.io/docs/practices/naming/). */
export const labelName = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** @param control the present log level @param clock of repeated events, for tests */
export function createEmit(
  logger: Logger,
  metrics: Metrics,
  control?: Pick<LogControl, 'wants'>,
  clock?: RepeatClock,
  observe?: Observe,
): Emit {
  const repeated = countRepeats(logger, clock);
  const counters = new Map<string, { counter: Counter; labels: readonly (readonly [keyof EventFields, string])[] }>();
  for (const [name, { labels, message }] of Object.entries(eventDefinitions)) {
    const named = labels.map((field) => [field, labelName(field)] as const);
    const labelNames = named.map(([, label]) => label);
    const counter = new Counter({ name: metricName(name), help: message, labelNames, registers: [metrics.registry] });
    counters.set(name, { counter, labels: named });
  }
  return (name, fields = {}) => {
    const definition = eventDefinitions[name];
    const { counter, labels: named } = counters.get(name) as NonNullable<ReturnType<typeof counters.get>>;
    const labels: Record<string, string> = {};
    for (const [field, label] of named) labels[label] = String(fields[field] ?? codeOf(field, fields.err) ?? '');
    counter.inc(labels);
    if (definition.times !== undefined && fields.durationMs !== undefined)
      metrics.histogram(definition.times).observe(pick(labels, definition.times), fields.durationMs / 1000);
    const isWanted = control?.wants(definition.level, fields.server) !== false;
    const isRepeated = isWanted && definition.repeats === true && repeated(name, labels, fields.err);
    const isLogged = isWanted && !isRepeated;
    observe?.(name, fields, definition.level === 'debug' ? isLogged && logger.isLevelEnabled('debug') : !isRepeated);
    if (isLogged) logger[definition.level]({ event: name, ...fields }, definition.message);
  };
}

/** The event's labels that the histogram has, too. */
function pick(labels: Readonly<Record<string, string>>, histogram: keyof typeof measures): Record<string, string> {
  const own: readonly string[] = measures[histogram].labels;
  return Object.fromEntries(own.map((label) => [label, labels[label] ?? '']));
}

/** The labels `code` and `class` default to the error's. */
function codeOf(label: string, err: unknown): string | undefined {
  if ((label !== 'code' && label !== 'class') || typeof err !== 'object' || err === null) return undefined;
  const value = (err as Record<string, unknown>)[label];
  return typeof value === 'string' ? value : undefined;
}
