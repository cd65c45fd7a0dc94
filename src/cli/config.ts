// `mailroom config`: the effective configuration with secrets masked; --check reads everything without starting; --docs writes the reference.
import type { Command } from 'commander';
import { documentation } from '../config/docs.ts';
import { combine, readDefinitionFile } from '../config/email-servers.ts';
import { readConfig } from '../config/load.ts';
import { masked } from '../config/masked.ts';
import { missingDefinitions } from '../config/missing.ts';
import { reasonOf } from '../config/problem.ts';
import { checkEmailServers } from '../domain/email-server-check.ts';
import type { Finding } from '../domain/finding.ts';
import { print, printJson } from './output.ts';

export function configCommand(program: Command): void {
  program
    .command('config')
    .description('print the effective configuration, secrets masked')
    .option('--check', 'validate settings and email servers without connecting; exits with 1 on any mistake')
    .option('--docs', 'print the reference of all settings as Markdown')
    .action((options: { check?: boolean; docs?: boolean }, command: Command) => {
      const { config: folder } = command.optsWithGlobals() as { config?: string };
      if (options.docs) return print(documentation());
      const loaded = readConfig(folder === undefined ? {} : { configDir: folder });
      if (!options.check) return printJson(masked(loaded.config));
      process.exitCode = check(loaded) ? 0 : 1;
    });
}

/** Prints the findings; true when there is no error. Warnings do not count as errors. */
function check({ config, files }: ReturnType<typeof readConfig>): boolean {
  const say = (line: string) => print(`${line}\n`);
  for (const file of files) say(`read     ${file}`);
  const { servers, invalid } = combine(
    config.emailServersFiles.flatMap((file) => readDefinitionFile(file)),
    process.env,
  );
  for (const server of servers)
    say(`ok       ${server.type} "${server.name}" ${server.enabled ? 'enabled' : 'disabled'}`);
  for (const { problems } of invalid) for (const { field, message } of problems) say(`invalid  ${field}: ${message}`);
  const applications = config.oauthApplications.map(({ name }) => name);
  const wrong = new Map<string, string>();
  for (const { name, problems } of config.invalidOAuthApplications) {
    for (const { field, message } of problems) say(`invalid  ${field}: ${message}`);
    if (name !== undefined) wrong.set(name, reasonOf(problems));
  }
  const missing = missingDefinitions(config);
  for (const { field, message } of missing) say(`missing  ${field}: ${message}`);
  if (servers.length === 0 && invalid.length === 0)
    say(
      'missing  no email server is defined here (those created in the portal are not read): nothing would be watched or sent',
    );
  const findings = checkEmailServers(servers, { applications: config.oauthApplications, wrong });
  // A server without its application cannot sign in; everything else may be intended.
  const hopeless = ({ code }: Finding) => code === 'APPLICATION_NOT_CONFIGURED';
  for (const finding of findings)
    say(`${hopeless(finding) ? 'invalid' : finding.severity}  ${finding.message}\n         ${finding.hint.en}`);
  say(`${servers.length} email servers, ${invalid.length} invalid`);
  const wrongApplications = config.invalidOAuthApplications.length;
  if (wrongApplications > 0) say(`${applications.length} OAuth2 applications, ${wrongApplications} invalid`);
  const wrongInAll = invalid.length + wrongApplications + missing.length + findings.filter(hopeless).length;
  return servers.length > 0 && wrongInAll === 0;
}
