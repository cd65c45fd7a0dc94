// A thrown-away Dovecot that looks like Exchange Online: its capability list, XOAUTH2 by locally validated JWT, shared mailboxes that a
// person with Full Access opens with a token of his own. Users and permissions are files read at each sign-in: changes take effect at once.
import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DovecotSettings, dovecotConf, LUA, oauth2Conf } from './dovecot-conf.ts';
import { type JwtIssuer, jwtIssuer } from './jwt.ts';
import { deliverByLmtp } from './lmtp.ts';
import { type StartedProcess, startProcess, tail } from './processes.ts';
import { canConnect, freePort, tempDir, waitFor } from './temp.ts';
import { makeCertificate } from './tls.ts';

interface TestUser {
  user: string;
  /** Allows AUTH PLAIN / LOGIN with it; without one only tokens open the mailbox. */
  password?: string;
  /** Persons (or `app:<id>`) whose token opens this mailbox. The user's own token always does. */
  fullAccess?: string[];
}

interface TestDovecotOptions {
  users: TestUser[];
  issuer?: JwtIssuer;
  /** LMTP takes mail for any address and makes the mailbox (default true); false: unknown users get 550 5.1.1. */
  catchAll?: boolean;
  /** Most sessions at a time; raise it for tests with a thousand mailboxes. Default 200. */
  sessions?: number;
  /** Dovecot's mailbox format; sdbox is delivered to twice as fast, maildir can be written to directly. */
  format?: 'maildir' | 'sdbox';
  /** Added at the end of dovecot.conf. */
  extraConf?: string;
}

export interface TestDovecot {
  readonly host: string;
  /** IMAP with implicit TLS (993). */
  readonly port: number;
  /** IMAP with STARTTLS (143). */
  readonly starttlsPort: number;
  readonly lmtpPort: number;
  /** Unix socket of Dovecot's SASL service, for Postfix. */
  readonly saslPath: string;
  readonly caFile: string;
  readonly caPem: string;
  readonly keyFile: string;
  readonly dir: string;
  readonly pid: number;
  readonly issuer: JwtIssuer;
  token: JwtIssuer['token'];
  addUser(user: TestUser): void;
  removeUser(user: string): void;
  setFullAccess(user: string, persons: string[]): void;
  /** doveadm -c <conf> …; stdout. */
  doveadm(...args: string[]): Promise<string>;
  /** By LMTP, as a mail that arrives: IDLE tells about it. */
  deliver(user: string, raw: string | Uint8Array): Promise<void>;
  /** Files written straight into the maildir's new/ (11,000 a second); for filling a mailbox before the test. */
  writeMaildir(user: string, raws: Iterable<string | Uint8Array>): number;
  /** Folder of the user's maildir. */
  maildir(user: string): string;
  setUidValidity(user: string, uidValidity: number): Promise<void>;
  /** Drops the open sessions of a user. */
  kick(user: string): Promise<void>;
  kill9(): Promise<void>;
  restart(): Promise<void>;
  log(): string;
  stop(): Promise<void>;
}

/** Dovecot's master lingers after SIGTERM; there is nothing to wait for, mails are written when LMTP answers. */
const STOP_MS = 200;
const run = promisify(execFile);
const asRoot = process.getuid?.() === 0;
/** Owner of the mail files: Dovecot refuses to open mail as root. */
const mailUid = asRoot ? 65_534 : (process.getuid?.() ?? 0);
const mailGid = asRoot ? 65_534 : (process.getgid?.() ?? 0);

export async function startDovecot(options: TestDovecotOptions): Promise<TestDovecot> {
  const dir = tempDir('dovecot');
  const issuer = options.issuer ?? jwtIssuer();
  const certificate = await makeCertificate(dir.path);
  const file = (name: string) => join(dir.path, name);
  const [port, starttlsPort, lmtpPort] = [await freePort(), await freePort(), await freePort()];
  const settings: DovecotSettings = {
    dir: dir.path,
    port,
    starttlsPort,
    lmtpPort,
    mailUid,
    mailGid,
    internalUser: asRoot ? 'dovecot' : (process.env.USER ?? 'nobody'),
    loginUser: asRoot ? 'dovenull' : (process.env.USER ?? 'nobody'),
    certFile: certificate.certFile,
    keyFile: certificate.keyFile,
    sessions: options.sessions ?? 200,
    format: options.format ?? 'maildir',
    extraConf: options.extraConf ?? '',
  };
  const keyDir = join(dir.path, 'keys', 'default', 'RS256');
  for (const folder of [keyDir, file('mail'), file('run'), file('state')]) mkdirSync(folder, { recursive: true });
  chownSync(file('mail'), mailUid, mailGid);
  writeFileSync(join(keyDir, issuer.kid), issuer.publicKeyPem);
  writeFileSync(file('dovecot.conf'), dovecotConf(settings));
  writeFileSync(file('oauth2.conf'), oauth2Conf(settings));
  writeFileSync(
    file('auth.lua'),
    LUA.replaceAll('@USERS@', file('users'))
      .replaceAll('@MAIL@', file('mail'))
      .replaceAll('@UID@', String(mailUid))
      .replaceAll('@GID@', String(mailGid))
      .replaceAll('@CATCHALL@', String(options.catchAll ?? true)),
  );

  const users = new Map<string, TestUser>();
  const known = (user: string) => {
    const found = users.get(user.toLowerCase());
    if (found === undefined) throw new Error(`no user ${user} on this test server`);
    return found;
  };
  const save = () => {
    const lines = [...users].map(([user, { password = '', fullAccess = [] }]) =>
      [user, password, fullAccess.join(',').toLowerCase()].join('\t'),
    );
    writeFileSync(file('users'), `${lines.join('\n')}\n`);
  };
  const addUser = (user: TestUser) => {
    users.set(user.user.toLowerCase(), user);
    save();
  };
  save();
  for (const user of options.users) addUser(user);

  const doveadm = async (...args: string[]) => (await run('doveadm', ['-c', file('dovecot.conf'), ...args])).stdout;
  const maildir = (user: string) => join(dir.path, 'mail', user.toLowerCase(), 'Maildir');
  const start = async (): Promise<StartedProcess> => {
    const dovecot = startProcess('dovecot', 'dovecot', ['-F', '-c', file('dovecot.conf')], {
      logFile: file('out.log'),
    });
    try {
      await waitFor(async () => (await canConnect(port)) && (await canConnect(lmtpPort)), {
        hopeless: () => !dovecot.running(),
        describe: () => `dovecot on port ${port}\n${tail(file('out.log'))}\n${tail(file('dovecot.log'))}`,
      });
    } catch (error) {
      await dovecot.stop(STOP_MS);
      throw error;
    }
    return dovecot;
  };
  let dovecot: StartedProcess;
  try {
    dovecot = await start();
  } catch (error) {
    dir.remove();
    throw error;
  }
  let written = 0;

  return {
    host: 'localhost',
    port,
    starttlsPort,
    lmtpPort,
    saslPath: file('run/sasl'),
    caFile: certificate.certFile,
    caPem: certificate.certPem,
    keyFile: certificate.keyFile,
    dir: dir.path,
    get pid() {
      return dovecot.pid;
    },
    issuer,
    token: issuer.token,
    addUser,
    removeUser: (user) => {
      users.delete(user.toLowerCase());
      save();
    },
    setFullAccess: (user, persons) => addUser({ ...known(user), fullAccess: persons }),
    doveadm,
    deliver: (user, raw) => deliverByLmtp(lmtpPort, user, raw),
    writeMaildir: (user, raws) => {
      const box = maildir(user);
      const owned = [
        join(dir.path, 'mail', user.toLowerCase()),
        box,
        ...['cur', 'new', 'tmp'].map((sub) => join(box, sub)),
      ];
      for (const folder of owned) {
        mkdirSync(folder, { recursive: true });
        chownSync(folder, mailUid, mailGid);
      }
      const seconds = Math.floor(Date.now() / 1000);
      let count = 0;
      for (const raw of raws) {
        written += 1;
        count += 1;
        const name = `${seconds}.M${String(written).padStart(9, '0')}P${process.pid}.test`;
        const path = join(box, 'tmp', name);
        writeFileSync(path, raw);
        if (asRoot) chownSync(path, mailUid, mailGid);
        // Only when it is whole and readable, as maildir demands: Dovecot may look at any moment.
        renameSync(path, join(box, 'new', name));
      }
      return count;
    },
    maildir,
    setUidValidity: async (user, uidValidity) => {
      await doveadm('mailbox', 'update', '-u', user, '--uid-validity', String(uidValidity), 'INBOX');
    },
    kick: async (user) => {
      // Exit code 68: the user had no session.
      await doveadm('kick', user).catch(() => '');
    },
    kill9: () => dovecot.kill9(),
    restart: async () => {
      await dovecot.stop(STOP_MS);
      dovecot = await start();
    },
    log: () => readFileSync(file('dovecot.log'), 'utf8'),
    stop: async () => {
      await dovecot.stop(STOP_MS);
      dir.remove();
    },
  };
}
