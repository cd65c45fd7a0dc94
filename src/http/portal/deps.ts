// What the portal needs, as plain functions; the gateway puts them in.
import type { PortalRole } from '../../domain/access.ts';
import type { Emit } from '../../telemetry/events.ts';
import type { ApiToken } from '../auth.ts';
import type { Definition, EmailServersApi, EmailServerView } from '../email-servers.ts';
import type { EmailFlowView, OperationsApi } from '../operations.ts';
import type { QuarantineApi } from '../quarantine.ts';

export interface Session {
  name: string;
  role: PortalRole;
  csrf: string;
  token?: string;
}

export interface Sessions {
  create(session: Omit<Session, 'csrf'>): Promise<string>;
  read(id: string): Promise<Session | undefined>;
  end(id: string): Promise<void>;
  redeem(secret: string): Promise<{ name: string; role: PortalRole } | undefined>;
  attempt(from: string): Promise<number>;
  forgive(from: string): Promise<void>;
}

export type Finding = EmailServerView['findings'][number];

export interface Preview {
  problems: readonly { field: string; message: string }[];
  findings: readonly Finding[];
}

export interface Overview {
  flows: readonly EmailFlowView[];
  mailboxes: readonly EmailServerView[];
  senders: readonly EmailServerView[];
}

/** What stops when a server goes. */
export interface Consequences {
  emailFlow?: string;
  /** Other enabled servers that feed the same flow. */
  otherServers: readonly string[];
  /** From addresses that no other enabled server has. */
  addresses: readonly string[];
  waiting: number;
}

export interface PortalDeps {
  /** `name:role:token` of the configuration, as a way to sign in. */
  apiTokens: readonly ApiToken[];
  publicUrl: string;
  organisation: string;
  emit: Emit;
  servers: EmailServersApi;
  /** Flows, pause and resume, test of a connection, quarantined messages. */
  operations: OperationsApi & QuarantineApi;
  sessions: Sessions;
  /** What would be wrong or doubtful if this were saved. */
  preview(definition: Definition, existing?: string): Promise<Preview>;
  overview(): Promise<Overview>;
  consequences(name: string): Promise<Consequences>;
  /** Names of the OAuth2 applications. */
  applications(): readonly string[];
  beginSignIn(name: string): Promise<{ url: string; state: string }>;
  completeSignIn(answer: {
    state: string;
    code?: string;
    error?: string;
    error_description?: string;
  }): Promise<{ server: string; person: string }>;
  /** Who is signed in for a delegated server. */
  signedIn(name: string): Promise<{ person: string; signedInAt: Date } | undefined>;
}
