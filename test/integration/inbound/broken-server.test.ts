// Servers that leave out, invent, or forget: what a message becomes without an item of its row, and how a session that is stale is noticed.
import { describe, expect, it } from 'vitest';
import { mailboxOfMessageKey } from '../../../src/contract/names.ts';
import { parseNothing } from '../../support/inbound.ts';
import { EXCHANGE_CAPABILITY, type ScriptedFault, scriptedMail } from '../../support/scripted-imap.ts';
import { scriptedMailboxes } from '../../support/scripted-mailbox.ts';
import { waitFor } from '../../support/temp.ts';

const { start } = scriptedMailboxes('broken');

describe('an item that the server leaves out', () => {
  // The Date header of all mails is 10:00:00, their INTERNALDATE 10:12:00.
  it.each<[fault: ScriptedFault, receivedAt: string, warnings: object[]]>([
    ['bad-date', '2026-11-23T10:00:00.000Z', [{ code: 'internal-date-missing' }]],
    ['no-date', '2026-11-23T10:00:00.000Z', [{ code: 'internal-date-missing' }]],
    ['no-size', '2026-11-23T10:12:00.000Z', []],
  ])('%s', async (fault, receivedAt, warnings) => {
    const one = await start(3, {
      prepare: ({ faults }) => faults.set(2, fault),
      ports: {
        parse: async (raws) => raws.map(() => ({ ...parseNothing(Buffer.alloc(0)), date: '2026-11-23T10:00:00.000Z' })),
      },
    });
    const jobs = await one.jobsAre(3);
    expect(jobs.find(({ uid }) => uid === 2)).toMatchObject({ parse: 'complete', receivedAt, warnings });
    expect(jobs.find(({ uid }) => uid === 1)).toMatchObject({ receivedAt: '2026-11-23T10:12:00.000Z', warnings: [] });
    expect(await one.unaccounted()).toEqual([]);
  });

  it('UIDVALIDITY: refuses the folder, and writes no key that contains “undefined”', async () => {
    const one = await start(2, { imap: { withoutUidValidity: true } });
    const event = await one.eventIs('MailboxDisconnected');
    expect(event).toMatchObject({ err: { code: 'IMAP_UIDVALIDITY_MISSING' } });
    expect(await one.jobs(one.server.emailFlow)).toEqual([]);
    expect(await one.redis.keys('*undefined*')).toEqual([]);
  });

  it('UIDVALIDITY in SELECT only: reads it from STATUS', async () => {
    const one = await start(2, {
      imap: {
        onCommand({ send }, tag, command) {
          if (!command.startsWith('SELECT')) return false;
          send(`* 2 EXISTS\r\n* OK [UIDNEXT 3] next\r\n${tag} OK opened\r\n`);
          return true;
        },
      },
    });
    const jobs = await one.jobsAre(2);
    expect(jobs.map(({ uidValidity, messageKey }) => [uidValidity, mailboxOfMessageKey(messageKey)])).toEqual([
      ['14', one.mailboxId],
      ['14', one.mailboxId],
    ]);
  });

  it('UIDNEXT: fetches old and new mails all the same', async () => {
    const one = await start(3, { imap: { withoutUidNext: true } });
    await one.jobsAre(3);
    await one.isIdle();
    one.imap.add({ uid: 4, raw: scriptedMail('late') });
    expect(await one.jobsAre(4)).toHaveLength(4);
  });
});

describe('rows that were not requested', () => {
  it('are ignored, in a requested list and among new messages', async () => {
    const one = await start(3, { imap: { uninvited: [{ uid: 4_000_000_000, raw: scriptedMail('uninvited') }] } });
    await one.jobsAre(3);
    await one.isIdle();
    one.imap.add({ uid: 4, raw: scriptedMail('new') });
    const jobs = await one.jobsAre(4);
    expect(jobs.map(({ uid }) => uid).sort()).toEqual([1, 2, 3, 4]);
    one.imap.add({ uid: 5, raw: scriptedMail('newer') });
    expect((await one.jobsAre(5)).map(({ uid }) => uid).sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it('a UID above UIDNEXT is not fetched, although SEARCH lists it', async () => {
    const one = await start(3, {
      imap: {
        onCommand({ send }, tag, command) {
          if (!command.startsWith('UID SEARCH')) return false;
          send(`* SEARCH 1 2 3 900\r\n${tag} OK\r\n`);
          return true;
        },
      },
    });
    await one.jobsAre(3);
    await one.isIdle();
    expect(one.imap.commands.filter((command) => command.startsWith('UID FETCH') && command.includes('900'))).toEqual(
      [],
    );
  });
});

describe('a connection that is lost', () => {
  it('while mails are in hand: they are committed, and no mail is fetched twice, lost or doubled', async () => {
    // The test settings make batches of 20: the last 5 before the loss are no full one.
    const one = await start(50, { prepare: ({ faults }) => faults.set(46, 'cut') });
    await waitFor(() => one.imap.connections() > 1);
    one.imap.faults.delete(46);
    const jobs = await one.jobsAre(50);
    await one.isIdle();
    expect(jobs.map(({ uid }) => uid).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, k) => k + 1));
    const asked = one.imap.commands.flatMap((command) => /^UID FETCH (\S+) .*BODY\.PEEK\[\]/.exec(command)?.[1] ?? []);
    expect(asked[0]).toBe('1:50');
    expect(asked.slice(1).map((set) => Number.parseInt(set, 10) > 45)).not.toContain(false);
    expect(await one.unaccounted()).toEqual([]);
  });
});

describe('a stale session', () => {
  it('reopens the folder when UIDVALIDITY changed during it, and sees new mail', async () => {
    const one = await start(3, { prepare: (imap) => imap.set({ stale: true }) });
    await one.jobsAre(3);
    await one.isIdle();
    // The folder is made again; this session continues with the old one.
    one.imap.set({ uidValidity: 15, messages: [{ uid: 1, raw: scriptedMail('after') }], stale: false });
    const jobs = await one.jobsAre(4);
    expect(jobs.find(({ uidValidity }) => uidValidity === '15')).toMatchObject({ uid: 1 });
    expect(one.events('MailboxDisconnected')[0]).toMatchObject({ err: { code: 'IMAP_SESSION_STALE' } });
    expect(one.events('MailboxRescanned')).toMatchObject([{ reason: 'uidvalidity-changed' }]);
  });

  it('reopens a folder that was restored to a state after its opening, and sees mail under a UID that was used before', async () => {
    const one = await start(3);
    await one.jobsAre(3);
    await one.isIdle();
    for (const uid of [4, 5, 6]) one.imap.add({ uid, raw: scriptedMail(`before-${uid}`) });
    await one.jobsAre(6);
    await one.isIdle();
    one.imap.set({ messages: [...one.imap.messages.slice(0, 3), { uid: 4, raw: scriptedMail('after') }] });
    const jobs = await one.jobsAre(7);
    expect(jobs.filter(({ uid }) => uid === 4)).toHaveLength(2);
    expect(one.events('MailboxRescanned')).toMatchObject([{ reason: 'uidnext-went-back' }]);
  });

  // Without a Message-ID, all that distinguishes them is what is in the body.
  const fax = (uid: number) => ({
    uid,
    raw: Buffer.from(`From: fax@customer.example\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nPage ${uid}\r\n`),
  });

  it('after UIDs were reset, mails with one fingerprint that come one after another are all enqueued', async () => {
    const one = await start(1, { prepare: (imap) => imap.set({ stale: true }) });
    await one.jobsAre(1);
    await one.isIdle();
    const first = { uid: 51, raw: one.imap.messages[0]?.raw ?? Buffer.alloc(0) };
    one.imap.set({ uidValidity: 15, messages: [first], stale: false });
    await one.eventIs('MailboxRescanned');
    for (let n = 1; n <= 3; n++) {
      await one.isIdle();
      one.imap.add(fax(51 + n));
      expect(await one.jobsAre(1 + n)).toHaveLength(1 + n);
    }
    expect(one.events('MessageMatched')).toEqual([]);
  });

  it('after UIDs were reset, a mail that shares the fingerprint of a known one in the folder is enqueued', async () => {
    const one = await start(1);
    one.imap.add(fax(2));
    await one.jobsAre(2);
    await one.isIdle();
    const known = one.imap.messages.map(({ raw }, i) => ({ uid: 51 + i, raw }));
    one.imap.set({ uidValidity: 15, messages: [...known, fax(53)] });
    await one.eventIs('MailboxRescanned');
    const uids = (await one.jobsAre(3)).map(({ uid }) => uid);
    expect(uids.sort()).toEqual([1, 2, 53]);
  });

  it('starts another session after two polls in which a new mail is counted but not listed', async () => {
    const one = await start(3, { prepare: (imap) => imap.set({ stale: true }) });
    await one.jobsAre(3);
    await one.isIdle();
    one.imap.set({ stale: false });
    one.imap.messages.push({ uid: 4, raw: scriptedMail('unseen') });
    await one.jobsAre(4);
    expect(one.events('MailboxDisconnected')).toMatchObject([{ err: { code: 'IMAP_SESSION_STALE' } }]);
  });

  it('is not reconnected forever when the server lists fewer than it counts from the start: blind time runs, reported once', async () => {
    const one = await start(3, { imap: { hidden: new Set([2]) } });
    await one.jobsAre(2);
    await one.eventIs('MailboxDoubted');
    const [status] = one.inbound.status();
    expect(status?.blindSeconds).toBeGreaterThan(0);
    one.imap.add({ uid: 4, raw: scriptedMail('new') });
    await one.jobsAre(3);
    expect(one.events('MailboxDoubted')).toHaveLength(1);
    expect(one.imap.connections()).toBe(1);
  });
});

describe('afterQueued: move', () => {
  const move = { afterQueued: { action: 'move', folder: 'Done' } } as const;
  const without = (...words: string[]) =>
    EXCHANGE_CAPABILITY.split(' ')
      .filter((word) => !words.includes(word))
      .join(' ');

  it('is refused without MOVE and UIDPLUS, and nothing is fetched, flagged or expunged', async () => {
    const one = await start(2, { server: move, imap: { capability: without('MOVE', 'UIDPLUS') } });
    const event = await one.eventIs('MailboxDisconnected');
    expect(event).toMatchObject({ err: { code: 'IMAP_MOVE_UNSUPPORTED', field: 'afterQueued' } });
    expect(one.imap.commands.filter((command) => /FETCH|STORE|COPY|MOVE|EXPUNGE|CLOSE/.test(command))).toEqual([]);
  });

  it.each([
    ['MOVE', without('UIDPLUS'), /^UID MOVE 1:2 /],
    ['UID EXPUNGE', without('MOVE'), /^UID EXPUNGE 1:2$/],
  ])('works with %s', async (_name, capability, expected) => {
    const one = await start(2, { server: move, imap: { capability } });
    await one.jobsAre(2);
    await one.isIdle();
    await waitFor(() => one.imap.commands.some((command) => expected.test(command)), { describe: String(expected) });
    expect(one.imap.commands.filter((command) => /^(EXPUNGE|CLOSE)/.test(command))).toEqual([]);
  });
});

it('afterQueued: a mail that the server does not list for a while is moved when it is listed again', async () => {
  const hidden = new Set<number>();
  let refuses = true;
  const one = await start(2, {
    server: { afterQueued: { action: 'move', folder: 'Done' } },
    imap: {
      hidden,
      onCommand({ send }, tag, command) {
        if (!refuses || !command.startsWith('UID MOVE')) return false;
        send(`${tag} NO [OVERQUOTA] full\r\n`);
        return true;
      },
    },
  });
  const moves = () => one.imap.commands.filter((command) => command.startsWith('UID MOVE'));
  await one.eventIs('MessageAfterCareFailed');
  hidden.add(1);
  await one.eventIs('MailboxDisconnected');
  refuses = false;
  const before = moves().length;
  await waitFor(() => moves().length > before, { describe: 'a move that succeeds' });
  hidden.clear();
  await waitFor(
    () =>
      moves()
        .slice(before)
        .some((command) => /^UID MOVE 1(:2)? /.test(command)),
    {
      describe: () => `UID 1 to be moved: ${moves().join()}`,
    },
  );
});

describe('a mail that is moved out of the folder and back', () => {
  it('becomes a new message that names the first by fingerprint and among its siblings', async () => {
    const one = await start(2);
    await one.jobsAre(2);
    await one.isIdle();
    const [mail] = one.imap.messages.splice(0, 1);
    one.imap.add({ uid: 3, raw: mail?.raw ?? Buffer.alloc(0) });
    const jobs = await one.jobsAre(3);
    const [first, back] = [1, 3].map((uid) => jobs.find((job) => job.uid === uid));
    expect(back?.messageKey).not.toBe(first?.messageKey);
    expect(back?.fingerprint).toBe(first?.fingerprint);
    expect(back?.siblings).toEqual([first?.messageKey]);
    expect(jobs.find(({ uid }) => uid === 2)?.fingerprint).not.toBe(first?.fingerprint);
  });
});
