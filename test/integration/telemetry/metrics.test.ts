// What is scraped, as Prometheus itself judges it: all counters, gauges and histograms that there are.
import { expect, test } from 'vitest';
import { eventDefinitions } from '../../../src/telemetry/events/index.ts';
import { createEmit } from '../../../src/telemetry/events.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { type Measure, measures } from '../../../src/telemetry/measures.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { createZeros } from '../../../src/telemetry/zeros.ts';
import { promtool } from '../../support/promtool.ts';

test('promtool check metrics has no finding in a full scrape', async () => {
  const metrics = createMetrics();
  const emit = createEmit(createLogger({ level: 'silent' }), metrics);
  createZeros(metrics)({
    servers: [
      { server: 'Support "in"', type: 'IMAP', emailFlows: ['Support', 'Vertrieb\\Ä'] },
      { server: 'Out', type: 'SMTP', emailFlows: [] },
    ],
    applications: ['Contoso'],
    inbound: true,
    outbound: true,
  });
  for (const name of Object.keys(eventDefinitions) as (keyof typeof eventDefinitions)[])
    emit(name, { server: 'Out', emailFlow: 'Support', durationMs: 20 });
  for (const [name, { kind, labels = [] }] of Object.entries<Measure>(measures)) {
    const values = Object.fromEntries(labels.map((label) => [label, `any ${label}`]));
    if (kind === 'gauge') metrics.gauge(name as 'mailroom_mailbox_up').set(values, 1);
    else if (kind === 'counter') metrics.counter(name as 'mailroom_mailbox_blind_seconds_total').inc(values);
    else metrics.histogram(name as 'mailroom_commit_seconds').observe(values, 1);
  }
  const text = await metrics.text();
  for (const name of Object.keys(measures)) expect(text).toContain(`\n# TYPE ${name} `);
  expect(await promtool(['check', 'metrics'], text)).toEqual({ code: 0, output: '' });
});
