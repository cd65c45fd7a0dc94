// The logger: pino JSON on stdout. Errors are written by a serializer that knows what may be shown; nothing else of an error is printed.
import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger };

export interface LogSettings {
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `json` for machines; `pretty` is for a person in front of a terminal (demo). */
  role?: string;
}

/** Shows code, class, hint, field, the remote's words and the stack's own frames: never `cause` chains of libraries, which hold requests. */
export function serializeError(err: unknown): Record<string, unknown> | undefined {
  if (!(err instanceof Error))
    return err === undefined || err === null ? undefined : { message: String(err).slice(0, 300) };
  const shown: Record<string, unknown> = { type: err.name, message: err.message.slice(0, 500) };
  const from = err as unknown as Record<string, unknown>;
  for (const key of ['code', 'class', 'hint', 'field', 'remote', 'retryAfterMs', 'permitted', 'command', 'syscall']) {
    if (from[key] !== undefined) shown[key] = from[key];
  }
  if (err.name !== 'MailroomError' && err.stack) {
    shown.stack = err.stack
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8)
      .join('\n');
  }
  return shown;
}

export function createLogger(settings: LogSettings, destination?: DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level: settings.level,
    base: { ...(settings.role ? { role: settings.role } : {}), pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: serializeError },
  };
  return pino(options, destination ?? linesOfOneTurn(pino.destination({ dest: 1, sync: true })));
}

/** The lines of one turn of the event loop leave in one write, and none is left behind when the process ends by itself: a write for each line costs more than making it. */
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
