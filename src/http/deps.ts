// What the HTTP server needs, as plain functions, without BullMQ, Redis or the parser. wiring/http.ts provides them.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Attachment, Message } from '../contract/message.ts';
import type { Reply } from '../contract/reply.ts';
import type { Result } from '../contract/result.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import type { MailroomError } from '../domain/errors.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { DeadLettersApi } from './api/dead-letters.ts';
import type { EmailServersApi } from './api/email-servers.ts';
import type { FindApi } from './api/find.ts';
import type { HistoryApi } from './api/history.ts';
import type { OpenApi } from './api/openapi.ts';
import type { StatusApi } from './api/operations.ts';
import type { PrivacyApi } from './api/privacy.ts';
import type { QuarantineApi } from './api/quarantine.ts';
import type { ApiToken } from './auth.ts';
import type { ClientAddresses } from './client.ts';
import type { LockOut } from './lock-out.ts';

export interface HealthCheck {
  ok: boolean;
  state?: string;
  code?: string;
  hint?: string;
}

export interface Health {
  /** Whether this process fulfils its roles; false takes it out of the load balancer. */
  ready: boolean;
  /** By name: redis, blobs, mailboxes… No secrets, no addresses of customers. */
  checks: Readonly<Record<string, HealthCheck>>;
}

export const sendersSchema = z.object({
  emailFlow: z.string(),
  senders: z.array(
    z.object({
      address: z.string().describe('Permitted From'),
      name: z.string().optional().describe('Display name that goes with it'),
      server: z.string().describe('SMTP email server to hand the reply to'),
      default: z.boolean().describe('The From taken when a reply asks for none'),
      shared: z.boolean().optional().describe('A shared address of this flow, as opposed to a personal one'),
      roles: z.array(z.string()).optional().describe('Only agents with one of these roles may use it'),
    }),
  ),
  warnings: z.array(z.string()).optional(),
});
export type Senders = z.infer<typeof sendersSchema>;

export interface ReplyFilter {
  states?: readonly Result['state'][] | undefined;
  server?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

export interface ApiDeps {
  readMessage(messageKey: string): Promise<Message | undefined>;
  blobs: Pick<BlobStore, 'read'>;
  /** Decodes the bytes of a slice (base64, quoted-printable…) as a stream. */
  decodeSlice(slice: Attachment['slice'], source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** The whole text or html in UTF-8, also if it is truncated in the message; undefined: the message has none. */
  wholeBody(
    message: Pick<Message, 'text' | 'html' | 'raw'>,
    kind: 'text' | 'html',
  ): AsyncIterable<Uint8Array> | undefined;
  /**
   * Submits a reply; the same replyId with the same content is the same reply.
   * @throws MailroomError FROM_NOT_PERMITTED, REPLY_ID_REUSED, SMTP_SERVER_UNKNOWN…
   */
  submitReply(reply: Reply & { server: string }): Promise<Result>;
  getReply(replyId: string): Promise<Result | undefined>;
  listReplies(filter: ReplyFilter): Promise<{ replies: readonly Result[]; next?: string }>;
  /** @throws MailroomError REPLY_UNKNOWN, REPLY_NOT_HELD. `by` is the name of the token or person. */
  releaseHeld(replyId: string, by: string): Promise<Result>;
  dropHeld(replyId: string, by: string): Promise<Result>;
  /** @throws MailroomError REPLY_UNKNOWN, REPLY_TOO_LATE */
  cancelReply(replyId: string, by: string): Promise<Result>;
  raisePriority(replyId: string, priority: Reply['priority']): Promise<Result>;
  /** Undefined when no email server has this flow. */
  sendersOfFlow(emailFlow: string): Promise<Senders | undefined>;
}

export interface HttpDeps {
  host: string;
  /** 0: any free port. */
  port: number;
  publicUrl: string;
  /** Bytes. */
  bodyLimit: number;
  apiTokens: readonly ApiToken[];
  /** Downloads and tests of a connection that one client may have open at once; default 50. */
  streamsPerClient?: number;
  /** Counts wrong tokens by address over all replicas; absent: no lock-out. */
  lockOut?: LockOut;
  /** Addresses and networks (CIDR) of proxies whose X-Forwarded-For counts. */
  trustedProxies?: readonly string[];
  emit: Emit;
  /** How the log shows addresses of refused clients; default full. */
  clientAddresses?: ClientAddresses;
  metrics: Metrics;
  health(): Promise<Health>;
  /** Why only health and metrics can be answered now; undefined: all can. A request that waits for Redis would hang. */
  unavailable?(): MailroomError | undefined;
  /** Absent: this process answers health and metrics only (roles ingest, send). */
  api?: ApiDeps;
  /** Absent: this process does not serve email servers. */
  emailServers?: EmailServersApi;
  /** With emailServers. */
  operations?: StatusApi & QuarantineApi & DeadLettersApi & FindApi & PrivacyApi & HistoryApi;
  timeouts?: Partial<HttpTimeouts>;
  /** More routes on the same server, e.g. the portal's. */
  register?: (app: FastifyInstance, openApi: () => OpenApi) => Promise<void> | void;
}

/** Milliseconds. */
export interface HttpTimeouts {
  /** Until the headers of a request have arrived. */
  headers: number;
  /** Until a whole request has arrived: a client that trickles its body is cut off. */
  request: number;
  /** A connection without a byte in either direction. */
  idle: number;
  /** For running requests when the server closes. */
  close: number;
  /** Delay of a refusal, for an address with too many wrong tokens. */
  lockedOut: number;
  /** For health(). */
  health: number;
}

export const httpTimeouts: HttpTimeouts = {
  headers: 15_000,
  request: 120_000,
  idle: 90_000,
  close: 10_000,
  lockedOut: 1_000,
  health: 5_000,
};
