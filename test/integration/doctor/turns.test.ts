// The doctor beside a live gateway: it signs in when its turn comes among the tenant's sign-ins, counts as one of the sending mailbox's connections,
// and takes none away from those who send.

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLoginSlots } from '../../../src/adapters/redis/login-slots.ts';
import { createPace, paceKey } from '../../../src/adapters/redis/pace.ts';
import { PREFIX } from '../../../src/contract/names.ts';
import { createTurns } from '../../../src/doctor/turns.ts';
import type { CheckStep } from '../../../src/domain/doctor.ts';
import type { EmailServer } from '../../../src/domain/email-server.ts';
import { sendingMailbox } from '../../../src/domain/reply-pace.ts';
import { doctorSteps } from '../../support/doctor.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { waitFor } from '../../support/temp.ts';
import { CLIENT, createFixture, imapServer, SECRET, SHARED, smtpServer } from '../oauth/fixture.ts';

leakWatch();

const fixture = createFixture({
  users: [{ address: SHARED, kind: 'shared' }],
  applications: [{ clientId: CLIENT, secret: SECRET }],
});
const imap = () => imapServer({}, { port: fixture.sandbox.imap.port, ca: fixture.sandbox.caPem });
const smtp = (perMinute = 30) =>
  smtpServer(
    {},
    {
      port: fixture.sandbox.smtp.port,
      ca: fixture.sandbox.caPem,
      pace: { perMinute, connections: 3, recipientsPerDay: 10_000 },
    },
  );

/** A doctor that waits but briefly for what others use. */
async function check(
  server: EmailServer,
  { reserve, sendProbe = false }: { reserve?: (key: string) => Promise<number>; sendProbe?: boolean } = {},
): Promise<CheckStep[]> {
  const redis = fixture.connect();
  const application = fixture.application();
  const provider = fixture.replica([application]);
  return doctorSteps(server, {
    servers: [imap(), smtp()],
    applications: [application],
    getToken: (one, protocol, options) => provider.getToken(one, protocol, options),
    turns: createTurns(reserve ?? createLoginSlots(redis, 1_000), createPace(redis), { waitMs: 300, slotTtlMs: 3_000 }),
    sendProbe,
  });
}
const step = (found: readonly CheckStep[], name: CheckStep['step']) => found.find((one) => one.step === name);

describe('sign-in slots of the tenant', () => {
  it('are reserved by the doctor, which waits and makes later sign-ins wait', async () => {
    // One sign-in a second, and a gateway that has just taken four.
    const redis = fixture.connect();
    const reserve = createLoginSlots(redis, 1);
    for (let i = 0; i < 4; i += 1) await reserve('Contoso');
    const waits: number[] = [];
    const found = await check(imap(), {
      reserve: async (key) => {
        waits.push(await reserve(key));
        return waits.at(-1) ?? 0;
      },
    });
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(0);
    expect(step(found, 'imapSignIn')).toMatchObject({ state: 'ok' });
    expect(step(found, 'imapSignIn')?.ms).toBeGreaterThanOrEqual((waits[0] ?? 0) - 20);
  });

  it('are reserved twice when the first token is refused', async () => {
    fixture.sandbox.faults.set({ name: 'authFailed', times: 1 });
    const turns: string[] = [];
    const found = await check(imap(), {
      reserve: async (key) => {
        turns.push(key);
        return 0;
      },
    });
    expect(step(found, 'imapSignIn')).toMatchObject({ state: 'ok' });
    expect(turns).toEqual(['Contoso', 'Contoso']);
  });
});

describe('connection slots of the sending mailbox', () => {
  const mailbox = () => sendingMailbox(smtp());
  const pace = () => createPace(fixture.connect());
  const take = (slot: string) => pace().takeSlot({ mailbox: mailbox(), slot, limit: 3, ttlMs: 60_000, hasNone: false });

  it('when all are in use, the check skips the sign-in, requests no slot, and reports why', async () => {
    const slots = ['a', 'b', 'c'];
    for (const slot of slots) expect(await take(slot)).toBe('taken');
    const before = fixture.sandbox.submissions().length;
    const found = await check(smtp(), { sendProbe: true });
    for (const name of ['smtpSignIn', 'sendAs'] as const) {
      expect(step(found, name), name).toMatchObject({
        state: 'skipped',
        detail: {
          en: `all 3 connections of ${SHARED} are in use by the gateway; check again when it sends less`,
          de: expect.stringContaining('alle 3 Verbindungen'),
        },
      });
    }
    expect(fixture.sandbox.submissions()).toHaveLength(before);
    // No sender hears that somebody wants its connection.
    for (const slot of slots) expect(await take(slot)).toBe('taken');
  });

  it('one is held during the sign-in and released afterwards', async () => {
    const held = ['a', 'b'];
    for (const slot of held) await take(slot);
    fixture.sandbox.faults.set({ name: 'slowSmtp', at: 'auth', milliseconds: 1_500 });
    const checking = check(smtp());
    const redis = fixture.connect();
    await waitFor(async () => (await redis.zcard(paceKey(PREFIX, 'slots', mailbox()))) === 3, {
      describe: 'a third slot',
    });
    expect(await take(randomUUID())).toBe('full');
    expect(step(await checking, 'smtpSignIn')).toMatchObject({ state: 'ok' });
    expect(await redis.zrange(paceKey(PREFIX, 'slots', mailbox()), '0', '-1')).toEqual(held);
  });

  it('go to a sender without any connection before they go to the doctor', async () => {
    for (const slot of ['a', 'b', 'c']) await take(slot);
    const wanting = () => pace().takeSlot({ mailbox: mailbox(), slot: 'd', limit: 3, ttlMs: 60_000, hasNone: true });
    expect(await wanting()).toBe('full');
    await pace().freeSlot({ mailbox: mailbox(), slot: 'a' });
    expect(step(await check(smtp()), 'smtpSignIn')?.state).toBe('skipped');
    expect(await wanting()).toBe('taken');
  });

  it('the probe counts towards the pace, and is not sent when the pace is used up', async () => {
    const found = await check(smtp(1), { sendProbe: true });
    expect(step(found, 'sendAs')).toMatchObject({ state: 'ok' });
    const again = await check(smtp(1), { sendProbe: true });
    expect(step(again, 'sendAs')).toMatchObject({
      state: 'skipped',
      detail: { en: expect.stringContaining(`the pace of ${SHARED} is used up`) },
    });
  });
});
