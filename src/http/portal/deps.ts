// What the portal needs, as plain functions; wiring/ provides them.

import type { Result } from '../../contract/result.ts';
import type { AnsweredElsewhere } from '../../domain/answered.ts';
import type { Attention } from '../../domain/attention.ts';
import type { AuditLog } from '../../domain/audit.ts';
import type { BlobStore } from '../../domain/blob-store.ts';
import type { ServerEvent } from '../../domain/server-log.ts';
import type { Emit } from '../../telemetry/events.ts';
import type { LogSwitch } from '../../telemetry/log-control.ts';
import type { DeadLettersApi } from '../api/dead-letters.ts';
import type { Definition, EmailServersApi, EmailServerView } from '../api/email-servers.ts';
import type { FindApi } from '../api/find.ts';
import type { HistoryApi } from '../api/history.ts';
import type { EmailFlowView, OperationsApi } from '../api/operations.ts';
import type { PrivacyApi } from '../api/privacy.ts';
import type { QuarantineApi } from '../api/quarantine.ts';
import type { ApiToken } from '../auth.ts';
import type { ClientAddresses } from '../client.ts';
import type { ListPage, OidcSignIn, ReplyFilter, Sessions } from '../ports.ts';
import type { Problem as ApiProblem } from '../problem.ts';

/** What is wrong with a field, by code and parameters; `got` or `value` is what was entered. */
export type Problem = NonNullable<ApiProblem['problems']>[number] & { got?: string | undefined };

export type Finding = EmailServerView['findings'][number];

export interface Preview {
  problems: readonly Problem[];
  findings: readonly Finding[];
  /** As it would be stored, without secrets; absent when there are problems. */
  definition?: Definition;
}

export interface Overview {
  /** Most urgent first; empty: nothing needs attention. */
  attention: readonly Attention[];
  /** Replies that wait for a person, are uncertain, are being retried, or failed within 24 hours. */
  replies: { held: number; uncertain: number; retrying: number; failed: number };
  flows: readonly EmailFlowView[];
  mailboxes: readonly EmailServerView[];
  senders: readonly EmailServerView[];
  /** Messages in quarantine. */
  quarantined: number;
  /** Replicas that fetch mail. */
  replicas: number;
}

export interface RoundTrip {
  /** replyId of the test mail. */
  id: string;
  state: Result['state'];
  code?: string;
  /** The server's own words. */
  said?: string;
  /** The mail, or an answer to it, has reached the email flow. */
  arrived: boolean;
}

/** What the portal shows of a reply: neither subject nor text. Times in epoch milliseconds. */
export interface PortalReply {
  replyId: string;
  state: Result['state'];
  server: string;
  from?: string;
  to: readonly string[];
  createdAt: number;
  /** When it entered its state. */
  stateAt: number;
  attempts: number;
  evidence: readonly string[];
  failure?: { code: string; said?: string };
  /** A colleague has answered in Outlook. */
  answeredElsewhere?: AnsweredElsewhere;
}

export interface PortalReplies {
  counts(): Promise<Record<Result['state'], number>>;
  /** One page of the replies that match, and how many match. */
  list(
    state: Result['state'],
    filter: ReplyFilter,
    page: { limit: number; offset: number },
  ): Promise<ListPage<PortalReply>>;
  /** replyIds of those that match, at most `limit`. */
  ids(state: Result['state'], filter: ReplyFilter, limit: number): Promise<string[]>;
  read(replyId: string): Promise<PortalReply | undefined>;
  /** @throws MailroomError REPLY_UNKNOWN, REPLY_NOT_HELD */
  release(replyId: string, by: string): Promise<Result>;
  drop(replyId: string, by: string): Promise<Result>;
}

/** What stops when a server is deleted or disabled. */
export interface Consequences {
  /** Flows that it feeds, each with the other enabled servers that feed it. */
  flows: readonly { emailFlow: string; servers: readonly string[] }[];
  /** From addresses that no other enabled server has. */
  addresses: readonly string[];
  waiting: number;
}

/** What the page of one email server shows beside its state. Times in epoch ms. */
export interface ServerActivity {
  /** Newest first. */
  log: readonly ServerEvent[];
  faults: readonly ServerEvent[];
  /** The replica that watches the mailbox. */
  holder?: string;
  /** The replica that answers this request is the holder. */
  isHere?: boolean;
  tokenEndsAt?: number;
  signIn?: { person: string; endsAt: number };
  /** Flows that it feeds. */
  flows: readonly EmailFlowView[];
  /** Log level or trace of this server, while it is active. */
  logSwitch?: LogSwitch;
}

export interface PortalDeps {
  /** Tokens of the configuration; people may sign in with one. */
  apiTokens: readonly ApiToken[];
  publicUrl: string;
  organisation: string;
  emit: Emit;
  /** How the log shows addresses of refused clients; default full. */
  clientAddresses?: ClientAddresses | undefined;
  servers: EmailServersApi;
  /** Flows, pause and resume, test of a connection, quarantined messages. */
  operations: OperationsApi & QuarantineApi & DeadLettersApi & FindApi & PrivacyApi & HistoryApi;
  replies: PortalReplies;
  blobs: Pick<BlobStore, 'read'>;
  sessions: Sessions;
  /** Writes sign-ins to the audit log. */
  record: AuditLog['write'];
  /** Absent: no OpenID Connect is configured. */
  oidc?: OidcSignIn | undefined;
  /** Problems and findings of a definition that is not saved yet. */
  preview(definition: Definition, existing?: string): Promise<Preview>;
  overview(): Promise<Overview>;
  /** @throws MailroomError EMAIL_SERVER_NOT_FOUND */
  activity(name: string): Promise<ServerActivity>;
  /** Changes with each new event of this email server. */
  newestEvent(server: string): Promise<string>;
  consequences(name: string): Promise<Consequences>;
  /** Client id of an application, for the commands of an administrator. */
  clientIdOf(application: string): string | undefined;
  /** Sends a test mail and waits for it, or an answer, in the email flow. */
  roundTrips: {
    /** @returns its id @throws MailroomError like a backend's reply */
    send(mail: { server: string; from: string; to: string; language: 'en' | 'de' }, by: string): Promise<string>;
    /** @throws MailroomError REPLY_UNKNOWN */
    look(id: string, emailFlow: string): Promise<RoundTrip>;
  };
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
