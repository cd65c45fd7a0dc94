// What the doctor needs of remote systems: implemented by adapters, passed in by wiring.
import type { ConnectGuard, GuardOf } from '../domain/connect-guard.ts';
import type { ImapServer, SmtpServer } from '../domain/email-server.ts';
import type { MailroomError } from '../domain/errors.ts';
import type { GetToken, MailboxCredentials } from '../domain/mailbox-credentials.ts';
import type { Submitter } from '../domain/submission.ts';
import type { SentFolder, SentQuery } from '../outbound/ports.ts';

export interface TlsFacts {
  /** TLSv1.3 */
  protocol: string;
  names: string[];
  issuer: string;
  validTo: Date;
  /** Why the certificate is not trusted: X.509 or Node code; undefined if it is. */
  untrusted: string | undefined;
  /** SMTP: what EHLO listed within TLS. */
  ehlo: string[];
}

/** The server refused in its own words before TLS was reached. */
export interface Refused {
  refused: string;
}

export interface TlsOptions {
  /** How TLS begins. */
  start: 'implicit' | 'starttls' | 'none';
  protocol: 'imap' | 'smtp' | 'pop3';
  /** PEM, besides the public ones. */
  ca?: string | undefined;
  ehloName?: string;
  timeoutMs: number;
  guard?: ConnectGuard | undefined;
}

/** One mailbox over one short connection. Every function throws MailroomError of the imap section. */
export interface MailboxProbe {
  capabilities(): string[];
  /** False: the server's greeting reported a pre-authenticated connection (PREAUTH); nobody signed in. */
  signedIn(): boolean;
  /** Folders that can be opened, as the server names them. */
  folders(): Promise<string[]>;
  /** The server's own name of a folder. @throws MailroomError IMAP_FOLDER_MISSING, with the folders that exist */
  folder(name: string): Promise<string>;
  /** @returns number of messages, and the server's own name of the folder */
  open(folder: string): Promise<{ path: string; messages: number }>;
  /** Milliseconds between two polls for new mail; undefined: the server has IDLE. */
  pollMs(): number | undefined;
  /** Enters IDLE and leaves it again. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface SmtpOptions {
  /** Milliseconds for one answer. */
  timeoutMs: number;
  ehloName: string | undefined;
  guardOf: GuardOf | undefined;
}

/** Sent, and a test copy that is stored there and removed again. */
export interface SentProbe extends Pick<SentFolder, 'search'> {
  prove(
    server: SmtpServer,
    query: SentQuery,
    mail: Uint8Array,
  ): Promise<{ folder: string; outcome: 'removed' | 'left' | 'not-tried' }>;
}

/** Look-ups of the DNS. A name or type that does not exist is an empty list. @throws Error with a DNS code (ESERVFAIL, ETIMEOUT …) */
export interface Dns {
  /** Each record with its strings joined. */
  txt(name: string): Promise<readonly string[]>;
  mx(name: string): Promise<readonly string[]>;
}

export interface RemoteSystems {
  /** @returns addresses, IPv4 and IPv6. @throws Error with errno `code` ENOTFOUND, EAI_AGAIN */
  resolveHost(host: string, guard?: ConnectGuard): Promise<string[]>;
  /** @returns the address that answered. @throws Error with errno `code`; ETIMEDOUT after `timeoutMs` */
  reachPort(host: string, port: number, timeoutMs: number, guard?: ConnectGuard): Promise<string>;
  /** Reads the certificate whether it is trusted or not. @throws Error with errno or TLS `code` */
  readTls(host: string, port: number, options: TlsOptions): Promise<TlsFacts | Refused>;
  /** Connects and signs in. @throws MailroomError of the imap section */
  probeMailbox(
    server: ImapServer,
    credentials: MailboxCredentials,
    timeoutMs: number,
    guard?: ConnectGuard,
  ): Promise<MailboxProbe>;
  ehloName(server: SmtpServer): string;
  /** The meaning of an answer to the greeting or to STARTTLS. `response`: with its reply code; undefined if none came. */
  submissionError(
    server: SmtpServer,
    response: string | undefined,
    phase: 'connect' | 'tls',
    error?: { message: string },
  ): MailroomError;
  /** EHLO, AUTH, QUIT; without credentials no AUTH. @throws MailroomError of the smtp section */
  probeSignIn(server: SmtpServer, credentials: MailboxCredentials | undefined, options: SmtpOptions): Promise<void>;
  /** MAIL, RCPT, RSET without sign-in. @throws MailroomError of the smtp section */
  probeEnvelope(server: SmtpServer, from: string, options: SmtpOptions): Promise<void>;
  openSubmitter(server: SmtpServer, getToken: GetToken, options: SmtpOptions): Submitter;
  openSent(
    getToken: GetToken,
    imapServers: () => readonly ImapServer[],
    options: Omit<SmtpOptions, 'ehloName'>,
  ): SentProbe;
}
