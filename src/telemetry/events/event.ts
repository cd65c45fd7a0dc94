// Shape of a named event: one fact, one log line, one counter. docs/events.md is generated from the definitions.
import type { HistogramName } from '../measures.ts';

export interface EventDefinition {
  level: 'debug' | 'info' | 'warn' | 'error';
  /** Constant message of the log line. */
  message: string;
  /** Which of the fields become labels of the counter; never anything unbounded (uid, jobId, messageId). */
  labels?: readonly (
    | 'server'
    | 'emailFlow'
    | 'reason'
    | 'code'
    | 'class'
    | 'role'
    | 'application'
    | 'kind'
    | 'state'
  )[];
  /**
   * A fault that can come with every message or request: repeated with the same labels it is counted, not logged. One line when it begins,
   * one a minute with the count of those since the last line, one when a minute passed without it. The counter counts each.
   */
  repeats?: true;
  /** Histogram that `durationMs` is observed in, with those of its labels that the event has. */
  times?: HistogramName;
}

export const events = <const T extends Record<string, EventDefinition>>(definitions: T): T => definitions;
