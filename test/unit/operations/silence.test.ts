// Ingest silence: told once for each silence, never for a mailbox that never had a mail, with its age as a gauge.
import { describe, expect, it } from 'vitest';
import { mailboxId } from '../../../src/contract/names.ts';
import { createSilence } from '../../../src/operations/silence.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { imapServer } from '../../support/servers.ts';

const HOUR = 3_600_000;
const box = (name: string) => imapServer({ name, host: 'h', port: 993, user: `${name}@contoso.example` });

function start(silenceMs = 72 * HOUR) {
  const at = { now: 1_000 * HOUR, servers: [box('Busy'), box('Quiet'), box('New')], silence: [] as string[], hint: '' };
  const arrivals: Record<string, number | undefined> = {};
  const metrics = createMetrics();
  const look = createSilence({
    watched: () => at.servers,
    lastArrivals: async (ids) =>
      ids.map((id) => Object.entries(arrivals).find(([name]) => mailboxId(box(name)) === id)?.[1]),
    silenceMs,
    emit(name, fields) {
      at.silence.push(`${name} ${String(fields?.server)} ${Number(fields?.durationMs) / HOUR}`);
      at.hint = String(fields?.hint);
    },
    metrics,
    now: () => at.now,
  });
  const gauge = async () =>
    (await metrics.registry.metrics()).split('\n').filter((line) => /^mailroom_mailbox_last/.test(line));
  return { at, arrivals, look, gauge };
}

describe('ingest silence', () => {
  it('is reported once, and again when another silence follows a mail', async () => {
    const { at, arrivals, look } = start();
    Object.assign(arrivals, { Busy: 999 * HOUR, Quiet: 900 * HOUR });
    await look();
    await look();
    expect(at.silence).toEqual(['MailboxSilent Quiet 100']);
    expect(at.hint).toMatch(/Reject Direct Send.*50 GB/);
    arrivals.Quiet = 1_000 * HOUR;
    await look();
    at.now = 1_073 * HOUR;
    arrivals.Busy = at.now;
    await look();
    expect(at.silence).toEqual(['MailboxSilent Quiet 100', 'MailboxSilent Quiet 73']);
  });

  it('has a gauge for each mailbox that is watched here and has ever had a mail', async () => {
    const { at, arrivals, look, gauge } = start(0);
    Object.assign(arrivals, { Busy: 999 * HOUR, Quiet: 900 * HOUR });
    await look();
    expect(await gauge()).toEqual([
      'mailroom_mailbox_last_message_seconds{server="Busy"} 3600',
      'mailroom_mailbox_last_message_seconds{server="Quiet"} 360000',
    ]);
    expect(at.silence).toEqual([]);
    at.servers = [box('Busy')];
    await look();
    expect(await gauge()).toHaveLength(1);
  });
});
