// Changes the log level of a running process for a while, for everything or for one email server. The trace of one server's protocol
// (adapters/imap/trace.ts, adapters/smtp/trace.ts) is switched the same way. Without a switch the only cost is one comparison.
import type { Logger } from './logger.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Parts of the protocol that are shown: names of commands, counts and outcomes; `answers`: also the server's words, scrubbed. */
export const traceGrades = ['commands', 'answers'] as const;
export type TraceGrade = (typeof traceGrades)[number];

/** A later switch for the same server (or for all) replaces the earlier one. */
export interface LogSwitch {
  /** Undefined: all. */
  server?: string | undefined;
  level?: LogLevel | undefined;
  /** Only with a server. */
  trace?: TraceGrade | undefined;
  /** Epoch ms. */
  until: number;
}

export type LogControl = ReturnType<typeof createLogControl>;

const rank = (level: LogLevel): number => logLevels.indexOf(level);

/** @param now epoch ms */
export function createLogControl(logger: Logger, base: LogLevel, now: () => number = Date.now) {
  let given: readonly LogSwitch[] = [];
  let own: LogSwitch | undefined;
  let active: readonly LogSwitch[] = [];
  let timer: NodeJS.Timeout | undefined;

  function settle(): void {
    clearTimeout(timer);
    active = [...given, ...(own === undefined ? [] : [own])].filter(({ until }) => until > now());
    // Pino writes the lowest level that is wanted anywhere; wants() filters the rest.
    const lowest = Math.min(rank(base), ...active.map((one) => rank(levelOf(one) ?? base)));
    logger.level = logLevels[lowest] ?? base;
    const next = Math.min(...active.map(({ until }) => until));
    if (active.length > 0) timer = setTimeout(settle, Math.min(next - now(), 86_400_000)).unref();
  }

  // A trace is written at info.
  const levelOf = (one: LogSwitch | undefined) => one?.level ?? (one?.trace === undefined ? undefined : 'info');
  const switchOf = (server: string | undefined) => active.findLast((one) => one.server === server);

  return {
    /** Replaces the switches from Redis; the switch by a signal stays. */
    apply(switches: readonly LogSwitch[]): void {
      given = switches;
      settle();
    },
    /** Switches debug for all of this process on until then, or off if it is on. @returns whether it is on now */
    toggle(until: number): boolean {
      own = own !== undefined && own.until > now() ? undefined : { level: 'debug', until };
      settle();
      return own !== undefined;
    },
    wants(level: LogLevel, server: string | undefined): boolean {
      if (active.length === 0) return true;
      const one = server === undefined ? undefined : levelOf(switchOf(server));
      return rank(level) >= rank(one ?? switchOf(undefined)?.level ?? base);
    },
    traceOf: (server: string) => (active.length === 0 ? undefined : switchOf(server)?.trace),
  };
}
