// The sign-in of SMTP servers after a start: in turn, by one of several replicas, with a growing wait while it fails, again when something may have
// cured it; and what an accepted reply proves.
import { beforeEach, expect, it } from 'vitest';
import { createSignInNotes } from '../../../src/adapters/redis/smtp-sign-ins.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import { signInTarget } from '../../../src/domain/smtp-sign-in.ts';
import { createSignInChecks } from '../../../src/outbound/sign-in-checks.ts';
import { fixture } from '../../support/fixture.ts';
import { startRedis } from '../../support/redis.ts';
import { waitFor } from '../../support/temp.ts';

const redis = fixture(startRedis);
beforeEach(() => redis.client().flushall());

const server = (name: string, host = 'smtp.example.com') =>
  ({
    ...{ type: 'SMTP', name, host, port: 587, tls: 'enabled', user: `${name}@example.com` },
    authentication: { type: 'Password', password: 'secret' },
  }) as SmtpServer;

/** One replica with a clock of the test's own. */
function replica(answer: (server: SmtpServer) => Promise<'proven' | 'busy'>) {
  let time = Date.now();
  const asked: string[] = [];
  const events: string[] = [];
  const notes = createSignInNotes(redis.client(), () => time);
  const prover = createSignInChecks({
    notes,
    now: () => time,
    emit: (name, { code } = {}) => void events.push([name, code].filter(Boolean).join(' ')),
    async signIn(one) {
      asked.push(one.name);
      return answer(one);
    },
  });
  return {
    prover,
    asked,
    events,
    notes,
    later: (ms: number) => {
      time += ms;
    },
    /** Ticks until it has asked this often in all. */
    async until(count: number) {
      await waitFor(
        async () => {
          prover.tick();
          return asked.length >= count ? true : undefined;
        },
        { describe: () => `${count} sign-ins; seen: ${asked.join(', ')}` },
      );
    },
    note: (name: string, wanted: (note: Awaited<ReturnType<typeof notes.read>>) => boolean) =>
      waitFor(async () => {
        const found = await notes.read(name);
        return wanted(found) ? (found ?? true) : undefined;
      }),
  };
}
const refused = () =>
  Promise.reject(new MailroomError('SMTP_AUTH_FAILED', { remote: { system: 'smtp', text: '535 no' } }));

it('checks each server once after a start, and records it as proven', async () => {
  const one = replica(async () => 'proven');
  const servers = Array.from({ length: 9 }, (_, i) => server(`s${i}`));
  for (const each of servers) await one.prover.started(each, false);
  await one.until(9);
  expect([...one.asked].sort()).toEqual(servers.map(({ name }) => name));
  await one.note('s8', (note) => note?.provenAt !== undefined && note.target === signInTarget(server('s8')));
  for (let i = 0; i < 20; i += 1) one.prover.tick();
  expect(one.asked).toHaveLength(9);
});

it('of two replicas, one checks and the other shows the same state', async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const first = replica(async () => gate.then(() => 'proven'));
  const second = replica(async () => 'proven');
  await first.prover.started(server('s'), false);
  await first.until(1);
  await second.prover.started(server('s'), false);
  second.prover.tick();
  open();
  await first.note('s', (note) => note?.provenAt !== undefined);
  second.later(5_001);
  second.prover.tick();
  await second.note('s', (note) => note?.failure === undefined);
  expect(second.asked).toEqual([]);
});

it('records a failure with the server’s words, logs it once, and retries with growing waits', async () => {
  const one = replica(refused);
  await one.prover.started(server('s'), false);
  const waits: number[] = [];
  for (let i = 1; i <= 6; i += 1) {
    await one.until(i);
    const known = (await one.note('s', (note) => (note?.failure?.nextAt ?? 0) > (waits.at(-1) ?? 0))) as {
      failure: { code: string; said: string; nextAt: number };
    };
    expect(known.failure).toMatchObject({ code: 'SMTP_AUTH_FAILED', said: '535 no' });
    waits.push(known.failure.nextAt);
    one.later(20 * 60_000);
    await one.notes.free('s');
  }
  const between = waits.map((at, i) => at - (waits[0] ?? 0) - i * 20 * 60_000);
  expect(between.map((ms) => (ms + 60_000) / 60_000)).toEqual([1, 2, 4, 8, 15, 15]);
  expect(one.events).toEqual(['SmtpSignInFailed SMTP_AUTH_FAILED']);
});

it('retries at once after a possible cure; an accepted reply proves the server without a check', async () => {
  let cured = false;
  const one = replica(async () => (cured ? 'proven' : refused()));
  await one.prover.started(server('s'), false);
  await one.until(1);
  await one.note('s', (note) => note?.failure !== undefined);
  cured = true;
  one.prover.again('s');
  await one.until(2);
  await one.note('s', (note) => note?.provenAt !== undefined && note.failure === undefined);

  const other = replica(refused);
  await other.prover.started(server('t'), false);
  await other.until(1);
  await other.note('t', (note) => note?.failure !== undefined);
  other.prover.accepted(server('t'));
  await other.note('t', (note) => note?.provenAt !== undefined && note.failure === undefined);
});

it('a changed definition is unproven until it has been checked', async () => {
  const one = replica(async () => 'proven');
  await one.prover.started(server('s'), false);
  await one.until(1);
  await one.note('s', (note) => note?.provenAt !== undefined);
  one.prover.stopped('s');
  await one.prover.started(server('s', 'smtp.example.org'), true);
  expect(await one.notes.read('s')).toBeUndefined();
  await one.until(2);
  await one.note('s', (note) => note?.target === signInTarget(server('s', 'smtp.example.org')));
});
