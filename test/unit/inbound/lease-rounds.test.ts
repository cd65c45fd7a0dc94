// A round of leases that fails is one event, however many rounds fail after it; the first that succeeds is another.
import { expect, it } from 'vitest';
import { type InboundPorts, startInbound } from '../../../src/inbound/index.ts';
import type { EventFields } from '../../../src/telemetry/events.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { testSettings } from '../../support/inbound.ts';

it.each([
  ['of Redis', new Error('Connection is closed.'), 'REDIS_UNREACHABLE'],
  ['of ours', new TypeError('x is undefined'), 'TypeError'],
])('an error %s', async (_whose, error, code) => {
  let broken = false;
  let rounds = 0;
  const events: { name: string; fields: EventFields }[] = [];
  const leases: InboundPorts['leases'] = {
    async heartbeat() {
      rounds += 1;
      if (broken) throw error;
      return ['r'];
    },
    acquire: async () => undefined,
    renew: async () => ({ lost: [], versions: new Map(), marked: new Set() }),
    release: async () => {},
    leave: async () => {},
  };
  const inbound = startInbound({
    leases,
    emit: (name: string, fields: EventFields = {}) => void events.push({ name, fields }),
    metrics: createMetrics(),
    settings: { ...testSettings, leaseMs: 30 },
    replica: 'r',
    monotonic: () => performance.now(),
  } as unknown as InboundPorts);
  const round = async (count: number) => {
    const until = rounds + count;
    while (rounds < until) await inbound.setServers([]);
  };
  try {
    await round(2);
    expect(events).toEqual([]);
    broken = true;
    await round(3);
    expect(events.map(({ name, fields }) => [name, fields.code])).toEqual([['LeaseRoundFailed', code]]);
    broken = false;
    await round(3);
    expect(events.map(({ name }) => name)).toEqual(['LeaseRoundFailed', 'LeaseRoundSucceeded']);
  } finally {
    await inbound.stop();
  }
});
