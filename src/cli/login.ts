// `mailroom login <server>`: delegated sign-in by device code, for administration in a terminal. Prints address and code, waits until
// the person has signed in, and checks that it is the expected one.
import type { Command } from 'commander';
import { type EmailServer, isDelegated } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { connected, named } from './connect.ts';
import { print } from './output.ts';

export function loginCommand(program: Command): void {
  program
    .command('login')
    .description('sign in for an email server with delegated OAuth2, using a code that you enter in a browser')
    .argument('<server>', 'Name of the email server')
    .action(async (name: string, _options: object, command: Command) => {
      const say = (line: string) => print(`${line}\n`);
      await connected(command, async ({ servers, stores }) => {
        const server = delegatedServer(servers, name);
        const { person } = await stores.tokens.deviceSignIn(
          server,
          ({ userCode, verificationUri, expiresInSeconds }) => {
            say(`Open ${verificationUri} in a browser and enter the code ${userCode}`);
            say(`within ${Math.round(expiresInSeconds / 60)} minutes; sign in as the person of "${server.name}".`);
          },
        );
        say(`Signed in as ${person} for "${server.name}". Running gateways use it automatically.`);
      });
    });
}

/** @throws MailroomError EMAIL_SERVER_NOT_FOUND with the existing names; CONFIG_INVALID when the server does not sign in as a person */
function delegatedServer(servers: readonly EmailServer[], name: string): EmailServer {
  const there = 'with delegated sign-in there are';
  const server = named(servers, name, { there, offered: servers.filter(isDelegated) });
  if (isDelegated(server)) return server;
  throw new MailroomError('CONFIG_INVALID', {
    message: `"${server.name}" does not use delegated sign-in (signIn: delegated); no login is needed`,
    field: 'server',
    hint: 'App-only sign-in and passwords work without a person signing in.',
  });
}
