// The logger: pino JSON on stdout. Of an error only what serialize-error.ts allows is written.
import pino, { type DestinationStream, type Logger } from 'pino';
import { serializeError } from './serialize-error.ts';

export type { Logger };

interface LogSettings {
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `json` for machines; `pretty` is for a person in front of a terminal (demo). */
  role?: string;
  /** Further fields of each line: of the trace that it belongs to. */
  mixin?: () => object;
}

export function createLogger(settings: LogSettings, destination?: DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level: settings.level,
    base: { ...(settings.role ? { role: settings.role } : {}), pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: (thrown: unknown) => serializeError(thrown) },
    ...(settings.mixin === undefined ? {} : { mixin: settings.mixin }),
  };
  return pino(options, destination ?? linesOfOneTurn(pino.destination({ dest: 1, sync: true })));
}

/** The lines of one turn of the event loop leave in one write, and none is left behind when the process ends on its own: a write for each line costs more than making it. */
function linesOfOneTurn(out: DestinationStream): DestinationStream {
  let lines = '';
  const flush = () => {
    const text = lines;
    lines = '';
    if (text !== '') out.write(text);
  };
  process.on('exit', flush);
  return {
    write(line) {
      if (lines === '') setImmediate(flush);
      lines += line;
    },
  };
}
