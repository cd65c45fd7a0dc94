// `mailroom log-level`: shows and changes the log level of running processes, for all or for one email server, for a limited time; and the trace of one
// server's protocol.
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { MailroomError } from '../domain/errors.ts';
import { defined } from '../lib/defined.ts';
import { MINUTE_MS } from '../lib/time.ts';
import { switchText } from '../operations/log-level.ts';
import { type LogLevel, logLevels, type TraceGrade, traceGrades } from '../telemetry/log-control.ts';
import { connected } from './connect.ts';
import { print } from './output.ts';

interface Options {
  server?: string;
  minutes: number;
  trace?: TraceGrade;
  reset?: boolean;
}

export function logLevelCommand(program: Command): void {
  program
    .command('log-level')
    .addArgument(new Argument('[level]', 'lowest level that is logged').choices(logLevels))
    .description('show or change what running processes log, for a while')
    .option('--server <name>', 'for one email server only')
    .option('--minutes <number>', 'how long it lasts, at most a day', minutesFrom, 15)
    .addOption(
      new Option(
        '--trace <grade>',
        'trace the protocol of --server (IMAP or SMTP): no bodies, addresses or credentials',
      ).choices(traceGrades),
    )
    .option('--reset', 'as configured, at once')
    .action(async (level: LogLevel | undefined, options: Options, command: Command) =>
      connected(command, async ({ stores: { logSwitches }, servers }) => {
        const { server, minutes, trace, reset } = options;
        if (server !== undefined && !servers.some(({ name }) => name === server))
          throw new MailroomError('EMAIL_SERVER_NOT_FOUND', { field: 'server' });
        if (trace !== undefined && server === undefined) throw new InvalidArgumentError('--trace needs --server');
        if (reset === true) await logSwitches.clear(server);
        else if (level !== undefined || trace !== undefined)
          await logSwitches.set({
            ...defined({ server, level, trace }),
            until: Date.now() + minutes * MINUTE_MS,
          });
        const list = await logSwitches.read();
        print(`${list.map(switchText).join('\n') || 'as configured'}\n`);
      }),
    );
}

function minutesFrom(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0 && minutes <= 1_440)) throw new InvalidArgumentError('must be between 0 and 1440');
  return minutes;
}
