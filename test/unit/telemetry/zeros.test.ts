// The first event of a server is an increase: its counter was there before, at 0.
import { describe, expect, it } from 'vitest';
import { createEmit } from '../../../src/telemetry/events.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { createZeros, type KnownNames } from '../../../src/telemetry/zeros.ts';

const known: KnownNames = {
  servers: [
    { server: 'In', type: 'IMAP', emailFlows: ['Support', 'Orders'] },
    { server: 'Out', type: 'SMTP', emailFlows: [] },
  ],
  applications: ['Contoso'],
  inbound: true,
  outbound: true,
};

function rig() {
  const metrics = createMetrics();
  const emit = createEmit(createLogger({ level: 'silent' }, { write: () => {} }), metrics);
  const lines = async (name: string) =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith(`mailroom_${name}{`));
  return { emit, lines, zeros: createZeros(metrics) };
}

describe('counters start at 0', () => {
  it.each([
    ['message_enqueued_total', ['{server="In",email_flow="Support"} 0', '{server="In",email_flow="Orders"} 0']],
    ['mailbox_disconnected_total', ['{server="In",code="",class=""} 0']],
    ['reply_rejected_total', ['{server="Out",code="",class=""} 0']],
    ['email_server_invalid_total', ['{server="In"} 0', '{server="Out"} 0']],
    ['sign_in_needed_total', ['{application="Contoso",code=""} 0']],
    ['parser_worker_ended_total', ['{reason=""} 0']],
    ['message_arrival_seconds_count', ['{email_flow="Support"} 0', '{email_flow="Orders"} 0']],
    ['reply_accepted_seconds_count', ['{server="Out"} 0']],
    ['token_request_seconds_count', ['{application="Contoso"} 0']],
  ])('%s for what is known', async (name, expected) => {
    const { lines, zeros } = rig();
    zeros(known);
    expect(await lines(name)).toEqual(expected.map((rest) => `mailroom_${name}${rest}`));
  });

  it('are absent for the other half, where they would never increase', async () => {
    const { lines, zeros } = rig();
    zeros({ ...known, inbound: false });
    expect(await lines('message_enqueued_total')).toEqual([]);
    expect(await lines('reply_rejected_total')).toHaveLength(1);
  });

  it('with names that appear later start then, and existing counts are unchanged', async () => {
    const { emit, lines, zeros } = rig();
    zeros(known);
    emit('ReplyAccepted', { server: 'Out', durationMs: 1_500 });
    zeros({ ...known, servers: [...known.servers, { server: 'Out 2', type: 'SMTP', emailFlows: [] }] });
    expect(await lines('reply_accepted_total')).toEqual([
      'mailroom_reply_accepted_total{server="Out"} 1',
      'mailroom_reply_accepted_total{server="Out 2"} 0',
    ]);
    expect(await lines('reply_accepted_seconds_sum')).toEqual([
      'mailroom_reply_accepted_seconds_sum{server="Out"} 1.5',
      'mailroom_reply_accepted_seconds_sum{server="Out 2"} 0',
    ]);
  });
});
