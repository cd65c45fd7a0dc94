// The sandbox: a stand-in Microsoft 365 tenant in this process. OAuth2, IMAP and SMTP with Exchange Online's capabilities, texts and
// permissions, and faults on command. Imports nothing of the gateway; used by `mailroom sandbox`, the demo and the tests.
import { writeFile } from 'node:fs/promises';
import { normalise } from './addresses.ts';
import { createCertificates } from './certificate.ts';
import { type SandboxConfig, withDefaults } from './config.ts';
import { createDirectory } from './directory.ts';
import { createFaults, type Faults } from './faults.ts';
import { startImapServer } from './imap/server.ts';
import type { Tenant } from './imap/session-types.ts';
import { startOAuthServer } from './oauth/server.ts';
import { createOutlook, messageOf, type OutlookAct, type OutlookOptions } from './outlook.ts';
import { createExchange, type Exchange, type Submission } from './smtp/exchange.ts';
import { startSmtpServer } from './smtp/server.ts';
import { createStore } from './store.ts';

export {
  demoTenant,
  type SandboxApplication,
  type SandboxConfig,
  type SandboxPermissions,
  type SandboxUser,
} from './config.ts';
export { type ActiveFault, FAULTS, type Fault, type FaultName } from './faults.ts';
export { OUTLOOK_ACTS, type OutlookAct } from './outlook.ts';
export { BOUNCES, type BounceName } from './smtp/bounces.ts';
export type { Submission } from './smtp/exchange.ts';
export { SMTP_REPLIES, type SmtpReplyName } from './smtp/replies.ts';

/** A message as tests look at it. */
interface MailboxMessage {
  uid: number;
  flags: string[];
  internalDate: Date;
  raw: Buffer;
}

interface AppendOptions {
  folder?: string;
  internalDate?: Date;
  flags?: string[];
  /** Default: the next one. A lower one appears among those that are there. */
  uid?: number;
}

interface SandboxMailboxes {
  /** Messages of a folder, ascending by UID. Folder is INBOX when missing. @throws {RangeError} when mailbox or folder is missing. */
  list(address: string, folder?: string): MailboxMessage[];
  folders(address: string): string[];
  createFolder(address: string, folder: string): void;
  /** UIDVALIDITY and UIDNEXT of a folder. */
  status(address: string, folder?: string): { uidValidity: number; uidNext: number; messages: number };
  /** Puts the very bytes into a folder; open sessions are told at once. @returns the UID. */
  append(address: string, raw: Buffer | string, options?: AppendOptions): number;
  /** Delivers as mail from outside: with Return-Path and Received lines before it. @returns internal addresses that do not exist. */
  deliver(to: string | readonly string[], raw: Buffer | string, from?: string): string[];
  expunge(address: string, uids: readonly number[], folder?: string): void;
  setFlags(address: string, uid: number, flags: readonly string[], folder?: string): void;
  /** New UIDVALIDITY and new UIDs from 1, as after a mailbox move; sessions with the folder open are closed. */
  setUidValidity(address: string, uidValidity: number, folder?: string): void;
}

export interface Sandbox {
  /** `https://localhost:PORT/<tenant>`. */
  authority: string;
  tenant: string;
  /** Host for MSAL's knownAuthorities. */
  knownAuthority: string;
  /** PEM of the authority that signs all server certificates. */
  caPem: string;
  /** Writes the authority's certificate and returns the path; for NODE_EXTRA_CA_CERTS of a process yet to start. */
  caFile(path: string): Promise<string>;
  imap: { host: string; port: number; plainPort: number | undefined };
  smtp: { host: string; port: number };
  mailboxes: SandboxMailboxes;
  /** A colleague works in a mailbox in Outlook. @throws {RangeError} when mailbox, folder or message is missing. */
  outlook(address: string, act: OutlookAct, uid: number, options?: OutlookOptions): void;
  /** Every accepted submission, oldest first. */
  submissions(): Submission[];
  onSubmission(listener: (submission: Submission) => void): () => void;
  /** Sends a report for a submission, as if a server had refused it later. */
  bounce: Exchange['bounce'];
  /** Open IMAP sessions. */
  sessions(): { mailbox: string | undefined; idling: boolean; folder: string | undefined; lastCommand: string }[];
  faults: Faults;
  oauth: {
    /** An access token without the way through the endpoint. */
    applicationToken(clientId: string, lifetimeSeconds?: number): string;
    personToken(address: string, options?: { clientId?: string; scopes?: string[]; lifetimeSeconds?: number }): string;
    /** Approves (or, without a person, declines) a device code. */
    settleDevice(userCode: string, person: string | undefined): boolean;
    pendingDevices(): string[];
    /** Refresh tokens of the person are refused with AADSTS50173 from now on. */
    revokeSessions(person: string): void;
    tokenRequests(): number;
  };
  stop(): Promise<void>;
}

/** Starts a tenant. @throws when a port is taken. */
export async function startSandbox(config: SandboxConfig): Promise<Sandbox> {
  const settings = withDefaults(config);
  const certificates = createCertificates();
  const directory = createDirectory(settings);
  const faults = createFaults();
  const store = createStore(settings);
  const oauth = await startOAuthServer(settings, certificates, directory, faults);
  const tenant: Tenant = { settings, directory, store, faults, tokens: oauth.tokens };
  const imap = await startImapServer(tenant, certificates);
  const exchange = createExchange(tenant);
  const smtp = await startSmtpServer(tenant, exchange, certificates);
  const audience = 'https://outlook.office365.com';

  return {
    authority: oauth.authority,
    tenant: settings.tenant,
    knownAuthority: `localhost:${oauth.port}`,
    caPem: certificates.caPem,
    async caFile(path) {
      await writeFile(path, certificates.caPem);
      return path;
    },
    imap: { host: 'localhost', port: imap.port, plainPort: imap.plainPort },
    smtp: { host: 'localhost', port: smtp.port },
    mailboxes: {
      list: (address, folder) =>
        store
          .folder(address, folder)
          .messages.map(({ uid, flags, internalDate, raw }) => ({ uid, flags: [...flags], internalDate, raw })),
      folders: (address) => [...(store.mailbox(address)?.folders.values() ?? [])].map(({ name }) => name),
      createFolder(address, folder) {
        const mailbox = store.mailbox(address);
        if (!mailbox) throw new RangeError(`No mailbox ${address}`);
        store.createFolder(mailbox, folder);
      },
      status(address, name) {
        const { uidValidity, uidNext, messages } = store.folder(address, name);
        return { uidValidity, uidNext, messages: messages.length };
      },
      append: (address, raw, { folder, ...options } = {}) =>
        store.append(store.folder(address, folder), Buffer.from(raw), options).uid,
      deliver: (to, raw, from) => exchange.deliver([to].flat(), Buffer.from(raw), from),
      expunge: (address, uids, name) => {
        const folder = store.folder(address, name);
        store.expunge(
          folder,
          uids.map((uid) => messageOf(folder, uid)),
        );
      },
      setFlags: (address, uid, flags, name) => {
        const folder = store.folder(address, name);
        store.setFlags(folder, messageOf(folder, uid), flags);
      },
      setUidValidity: (address, uidValidity, name) => store.resetUids(store.folder(address, name), uidValidity),
    },
    outlook: createOutlook(store, exchange, settings),
    submissions: () => [...exchange.submissions],
    onSubmission: exchange.onSubmission,
    bounce: exchange.bounce,
    sessions: imap.sessions,
    faults,
    oauth: {
      applicationToken: (clientId, lifetime = settings.tokenLifetimeSeconds) =>
        oauth.tokens.forApplication(clientId, audience, ['IMAP.AccessAsApp', 'SMTP.SendAsApp'], lifetime),
      personToken: (
        address,
        {
          clientId = 'sandbox',
          scopes = ['IMAP.AccessAsUser.All', 'SMTP.Send'],
          lifetimeSeconds = settings.tokenLifetimeSeconds,
        } = {},
      ) => oauth.tokens.forPerson(clientId, audience, normalise(address), scopes, lifetimeSeconds),
      settleDevice: oauth.grants.settleDevice,
      pendingDevices: oauth.grants.pendingDevices,
      revokeSessions: oauth.grants.revokeSessions,
      tokenRequests: oauth.tokenRequests,
    },
    async stop() {
      exchange.stop();
      await Promise.all([imap.stop(), smtp.stop(), oauth.stop()]);
    },
  };
}
