// One event of an email server as the portal's live log shows it: what the log has of it, without addresses; ids of messages and replies. Pure.

export interface ServerEvent {
  /** Epoch ms, of the replica's clock. */
  at: number;
  event: string;
  level: 'debug' | 'info' | 'warn' | 'error';
  replica: string;
  code?: string;
  /** Words of the remote system, scrubbed. */
  said?: string;
  /** Reason, state, or line of a trace. */
  reason?: string;
  /** `client` or `server` of a trace; kind of a change. */
  kind?: string;
  messageKey?: string;
  replyId?: string;
  uid?: number;
  count?: number;
  attempts?: number;
  /** Milliseconds. */
  durationMs?: number;
  delayMs?: number;
}

/** The newest that are kept of each server. */
export const serverLogBounds = {
  /** All events, days. */
  log: { most: 200, days: 7 },
  /** Warnings and errors: a flood of messages does not push them out. */
  faults: { most: 50, days: 30 },
} as const;

export const isFault = ({ level }: ServerEvent): boolean => level === 'warn' || level === 'error';
