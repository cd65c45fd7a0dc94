// Hears of a throttle hint the moment it comes. imapflow sits a hint out with its reader parked and tells of it only afterwards, or not at all when
// the server hangs up meanwhile (`Request is throttled …`, then BYE): only its log reports it at once.
import type { ImapFlowOptions } from 'imapflow';
import type { ProtocolTrace } from '../../telemetry/protocol-trace.ts';
import { traceEntry } from './trace.ts';

/** @param onHint hears the milliseconds that the server asks for @param trace takes the lines of the protocol when somebody wants them */
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
    // Not in imapflow's type, and asked: what is not logged is not put together.
    ...{ isLevelEnabled: (level: string) => level === 'warn' || trace?.grade() !== undefined },
  };
}

/** The hint in the server's words, as errors.ts reads them. */
export const throttleWords = (ms: number): string =>
  `Request is throttled. Suggested Backoff Time: ${Math.max(0, Math.round(ms))} milliseconds`;
