// `mailroom invite`: a one-time code that signs a person in to the portal, for the first administrator and after a lock-out.
import { type Command, Option } from 'commander';
import { type PortalRole, portalRoles } from '../domain/access.ts';
import { connected } from './connect.ts';
import { print } from './output.ts';

export function inviteCommand(program: Command): void {
  program
    .command('invite')
    .description('create a one-time code for signing in to the portal (valid for 15 minutes)')
    .option('--name <name>', 'who it is for; shown in the log of changes', 'administrator')
    .addOption(
      new Option(
        '--role <role>',
        'administrator: may change email servers; operator: decides on held replies; viewer: read-only',
      )
        .choices(portalRoles)
        .default('administrator'),
    )
    .action(async ({ name, role }: { name: string; role: PortalRole }, command: Command) => {
      await connected(command, async ({ config, stores }) => {
        const secret = await stores.sessions.invite({ name, role });
        print(`${config.http.publicUrl}/portal\n${secret}\n`);
      });
    });
}
