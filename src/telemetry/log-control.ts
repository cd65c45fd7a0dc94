// The log level while the process runs: for all or for one email server, and back after a while. A debug trace of one server's protocol
// (adapters/imap/trace.ts, adapters/smtp/trace.ts) is switched the same way. Without a switch nothing is asked but whether there is one.
import type { Logger } from './logger.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What of the protocol is shown: names of commands, counts and outcomes; or the server's own words as well, scrubbed. */
export const traceGrades = ['commands', 'answers'] as const;
export type TraceGrade = (typeof traceGrades)[number];

/** One switch; the later one for the same server (or for all) replaces the earlier. */
export interface LogSwitch {
  /** Undefined: all. */
  server?: string | undefined;
  level?: LogLevel | undefined;
  /** Only with a server. */
  trace?: TraceGrade | undefined;
  /** Epoch ms. */
  until: number;
}

export interface LogControl {
  /** Replaces what came from Redis; what this process was told by a signal stays. */
  apply(switches: readonly LogSwitch[]): void;
  /** Debug for all, in this process alone, until then; at once back when it is on. @returns whether it is on now */
  toggle(until: number): boolean;
  wants(level: LogLevel, server: string | undefined): boolean;
  traceOf(server: string): TraceGrade | undefined;
}

const rank = (level: LogLevel): number => logLevels.indexOf(level);

/** @param now epoch ms */
export function createLogControl(logger: Logger, base: LogLevel, now: () => number = Date.now): LogControl {
  let given: readonly LogSwitch[] = [];
  let own: LogSwitch | undefined;
  let active: readonly LogSwitch[] = [];
  let timer: NodeJS.Timeout | undefined;

  function settle(): void {
    clearTimeout(timer);
    active = [...given, ...(own === undefined ? [] : [own])].filter(({ until }) => until > now());
    // Pino writes what anybody wants; wants() takes the rest out.
    const lowest = Math.min(rank(base), ...active.map((one) => rank(levelOf(one) ?? base)));
    logger.level = logLevels[lowest] ?? base;
    const next = Math.min(...active.map(({ until }) => until));
    if (active.length > 0) timer = setTimeout(settle, Math.min(next - now(), 86_400_000)).unref();
  }

  // A trace is written at info.
  const levelOf = (one: LogSwitch | undefined) => one?.level ?? (one?.trace === undefined ? undefined : 'info');
  const switchOf = (server: string | undefined) => active.findLast((one) => one.server === server);

  return {
    apply(switches) {
      given = switches;
      settle();
    },
    toggle(until) {
      own = own !== undefined && own.until > now() ? undefined : { level: 'debug', until };
      settle();
      return own !== undefined;
    },
    wants(level, server) {
      if (active.length === 0) return true;
      const one = server === undefined ? undefined : levelOf(switchOf(server));
      return rank(level) >= rank(one ?? switchOf(undefined)?.level ?? base);
    },
    traceOf: (server) => (active.length === 0 ? undefined : switchOf(server)?.trace),
  };
}
