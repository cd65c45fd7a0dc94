// Shape of a named event: one fact, one log line, one counter. docs/events.md is generated from the definitions.

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
}

export const events = <const T extends Record<string, EventDefinition>>(definitions: T): T => definitions;
