// All metrics besides the counters of events: docs/events.md, the alerts and the dashboard are checked against this table.
// Prometheus names and base units (https://prometheus.io/docs/practices/naming/); labels are names of the configuration, never of a mail.

import { timeBounds } from '../domain/history.ts';

export interface Measure {
  kind: 'gauge' | 'counter' | 'histogram';
  help: string;
  labels?: readonly string[];
  /** Upper bounds of a histogram, seconds. */
  buckets?: readonly number[];
}

const gauge = <const L extends readonly string[]>(help: string, labels: L) =>
  ({ kind: 'gauge', help, labels }) satisfies Measure;
const histogram = (help: string, labels: readonly string[], buckets: readonly number[] = ANSWER) =>
  ({ kind: 'histogram', help, labels, buckets }) satisfies Measure;

/** For answers that a machine waits for. */
const ANSWER = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** For what a person waits for; 30 s is the bound of the objective. */
const WAIT = timeBounds;

export const measures = {
  mailroom_build_info: gauge('1; which version runs', ['version', 'commit', 'node_version']),
  mailroom_email_server_enabled: gauge('1 for each email server that is enabled', ['server', 'type']),

  mailroom_email_servers_invalid: gauge('Definitions of email servers that are wrong; the others keep running', []),

  mailroom_mailbox_up: gauge('1 while connected and watching', ['server']),
  mailroom_mailbox_paused: gauge('1 while fetching is paused for this reason', ['server', 'reason']),
  mailroom_mailbox_blind_seconds_total: {
    kind: 'counter',
    help: 'Seconds in which the mailbox was not provably watched, the current interval included',
    labels: ['server'],
  },
  mailroom_mailbox_last_message_seconds: gauge('Age of the newest message of a mailbox', ['server']),
  mailroom_message_arrival_seconds: histogram(
    'Time from arrival in the mailbox (INTERNALDATE) to the queue, of messages that came after the first connection and within the last day',
    ['email_flow'],
    WAIT,
  ),
  mailroom_message_ingest_seconds: histogram(
    'Time from the FETCH that brought the message to the queue',
    ['email_flow'],
    WAIT,
  ),
  mailroom_fetch_seconds: histogram('Time that a FETCH waited for the IMAP server', []),
  mailroom_commit_seconds: histogram('Time of the commit that enqueues a batch and records its outcome in Redis', []),

  mailroom_email_flow_backlog: gauge('Messages waiting to be consumed', ['email_flow']),
  mailroom_email_flow_oldest_seconds: gauge('Age of the oldest waiting message', ['email_flow']),
  mailroom_email_flow_consumers: gauge(
    'Consumers (BullMQ workers) connected to the queue; missing where Redis does not permit CLIENT LIST',
    ['email_flow'],
  ),
  mailroom_email_flow_failed_jobs: gauge('Messages whose consumer failed for good', ['email_flow']),
  mailroom_message_taken_seconds: histogram(
    'Time from the queue to the first run by a consumer; a sample of at most 100 messages a flow in ten seconds',
    ['email_flow'],
    WAIT,
  ),

  mailroom_replies_jobs: gauge('Jobs on the replies queue of an SMTP server', ['server', 'state']),
  mailroom_replies_held: gauge('Replies that wait for a person’s decision', []),
  mailroom_replies_waiting_for_server: gauge('Replies on the queue of an SMTP server that was deleted or renamed', [
    'server',
  ]),
  mailroom_smtp_server_paused: gauge('1 while sending through this server is paused', ['server']),
  mailroom_sender_submissions: gauge('Submissions of the last minute, of the sending mailbox', ['server']),
  mailroom_sender_submissions_limit: gauge('Submissions a minute that the sending mailbox may make', ['server']),
  mailroom_sender_recipients: gauge('Recipients of the last 24 hours, of the sending mailbox', ['server']),
  mailroom_sender_recipients_limit: gauge('Recipients in 24 hours that the sending mailbox may have', ['server']),
  mailroom_sender_recipients_limit_timestamp_seconds: gauge(
    'When the limit of recipients is reached at the present rate; missing when that is not within a day',
    ['server'],
  ),
  mailroom_reply_accepted_seconds: histogram(
    'Time from handing in a reply (or its notBefore) to its acceptance by the server',
    ['server'],
    WAIT,
  ),

  mailroom_token_request_seconds: histogram('Time of a successful request for an access token', ['application']),
  mailroom_token_expires_timestamp_seconds: gauge('When the access token in use expires', ['application']),
  mailroom_sign_in_expires_timestamp_seconds: gauge(
    'When a delegated sign-in ends if it is not renewed (90 days after the last renewal)',
    ['server'],
  ),
  mailroom_credential_expires_timestamp_seconds: gauge('When a credential of an application expires', [
    'application',
    'credential',
  ]),

  mailroom_redis_connected: gauge('1 while connected to Redis', []),
  mailroom_redis_writable: gauge('0 while Redis refuses writes', []),
  mailroom_redis_fit: gauge('0 while Redis has settings that may lose jobs, or lost its append-only file', []),
  mailroom_blob_store_writable: gauge('0 while the blob store refuses writes', []),

  mailroom_http_request_duration_seconds: histogram('Time from the request to the end of its answer', [
    'method',
    'route',
    'status',
  ]),
} as const satisfies Readonly<Record<string, Measure>>;

type NameOf<Kind extends Measure['kind']> = {
  [Name in keyof typeof measures]: (typeof measures)[Name]['kind'] extends Kind ? Name : never;
}[keyof typeof measures];

export type GaugeName = NameOf<'gauge'>;
export type CounterName = NameOf<'counter'>;
export type HistogramName = NameOf<'histogram'>;
