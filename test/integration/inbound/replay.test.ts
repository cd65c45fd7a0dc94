// A replayed message is the message that the watcher made, whatever its size and kind; and where UIDs and ledger do not belong together nothing is
// enqueued.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openMailbox } from '../../../src/adapters/imap/connection.ts';
import { parse as uidSet } from '../../../src/domain/uid-set.ts';
import { createLimits, type InboundPorts } from '../../../src/inbound/index.ts';
import { relate } from '../../../src/operations/conversations.ts';
import { type Replay, replay } from '../../../src/operations/replay.ts';
import { openParsing, type Parsing } from '../../../src/parsing/index.ts';
import { scriptedMail } from '../../support/scripted-imap.ts';
import {
  type ScriptedMailbox,
  type ScriptedMailboxOptions,
  scriptedMailboxes,
} from '../../support/scripted-mailbox.ts';

const mailboxes = scriptedMailboxes('replay');
let parsing: Parsing;
beforeAll(() => {
  parsing = openParsing({ timeoutMs: 30_000 });
});
afterAll(() => parsing.stop());

const OURS = { replyId: 'r-1', messageId: '<ours@example.net>', recipients: ['a@x.example'] };
const ingestPorts = (): Pick<InboundPorts, 'parse' | 'parseLarge' | 'parseHeadersOnly' | 'relate' | 'learn'> => ({
  learn: async () => {},
  parse: parsing.parse,
  parseLarge: parsing.parseLarge,
  parseHeadersOnly: parsing.parseHeadersOnly,
  relate: (parsed, to) =>
    relate(
      parsed,
      to,
      { conversationKeys: [], installation: '' },
      {
        lookup: async (id) => (id === OURS.messageId ? OURS : undefined),
      },
    ),
});

const start = (count: number, options: Partial<ScriptedMailboxOptions> = {}) =>
  mailboxes.start(count, { ports: ingestPorts(), ...options });

function again(one: ScriptedMailbox, wanted: Replay['wanted'], run = 'a', open = opener(one)) {
  const deps = {
    flows: one.flows,
    ledgers: one.ledgers,
    ingest: {
      ...ingestPorts(),
      blobs: one.blobs,
      ledgers: one.ledgers,
      emit: () => {},
      now: Date.now,
      limits: createLimits(),
    },
    open,
  };
  return replay(deps, { server: one.server, emailFlow: `${one.server.emailFlow} shadow`, wanted, run });
}
const opener = (one: ScriptedMailbox) => () =>
  openMailbox(one.server, { password: 'x' }, { connectMs: 30_000, answerMs: 30_000 });
const replayed = (one: ScriptedMailbox) => one.jobs(`${one.server.emailFlow} shadow`);

it('enqueues a mail over the maximum size and a bounce as the watcher did, with the whole raw mail', async () => {
  const bounce = readFileSync(new URL('../../fixtures/mails/bounce.eml', import.meta.url));
  const large = scriptedMail('large', 'x'.repeat(50_000));
  const one = await start(1, {
    server: { maxMessageSize: 20_000 },
    prepare: ({ messages }) => messages.push({ uid: 2, raw: large }, { uid: 3, raw: bounce }),
  });
  const watched = await one.jobsAre(3);
  expect(await again(one, { uids: uidSet('1:9') })).toEqual({ enqueued: 3, before: 0, unreadable: [] });
  const jobs = await replayed(one);
  for (const job of jobs) {
    const first = watched.find(({ uid }) => uid === job.uid);
    const { emailFlow: _flow, raw: _raw, ...rest } = job;
    expect(first).toMatchObject(rest);
    expect(job.raw).toMatchObject({ size: first?.raw.size, sha256: first?.raw.sha256 });
  }
  expect(jobs.find(({ uid }) => uid === 2)).toMatchObject({
    parse: 'headers-only',
    raw: { size: large.length },
    warnings: [{ code: 'message-too-large' }],
  });
  expect(jobs.find(({ uid }) => uid === 3)).toMatchObject({
    automatic: { kind: 'bounce' },
    deliveryStatus: { reply: { replyId: OURS.replyId } },
  });
});

it('is refused while a UIDVALIDITY change is unsettled, and before the mailbox was first watched', async () => {
  const one = await start(2);
  await one.jobsAre(2);
  await one.inbound.setServers([]);
  one.imap.set({ uidValidity: 15 });
  await expect(again(one, { uids: uidSet('1:9') })).rejects.toMatchObject({ code: 'REPLAY_REFUSED' });
  const other = { ...one, server: { ...one.server, user: 'never@contoso.example' } };
  await expect(again(other, { uids: uidSet('1:9') })).rejects.toMatchObject({ code: 'REPLAY_REFUSED' });
  expect(await replayed(one)).toEqual([]);
});

it('continues an interrupted run without repeating a message; the next run enqueues all again', async () => {
  const one = await start(6);
  await one.jobsAre(6);
  const open = opener(one);
  let fetched = 0;
  const interrupted = again(one, { uids: uidSet('1:6') }, 'b', async () => {
    const mailbox = await open();
    return {
      ...mailbox,
      fetch(uids, limits) {
        if (++fetched === 4) throw new Error('interrupted');
        return mailbox.fetch(uids, limits);
      },
    };
  });
  await expect(interrupted).rejects.toThrow('interrupted');
  expect(await replayed(one)).toHaveLength(3);
  expect(await again(one, { uids: uidSet('1:6') }, 'b')).toEqual({ enqueued: 3, before: 3, unreadable: [] });
  expect((await replayed(one)).map(({ uid }) => uid).sort()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await again(one, { uids: uidSet('2') }, 'c')).toMatchObject({ enqueued: 1 });
  const keys = (await replayed(one)).map(({ messageKey }) => messageKey);
  expect(keys).toHaveLength(7);
  expect(new Set(keys).size).toBe(6);
});

it('names a message that the server does not return, and enqueues the others', async () => {
  const one = await start(4);
  await one.jobsAre(4);
  one.imap.faults.set(2, 'close').set(3, 'nil');
  expect(await again(one, { uids: uidSet('1:4') })).toEqual({ enqueued: 2, before: 0, unreadable: [2, 3] });
});

it('since a date: searches with a day of tolerance, and selects by INTERNALDATE', async () => {
  const one = await start(2);
  await one.jobsAre(2);
  // INTERNALDATE of all is 2026-11-23T10:12Z.
  expect(await again(one, { since: new Date('2026-11-23T10:00:00Z') }, 'd')).toMatchObject({ enqueued: 2 });
  expect(one.imap.commands.filter((command) => command.includes('SINCE 22-Nov-2026'))).toHaveLength(1);
  expect(await again(one, { since: new Date('2026-11-23T10:13:00Z') }, 'e')).toMatchObject({ enqueued: 0 });
});
