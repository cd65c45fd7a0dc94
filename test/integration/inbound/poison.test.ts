// One message that the server cannot deliver, whatever it does instead, in the middle of 200 good ones: 199 are jobs at once, the mailbox continues, and
// the one is quarantined with its reason.
import { expect, it } from 'vitest';
import { type ScriptedFault, scriptedMail } from '../../support/scripted-imap.ts';
import { scriptedMailboxes } from '../../support/scripted-mailbox.ts';
import { waitFor } from '../../support/temp.ts';

const { start } = scriptedMailboxes('poison');
const COUNT = 200;
const POISON = 101;
/** A server counts as silent after a second. */
const SILENT_SOON = { settings: { deadAfterMs: 2_000 } };

const poisons: [fault: ScriptedFault, reason: string][] = [
  ['nil', 'no-data'],
  ['no-data', 'no-data'],
  ['no-row', 'no-data'],
  ['no-uid', 'no-data'],
  ['cut', 'connection-closed'],
  ['close', 'connection-closed'],
  ['silence', 'server-silent'],
  ['stall', 'server-silent'],
  ['no', 'fetch-refused'],
  ['server-bug', 'fetch-refused'],
  ['bad', 'fetch-refused'],
  ['refuse-all', 'fetch-refused'],
];
it.each(poisons)('%s: quarantined as %s', async (fault, reason) => {
  const box = await start(COUNT, { ...SILENT_SOON, prepare: ({ faults }) => faults.set(POISON, fault) });
  const { jobsAre, unaccounted, events, imap } = box;
  const name = box.server.emailFlow;
  const good = await jobsAre(COUNT - 1);
  expect(good.filter(({ uid }) => uid !== POISON)).toHaveLength(COUNT - 1);
  await waitFor(async () => (await unaccounted()).length === 0, { describe: 'the poison to be pending' });
  expect(events('MessagePending')[0]).toMatchObject({ uid: POISON, reason });
  imap.add({ uid: COUNT + 1, raw: scriptedMail(`${name}-new`) });
  const jobs = await jobsAre(COUNT + 1);
  expect(jobs).toHaveLength(COUNT + 1);
  expect(new Set(jobs.map(({ messageKey }) => messageKey)).size).toBe(COUNT + 1);
  const poison = jobs.find(({ uid }) => uid === POISON);
  expect(poison).toMatchObject({
    parse: 'failed',
    // Its headers were given.
    threading: { messageId: `<s-${name}-${POISON}@customer.example>` },
    warnings: [{ code: reason }],
  });
  expect(events('MessageQuarantined')).toMatchObject([{ uid: POISON, reason }]);
  expect(events('MessageVanished')).toEqual([]);
  expect(await unaccounted()).toEqual([]);
});

it('deleted by a colleague while it is pending: vanished at its next try', async () => {
  const { jobsAre, eventIs, imap, ledgers, mailboxId } = await start(3, {
    prepare: ({ faults }) => faults.set(2, 'no-row'),
  });
  await jobsAre(2);
  await eventIs('MessagePending');
  imap.set({ messages: imap.messages.filter(({ uid }) => uid !== 2) });
  imap.push('* 2 EXPUNGE\r\n');
  expect(await eventIs('MessageVanished')).toMatchObject({ uid: 2 });
  expect((await ledgers.load(mailboxId)).pending.size).toBe(0);
});

// It is streamed, in pieces; the first one comes.
it.each<[fault: ScriptedFault, reason: string]>([
  ['cut', 'connection-closed'],
  ['stall', 'server-silent'],
  ['no', 'fetch-refused'],
  ['no-row', 'connection-closed'],
])('a large message, at its second piece: %s: quarantined as %s', async (fault, reason) => {
  const large = scriptedMail('large', 'x'.repeat(200_000));
  const box = await start(20, {
    ...SILENT_SOON,
    server: { maxMessageSize: 100_000 },
    prepare(imap) {
      imap.messages[9] = { uid: 10, raw: large };
      imap.laterFaults.set(10, fault);
    },
  });
  const jobs = await box.jobsAre(20);
  expect(jobs.find(({ uid }) => uid === 10)).toMatchObject({ parse: 'failed', warnings: [{ code: reason }] });
  expect(box.events('MessageEnqueued')).toHaveLength(19);
  expect(await box.unaccounted()).toEqual([]);
});

it('a large message that arrives whole is enqueued with headers and a reference', async () => {
  const large = scriptedMail('large', 'x'.repeat(200_000));
  const box = await start(3, {
    server: { maxMessageSize: 100_000 },
    prepare(imap) {
      imap.messages[1] = { uid: 2, raw: large };
    },
  });
  const jobs = await box.jobsAre(3);
  expect(jobs.find(({ uid }) => uid === 2)).toMatchObject({ raw: { size: large.length } });
});
