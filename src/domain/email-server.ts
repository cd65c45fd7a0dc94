// Email servers as administrators define them: the definitions that all other rooms use. Pure data; validated in config/.
import type { Parameters, ProblemCode } from './definition-problem.ts';
import { MailroomError } from './errors.ts';

/** How a server's definition signs in. Secrets are values here (already read from their _FILE) and never appear in logs. */
export type Authentication =
  | { type: 'Password'; password: string }
  /** SMTP only: a relay that recognises this machine by its IP address. */
  | { type: 'None' }
  | {
      type: 'OAuth2';
      /** Name of the OAuth2 application in the configuration. */
      application: string;
      signIn: 'appOnly' | 'delegated';
      /** Delegated only: the person who signs in. SMTP: equals user. IMAP: the delegate that has Full Access. */
      signInUser?: string;
    };

interface EmailServerBase {
  /** Unique Name, any Unicode, up to 100 characters. */
  name: string;
  host: string;
  port: number;
  /**
   * implicit, starttls: that mode, on any port. enabled: by the port, see tlsModeOf. Never a silent fall-back to plain text. none: to this machine
   * only, or with allowPlainText; disabled: the same for definitions of earlier versions, for any host, with a warning.
   */
  tls: 'enabled' | 'implicit' | 'starttls' | 'none' | 'disabled';
  /** The administrator accepts plain text for a host other than this machine. */
  allowPlainText?: boolean;
  authentication: Authentication;
  /** Account that signs in. IMAP: the shared address. SMTP: the person (delegated) or the shared address (app-only). */
  user: string;
  enabled: boolean;
  /** Where the definition comes from. */
  source: 'file' | 'portal';
  /** PEM of a private CA that signs this server's certificate, besides the public ones. */
  ca?: string;
  /** Outbound proxy, http:// or socks5://. */
  proxy?: string;
}

export interface ImapServer extends EmailServerBase {
  type: 'IMAP';
  emailFlow: string;
  /** Further addresses of the mailbox; undefined: none. */
  aliases?: readonly string[];
  /** One mailbox, several flows: normalised address, or `+tag` → email flow. Messages that match none go to emailFlow. */
  flowByRecipient?: Readonly<Record<string, string>>;
  /** authserv-ids whose Authentication-Results count, instead of the provider's own; lower case, `*.example.com` matches every name below it. */
  trustedAuthservIds?: readonly string[];
  folder: string;
  /** Where to start on first connect. A Date: messages that arrived at or after it. */
  startFrom: 'now' | 'unseen' | 'all' | { since: string };
  /** What to do with a message once its job is durable. */
  afterQueued: { action: 'leave' } | { action: 'seen' } | { action: 'move'; folder: string };
  /** Reports what people do in the mailbox: changes of flags and folder, and answers found in Sent too; undefined: nothing is reported. */
  mailboxEvents?: 'flags' | 'flags-and-sent';
  /** Bytes; a larger message becomes a job with headers and reference only. */
  maxMessageSize: number;
}

export interface SmtpServer extends EmailServerBase {
  type: 'SMTP';
  /** As written by the administrator; compared as normalised addresses. */
  additionalFromAddresses: readonly string[];
  sendMode: 'sendAs' | 'onBehalf';
  /** Display name per From address (normalised address → name). */
  displayNames: Readonly<Record<string, string>>;
  sentCopy: { policy: 'none' } | { policy: 'server' } | { policy: 'append'; folder: string };
  pace: { perMinute: number; connections: number; recipientsPerDay: number };
  /** Optional: From addresses that only agents with one of these roles may use (normalised address → roles). */
  fromRoles: Readonly<Record<string, readonly string[]>>;
  /** What to do with a reply to a message that a colleague has answered in Outlook, if the mailbox is watched for that (mailboxEvents); undefined: hold it. */
  answeredElsewhere?: 'hold' | 'warn' | 'send';
  /** Accepted replies set \Answered on their message; undefined: they do not. */
  markAnswered?: boolean;
  /** What to do with a reply that is still uncertain after settling. */
  uncertain: 'hold' | 'resend';
}

export type EmailServer = ImapServer | SmtpServer;

type TlsMode = 'implicit' | 'starttls' | 'none';

/** How TLS begins. `enabled` depends on the port: IMAP is implicit except on 143, SMTP only on 465 and 993. */
export function tlsModeOf(protocol: 'imap' | 'smtp', { tls, port }: Pick<EmailServer, 'tls' | 'port'>): TlsMode {
  if (tls === 'disabled') return 'none';
  if (tls !== 'enabled') return tls;
  const implicit = protocol === 'imap' ? port !== 143 : port === 465 || port === 993;
  return implicit ? 'implicit' : 'starttls';
}

/** Host names and addresses of this machine: traffic to them does not cross a network. */
export const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(host);

export const isImap = (server: EmailServer): server is ImapServer => server.type === 'IMAP';
export const isSmtp = (server: EmailServer): server is SmtpServer => server.type === 'SMTP';
/** Signs in as a person. */
export const isDelegated = ({ authentication }: EmailServer): boolean =>
  authentication.type === 'OAuth2' && authentication.signIn === 'delegated';

/** Names of servers and flows are the same however their letters are composed. */
export const sameName = (left: string, right: string): boolean => left.normalize('NFC') === right.normalize('NFC');

/** @throws MailroomError EMAIL_SERVER_NOT_FOUND */
export function serverNamed(servers: readonly EmailServer[], name: string, field = 'name'): EmailServer {
  const server = servers.find((one) => sameName(one.name, name));
  if (server === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND', { field });
  return server;
}

/** Names are unique without regard to case, white space around them, or how their letters are composed. */
export const foldName = (name: string): string => name.normalize('NFC').trim().toLowerCase();
export const sameFolded = (left: string, right: string): boolean => foldName(left) === foldName(right);

const PASSWORD_TARGET = ['host', 'port', 'tls', 'user', 'authenticationType', 'proxy', 'ca'] as const;

/** A stored password is used only for the host it was entered for: whether the password of one definition may be used for the target of the other. */
export const samePasswordTarget = (
  before: Readonly<Record<string, unknown>> | undefined,
  after: Readonly<Record<string, unknown>>,
): boolean => PASSWORD_TARGET.every((field) => before?.[field] === after[field]);

/** An invalid definition: shown with field and reason, without affecting the others. */
export interface InvalidEmailServer {
  source: 'file' | 'portal';
  /** Position in its list, from 0. */
  index: number;
  /** The name, if it is readable. */
  name?: string;
  problems: readonly { field: string; message: string; code?: ProblemCode; parameters?: Parameters; got?: string }[];
}

export interface EmailServerList {
  servers: readonly EmailServer[];
  invalid: readonly InvalidEmailServer[];
  /** Increases with every change that was read. */
  revision: number;
}

/** Whose sign-ins this server's sign-ins count towards: its application's tenant, or its host. */
export const loginKey = ({ authentication, host }: Pick<EmailServer, 'authentication' | 'host'>): string =>
  authentication.type === 'OAuth2' ? authentication.application : host;

/** An OAuth2 application: our identity at the identity provider. */
export interface OAuthApplication {
  name: string;
  tenant: string;
  clientId: string;
  cloud: 'world' | 'gccHigh' | 'dod' | 'china';
  /** Authority base URL when not the cloud's own: the sandbox, a proxy, generic OAuth2. */
  authority?: string;
  /** First is active; a second one overlaps during rotation. */
  credentials: readonly OAuthCredential[];
  proxy?: string;
  ca?: string;
  /** Generic OAuth2 (e.g. Google): plain endpoints instead of MSAL. */
  generic?: { tokenUrl: string; authorizeUrl?: string; deviceUrl?: string; scopes: readonly string[] };
}

/** An invalid application of the configuration: shown with field and reason, without affecting the others. */
export interface InvalidOAuthApplication {
  /** Position in the list, from 0. */
  index: number;
  /** The name, if it is readable. */
  name?: string;
  problems: readonly { field: string; message: string }[];
}

export type OAuthCredential =
  | { kind: 'secret'; secret: string; expires?: string }
  | { kind: 'certificate'; certificate: string; privateKey: string; expires?: string }
  | { kind: 'federated'; assertionFile: string };
