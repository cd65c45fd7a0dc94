// CredentialExpiring: soon after the start for everything that ends within 30 days, then on the days that count, and daily once it has ended.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTokenProvider } from '../../../src/adapters/oauth/index.ts';
import type { OAuthApplication } from '../../../src/domain/email-server.ts';
import type { TokenCache } from '../../../src/domain/token-cache.ts';
import type { EventFields } from '../../../src/telemetry/events.ts';

const DAY = 86_400_000;
const cache: TokenCache = {
  read: async () => undefined,
  write: async () => {},
  remove: async () => {},
  take: async () => undefined,
  exclusively: (_key, run) => run(),
};
const ending = (name: string, expires: string): OAuthApplication => ({
  name,
  tenant: 't',
  clientId: 'c',
  cloud: 'world',
  credentials: [
    { kind: 'secret', secret: 's' },
    { kind: 'secret', secret: 's', expires },
  ],
});
let events: { name: string; fields: EventFields }[] = [];

beforeEach(() => {
  events = [];
  vi.useFakeTimers({ now: new Date('2026-11-25T12:00:00Z') });
});
afterEach(() => vi.useRealTimers());

const start = (applications: OAuthApplication[]) =>
  createTokenProvider({
    applications: () => applications,
    cache,
    emit: (name, fields = {}) => void events.push({ name, fields }),
  });
/** [application, days left] of what was told. */
const told = () =>
  events.splice(0).map(({ name, fields }) => {
    expect(name).toBe('CredentialExpiring');
    expect(fields).toMatchObject({ kind: 'secret', count: 2 });
    return [fields.application, (fields.detail as { daysLeft: number }).daysLeft];
  });

it.each([
  ['2026-12-25', 30],
  ['2026-12-24', 29],
  ['2026-12-09', 14],
  ['2026-12-02', 7],
  ['2026-11-26', 1],
  ['2026-11-20', -5],
])('warns at startup: %s, %i days left', async (expires, left) => {
  const provider = start([ending('Contoso', expires), ending('Fine', '2027-11-25')]);
  await vi.advanceTimersByTimeAsync(2 * 60_000);
  expect(told()).toEqual([['Contoso', left]]);
  provider.stop();
});

it('then warns on the configured days, whatever startup reported, and daily after the end', async () => {
  const provider = start([ending('Contoso', '2026-12-26')]);
  await vi.advanceTimersByTimeAsync(2 * 60_000);
  expect(told()).toEqual([]); // 31 days
  await vi.advanceTimersByTimeAsync(33 * DAY);
  expect(told().map(([, left]) => Number(left) + 0)).toEqual([30, 14, 7, 1, 0, -1, -2]);
  provider.stop();
  await vi.advanceTimersByTimeAsync(5 * DAY);
  expect(told()).toEqual([]);
});
