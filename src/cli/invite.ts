// `mailroom invite`: a one-time secret that signs a person in to the portal. The first administrator's way in, and the way back in.
import { type Command, InvalidArgumentError } from 'commander';
import { createPortalSessions } from '../adapters/redis/portal-sessions.ts';
import { connected } from './connect.ts';

function role(value: string): 'admin' | 'read' {
  if (value === 'admin' || value === 'read') return value;
  throw new InvalidArgumentError('admin or read');
}

export function inviteCommand(program: Command): void {
  program
    .command('invite')
    .description('make a one-time secret for signing in to the portal (valid for 15 minutes)')
    .option('--name <name>', 'who it is for; stands in the log of changes', 'administrator')
    .option('--scope <scope>', 'admin may change email servers, read may look', role, 'admin')
    .action(async (options: { name: string; scope: 'admin' | 'read' }, command: Command) => {
      await connected(command, async ({ config, stores }) => {
        const secret = await createPortalSessions(stores.redis).invite({ name: options.name, scope: options.scope });
        process.stdout.write(`${config.http.publicUrl}/portal\n${secret}\n`);
      });
    });
}
