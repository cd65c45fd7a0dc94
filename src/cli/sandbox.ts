// `mailroom sandbox`: runs the stand-in tenant until it is interrupted, and prints where everything is.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { readSandboxConfig } from '../sandbox/config-file.ts';
import { description, startControl } from '../sandbox/control.ts';
import { demoTenant, type SandboxConfig, startSandbox } from '../sandbox/index.ts';

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
  const folder = options.caFile ? undefined : await mkdtemp(join(tmpdir(), 'mailroom-sandbox-'));
  // Signal listeners are registered before anything is opened, so that no signal is lost in between.
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  try {
    const sandbox = await startSandbox(config);
    try {
      const caFile = await sandbox.caFile(options.caFile ?? join(folder ?? '.', 'ca.pem'));
      const control = await startControl(sandbox, config.ports?.control ?? 0);
      try {
        const endpoints = {
          ...description(sandbox),
          control: control.url,
          caFile,
          users: people(config),
          applications: config.applications ?? [],
        };
        process.stdout.write(options.json ? `${JSON.stringify(endpoints)}\n` : pretty(endpoints));
        await interrupted;
      } finally {
        await control.stop();
      }
    } finally {
      await sandbox.stop();
    }
  } finally {
    if (folder) await rm(folder, { recursive: true, force: true });
  }
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
  const given = Object.fromEntries(Object.entries(ports).filter(([, value]) => value !== undefined));
  return {
    ...config,
    ports: { ...config.ports, ...given },
    ...(options.autoApprove ? { oauth: { ...config.oauth, autoApprove: true } } : {}),
  };
}

function people(config: SandboxConfig) {
  return config.users.map(({ address, kind = 'user', password }) => ({
    address,
    kind,
    ...(password === undefined ? {} : { password }),
  }));
}

interface Endpoints extends ReturnType<typeof description> {
  control: string;
  caFile: string;
  users: ReturnType<typeof people>;
  applications: NonNullable<SandboxConfig['applications']>;
}

function pretty(endpoints: Endpoints): string {
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
