// A quarantined message is read again whatever the cause was: from its original message where there is one, else from its mailbox.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openMailbox } from '../../../src/adapters/imap/connection.ts';
import { createFindIndex } from '../../../src/adapters/redis/find-index.ts';
import { createQuarantine } from '../../../src/adapters/redis/quarantine.ts';
import { loadConfig } from '../../../src/config/config.ts';
import type { EmailServerWatch } from '../../../src/config/watch.ts';
import { messageKey } from '../../../src/contract/names.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import { quarantineKey } from '../../../src/domain/keys.ts';
import { createLimits } from '../../../src/inbound/index.ts';
import { createFetchAgain } from '../../../src/operations/fetch-again.ts';
import { createQuarantineDecisions } from '../../../src/operations/quarantine.ts';
import { openParsing, type Parsing } from '../../../src/parsing/index.ts';
import type { ScriptedFault } from '../../support/scripted-imap.ts';
import { type ScriptedMailbox, scriptedMailboxes } from '../../support/scripted-mailbox.ts';

const mailboxes = scriptedMailboxes('again');
let parsing: Parsing;
beforeAll(() => {
  parsing = openParsing({ timeoutMs: 30_000 });
});
afterAll(() => parsing.stop());

/** The decisions of a person on this mailbox, and how often it was signed in to for them. */
function decisionsOn(one: ScriptedMailbox, { known = [one.server], answerMs = 30_000 } = {}) {
  const watch = { current: () => ({ servers: known }) } as unknown as EmailServerWatch;
  let opened = 0;
  const quarantine = createQuarantine(one.redis);
  const api = createQuarantineDecisions({
    config: loadConfig({ env: {}, overrides: { mode: 'development' } }),
    stores: {
      flows: one.flows,
      ledgers: one.ledgers,
      findIndex: createFindIndex(one.redis),
      readMessage: (key) => one.flows.readMessage(one.server.emailFlow, key),
    },
    watch,
    quarantine,
    ingestDeps: {
      parse: parsing.parse,
      parseLarge: parsing.parseLarge,
      parseHeadersOnly: parsing.parseHeadersOnly,
      relate: async () => ({ conversation: { id: 'c', matchedBy: 'new' } }),
      learn: async () => {},
      blobs: one.blobs,
      ledgers: one.ledgers,
      emit: () => {},
      now: Date.now,
      limits: createLimits(),
    },
    fetchAgain: createFetchAgain({
      ledgers: one.ledgers,
      openMailbox: (server) => {
        opened += 1;
        return openMailbox(server, { password: 'x' }, { connectMs: 30_000, answerMs });
      },
    }),
    audit: { write: async () => {} },
    emit: () => {},
  });
  return { api, opened: () => opened };
}

/** As the commit of a mail that could not be read leaves it. */
async function quarantined(one: ScriptedMailbox, uid: number, reason: string): Promise<string> {
  const key = messageKey(one.mailboxId, '14', uid);
  const note = { reason, at: new Date(1_764_000_000_000 + uid).toISOString(), messageKey: key };
  await one.redis.hset(quarantineKey(one.redis, one.mailboxId), String(uid), JSON.stringify(note));
  return key;
}
const codeOf = (error: unknown) => (error instanceof MailroomError ? error.code : error);

it('from the mailbox where it never came, from its original message else; many at once share a connection', async () => {
  const causes = [
    'no-data',
    'connection-closed',
    'server-silent',
    'fetch-refused',
    'replacement-text',
    'parser-failed',
    'parse-timeout',
    'parse-memory',
    'parser-crashed',
  ];
  const one = await mailboxes.start(causes.length);
  await one.jobsAre(causes.length);
  const keys = await Promise.all(causes.map((reason, i) => quarantined(one, i + 1, reason)));
  const { api, opened } = decisionsOn(one);
  await one.redis.del((await one.flows.queueOf(one.server.emailFlow)).toKey(keys[6] ?? '')); // its job is no longer kept
  const shown = await api.quarantined({}, { offset: 0, limit: 99 });
  const ours = shown.messages.filter(({ messageKey: key }) => keys.includes(key)).reverse();
  expect(ours.map(({ fetchesAgain }) => fetchesAgain)).toEqual(causes.map((_, i) => i < 5 || i === 6));
  const ends = await Promise.all(keys.map((key) => api.enqueueAgain(key, 'kim').then(() => 'queued', codeOf)));
  expect(ends).toEqual(causes.map((cause) => (cause === 'parser-crashed' ? 'MESSAGE_STILL_UNREADABLE' : 'queued')));
  await api.enqueueAgain(keys[8] ?? '', 'kim', { alsoCrashed: true }); // for one who was warned
  expect(opened()).toBe(1);
  const queue = await one.flows.queueOf(one.server.emailFlow);
  for (const [i, key] of keys.entries()) {
    const job = await queue.getJob(`${key}-again`);
    expect(job?.data, causes[i]).toMatchObject({ messageKey: key, uid: i + 1, parse: 'complete' });
  }
  expect(await Promise.all(keys.map(api.quarantinedOne))).toEqual(keys.map(() => undefined));
});

it.each<[ScriptedFault | 'gone' | 'moved', string]>([
  ['nil', 'MESSAGE_STILL_UNREADABLE'],
  ['close', 'MESSAGE_STILL_UNREADABLE'],
  ['silence', 'MESSAGE_STILL_UNREADABLE'],
  ['no', 'MESSAGE_STILL_UNREADABLE'],
  ['gone', 'MESSAGE_STILL_UNREADABLE'],
  ['moved', 'REPLAY_REFUSED'],
])('what the server still does not give (%s) stays in quarantine, and its neighbour comes', async (fault, code) => {
  const one = await mailboxes.start(2);
  await one.jobsAre(2);
  await one.inbound.setServers([]);
  const [first, second] = [await quarantined(one, 1, 'no-data'), await quarantined(one, 2, 'no-data')];
  if (fault === 'gone') one.imap.messages.splice(0, 1);
  else if (fault === 'moved') one.imap.set({ uidValidity: 15 });
  else one.imap.faults.set(1, fault);
  const { api } = decisionsOn(one, fault === 'silence' ? { answerMs: 2_000 } : {});
  expect(await api.enqueueAgain(first, 'kim').catch(codeOf)).toBe(code);
  expect((await api.quarantinedOne(first))?.reason).toBe('no-data');
  if (fault !== 'moved') expect(await api.enqueueAgain(second, 'kim')).toMatchObject({ uid: 2 });
});

it('without an email server for its mailbox it is only accepted', async () => {
  const one = await mailboxes.start(1);
  await one.jobsAre(1);
  const key = await quarantined(one, 1, 'no-data');
  const { api, opened } = decisionsOn(one, { known: [] });
  expect(await api.enqueueAgain(key, 'kim').catch(codeOf)).toBe('MESSAGE_STILL_UNREADABLE');
  expect(await api.acceptQuarantined(key, 'kim')).toMatchObject({ uid: 1 });
  expect(opened()).toBe(0);
});
