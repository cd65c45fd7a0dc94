// The life of a mailbox as a table: what each happening makes of each state, how long it rests, and what is reported.
import { describe, expect, it } from 'vitest';
import { MailroomError } from '../../../src/domain/errors.ts';
import {
  BEGINNING,
  eventsOf,
  type Happened,
  type Life,
  nextLife,
  type Rules,
} from '../../../src/inbound/mailbox-life.ts';

const rules: Rules = {
  settings: {
    backoff: { baseMs: 1_000, capMs: 30_000 },
    slowCapMs: 300_000,
    passwordCapMs: 900_000,
    provenMs: 300_000,
  },
  oauth: true,
  random: () => 1,
};
const MINUTES = 600_000;

const life = (state: Life['state'], more: Partial<Life> = {}): Life => ({ ...BEGINNING, state, attempt: 3, ...more });
const closed = new MailroomError('IMAP_CONNECTION_CLOSED');
const full = new MailroomError('BLOB_STORE_FULL');
const failed = (error: Error, livedMs = 0, searching = false): Happened => ({
  what: 'failed',
  ...{ error, livedMs, searching },
});
const folder = { emailFlow: 'Support', uidValidity: '7' };
const refused: Happened = { what: 'refused', reason: 'blob-store', error: full, at: 5_000 };
const held = life('paused', {
  reason: 'blob-store',
  hold: { reason: 'blob-store', error: full, failures: 2, until: 9_000 },
});

describe('a mailbox that is', () => {
  const rows: [from: Life, happened: Happened, to: Partial<Life>, events: string[]][] = [
    [life('connecting'), { what: 'opened', ...folder }, { state: 'connected', attempt: 3 }, ['MailboxConnected']],
    [life('connected'), { what: 'checked' }, { state: 'catching-up' }, []],
    [life('catching-up'), { what: 'took' }, { state: 'catching-up' }, []],
    [life('catching-up'), { what: 'caught-up' }, { state: 'idle', attempt: 3 }, []],
    [life('idle'), { what: 'announced' }, { state: 'catching-up' }, []],
    [life('idle'), { what: 'unsettled' }, { state: 'catching-up' }, []],
    [life('idle'), { what: 'interrupted' }, life('idle'), []],
    [life('idle'), { what: 'renewed', ...folder }, { state: 'connected', attempt: 0 }, ['MailboxRenewed']],
    [
      life('idle'),
      failed(closed, MINUTES),
      { state: 'backing-off', reason: 'IMAP_CONNECTION_CLOSED', attempt: 1, restMs: 250 },
      ['MailboxDisconnected'],
    ],
    [life('connecting'), failed(closed), { state: 'backing-off', attempt: 4, restMs: 8_000 }, ['MailboxDisconnected']],
    [
      life('catching-up'),
      failed(closed, 10, true),
      { state: 'backing-off', attempt: 1, restMs: 500 },
      ['MailboxDisconnected'],
    ],
    [
      life('idle'),
      failed(new MailroomError('IMAP_TOKEN_EXPIRED'), MINUTES),
      { attempt: 0, restMs: 0, renew: true },
      ['MailboxDisconnected'],
    ],
    [
      life('idle'),
      failed(new MailroomError('LEDGER_SET_BACK')),
      { state: 'backing-off', restMs: 1_000 },
      ['LedgerSetBack'],
    ],
    [life('idle'), failed(new MailroomError('LEASE_LOST')), { state: 'backing-off' }, ['LedgerReloaded']],
    [
      life('connecting'),
      failed(new TypeError('x')),
      { state: 'backing-off', reason: 'TypeError' },
      ['MailboxDisconnected'],
    ],
    // Paused: a store or a flow takes nothing, with and without a connection.
    [
      life('catching-up'),
      { what: 'pressed', reason: 'backlog' },
      { state: 'paused', reason: 'backlog', hold: undefined },
      ['MailboxPaused'],
    ],
    [life('paused', { reason: 'backlog' }), { what: 'pressed', reason: 'backlog' }, { state: 'paused' }, []],
    [
      life('catching-up'),
      refused,
      { state: 'paused', hold: { reason: 'blob-store', error: full, failures: 1, until: 6_000 } },
      ['MailboxPaused'],
    ],
    [held, refused, { state: 'paused', hold: { reason: 'blob-store', error: full, failures: 3, until: 9_000 } }, []],
    [
      held,
      { what: 'pressed', reason: 'redis-memory' },
      { state: 'paused', reason: 'redis-memory', hold: held.hold },
      ['MailboxPaused'],
    ],
    [held, { what: 'took' }, { state: 'catching-up', reason: '' }, ['MailboxResumed']],
    [held, { what: 'caught-up' }, { state: 'idle' }, ['MailboxResumed']],
    [held, failed(closed), { state: 'backing-off' }, ['MailboxResumed', 'MailboxDisconnected']],
    [
      life('connecting'),
      failed(full),
      { state: 'paused', reason: 'blob-store', attempt: 4, restMs: 8_000 },
      ['MailboxPaused'],
    ],
    [
      life('paused', { reason: 'blob-store', restMs: 8_000 }),
      { what: 'rested', woken: false },
      { state: 'paused', reason: 'blob-store', attempt: 3 },
      [],
    ],
    [
      life('paused', { reason: 'blob-store' }),
      { what: 'opened', ...folder },
      { state: 'connected' },
      ['MailboxResumed', 'MailboxConnected'],
    ],
    // Backing off.
    [
      life('backing-off', { restMs: 9, renew: true }),
      { what: 'rested', woken: false },
      { state: 'connecting', attempt: 3, renew: true },
      [],
    ],
    [life('backing-off', { restMs: 9 }), { what: 'rested', woken: true }, { state: 'connecting', attempt: 0 }, []],
    // Stopped, from anywhere.
    [
      life('idle'),
      { what: 'stopped', reason: 'shutdown' },
      { state: 'stopped', reason: 'shutdown' },
      ['MailboxStopped'],
    ],
    [held, { what: 'stopped', reason: 'handed-over' }, { state: 'stopped' }, ['MailboxResumed', 'MailboxStopped']],
    [life('stopped'), failed(closed), life('stopped'), []],
    [life('stopped'), { what: 'stopped', reason: 'shutdown' }, life('stopped'), []],
  ];
  it.each(rows)('%o, after %o: %o %o', (from, happened, to, events) => {
    const next = nextLife(from, happened, rules);
    expect(next).toMatchObject(to);
    expect(eventsOf(from, next, happened).map(([name]) => name)).toEqual(events);
  });

  it.each(rows)(
    '%o, after %o, rests only without a connection, and remembers a refusal only while it is paused',
    (from, happened) => {
      const next = nextLife(from, happened, rules);
      if (next.restMs !== undefined) expect(['backing-off', 'paused']).toContain(next.state);
      if (next.hold !== undefined) expect(next.state).toBe('paused');
    },
  );
});

it('reports what failed, with its hint, tries and wait', () => {
  const to = nextLife(life('idle'), failed(closed, 10), rules);
  expect(eventsOf(life('idle'), to, failed(closed, 10))).toEqual([
    ['MailboxDisconnected', { err: closed, attempts: 4, delayMs: 8_000, hint: closed.hint }],
  ]);
});

it('reports the store’s error with a pause', () => {
  const to = nextLife(life('catching-up'), refused, rules);
  expect(eventsOf(life('catching-up'), to, refused)).toEqual([['MailboxPaused', { reason: 'blob-store', err: full }]]);
});
