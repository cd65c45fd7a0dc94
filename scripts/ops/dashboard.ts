// The Grafana dashboard as JSON: ops/grafana/mailroom.json is generated from these rows (`npm run docs`), and a test asks a real Prometheus each query.

interface Panel {
  title: string;
  queries: readonly (readonly [expr: string, legend: string])[];
  unit?: string;
  kind?: 'timeseries' | 'stat' | 'table';
  /** Of 24. */
  width?: number;
}

/** One metric by quantile, over the buckets of all replicas. */
const quantiles = (name: string, by = ''): Panel['queries'] =>
  [0.5, 0.99].map((q) => [
    `histogram_quantile(${q}, sum by (le${by === '' ? '' : `, ${by}`}) (rate(${name}_bucket[$__rate_interval])))`,
    `p${q * 100}${by === '' ? '' : ` {{${by}}}`}`,
  ]);

export const rows: readonly { title: string; panels: readonly Panel[] }[] = [
  {
    title: 'Objectives',
    panels: [
      {
        title: 'Enqueued within 30 s of arrival (99 %)',
        kind: 'stat',
        unit: 'percentunit',
        queries: [['1 - mailroom:enqueued_late:ratio_rate1h', 'last hour']],
        width: 6,
      },
      {
        title: 'Mailbox-minutes not blind (99.9 %)',
        kind: 'stat',
        unit: 'percentunit',
        queries: [['1 - mailroom:mailbox_blind:avg30d', '30 days']],
        width: 6,
      },
      {
        title: 'Mailboxes watched',
        kind: 'stat',
        queries: [
          ['sum(max by (server) (mailroom_mailbox_up))', 'watched'],
          ['count(max by (server) (mailroom_email_server_enabled{type="imap"}))', 'enabled'],
        ],
        width: 6,
      },
      {
        title: 'Replies held',
        kind: 'stat',
        queries: [['max(mailroom_replies_held)', 'held']],
        width: 6,
      },
    ],
  },
  {
    title: 'Mail in',
    panels: [
      {
        title: 'Messages enqueued',
        unit: 'ops',
        queries: [['sum by (email_flow) (rate(mailroom_message_enqueued_total[$__rate_interval]))', '{{email_flow}}']],
      },
      { title: 'Arrival to queue', unit: 's', queries: quantiles('mailroom_message_arrival_seconds') },
      { title: 'FETCH to queue', unit: 's', queries: quantiles('mailroom_message_ingest_seconds') },
      {
        title: 'Commit and FETCH',
        unit: 's',
        queries: [...quantiles('mailroom_commit_seconds'), ...quantiles('mailroom_fetch_seconds')],
      },
      {
        title: 'Blind seconds',
        unit: 's',
        queries: [
          ['sum by (server) (increase(mailroom_mailbox_blind_seconds_total[$__rate_interval])) > 0', '{{server}}'],
        ],
      },
      {
        title: 'Not as usual',
        queries: ['pending', 'quarantined', 'too_large', 'vanished'].map((what) => [
          `sum(increase(mailroom_message_${what}_total[$__rate_interval]))`,
          what,
        ]),
      },
    ],
  },
  {
    title: 'Flows and consumers',
    panels: [
      { title: 'Waiting', queries: [['max by (email_flow) (mailroom_email_flow_backlog)', '{{email_flow}}']] },
      {
        title: 'Oldest waiting',
        unit: 's',
        queries: [['max by (email_flow) (mailroom_email_flow_oldest_seconds)', '{{email_flow}}']],
      },
      { title: 'Queue to consumer', unit: 's', queries: quantiles('mailroom_message_taken_seconds', 'email_flow') },
      {
        title: 'Consumers and failed jobs',
        queries: [
          ['max by (email_flow) (mailroom_email_flow_consumers)', 'consumers {{email_flow}}'],
          ['max by (email_flow) (mailroom_email_flow_failed_jobs)', 'failed {{email_flow}}'],
        ],
      },
    ],
  },
  {
    title: 'Replies out',
    panels: [
      {
        title: 'Outcomes',
        unit: 'ops',
        queries: ['accepted', 'rejected', 'retried', 'uncertain', 'held'].map((what) => [
          `sum(rate(mailroom_reply_${what}_total[$__rate_interval]))`,
          what,
        ]),
      },
      { title: 'Handed in to accepted', unit: 's', queries: quantiles('mailroom_reply_accepted_seconds', 'server') },
      {
        title: 'Waiting',
        queries: [
          [
            'max by (server) (sum by (server, instance) (mailroom_replies_jobs{state=~"waiting|prioritized|paused|delayed"}))',
            '{{server}}',
          ],
        ],
      },
      { title: 'Paused', queries: [['max by (server) (mailroom_smtp_server_paused)', '{{server}}']] },
      {
        title: 'Limits used',
        unit: 'percentunit',
        queries: [
          [
            'max by (server) (mailroom_sender_recipients / mailroom_sender_recipients_limit)',
            '{{server}} recipients in 24 h',
          ],
          [
            'max by (server) (mailroom_sender_submissions / mailroom_sender_submissions_limit)',
            '{{server}} submissions a minute',
          ],
        ],
      },
    ],
  },
  {
    title: 'Sign-in',
    panels: [
      { title: 'Token requests', unit: 's', queries: quantiles('mailroom_token_request_seconds', 'application') },
      {
        title: 'Days left',
        unit: 'd',
        queries: [
          [
            '(min by (application, credential) (mailroom_credential_expires_timestamp_seconds) - time()) / 86400',
            '{{application}} credential {{credential}}',
          ],
          ['(min by (server) (mailroom_sign_in_expires_timestamp_seconds) - time()) / 86400', 'sign-in {{server}}'],
          [
            '(max by (application) (mailroom_token_expires_timestamp_seconds) - time()) / 86400',
            'token {{application}}',
          ],
        ],
      },
    ],
  },
  {
    title: 'Processes and stores',
    panels: [
      {
        title: 'Memory',
        unit: 'bytes',
        queries: [
          ['process_resident_memory_bytes * on (instance) group_left mailroom_build_info', '{{instance}} {{version}}'],
        ],
      },
      {
        title: 'CPU',
        unit: 'percentunit',
        queries: [
          ['rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) mailroom_build_info', '{{instance}}'],
        ],
      },
      {
        title: 'Event loop lag p99 (at rest 0.1 s)',
        unit: 's',
        queries: [['nodejs_eventloop_lag_p99_seconds and on (instance) mailroom_build_info', '{{instance}}']],
      },
      {
        title: 'Stores',
        queries: [
          ['min(mailroom_redis_connected)', 'Redis connected'],
          ['min(mailroom_redis_writable)', 'Redis writable'],
          ['min(mailroom_redis_fit)', 'Redis fit'],
          ['min(mailroom_blob_store_writable)', 'blob store writable'],
        ],
      },
      {
        title: 'HTTP',
        unit: 's',
        queries: quantiles('mailroom_http_request_duration_seconds', 'route'),
      },
    ],
  },
];

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const HEIGHT = 7;

/** In Grafana's own format (schema 39, Grafana 10 and later). */
export function dashboard(): object {
  const panels: object[] = [];
  let y = 0;
  let id = 1;
  for (const row of rows) {
    panels.push({
      id: id++,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { h: 1, w: 24, x: 0, y },
      panels: [],
    });
    y += 1;
    let x = 0;
    for (const { title, queries, unit, kind = 'timeseries', width = 8 } of row.panels) {
      if (x + width > 24) {
        x = 0;
        y += HEIGHT;
      }
      panels.push({
        id: id++,
        type: kind,
        title,
        datasource: DATASOURCE,
        gridPos: { h: HEIGHT, w: width, x, y },
        fieldConfig: { defaults: unit === undefined ? {} : { unit }, overrides: [] },
        targets: queries.map(([expr, legendFormat], i) => ({
          refId: String.fromCharCode(65 + i),
          expr,
          legendFormat,
          datasource: DATASOURCE,
        })),
      });
      x += width;
    }
    y += HEIGHT;
  }
  return {
    uid: 'mailroom',
    title: 'Mailroom',
    tags: ['mailroom'],
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' }] },
    annotations: {
      list: [
        {
          name: 'Restarts',
          datasource: DATASOURCE,
          enable: true,
          expr: 'changes(process_start_time_seconds[1m]) > 0 and on (instance) mailroom_build_info',
          iconColor: 'orange',
        },
      ],
    },
    panels,
  };
}
