// Rounds of leases: one that fails is one event, however many rounds fail after it, and the first that succeeds is another. A mailbox that stops slowly
// holds up no round.
import { describe, expect, it, vi } from 'vitest';
import { mailboxId } from '../../../src/contract/names.ts';
import { emptyLedger } from '../../../src/domain/ledger.ts';
import { type InboundPorts, startInbound } from '../../../src/inbound/index.ts';
import type { EventFields } from '../../../src/telemetry/events.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { testSettings } from '../../support/inbound.ts';
import { imapServer } from '../../support/servers.ts';

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

describe('a server that does not answer while its mailbox stops', () => {
  const server = imapServer({
    ...{ name: 'Support', host: 'imap.contoso.example', port: 993, user: 'support@contoso.example' },
    authentication: { type: 'Password', password: 'x' },
  });
  const id = mailboxId(server);

  /** One mailbox whose sign-in waits for `answer`. */
  function silentMailbox() {
    const { promise: opened, reject: answer } = Promise.withResolvers<never>();
    const events: string[] = [];
    const leases = {
      heartbeat: vi.fn(async () => ['r']),
      acquire: vi.fn(async () => '1:r' as string | undefined),
      renew: vi.fn(async (_held: ReadonlyMap<string, string>) => ({
        lost: [] as string[],
        versions: new Map<string, number>(),
        marked: new Set<string>(),
      })),
      release: vi.fn(async () => {}),
      leave: async () => {},
    };
    const openMailbox = vi.fn(() => opened);
    const ledgers = { load: async () => emptyLedger(), unfinished: async () => new Map(), writeState: async () => {} };
    const inbound = startInbound({
      ...{ leases, openMailbox, ledgers, metrics: createMetrics(), replica: 'r', random: () => 0 },
      emit: (name: string) => void events.push(name),
      loginSlot: async () => 0,
      settings: { ...testSettings, leaseMs: 400 },
      monotonic: () => performance.now(),
      now: () => Date.now(),
    } as unknown as InboundPorts);
    const isOpening = () => vi.waitFor(() => expect(openMailbox).toHaveBeenCalled());
    return { inbound, leases, events, isOpening, answer: () => answer(new Error('closed')) };
  }

  it.each([
    ['is removed', 'disabled-or-removed'],
    ['has lost its lease', 'lease-lost'],
  ])(
    'when it %s: rounds continue, its lease is renewed until it has stopped, and it is started once',
    async (_why, reason) => {
      const { inbound, leases, events, isOpening, answer } = silentMailbox();
      await inbound.setServers([server]);
      await isOpening();
      if (reason === 'lease-lost')
        leases.renew.mockResolvedValueOnce({ lost: [id], versions: new Map(), marked: new Set() });
      else await inbound.setServers([]);
      await vi.waitFor(() =>
        expect(leases.renew.mock.calls.filter(([held]) => held.has(id)).length).toBeGreaterThan(3),
      );
      await inbound.setServers([server]);
      expect([leases.acquire.mock.calls.length, leases.release.mock.calls.length]).toEqual([1, 0]);
      answer();
      await vi.waitFor(() => expect(leases.acquire).toHaveBeenCalledTimes(2), { timeout: 5_000 });
      expect(leases.release.mock.calls).toEqual([[id, '1:r']]);
      // The second start is refused at once.
      expect(events.filter((name) => name !== 'MailboxDisconnected')).toEqual([
        'MailboxStarted',
        ...(reason === 'lease-lost' ? ['LeaseLost'] : []),
        ...['MailboxStopped', 'MailboxStarted'],
      ]);
      await inbound.stop();
    },
  );

  it('gives back a lease that it got while the process stops', async () => {
    const { inbound, leases } = silentMailbox();
    const { promise: token, resolve } = Promise.withResolvers<string>();
    leases.acquire.mockReturnValueOnce(token);
    const round = inbound.setServers([server]);
    await vi.waitFor(() => expect(leases.acquire).toHaveBeenCalled());
    const stopping = inbound.stop();
    resolve('2:r');
    await Promise.all([round, stopping]);
    expect(leases.release.mock.calls).toEqual([[id, '2:r']]);
  });
});
