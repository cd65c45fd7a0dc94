// `mailroom sandbox`: runs the stand-in tenant until it is interrupted, and prints where everything is.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { defined } from '../lib/defined.ts';
import { type ReleaseStack, releaseStack } from '../lib/release-stack.ts';
import { readSandboxConfig } from '../sandbox/config-file.ts';
import { description, startControl } from '../sandbox/control.ts';
import { demoTenant, type Sandbox, type SandboxConfig, startSandbox } from '../sandbox/index.ts';
import { print } from './output.ts';

interface Options {
  config?: string;
  caFile?: string;
  oauthPort?: number;
  imapPort?: number;
  imapPlainPort?: number;
  smtpPort?: number;
  controlPort?: number;
  autoApprove?: boolean;
  json?: boolean;
}

/** Registers the command. */
export function sandboxCommand(program: Command): void {
  program
    .command('sandbox')
    .description('run a sandbox Microsoft 365 tenant: OAuth2, IMAP, SMTP, and faults on command')
    .option('--config <file>', 'users, applications and permissions as YAML or JSON (default: a demo tenant)')
    .option(
      '--ca-file <file>',
      'file for the certificate authority, for NODE_EXTRA_CA_CERTS (default: a temporary file)',
    )
    .option('--oauth-port <port>', 'HTTPS port of the authority (default: free)', port)
    .option('--imap-port <port>', 'IMAP port with implicit TLS (default: free)', port)
    .option('--imap-plain-port <port>', 'IMAP port without TLS (default: closed)', port)
    .option('--smtp-port <port>', 'submission port with STARTTLS (default: free)', port)
    .option('--control-port <port>', 'HTTP control port on loopback (default: free)', port)
    .option('--auto-approve', 'approve sign-ins and device codes without a click')
    .option('--json', 'print the endpoints as one line of JSON')
    // `--config` before or after the command is always the program's own option (there a folder), so its value comes from there.
    .action((options: Options, command: Command) => run({ ...options, ...command.optsWithGlobals<Options>() }));
}

async function run(options: Options): Promise<void> {
  const config = withOptions(options.config ? await readSandboxConfig(options.config) : demoTenant(), options);
  // Signal listeners are registered before anything is opened, so that no signal is lost in between.
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const stack = releaseStack();
  try {
    const sandbox = await startSandbox(config);
    stack.defer('sandbox', sandbox.stop);
    const caFile = await sandbox.caFile(options.caFile ?? (await temporaryFile(stack)));
    const control = await startControl(sandbox, config.ports?.control ?? 0);
    stack.defer('control', control.stop);
    const endpoints = endpointsOf(sandbox, config, control.url, caFile);
    print(options.json ? `${JSON.stringify(endpoints)}\n` : pretty(endpoints));
    await interrupted;
  } finally {
    await stack.release();
  }
}

async function temporaryFile(stack: ReleaseStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailroom-sandbox-'));
  stack.defer('folder', () => rm(folder, { recursive: true, force: true }));
  return join(folder, 'ca.pem');
}

/** Options override the file. */
function withOptions(config: SandboxConfig, options: Options): SandboxConfig {
  const ports = {
    oauth: options.oauthPort,
    imaps: options.imapPort,
    imap: options.imapPlainPort,
    smtp: options.smtpPort,
    control: options.controlPort,
  };
  return {
    ...config,
    ports: { ...config.ports, ...defined(ports) },
    ...(options.autoApprove ? { oauth: { ...config.oauth, autoApprove: true } } : {}),
  };
}

const endpointsOf = (sandbox: Sandbox, config: SandboxConfig, control: string, caFile: string) => ({
  ...description(sandbox),
  control,
  caFile,
  users: config.users.map(({ address, kind = 'user', password }) => ({ address, kind, ...defined({ password }) })),
  applications: config.applications ?? [],
});

function pretty(endpoints: ReturnType<typeof endpointsOf>): string {
  const lines = [
    'Sandbox tenant is running. Nothing leaves this machine.',
    '',
    `  authority     ${endpoints.authority}`,
    `  IMAP          ${endpoints.imap.host}:${endpoints.imap.port}  (TLS)`,
    `  SMTP          ${endpoints.smtp.host}:${endpoints.smtp.port}  (STARTTLS)`,
    `  control       ${endpoints.control}`,
    `  certificate   NODE_EXTRA_CA_CERTS=${endpoints.caFile}`,
    ...endpoints.applications.map(
      (application) =>
        `  application   ${application.clientId}${application.secret ? `  secret ${application.secret}` : ''}`,
    ),
    ...endpoints.users.map(
      (user) => `  ${user.kind.padEnd(12)}  ${user.address}${user.password ? `  password ${user.password}` : ''}`,
    ),
    '',
    `  Send a mail:    curl --data-binary @mail.eml '${endpoints.control}/mail?to=${endpoints.users[0]?.address ?? ''}'`,
    `  Set a fault:    curl -d '{"name":"dropAfterDot","times":1}' ${endpoints.control}/faults`,
    '  Stop:           Ctrl-C',
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('must be a port number, 0 for a free one.');
  return value;
}
