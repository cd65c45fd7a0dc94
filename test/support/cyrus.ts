// Cyrus IMAP in a throw-away root: `INBOX.Sub` as its names, IDLE by idled, UIDPLUS, MOVE, SPECIAL-USE; mailboxes made by its administrator.
import { join } from 'node:path';
import { ImapFlow } from 'imapflow';
import { type DebianRoot, startRoot } from './debian-root.ts';
import { deliverByLmtp } from './lmtp.ts';
import type { MailboxServer } from './mailbox-server.ts';
import type { StartedProcess } from './processes.ts';
import { canConnect, freePort, waitFor } from './temp.ts';
import { makeCertificate } from './tls.ts';

const ADDRESS = '127.0.42.1';
const USER = 'support@contoso.example';
const ADMIN = 'cyrus';
const PASSWORD = 'secret';

const imapdConf = `
configdirectory: /var/lib/cyrus
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
defaultpartition: default
partition-default: /var/spool/cyrus/mail
altnamespace: no
unixhierarchysep: no
virtdomains: userid
servername: imap.contoso.example
admins: ${ADMIN}
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_mech_list: PLAIN LOGIN
tls_server_cert: /etc/cyrus-cert.pem
tls_server_key: /etc/cyrus-key.pem
idlesocket: /run/cyrus/socket/idle
lmtpsocket: /run/cyrus/socket/lmtp
notifysocket: /run/cyrus/socket/notify
`;
const cyrusConf = (port: number, lmtp: number) => `
START {
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -r"
  idled cmd="/usr/lib/cyrus/bin/idled"
}
SERVICES {
  imaps cmd="/usr/lib/cyrus/bin/imapd -s" listen="${ADDRESS}:${port}" prefork=0 maxchild=50
  lmtp cmd="/usr/lib/cyrus/bin/lmtpd -a" listen="${ADDRESS}:${lmtp}" prefork=0 maxchild=20
}
EVENTS {
  checkpoint cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -c" period=30
}
`;

export async function startCyrus(base: string): Promise<MailboxServer> {
  const root = await startRoot(base, 'cyrus', ['cyrus-imapd', 'sasl2-bin']);
  let master: StartedProcess | undefined;
  const stop = async () => {
    await master?.stop(2_000);
    master = undefined;
  };
  try {
    const [port, lmtpPort] = [await freePort(), await freePort()];
    const caPem = await prepare(root, port, lmtpPort);
    const start = async () => {
      master = root.start(
        'cyrmaster',
        'mkdir -p /run/cyrus/proc /run/cyrus/lock /run/cyrus/socket; chown -R cyrus:mail /run/cyrus; exec /usr/lib/cyrus/bin/master -C /etc/imapd.conf -M /etc/cyrus.conf -p /run/cyrus/master.pid',
      );
      await waitFor(async () => (await canConnect(port, ADDRESS)) && (await canConnect(lmtpPort, ADDRESS)), {
        timeoutMs: 30_000,
        describe: 'cyrus',
        hopeless: () => master?.running() !== true,
      });
    };
    await start();
    const as = async <T>(user: string, work: (client: ImapFlow) => Promise<T>): Promise<T> => {
      const client = new ImapFlow({
        ...{ host: ADDRESS, port, secure: true, tls: { ca: caPem }, logger: false, disableIMAP4rev2: true },
        auth: { user, pass: PASSWORD },
      });
      client.on('error', () => {});
      await client.connect();
      try {
        return await work(client);
      } finally {
        await client.logout().catch(() => {});
      }
    };
    const make = () =>
      as(USER, async (client) => {
        for (const folder of ['Sent', 'Done']) await client.mailboxCreate(`INBOX.${folder}`);
      });
    const box = `user.${USER}`;
    await as(ADMIN, (client) => client.mailboxCreate(box));
    await make();
    const kept: (string | Uint8Array)[] = [];
    const deliver = (raw: string | Uint8Array) => deliverByLmtp(lmtpPort, USER, raw, ADDRESS);
    return {
      make: 'Cyrus',
      version: root.versions['cyrus-imapd'] ?? '',
      host: ADDRESS,
      port,
      caPem,
      user: USER,
      password: PASSWORD,
      moves: true,
      deliver: async (raw) => {
        await deliver(raw);
        kept.push(raw);
      },
      count: (folder) =>
        as(USER, async (client) => {
          const status = await client.status(folder === 'INBOX' ? folder : `INBOX.${folder}`, { messages: true });
          return (status === false ? undefined : status?.messages) ?? 0;
        }),
      async renumber() {
        await as(ADMIN, async (client) => {
          const atoms = [box, ADMIN, 'lrswipkxtecda'].map((value) => ({ type: 'ATOM', value }));
          const inside = client as unknown as { exec(command: string, atoms: object[]): Promise<{ next(): void }> };
          (await inside.exec('SETACL', atoms)).next();
          await client.mailboxDelete(box);
          await client.mailboxCreate(box);
        });
        await make();
        for (const raw of kept) await deliver(raw);
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

async function prepare(root: DebianRoot, port: number, lmtp: number): Promise<string> {
  const certificate = await makeCertificate(join(root.path, 'root'), ADDRESS);
  root.write('etc/imapd.conf', imapdConf);
  root.write('etc/cyrus.conf', cyrusConf(port, lmtp));
  root.write('etc/cyrus-cert.pem', certificate.certPem);
  root.write('etc/cyrus-key.pem', certificate.keyPem, 0o640);
  await root.sh(`
    chgrp mail /etc/cyrus-key.pem
    rm -f /etc/sasldb2
    echo ${PASSWORD} | saslpasswd2 -p -c -u contoso.example support
    # A name without a domain is looked for at the server's own.
    echo ${PASSWORD} | saslpasswd2 -p -c -u imap.contoso.example ${ADMIN}
    chown cyrus /etc/sasldb2; chmod 600 /etc/sasldb2`);
  return certificate.certPem;
}
