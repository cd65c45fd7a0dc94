// The logger: pino JSON on stdout. serialize-error.ts selects the fields of an error.
import pino, { type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from './log-control.ts';
import { serializeError } from './serialize-error.ts';

export type { Logger };

interface LogSettings {
  level: LogLevel;
  role?: string;
  /** Further fields of each line: ids of its trace. */
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

/** Writes the lines of one turn of the event loop together, also at exit: a write for each line costs more than making it. */
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
