// Courier IMAP in a throw-away root: every folder lies below `INBOX.`, UIDPLUS but no MOVE, a folder opened by EXAMINE takes no APPEND.
import { chownSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DebianRoot, startRoot } from './debian-root.ts';
import type { MailboxServer } from './mailbox-server.ts';
import type { StartedProcess } from './processes.ts';
import { canConnect, freePort, waitFor } from './temp.ts';
import { makeCertificate } from './tls.ts';

const ADDRESS = '127.0.41.1';
const OWNER = 5_000;

const VERSION = 'courier-imap';

export async function startCourier(base: string): Promise<MailboxServer> {
  const root = await startRoot(base, 'courier', ['courier-imap', 'courier-authdaemon', 'courier-authlib-userdb']);
  let processes: StartedProcess[] = [];
  const stop = async () => {
    for (const one of processes) await one.stop(500);
    processes = [];
  };
  try {
    const port = await freePort();
    const { user, password, caPem, home } = await prepare(root, port);
    const start = async () => {
      processes = [
        root.start(
          'authdaemond',
          'mkdir -p /run/courier/authdaemon; exec /usr/lib/courier/courier-authlib/authdaemond',
        ),
        root.start(
          'imapd-ssl',
          `set -a; . /etc/courier/imapd; . /etc/courier/imapd-ssl; IMAP_TLS=1
           exec couriertcpd -address=${ADDRESS} -maxprocs=40 -maxperip=40 -nodnslookup -noidentlookup ${port} \\
             /usr/bin/couriertls -server -tcpd /usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir`,
        ),
      ];
      await waitFor(() => canConnect(port, ADDRESS), {
        describe: 'courier',
        hopeless: () => processes.some((one) => !one.running()),
      });
    };
    await start();
    let written = 0;
    return {
      make: 'Courier',
      version: root.versions[VERSION] ?? '',
      host: ADDRESS,
      port,
      caPem,
      user,
      password,
      moves: true,
      async deliver(raw) {
        written += 1;
        const name = `${Math.floor(Date.now() / 1000)}.M${String(written).padStart(9, '0')}P${process.pid}.test`;
        // A maildir's lines end with LF; Courier makes CRLF of them.
        writeFileSync(
          join(home, 'Maildir/tmp', name),
          Buffer.from(raw).toString('latin1').replaceAll('\r\n', '\n'),
          'latin1',
        );
        chownSync(join(home, 'Maildir/tmp', name), OWNER, OWNER);
        renameSync(join(home, 'Maildir/tmp', name), join(home, 'Maildir/new', name));
      },
      async count(folder) {
        const box = join(home, 'Maildir', folder === 'INBOX' ? '' : `.${folder}`);
        return ['cur', 'new'].flatMap((sub) => readdirSync(join(box, sub))).length;
      },
      async renumber() {
        // Courier keeps UIDVALIDITY in the first line of this file.
        await root.sh(
          `sed -i '1s/^1 [0-9]* /1 ${Math.floor(Date.now() / 1000) + 1} /' /srv/support/Maildir/courierimapuiddb`,
        );
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

async function prepare(root: DebianRoot, _port: number) {
  const [user, password] = ['support@contoso.example', 'secret'];
  const certificate = await makeCertificate(join(root.path, 'root'), ADDRESS);
  // Key and chain in one file; no TLS_TRUSTCERTS, which would ask clients for a certificate.
  root.write('etc/courier/imapd.pem', `${certificate.keyPem}\n${certificate.certPem}`, 0o600);
  const ssl = root
    .read('etc/courier/imapd-ssl')
    .replace(/^TLS_TRUSTCERTS=.*$/m, '')
    .replace(/^TLS_CACHEFILE=.*$/m, 'TLS_CACHEFILE=');
  root.write('etc/courier/imapd-ssl', ssl);
  root.write(
    'etc/courier/authdaemonrc',
    root.read('etc/courier/authdaemonrc').replace(/^authmodulelist=.*$/m, 'authmodulelist="authuserdb"'),
  );
  await root.sh(`
    groupadd -g ${OWNER} vmail; useradd -u ${OWNER} -g ${OWNER} -d /srv/support vmail; mkdir -p /srv/support; chown vmail:vmail /srv/support
    su vmail -s /bin/sh -c 'cd /srv/support && maildirmake Maildir && maildirmake -f Sent Maildir && maildirmake -f Done Maildir'
    userdb '${user}' set home=/srv/support mail=/srv/support/Maildir uid=${OWNER} gid=${OWNER}
    echo ${password} | userdbpw -md5 | userdb '${user}' set imappw
    chmod 700 /etc/courier/userdb; makeuserdb`);
  return { user, password, caPem: certificate.certPem, home: join(root.path, 'srv/support') };
}
