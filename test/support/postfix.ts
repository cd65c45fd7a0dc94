// A thrown-away Postfix submission server: STARTTLS required, XOAUTH2/PLAIN against the test Dovecot, Send As by a table that is asked
// over a socketmap (changes take effect at once); whatever it accepts goes by LMTP into the Dovecot, customers' addresses too.
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestDovecot } from './dovecot.ts';
import { mainCf, masterCf } from './postfix-conf.ts';
import { type StartedProcess, startProcess, tail } from './processes.ts';
import { type SendAsMilter, startSendAsMilter } from './send-as-milter.ts';
import { startSocketmap } from './socketmap.ts';
import { canConnect, freePort, tempDir, waitFor } from './temp.ts';

const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

interface TestPostfixOptions {
  dovecot: TestDovecot;
  /** From address → persons (or mailboxes) that may send as it. Everybody may send as himself. */
  sendAs?: Record<string, string[]>;
  /** Judges the header From by a milter: 554 5.2.252 SendAsDenied after DATA, as Exchange Online. Default true. */
  headerFrom?: boolean;
  /** Largest message in bytes. Default 35 MB. */
  maxMessageBytes?: number;
  /** Connections of one client at a time, and messages of one client a minute; 0 (default) is no limit. */
  maxConnections?: number;
  messagesPerMinute?: number;
  /** Opens a relay without AUTH on a port of its own, for clients that it knows by address. */
  relay?: { knowsUs: boolean };
  /** Lines added at the end of main.cf. */
  extraMainCf?: string;
}

export interface TestPostfix {
  readonly host: string;
  /** Submission with STARTTLS (587). */
  readonly port: number;
  /** Submission with implicit TLS (465). */
  readonly tlsPort: number;
  /** The relay without AUTH; 0 where none was asked for. */
  readonly relayPort: number;
  readonly caFile: string;
  readonly caPem: string;
  readonly dir: string;
  readonly pid: number;
  setSendAs(from: string, persons: string[]): void;
  maillog(): string;
  kill9(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** @throws Error when not run as root: Postfix's master needs it. */
export async function startPostfix(options: TestPostfixOptions): Promise<TestPostfix> {
  if (process.getuid?.() !== 0)
    throw new Error('Postfix needs root: run the integration tests as root (in a container)');
  const dir = tempDir('postfix');
  const file = (name: string) => join(dir.path, name);
  const [port, tlsPort, mapPort] = [await freePort(), await freePort(), await freePort()];
  const relayPort = options.relay === undefined ? 0 : await freePort();
  const sendAs = new Map(Object.entries(options.sendAs ?? {}).map(([from, who]) => [from.toLowerCase(), who]));
  const owners = (from: string) => [from, ...(sendAs.get(from) ?? [])].map((who) => who.toLowerCase());

  const postfixUser = idOf('postfix');
  mkdirSync(file('spool'));
  mkdirSync(file('data'));
  chownSync(file('data'), postfixUser.uid, 0);
  mkdirSync(file('milter'));
  chmodSync(file('milter'), 0o777);

  const socketmap = await startSocketmap(mapPort, (address) => owners(address.toLowerCase()).join(','));
  let milter: SendAsMilter | undefined;
  if (options.headerFrom ?? true) {
    milter = await startSendAsMilter(file('milter/socket'), (who, from) =>
      owners(from.toLowerCase()).includes(who.toLowerCase()),
    );
  }
  writeFileSync(
    file('main.cf'),
    mainCf({
      dir: dir.path,
      certFile: options.dovecot.caFile,
      keyFile: options.dovecot.keyFile,
      saslPath: options.dovecot.saslPath,
      lmtpPort: options.dovecot.lmtpPort,
      mapPort,
      milterSocket: milter === undefined ? undefined : file('milter/socket'),
      maxMessageBytes: options.maxMessageBytes ?? 35 * 1024 * 1024,
      maxConnections: options.maxConnections ?? 0,
      messagesPerMinute: options.messagesPerMinute ?? 0,
      extra: options.extraMainCf ?? '',
    }),
  );
  writeFileSync(file('master.cf'), masterCf(port, tlsPort, options.relay && { ...options.relay, port: relayPort }));

  // Postfix sleeps until main.cf is two seconds old.
  const past = new Date(Date.now() - 60_000);
  utimesSync(file('main.cf'), past, past);
  const run = promisify(execFile);
  const environment = { env: { PATH: SYSTEM_PATH, LANG: 'C' } };
  const daemons = (await run('postconf', ['-c', dir.path, '-h', 'daemon_directory'], environment)).stdout.trim();
  // Makes the queue's folders with the owners Postfix wants.
  await run('postfix', ['-c', dir.path, 'check'], environment);

  const start = async (): Promise<StartedProcess> => {
    // The master itself, not `postfix start`: that one detaches, and we end only what we started, by pid.
    const postfix = startProcess('postfix', join(daemons, 'master'), ['-s'], {
      logFile: file('out.log'),
      env: { PATH: SYSTEM_PATH, LANG: 'C', MAIL_CONFIG: dir.path },
    });
    try {
      const plain = relayPort === 0 ? [port] : [port, relayPort];
      const greets = async () => (await Promise.all(plain.map(greetsBySmtp))).every(Boolean);
      await waitFor(async () => (await greets()) && (await canConnect(tlsPort)), {
        hopeless: () => !postfix.running(),
        describe: () => `postfix on port ${port}\n${tail(file('out.log'))}\n${tail(file('maillog'))}`,
      });
    } catch (error) {
      await postfix.stop();
      throw error;
    }
    return postfix;
  };
  const stopSides = async () => {
    await socketmap.stop();
    await milter?.stop();
    dir.remove();
  };
  let postfix: StartedProcess;
  try {
    // Seen twice in CI: the master listens, so that connections are accepted, but no smtpd ever answers. What it logged is printed.
    postfix = await start().catch((error: Error) => {
      console.error(`${error.message}\nStarting Postfix once more.`);
      return start();
    });
  } catch (error) {
    await stopSides();
    throw error;
  }

  return {
    host: 'localhost',
    port,
    tlsPort,
    relayPort,
    caFile: options.dovecot.caFile,
    caPem: options.dovecot.caPem,
    dir: dir.path,
    get pid() {
      return postfix.pid;
    },
    setSendAs: (from, persons) => {
      sendAs.set(from.toLowerCase(), persons);
    },
    maillog: () => readFileSync(file('maillog'), 'utf8'),
    kill9: () => postfix.kill9(),
    restart: async () => {
      await postfix.stop();
      postfix = await start();
    },
    stop: async () => {
      await postfix.stop();
      await stopSides();
    },
  };
}

/** Whether a server greets: the kernel accepts connections of a listening master that has no smtpd. */
function greetsBySmtp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const done = (greeted: boolean) => {
      if (greeted) socket.end('QUIT\r\n');
      else socket.destroy();
      resolve(greeted);
    };
    socket.once('data', (bytes) => done(bytes.toString('latin1').startsWith('220')));
    socket.once('error', () => done(false));
    socket.setTimeout(5_000, () => done(false));
  });
}

function idOf(user: string): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`no user ${user}: is postfix installed?`);
  return { uid: Number(uid), gid: Number(gid) };
}
