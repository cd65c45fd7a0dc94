// Shape of a named event: one fact, one log line, one counter. docs/events.md is generated from the definitions.
import type { HistogramName } from '../measures.ts';

export interface EventDefinition {
  level: 'debug' | 'info' | 'warn' | 'error';
  /** Constant message of the log line. */
  message: string;
  /** The fields that become labels of the counter; never an unbounded one (uid, jobId, messageId). */
  labels: readonly ('server' | 'emailFlow' | 'reason' | 'code' | 'class' | 'application' | 'kind' | 'state')[];
  /**
   * A fault that may occur with every message or request: repetitions with the same labels are counted, not logged. One line when it begins,
   * one a minute with the count since the last line, and one after a minute without it. The counter counts each.
   */
  repeats?: true;
  /** Histogram in which `durationMs` is observed, with the labels that both have. */
  times?: HistogramName;
}

type Row = (
  message: string,
  labels?: EventDefinition['labels'],
  more?: Pick<EventDefinition, 'repeats' | 'times'>,
) => EventDefinition;

const at =
  (level: EventDefinition['level']): Row =>
  (message, labels = [], more = {}) => ({ level, message, labels, ...more });

/** Rows of the tables, by level. */
export const debug = at('debug');
export const info = at('info');
export const warn = at('warn');
export const error = at('error');
