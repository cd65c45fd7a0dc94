// `mailroom token`: creates an API token, and its entry for http.apiTokens, which contains only a digest.
import { createHash, randomBytes } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { TOKEN_NAME } from '../config/secrets.ts';
import { type AccessRole, roles } from '../domain/access.ts';
import { print } from './output.ts';

export function tokenCommand(program: Command): void {
  program
    .command('token')
    .description('create an API token and its http.apiTokens entry, which contains only a digest')
    .requiredOption('--name <name>', 'owner, shown in logs and the log of changes', nameFrom)
    .addOption(new Option('--role <role>', 'what it may').choices(roles).makeOptionMandatory())
    .action(({ name, role }: { name: string; role: AccessRole }) => {
      const token = randomBytes(32).toString('base64url');
      const digest = createHash('sha256').update(token).digest('hex');
      print(`token (shown once)     ${token}\nentry of http.apiTokens ${name}:${role}:sha256:${digest}\n`);
    });
}

function nameFrom(text: string): string {
  if (TOKEN_NAME.test(text)) return text;
  throw new InvalidArgumentError('A name has 1 to 32 letters, digits, dots, hyphens and underscores.');
}
