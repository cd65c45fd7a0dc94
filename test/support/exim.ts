// Exim in a throw-away root: submission with AUTH on a port of its own, one recipient refused for good, others greylisted until they are let through;
// what it accepts is kept as one file for each recipient.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DebianRoot, startRoot } from './debian-root.ts';
import type { StartedProcess } from './processes.ts';
import { canConnect, freePort, waitFor } from './temp.ts';
import { makeCertificate } from './tls.ts';

const ADDRESS = '127.0.43.1';

interface TestExim {
  readonly version: string;
  readonly host: string;
  /** Submission with STARTTLS. */
  readonly port: number;
  readonly caPem: string;
  readonly user: string;
  readonly password: string;
  /** 550 at RCPT. */
  readonly refused: string;
  /** 451 at RCPT until it is let through. */
  readonly greylisted: string;
  letThrough(): Promise<void>;
  /** What was delivered, one for each recipient. */
  delivered(): { to: string; raw: string }[];
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const conf = (port: number) => `
primary_hostname = exim.contoso.example
local_interfaces = ${ADDRESS}
daemon_smtp_ports = ${port}
tls_advertise_hosts = *
tls_certificate = /etc/exim4/cert.pem
tls_privatekey = /etc/exim4/key.pem
auth_advertise_hosts = \${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = acl_check_rcpt
acl_smtp_data = accept
smtp_accept_max_per_connection = 5
smtp_accept_max_per_host = 2
message_size_limit = 5M
never_users =
queue_run_in_order = true
begin acl
acl_check_rcpt:
  deny message = 550 5.1.1 No such user here
       condition = \${if eq{$local_part}{refused}}
  defer message = 451 4.7.1 Greylisted, try again later
       condition = \${if and{{eq{$local_part}{greylisted}}{!exists{/srv/let-through}}}}
  accept authenticated = *
  deny message = 550 5.7.1 Relaying denied
begin routers
all:
  driver = accept
  transport = keep
begin transports
keep:
  driver = appendfile
  directory = /srv/out
  create_directory
  maildir_format
  envelope_to_add
  user = mail
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{support@contoso.example}}{eq{$auth3}{secret}}}}
  server_set_id = $auth2
`;

export async function startExim(base: string): Promise<TestExim> {
  const root: DebianRoot = await startRoot(base, 'exim', ['exim4-daemon-heavy']);
  let daemon: StartedProcess | undefined;
  const stop = async () => {
    await daemon?.stop(1_000);
    daemon = undefined;
  };
  try {
    const port = await freePort();
    const certificate = await makeCertificate(join(root.path, 'root'), ADDRESS);
    // Exim gives up root for a file that is named by -C: this is the one that it looks for.
    root.write('etc/exim4/exim4.conf', conf(port));
    root.write('etc/exim4/cert.pem', certificate.certPem);
    root.write('etc/exim4/key.pem', certificate.keyPem, 0o640);
    await root.sh('chgrp Debian-exim /etc/exim4/key.pem; mkdir -p /srv/out; chown mail /srv/out');
    const start = async () => {
      daemon = root.start('exim', 'exec exim4 -bdf -q10s');
      await waitFor(() => canConnect(port, ADDRESS), { describe: 'exim', hopeless: () => daemon?.running() !== true });
    };
    await start();
    return {
      version: root.versions['exim4-daemon-heavy'] ?? '',
      host: ADDRESS,
      port,
      caPem: certificate.certPem,
      user: 'support@contoso.example',
      password: 'secret',
      refused: 'refused@customer.example',
      greylisted: 'greylisted@customer.example',
      letThrough: async () => root.write('srv/let-through', ''),
      delivered: () => {
        const folder = join(root.path, 'srv/out/new');
        if (!existsSync(folder)) return [];
        return readdirSync(folder).map((name) => {
          const raw = readFileSync(join(folder, name), 'latin1');
          return { to: /^Envelope-to: (.*)$/im.exec(raw)?.[1]?.trim() ?? '', raw };
        });
      },
      async restart() {
        await stop();
        await start();
      },
      async stop() {
        await stop();
        await root.remove();
      },
    };
  } catch (error) {
    await stop();
    await root.remove();
    throw error;
  }
}
