// Each alert by promtool test rules: it fires for its fault and is quiet in a healthy installation.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { alerts } from '../../../scripts/ops/alerts.ts';
import { fileFolder } from '../../support/fixture.ts';
import { promtool } from '../../support/promtool.ts';

const dir = fileFolder('rules');
const rulesFile = fileURLToPath(new URL('../../../ops/prometheus/mailroom.rules.yaml', import.meta.url));

/** Series of Prometheus' test notation, one value a minute for six hours. */
type Series = Readonly<Record<string, string>>;

const LONG = 400;
const steady = (value: number) => `${value}x${LONG}`;
/** From 0 to `to` in the tenth minute. */
const jumps = (to = 1) => `0x10 ${to}x${LONG}`;

const HEALTHY: Series = {
  'mailroom_build_info{instance="a",job="m"}': steady(1),
  'mailroom_email_server_enabled{instance="a",server="S",type="imap"}': steady(1),
  'mailroom_mailbox_up{instance="a",server="S"}': steady(1),
  // A replica that does not watch it shows no series; one that hands it over 0 for a moment.
  'mailroom_mailbox_up{instance="b",server="S"}': `0x3 _x${LONG}`,
  'mailroom_mailbox_blind_seconds_total{instance="a",server="S"}': steady(2),
  'mailroom_email_flow_backlog{instance="a",email_flow="F"}': steady(3),
  'mailroom_email_flow_consumers{instance="a",email_flow="F"}': steady(2),
  'mailroom_email_flow_oldest_seconds{instance="a",email_flow="F"}': steady(20),
  'mailroom_email_flow_failed_jobs{instance="a",email_flow="F"}': steady(7),
  'mailroom_message_arrival_seconds_bucket{instance="a",le="30"}': `0+10x${LONG}`,
  'mailroom_message_arrival_seconds_count{instance="a"}': `0+10x${LONG}`,
  'mailroom_message_quarantined_total{instance="a",server="S",reason=""}': steady(0),
  'mailroom_reply_uncertain_total{instance="a",server="O"}': steady(4),
  'mailroom_smtp_server_paused{instance="a",server="O"}': steady(0),
  'mailroom_replies_held{instance="a"}': steady(0),
  'mailroom_sender_recipients{instance="a",server="O"}': steady(7_900),
  'mailroom_sender_recipients_limit{instance="a",server="O"}': steady(10_000),
  // Promtool's clock begins at 0: ten hours ahead of the last look.
  'mailroom_sender_recipients_limit_timestamp_seconds{instance="a",server="O"}': steady(60_000),
  'mailroom_replies_jobs{instance="a",server="O",state="prioritized"}': steady(299),
  'mailroom_replies_jobs{instance="b",server="O",state="prioritized"}': steady(299),
  'mailroom_credential_expires_timestamp_seconds{instance="a",application="A",credential="1"}': steady(20 * 86_400),
  'mailroom_redis_connected{instance="a"}': steady(1),
  'mailroom_redis_writable{instance="a"}': steady(1),
  'mailroom_redis_fit{instance="a"}': steady(1),
  'mailroom_blob_store_writable{instance="a"}': steady(1),
  'process_start_time_seconds{instance="a",job="m"}': steady(5),
  'process_start_time_seconds{instance="other",job="x"}': `0+1x${LONG}`,
  'nodejs_eventloop_lag_p99_seconds{instance="a",job="m"}': '0.02x400',
};

/** What is otherwise than in HEALTHY; undefined: the series is not there. */
const FAULTS: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  MailroomDown: { 'mailroom_build_info{instance="a",job="m"}': undefined },
  MailroomMailboxNotWatched: { 'mailroom_mailbox_up{instance="a",server="S"}': `1x5 0x${LONG}` },
  MailroomMailboxBlind: { 'mailroom_mailbox_blind_seconds_total{instance="a",server="S"}': jumps(150) },
  MailroomFetchingPaused: { 'mailroom_mailbox_paused{instance="a",server="S",reason="backlog"}': steady(1) },
  MailroomBacklogWithoutConsumer: { 'mailroom_email_flow_consumers{instance="a",email_flow="F"}': steady(0) },
  MailroomConsumersBehind: { 'mailroom_email_flow_oldest_seconds{instance="a",email_flow="F"}': `0+60x${LONG}` },
  MailroomConsumerFailed: { 'mailroom_email_flow_failed_jobs{instance="a",email_flow="F"}': jumps() },
  MailroomMessageQuarantined: {
    'mailroom_message_quarantined_total{instance="a",server="S",reason="parse-timeout"}': `_x10 1x${LONG}`,
  },
  MailroomMessagesPending: {
    'mailroom_message_pending_total{instance="a",server="S",reason=""}': steady(0),
    'mailroom_message_pending_total{instance="a",server="S",reason="no-data"}': `_x10 80x${LONG}`,
  },
  MailroomParserKilled: {
    'mailroom_parser_worker_ended_total{instance="a",reason=""}': steady(0),
    'mailroom_parser_worker_ended_total{instance="a",reason="time"}': `_x10 1x${LONG}`,
  },
  MailroomMailboxSilent: { 'mailroom_mailbox_silent_total{instance="a",server="S"}': jumps() },
  MailroomLedgerSetBack: { 'mailroom_ledger_set_back_total{instance="a",server="S"}': jumps() },
  MailroomRepliesHeld: { 'mailroom_replies_held{instance="a"}': jumps(2) },
  MailroomRepliesUncertain: { 'mailroom_reply_uncertain_total{instance="a",server="O"}': `4x10 5x${LONG}` },
  MailroomServerPaused: { 'mailroom_smtp_server_paused{instance="a",server="O"}': steady(1) },
  MailroomRepliesBehind: { 'mailroom_replies_jobs{instance="a",server="O",state="waiting"}': steady(2) },
  MailroomRecipientsNearLimit: {
    'mailroom_sender_recipients_limit_timestamp_seconds{instance="a",server="O"}': steady(7_200),
  },
  MailroomRepliesWaitForServer: { 'mailroom_replies_waiting_for_server{instance="a",server="Old"}': steady(1) },
  MailroomSignInNeeded: {
    'mailroom_sign_in_needed_total{instance="a",application="A",code=""}': steady(0),
    'mailroom_sign_in_needed_total{instance="a",application="A",code="OAUTH_SIGN_IN_NEEDED"}': `_x10 1x${LONG}`,
  },
  MailroomSignInEnds: { 'mailroom_sign_in_expires_timestamp_seconds{instance="a",server="D"}': steady(12 * 86_400) },
  MailroomCredentialEnds: {
    'mailroom_credential_expires_timestamp_seconds{instance="a",application="A",credential="2"}': steady(86_400),
  },
  MailroomCredentialRefused: {
    'mailroom_credential_refused_total{instance="a",application="A",code=""}': steady(0),
    'mailroom_credential_refused_total{instance="a",application="A",code="X"}': `_x10 1x${LONG}`,
  },
  MailroomRedisTrouble: { 'mailroom_redis_writable{instance="a"}': `1x5 0x${LONG}` },
  MailroomRedisUnfit: { 'mailroom_redis_fit{instance="a"}': `1x5 0x${LONG}` },
  MailroomBlobStoreTrouble: { 'mailroom_blob_store_writable{instance="a"}': `1x5 0x${LONG}` },
  MailroomRedisKeyQuarantined: {
    'mailroom_redis_key_quarantined_total{instance="a",kind=""}': steady(0),
    'mailroom_redis_key_quarantined_total{instance="a",kind="item"}': `_x10 1x${LONG}`,
  },
  MailroomRestarted: { 'process_start_time_seconds{instance="a",job="m"}': `5x10 600x${LONG}` },
  MailroomStalled: { 'nodejs_eventloop_lag_p99_seconds{instance="a",job="m"}': steady(3) },
  MailroomConfigurationInvalid: {
    'mailroom_email_servers_invalid{instance="a"}': jumps(),
    'mailroom_email_servers_unreadable_total{instance="a",kind=""}': steady(0),
    'mailroom_application_invalid_total{instance="a",application="A"}': steady(0),
    'mailroom_settings_unreadable_total{instance="a"}': steady(0),
  },
  MailroomEnqueueBurnsFast: { 'mailroom_message_arrival_seconds_bucket{instance="a",le="30"}': `0+8x${LONG}` },
  MailroomEnqueueBurnsSlow: { 'mailroom_message_arrival_seconds_bucket{instance="a",le="30"}': `0+9.3x${LONG}` },
  MailroomWatchBurnsFast: { 'mailroom_mailbox_blind_seconds_total{instance="a",server="S"}': `0+2x${LONG}` },
  MailroomWatchBurnsSlow: { 'mailroom_mailbox_blind_seconds_total{instance="a",server="S"}': `0+0.5x${LONG}` },
};

/** Minute at which an alert is looked at: after its `for`, within its window. */
const minuteOf = (name: string) => (name.includes('Burns') ? 390 : name === 'MailroomSignInEnds' ? 70 : 22);

const group = (
  series: Readonly<Record<string, string | undefined>>,
  expr: string,
  minutes: readonly number[],
  fires: boolean,
) => ({
  interval: '1m',
  input_series: Object.entries(series).flatMap(([name, values]) =>
    values === undefined ? [] : [{ series: name, values }],
  ),
  promql_expr_test: minutes.map((minute) => ({
    expr,
    eval_time: `${minute}m`,
    ...(fires ? { exp_samples: [{ labels: '{}', value: 1 }] } : {}),
  })),
});

async function runTests(name: string, tests: readonly object[]) {
  const file = join(dir, `${name}.yaml`);
  writeFileSync(file, stringify({ rule_files: [rulesFile], evaluation_interval: '1m', tests }));
  return promtool(['test', 'rules', file]);
}
const firing = (selector: string) => `max(ALERTS{alertstate="firing"${selector}})`;

test('every alert has a fault', () => {
  expect(Object.keys(FAULTS).sort()).toEqual(alerts.map(({ name }) => name).sort());
});

test('each alert fires for its fault', async () => {
  const tests = Object.entries(FAULTS).map(([name, fault]) =>
    group({ ...HEALTHY, ...fault }, firing(`,alertname="${name}"`), [minuteOf(name)], true),
  );
  expect(await runTests('faults', tests)).toMatchObject({ code: 0, output: expect.stringContaining('SUCCESS') });
});

/** Events of the first second: counted before the first scrape of a process that Prometheus has never seen. */
const OF_A_NEW_PROCESS: Readonly<Record<string, string>> = {
  MailroomMessageQuarantined: 'mailroom_message_quarantined_total{server="S",reason="parse-timeout"}',
  MailroomParserKilled: 'mailroom_parser_worker_ended_total{reason="time"}',
  MailroomMailboxSilent: 'mailroom_mailbox_silent_total{server="S"}',
  MailroomLedgerSetBack: 'mailroom_ledger_set_back_total{server="S"}',
  MailroomRepliesUncertain: 'mailroom_reply_uncertain_total{server="O"}',
  MailroomSignInNeeded: 'mailroom_sign_in_needed_total{application="A",code="OAUTH_SIGN_IN_NEEDED"}',
  MailroomCredentialRefused: 'mailroom_credential_refused_total{application="A",code="X"}',
  MailroomRedisKeyQuarantined: 'mailroom_redis_key_quarantined_total{kind="item"}',
  MailroomConfigurationInvalid: 'mailroom_email_servers_unreadable_total{kind="read"}',
};

test('each alert of an event fires for one before the first scrape of a process, until its window ends', async () => {
  const counted = alerts.filter(({ expr }) => expr.includes('increase(') && expr.includes('> 0'));
  expect(Object.keys(OF_A_NEW_PROCESS).sort()).toEqual(counted.map(({ name }) => name).sort());
  const tests = Object.entries(OF_A_NEW_PROCESS).flatMap(([name, series]) => {
    const known = {
      ...HEALTHY,
      [series.replace('{', '{instance="new",job="m",')]: `_x10 1x${LONG}`,
      'process_start_time_seconds{instance="new",job="m"}': `_x10 600x${LONG}`,
    };
    const selector = firing(`,alertname="${name}"`);
    return [group(known, selector, [22], true), group(known, selector, [9, 75], false)];
  });
  expect(await runTests('new-process', tests)).toMatchObject({ code: 0, output: expect.stringContaining('SUCCESS') });
});

test('no alert fires in a healthy installation', async () => {
  const tests = [group(HEALTHY, firing(''), [22, 70, 390], false)];
  expect(await runTests('healthy', tests)).toMatchObject({ code: 0, output: expect.stringContaining('SUCCESS') });
});

test('each alert names its subject and an existing runbook entry', () => {
  const { groups } = parse(readFileSync(rulesFile, 'utf8')) as {
    groups: { rules: { alert?: string; annotations?: { runbook: string } }[] }[];
  };
  const runbook = readFileSync(fileURLToPath(new URL('../../../docs/runbook.md', import.meta.url)), 'utf8');
  const shown = groups.flatMap((one) => one.rules).filter(({ alert }) => alert !== undefined);
  expect(shown).toHaveLength(alerts.length);
  for (const { alert, annotations } of shown) {
    expect(runbook).toContain(`\n### ${alert}\n`);
    expect(annotations?.runbook).toBe(`docs/runbook.md#${alert?.toLowerCase()}`);
  }
});
