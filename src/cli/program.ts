// The command line: one file a command. A failing command prints a readable error and exits with code 1 (2: wrong usage).
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { MailroomError } from '../domain/errors.ts';
import { redisError } from '../domain/redis-errors.ts';
import { readBuild } from '../lib/build.ts';
import { errorText, scrub } from '../telemetry/serialize-error.ts';
import { auditCommand } from './audit.ts';
import { checkCommand } from './check.ts';
import { configCommand } from './config.ts';
import { credentialsCommand } from './credentials.ts';
import { examples } from './examples.ts';
import { inviteCommand } from './invite.ts';
import { logLevelCommand } from './log-level.ts';
import { loginCommand } from './login.ts';
import { parseCommand } from './parse.ts';
import { privacyCommand } from './privacy.ts';
import { replayCommand } from './replay.ts';
import { repliesCommand } from './replies.ts';
import { sandboxCommand } from './sandbox.ts';
import { serveCommands } from './serve.ts';
import { serversCommand } from './servers.ts';
import { tailCommand } from './tail.ts';
import { tokenCommand } from './token.ts';
import { versionCommand } from './version.ts';

/** @param argv as in process.argv */
export async function run(argv: readonly string[]): Promise<number> {
  const program = new Command('mailroom')
    .description('Shared-mailbox gateway for a contact center: IMAP in, BullMQ between, SMTP out')
    .version(readBuild().version)
    .option('-c, --config <folder>', 'folder of the configuration (default: MAILROOM_CONFIG_DIR, else ./config)')
    .configureHelp({ showGlobalOptions: true }) // -c belongs to every command
    .exitOverride()
    .showHelpAfterError();
  for (const register of [
    serveCommands,
    configCommand,
    checkCommand,
    loginCommand,
    credentialsCommand,
    serversCommand,
    auditCommand,
    replayCommand,
    repliesCommand,
    tailCommand,
    logLevelCommand,
    parseCommand,
    privacyCommand,
    inviteCommand,
    tokenCommand,
    sandboxCommand,
    versionCommand,
  ])
    register(program);
  addExamples(program, program.name());
  try {
    await program.parseAsync([...argv]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Thrown by a command's action: unlike those of the parser, it has not been printed.
    if (error instanceof InvalidArgumentError) process.stderr.write(`error: ${error.message}\n`);
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`${explain(error)}\n`);
    return 1;
  }
}

/** @param name with the names of the commands above it */
function addExamples(command: Command, name: string): void {
  const own = examples[name];
  if (own !== undefined) command.addHelpText('after', `\nExamples:\n${own.map((line) => `  ${line}`).join('\n')}`);
  for (const one of command.commands) addExamples(one, command.parent === null ? one.name() : `${name} ${one.name()}`);
}

/** An error in readable form for the command line. */
export function explain(thrown: unknown): string {
  const error = redisError(thrown) ?? thrown;
  if (!(error instanceof MailroomError)) return `mailroom: ${errorText(error)}`;
  const { system, text, code } = error.remote ?? {};
  const said = text === undefined || system === 'network' ? 'cause' : `the ${system} server said`;
  const cause = text ?? code;
  const words = cause === undefined ? '' : `\n  ${said}: ${scrub(cause)}`;
  return `mailroom: ${error.code}: ${error.message}${words}\n  what to do: ${error.hint}`;
}
