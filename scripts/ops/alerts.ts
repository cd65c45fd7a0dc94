// The alerts and recording rules as one table: ops/prometheus, the Helm chart and docs/runbook.md are generated from it (`npm run docs`).
// Counters with a code or a reason are summed per process first: their series at 0 (telemetry/zeros.ts) makes the first event an increase.

export interface Alert {
  name: string;
  /** Names of {@link Limits} are put in: `$blindSeconds`. */
  expr: string;
  for?: string;
  severity: 'page' | 'ticket';
  summary: string;
  /** What an operator does, in order. */
  steps: readonly string[];
}

/** Thresholds; a journey that causes each fault has smaller ones. */
export const limits = {
  blindSeconds: 120,
  oldestSeconds: 900,
  pendingMessages: 50,
  repliesWaiting: 300,
  daysLeft: 14,
  lagSeconds: 1,
  recipientsPart: 0.8,
  limitAheadSeconds: 7_200,
};
export type Limits = typeof limits;

/** Events that rules count, without the labels that come with the first one. */
const SUMMED: readonly [event: string, labels: string][] = [
  ['message_quarantined', 'reason'],
  ['message_pending', 'reason'],
  ['parser_worker_ended', 'reason'],
  ['reply_rejected', 'code, class'],
  ['sign_in_needed', 'code'],
  ['credential_refused', 'code'],
  ['redis_key_quarantined', 'kind'],
  ['email_servers_unreadable', 'kind'],
];

/**
 * Whether a counter grew within the window. What a process counted before its first scrape is no increase() for Prometheus, but what a process that is
 * younger than the window has counted, it counted within the window: a refused credential or a needed sign-in comes in the first second of a new pod.
 */
const grew = (by: string, counter: string, [window, seconds]: readonly [string, number]) =>
  `sum${by === '' ? '' : ` by (${by}) `}(increase(${counter}[${window}]) > 0 or ${counter} and on (instance, job) (time() - process_start_time_seconds < ${seconds})) > 0`;
const QUARTER = ['15m', 900] as const;
const HOUR = ['1h', 3_600] as const;

/** Parts of the objectives that may be missed. */
const ENQUEUE_BUDGET = 0.01;
const BLIND_BUDGET = 0.001;

export const recordings: readonly { record: string; expr: string }[] = [
  ...SUMMED.map(([event, labels]) => ({
    record: `mailroom:${event}:sum`,
    expr: `sum without (${labels}) (mailroom_${event}_total)`,
  })),
  // Objective 1: 99 % of mails are enqueued within 30 s of their arrival. Without mail nothing is late.
  ...['5m', '30m', '1h', '6h'].map((window) => ({
    record: `mailroom:enqueued_late:ratio_rate${window}`,
    expr: `1 - sum(rate(mailroom_message_arrival_seconds_bucket{le="30"}[${window}])) / (sum(rate(mailroom_message_arrival_seconds_count[${window}])) > 0)`,
  })),
  // Objective 2: 99.9 % of mailbox-minutes are not blind. A mailbox that nobody watches is blind all the time.
  {
    record: 'mailroom:mailbox_blind:ratio_rate1m',
    expr: 'clamp_max(sum by (server) (rate(mailroom_mailbox_blind_seconds_total[1m])), 1) or max by (server) (mailroom_email_server_enabled{type="imap"}) unless on (server) mailroom_mailbox_up',
  },
  ...['5m', '30m', '1h', '6h', '30d'].map((window) => ({
    record: `mailroom:mailbox_blind:avg${window}`,
    expr: `avg(avg_over_time(mailroom:mailbox_blind:ratio_rate1m[${window}]))`,
  })),
];

const burn = (name: string, ratio: (window: string) => string, budget: number, what: string): Alert[] =>
  (
    [
      ['Fast', '1h', '5m', 14.4, 'page'],
      ['Slow', '6h', '30m', 6, 'ticket'],
    ] as const
  ).map(([pace, long, short, factor, severity]) => ({
    name: `Mailroom${name}Burns${pace}`,
    expr: `${ratio(long)} > ${factor * budget} and ${ratio(short)} > ${factor * budget}`,
    severity,
    summary: `${what} miss their objective ${factor} times faster than the budget of 30 days allows`,
    steps: [
      'Look at the other alerts first: one of them usually names the cause.',
      'Dashboard, row "Objectives": since when, and which mailboxes or flows.',
      '`mailroom servers` shows mailboxes that are backing off or paused, with the code; `mailroom check "<server>"` names the fix.',
    ],
  }));

export const alerts: readonly Alert[] = [
  {
    name: 'MailroomDown',
    expr: 'absent(mailroom_build_info)',
    for: '2m',
    severity: 'page',
    summary: 'no Mailroom process answers /metrics',
    steps: [
      '`docker compose ps` or `kubectl get pods`: do they run? Their last log lines say why not (`GatewayWaiting`: Redis is away; exit code 70: the watchdog).',
      'They run: check the scrape configuration.',
    ],
  },
  {
    name: 'MailroomMailboxNotWatched',
    expr: 'max by (server) (mailroom_email_server_enabled{type="imap"}) unless on (server) (max by (server) (mailroom_mailbox_up) == 1)',
    for: '5m',
    severity: 'page',
    summary: 'mailbox {{ $labels.server }} is not watched by any replica',
    steps: [
      '`mailroom servers` shows its state and code; [mailbox backing off](operator.md#mailbox-backing-off).',
      '`mailroom check "<server>"` tests every step and names the fix.',
      'Afterwards, `mailroom audit "<server>"` must report `unaccounted 0`.',
    ],
  },
  {
    name: 'MailroomMailboxBlind',
    expr: 'sum by (server) (increase(mailroom_mailbox_blind_seconds_total[1h])) > $blindSeconds',
    severity: 'ticket',
    summary:
      'mailbox {{ $labels.server }} was not provably watched for {{ $value | humanizeDuration }} of the last hour',
    steps: [
      '`MailboxDisconnected` in the log gives code and hint of each loss. Mail that came meanwhile is found by the catch-up.',
      'Several mailboxes of one host at once: network, proxy or the provider (Microsoft 365 service health).',
    ],
  },
  {
    name: 'MailroomFetchingPaused',
    expr: 'max by (server, reason) (mailroom_mailbox_paused) == 1',
    for: '10m',
    severity: 'ticket',
    summary: 'fetching from {{ $labels.server }} is paused: {{ $labels.reason }}',
    steps: [
      'Mail is safe in the mailbox. `redis-memory`, `redis-read-only`: Redis. `blob-store`: disk or S3. `backlog`: consumers of the flow.',
      'Fix the reason; fetching resumes within a minute.',
    ],
  },
  {
    name: 'MailroomBacklogWithoutConsumer',
    expr: 'max by (email_flow) (mailroom_email_flow_backlog) > 0 and on (email_flow) max by (email_flow) (mailroom_email_flow_consumers) == 0',
    for: '5m',
    severity: 'page',
    summary: '{{ $value }} messages wait on {{ $labels.email_flow }}, and no consumer is connected',
    steps: [
      'The contact center’s backend does not consume this flow: is it running, with the right Redis, `redis.prefix` and flow name?',
      '`mailroom tail "<flow>"` shows what waits. Messages are kept; nothing is lost.',
    ],
  },
  {
    name: 'MailroomConsumersBehind',
    expr: 'max by (email_flow) (mailroom_email_flow_oldest_seconds) > $oldestSeconds',
    for: '5m',
    severity: 'ticket',
    summary: 'the oldest message on {{ $labels.email_flow }} has waited {{ $value | humanizeDuration }}',
    steps: [
      'The backend is too slow, stopped, or hangs at one message. More consumers, or a higher concurrency, help at once.',
    ],
  },
  {
    name: 'MailroomConsumerFailed',
    expr: 'max by (email_flow) (delta(mailroom_email_flow_failed_jobs[30m])) > 0',
    severity: 'ticket',
    summary: 'the consumer of {{ $labels.email_flow }} gave up on messages',
    steps: [
      'The jobs are in state `failed` on the flow’s queue, with the consumer’s own reason; they are kept for 30 days.',
      'Fix the backend, then have them tried again, move or delete them: the portal’s page *Dead letters*, `POST /v1/email-flows/{flow}/dead-letters/{jobId}`, or BullMQ’s `job.retry()`.',
    ],
  },
  {
    name: 'MailroomMessageQuarantined',
    expr: grew('server', 'mailroom:message_quarantined:sum', QUARTER),
    severity: 'ticket',
    summary: 'a message of {{ $labels.server }} could not be read or parsed',
    steps: [
      'Its job with the raw bytes and `parse: failed` is on the queue. Portal, *Quarantine*: look at the raw mail.',
      '`mailroom parse mail.eml` shows what the parser makes of it. *Read again* after an update.',
    ],
  },
  {
    name: 'MailroomMessagesPending',
    expr: 'sum by (server) (increase(mailroom:message_pending:sum[1h])) > $pendingMessages',
    severity: 'ticket',
    summary: 'the server of {{ $labels.server }} lists messages that it does not deliver',
    steps: [
      'Common with Exchange for minutes. If it lasts: the log’s `MessagePending` gives the reason; open a case with the provider.',
    ],
  },
  {
    name: 'MailroomParserKilled',
    expr: grew('', 'mailroom:parser_worker_ended:sum', QUARTER),
    severity: 'ticket',
    summary: 'a parser worker was ended because of a message',
    steps: [
      '`ParserWorkerEnded` gives the reason (time, memory). The message is quarantined, everything else continues. Keep the raw mail for a bug report.',
    ],
  },
  {
    name: 'MailroomMailboxSilent',
    expr: grew('server', 'mailroom_mailbox_silent_total', HOUR),
    severity: 'ticket',
    summary: 'mailbox {{ $labels.server }} is healthy but has received nothing for `inbound.silenceHours`',
    steps: [
      'Send a mail to it from outside; check forwarding, MX records and mail flow rules.',
      'Exchange Online: *Reject Direct Send* (`Get-OrganizationConfig | fl RejectDirectSend`) refuses web forms and devices that send from your own domain without signing in (550 5.7.68): let them sign in, or make a connector.',
      'Exchange Online: a shared mailbox without a licence takes no more mail at 50 GB, and its senders get 5.2.2: `Get-MailboxStatistics -Identity <mailbox> | fl TotalItemSize`.',
    ],
  },
  {
    name: 'MailroomLedgerSetBack',
    expr: grew('server', 'mailroom_ledger_set_back_total', QUARTER),
    severity: 'ticket',
    summary: 'Redis lost commits that it had confirmed',
    steps: [
      'Nothing is lost: the mail is fetched again. Check `appendfsync` and what was promoted (operator.md, Redis).',
    ],
  },
  {
    name: 'MailroomRepliesHeld',
    expr: 'max(mailroom_replies_held) > 0',
    for: '1m',
    severity: 'page',
    summary: '{{ $value }} replies wait for a person’s decision',
    steps: [
      '[Reply held](operator.md#reply-held): `mailroom replies held`, `mailroom replies show <replyId>`, then release or drop.',
    ],
  },
  {
    name: 'MailroomRepliesUncertain',
    expr: grew('server', 'mailroom_reply_uncertain_total', QUARTER),
    severity: 'ticket',
    summary: 'answers after DATA were lost at {{ $labels.server }}; Sent is being searched',
    steps: [
      'Nothing yet: it is settled or held within `outbound.uncertain.lookForMinutes`. Many at once: the network or a proxy in front of port 587.',
    ],
  },
  {
    name: 'MailroomServerPaused',
    expr: 'max by (server) (mailroom_smtp_server_paused) == 1',
    for: '10m',
    severity: 'page',
    summary: 'sending through {{ $labels.server }} is paused; its replies are kept',
    steps: [
      '[Server paused](operator.md#server-paused): `SmtpServerPaused` gives the code; `mailroom check "<server>"` names the fix and ends the pause.',
    ],
  },
  {
    name: 'MailroomRepliesBehind',
    expr: 'max by (server) (sum by (server, instance) (mailroom_replies_jobs{state=~"waiting|prioritized|paused"})) > $repliesWaiting',
    for: '5m',
    severity: 'ticket',
    summary: '{{ $value }} replies wait at {{ $labels.server }}',
    steps: [
      'At 30 a minute, 300 take ten minutes. Is it paused, or slowed down (`SubmissionSlowed`)? Another SMTP server for part of the traffic helps.',
    ],
  },
  {
    name: 'MailroomRecipientsNearLimit',
    expr: 'max by (server) (mailroom_sender_recipients / mailroom_sender_recipients_limit) >= $recipientsPart or max by (server) (mailroom_sender_recipients_limit_timestamp_seconds) - time() < $limitAheadSeconds',
    for: '5m',
    severity: 'ticket',
    summary: '{{ $labels.server }} comes near its limit of recipients in 24 hours; at the limit its replies wait',
    steps: [
      'The portal’s overview and status page show what is used, the limit, and when it is reached at the present rate.',
      'Is it a loop or a campaign? Look at what is sent. Otherwise send part of the replies through an SMTP server with another User; with app-only sign-in each mailbox has a limit of its own (10,000 at Exchange Online).',
      '`pace.recipientsPerDay` of the email server is the limit that Mailroom keeps: set it to what your provider permits.',
    ],
  },
  {
    name: 'MailroomRepliesWaitForServer',
    expr: 'max by (server) (mailroom_replies_waiting_for_server) > 0',
    for: '5m',
    severity: 'ticket',
    summary: 'replies wait for {{ $labels.server }}, which was deleted or renamed',
    steps: [
      '[Replies wait for a server](operator.md#replies-wait-for-a-server): create it again with the same name and User.',
    ],
  },
  {
    name: 'MailroomSignInNeeded',
    expr: grew('application', 'mailroom:sign_in_needed:sum', HOUR),
    severity: 'page',
    summary: 'a person must sign in for a server of application {{ $labels.application }}',
    steps: [
      '`SignInNeeded` names the server: `mailroom login "<server>"`, or the portal. Mail and replies wait until then.',
    ],
  },
  {
    name: 'MailroomSignInEnds',
    expr: '(min by (server) (mailroom_sign_in_expires_timestamp_seconds) - time()) / 86400 < $daysLeft',
    for: '1h',
    severity: 'ticket',
    summary: 'the delegated sign-in of {{ $labels.server }} ends in {{ $value | humanize }} days unless it is renewed',
    steps: ['It is renewed daily: it has failed for weeks. `mailroom login "<server>"`.'],
  },
  {
    name: 'MailroomCredentialEnds',
    expr: '(min by (application, credential) (mailroom_credential_expires_timestamp_seconds) - time()) / 86400 < $daysLeft',
    severity: 'ticket',
    summary: 'credential {{ $labels.credential }} of {{ $labels.application }} expires in {{ $value | humanize }} days',
    steps: [
      '[Rotate it](operator.md#rotating-the-credential-of-an-application); `mailroom credentials` shows all of them.',
    ],
  },
  {
    name: 'MailroomCredentialRefused',
    expr: grew('application', 'mailroom:credential_refused:sum', HOUR),
    severity: 'ticket',
    summary: 'the identity provider refuses a credential of {{ $labels.application }}; the next one is in use',
    steps: ['`mailroom credentials` shows which; test a new one with `mailroom credentials test`.'],
  },
  {
    name: 'MailroomRedisTrouble',
    expr: 'min by (instance) (mailroom_redis_connected) == 0 or min by (instance) (mailroom_redis_writable) == 0',
    for: '1m',
    severity: 'page',
    summary: '{{ $labels.instance }} cannot write to Redis',
    steps: [
      'Everything waits, nothing is lost. `/readyz` gives code and advice (`checks.redis`). Failover, memory, disk: operator.md, Redis.',
    ],
  },
  {
    name: 'MailroomRedisUnfit',
    expr: 'min by (instance) (mailroom_redis_fit) == 0',
    for: '1m',
    severity: 'ticket',
    summary: 'Redis has settings that may lose jobs',
    steps: [
      'A failover promoted a node with other settings, or somebody changed them: `RedisFoundUnfit` and `RedisDurabilityLimited` say what was found. Mail and replies continue.',
      'On every node that can become the primary: `redis-cli config get maxmemory-policy` must be `noeviction`, `redis-cli config get appendonly` must be `yes`. Correct them by `config set` and `config rewrite`; within 15 seconds `RedisFoundFit` or `RedisDurabilityRestored` is logged.',
    ],
  },
  {
    name: 'MailroomBlobStoreTrouble',
    expr: 'min by (instance) (mailroom_blob_store_writable) == 0',
    for: '2m',
    severity: 'page',
    summary: '{{ $labels.instance }} cannot write to the blob store',
    steps: [
      'Fetching pauses, mail is safe in the mailbox. Disk full, volume not mounted, or S3 refuses: `/readyz` gives code and advice (`checks.blobs`).',
    ],
  },
  {
    name: 'MailroomRedisKeyQuarantined',
    expr: grew('', 'mailroom:redis_key_quarantined:sum', QUARTER),
    severity: 'ticket',
    summary: 'a Redis key held an unexpected value',
    steps: ['[Garbage in Redis](operator.md#garbage-in-redis): `mailroom audit` lists the keys.'],
  },
  {
    name: 'MailroomRestarted',
    expr: 'changes(process_start_time_seconds[15m]) > 0 and on (instance, job) mailroom_build_info',
    severity: 'ticket',
    summary: '{{ $labels.instance }} was restarted',
    steps: [
      'Planned: nothing. Otherwise look at the exit code: 70 is the watchdog (its stack is on stderr), 137 memory or a kill.',
      'Nothing is lost or doubled by a kill; its mailboxes were watched by other replicas meanwhile.',
    ],
  },
  {
    name: 'MailroomStalled',
    expr: 'max by (instance) (nodejs_eventloop_lag_p99_seconds) > $lagSeconds and on (instance) mailroom_build_info',
    for: '2m',
    severity: 'ticket',
    summary: 'the main thread of {{ $labels.instance }} answers late ({{ $value | humanizeDuration }})',
    steps: [
      'Too little CPU (throttled container?), or a hot loop. The watchdog ends it at `lifecycle.stallSeconds`. `NODE_OPTIONS=--cpu-prof` on one replica shows why.',
    ],
  },
  {
    name: 'MailroomConfigurationInvalid',
    expr: [
      'max(mailroom_email_servers_invalid) > 0',
      grew('', 'mailroom:email_servers_unreadable:sum', QUARTER),
      grew('', 'mailroom_application_invalid_total', QUARTER),
      grew('', 'mailroom_settings_unreadable_total', QUARTER),
    ].join(' or '),
    severity: 'ticket',
    summary: 'a definition or a settings file is wrong; the last valid one stays in force',
    steps: ['`mailroom config --check` names file, field and reason.'],
  },
  ...burn(
    'Enqueue',
    (window) => `mailroom:enqueued_late:ratio_rate${window}`,
    ENQUEUE_BUDGET,
    'mails on the queue within 30 s',
  ),
  ...burn('Watch', (window) => `mailroom:mailbox_blind:avg${window}`, BLIND_BUDGET, 'watched mailbox-minutes'),
];

/** The rules file, as an object of Prometheus' format. */
export function rules(given: Limits = limits) {
  const put = (expr: string) =>
    expr.replace(/\$(\w+)/g, (all, name: string) => String(given[name as keyof Limits] ?? all));
  return {
    groups: [
      { name: 'mailroom-recordings', rules: recordings },
      {
        name: 'mailroom-alerts',
        rules: alerts.map((alert) => ({
          alert: alert.name,
          expr: put(alert.expr),
          ...(alert.for === undefined ? {} : { for: alert.for }),
          labels: { severity: alert.severity },
          annotations: {
            summary: alert.summary,
            runbook: `docs/runbook.md#${alert.name.toLowerCase()}`,
          },
        })),
      },
    ],
  };
}
