// Notices a throttle hint the moment it comes. imapflow waits the hint out with its reader parked and reports it only afterwards, or not at all if the server
// hangs up meanwhile (`Request is throttled …`, then BYE): only its log has it at once.
import type { ImapFlowOptions } from 'imapflow';
import type { ProtocolTrace } from '../../telemetry/protocol-trace.ts';
import { traceEntry } from './trace.ts';

/** @param onHint receives the milliseconds that the server demands @param trace takes the lines of the protocol while a trace is on */
export function throttleLogger(
  onHint: (ms: number) => void,
  trace?: ProtocolTrace,
): NonNullable<ImapFlowOptions['logger']> {
  const nothing = () => {};
  const line = trace === undefined ? nothing : (entry: unknown) => traceEntry(trace, entry);
  return {
    warn(entry: unknown) {
      const ms = typeof entry === 'object' && entry !== null && 'throttleDelay' in entry ? entry.throttleDelay : 0;
      if (typeof ms === 'number' && ms > 0) onHint(ms);
    },
    // Without these imapflow would print to the console.
    ...{ error: nothing, fatal: nothing, info: nothing, debug: line, trace: line },
    // Missing in imapflow's type, but called: entries of other levels are not composed.
    ...{ isLevelEnabled: (level: string) => level === 'warn' || trace?.grade() !== undefined },
  };
}

/** The hint in the server's words, as errors.ts reads them. */
export const throttleWords = (ms: number): string =>
  `Request is throttled. Suggested Backoff Time: ${Math.max(0, Math.round(ms))} milliseconds`;
