// `mailroom serve | ingest | send | portal`: the daemon, in one process or one role each.
import { type Command, InvalidArgumentError } from 'commander';
import { type Config, loadConfig, type Role } from '../config/config.ts';
import { readConfig } from '../config/load.ts';
import { startGateway } from '../gateway.ts';
import { firstSignal } from '../lib/signals.ts';

const ROLES: readonly Role[] = ['ingest', 'send', 'portal'];

export function serveCommands(program: Command): void {
  program
    .command('serve')
    .description('run the gateway in one process with the configured roles')
    .option('--roles <list>', `roles to run, of ${ROLES.join(', ')}`, rolesFrom)
    .action(async ({ roles }: { roles?: Role[] }, command: Command) => {
      const config = configOf(command);
      await serve(config, roles ?? config.roles);
    });
  const only: [Role, string][] = [
    ['ingest', 'watch the mailboxes and put new messages on the queues of their email flows'],
    ['send', "submit agents' replies over SMTP"],
    ['portal', 'serve the HTTP API and the portal'],
  ];
  for (const [role, description] of only) {
    program
      .command(role)
      .description(description)
      .action(async (_options: object, command: Command) => serve(configOf(command), [role]));
  }
}

/** The configuration of the folder named with --config. */
export function configOf(command: Command): Config {
  const { config } = command.optsWithGlobals() as { config?: string };
  return loadConfig(config === undefined ? {} : { configDir: config });
}

function rolesFrom(text: string): Role[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => ROLES.includes(name as Role))) return names as Role[];
  throw new InvalidArgumentError(`Roles are ${ROLES.join(', ')}.`);
}

const GRACE_MS = 25_000;
/** Milliseconds from the end of all work to the end of the process. */
const EXIT_MS = 500;

async function serve(config: Config, roles: readonly Role[]): Promise<void> {
  const signal = firstSignal(GRACE_MS);
  const stopping = new AbortController();
  void signal.then(() => stopping.abort());
  // Until the real listener exists, the signal is ignored: without any listener it would end the process.
  let toggleDebug = () => {};
  process.on('SIGUSR2', () => toggleDebug());
  const load = () => readConfig({ configDir: config.configDir });
  const gateway = await startGateway(config, roles, load, {}, stopping.signal).catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
    return undefined; // stopped while it waited for Redis: nothing is open
  });
  if (gateway !== undefined) ({ toggleDebug } = gateway);
  await gateway?.stop(await signal);
  // Everything has stopped; whatever a library still waits for (an export of traces to an unreachable collector) does not matter.
  setTimeout(() => process.exit(), EXIT_MS).unref();
}
