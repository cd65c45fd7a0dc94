// Garbage in the structures of replies and sending servers: what can be forgotten is set aside by name, and the others are sent.
import { describe, expect, it } from 'vitest';
import { NOT_JSON } from '../../../src/adapters/queue/readable-jobs.ts';
import { openReplyQueues, repliesDefaults } from '../../../src/adapters/queue/replies.ts';
import { quarantinedKeys } from '../../../src/adapters/redis/guard.ts';
import { createJournal } from '../../../src/adapters/redis/journal.ts';
import { replyKey, stateKey } from '../../../src/adapters/redis/journal-entry.ts';
import { createLoginSlots } from '../../../src/adapters/redis/login-slots.ts';
import { createPace, paceKey } from '../../../src/adapters/redis/pace.ts';
import { createPauses } from '../../../src/adapters/redis/pauses.ts';
import { PREFIX, repliesQueue, replyJobId } from '../../../src/contract/names.ts';
import { resultOf } from '../../../src/outbound/results.ts';
import { rig, typesBut } from './garbage.ts';

const at = rig();
const journal = () => createJournal(at.redis);

/** What the sending half does with a reply. */
async function send(replyId: string): Promise<string> {
  const digest = `digest of ${replyId}`;
  const claim = await journal().claim({ replyId, digest, server: 'SMTP', owner: replyId, leaseMs: 1_000 });
  if (claim.claim !== 'yours') return claim.claim;
  const move = (from: 'queued' | 'prepared', to: 'prepared' | 'accepted') =>
    journal().transition(replyId, { from: [from], to, fence: claim.fence, change: { messageId: `<${replyId}@x>` } });
  await move('queued', 'prepared');
  await move('prepared', 'accepted');
  await journal().byMessageId(`<${replyId}@x>`);
  return (await journal().read(replyId))?.state ?? 'nothing';
}
const ALL_SENT = ['accepted', 'accepted', 'accepted'];
const sendAll = () => Promise.all(['bad', 'b', 'c'].map(send));

describe('an entry of the journal', () => {
  it.each(typesBut('hash'))('that is a %s counts as forgotten, and the key is named', async (type) => {
    await at.garble(replyKey(PREFIX, 'bad'), type);
    expect(await sendAll()).toEqual(ALL_SENT);
    expect(at.said(replyKey(PREFIX, 'bad'))).toHaveLength(1);
  });

  it.each<[string, Record<string, string>]>([
    ['an invalid state', { state: 'sent' }],
    ['an empty state', { state: '' }],
    ['a non-numeric fence', { fence: 'high' }],
    ['an invalid lease time', { owner: 'x', leaseUntil: 'soon' }],
    ['non-numeric attempts', { attempts: 'many' }],
    ['an envelope that is not JSON', { envelope: '{' }],
    ['an envelope without recipients', { envelope: '{}' }],
    ['a result that is text', { result: '"accepted"' }],
    ['recipients that are no list', { recipients: '{}' }],
    ['an offered sender that is not JSON', { offered: 'x' }],
    ['an agreed sender that is not JSON', { agreed: '' }],
    ['a non-numeric number of acceptances', { acceptances: 'two' }],
    ['an empty time', { dueAt: '' }],
  ])('with %s is set aside; the others are sent', async (_, change) => {
    await journal().admit({ replyId: 'bad', digest: 'digest of bad', server: 'SMTP' });
    await at.plain.hset(replyKey(PREFIX, 'bad'), change);
    expect(await sendAll()).toEqual(ALL_SENT);
    expect(at.said(replyKey(PREFIX, 'bad'))).toHaveLength(1);
    const [note] = await quarantinedKeys(at.redis);
    expect(await at.plain.hget(note?.movedTo ?? '', 'replyId')).toBe('bad');
  });

  it('that is unreadable as soon as it is made is made again once', async () => {
    const claim = { replyId: 'bad', digest: 'd', server: 'SMTP', owner: 'o', leaseMs: 1_000, expiresAt: Number.NaN };
    await expect(journal().claim(claim)).rejects.toThrow('cannot be read');
    expect(at.said(replyKey(PREFIX, 'bad'))).toHaveLength(2);
  });

  it('does not hide the others of its list', async () => {
    for (const replyId of ['bad', 'x']) await journal().admit({ replyId, digest: 'd', server: 'SMTP' });
    await at.plain.hset(replyKey(PREFIX, 'bad'), 'envelope', '{');
    expect((await journal().list('queued')).map(({ replyId }) => replyId)).toEqual(['x']);
  });
});

it.each(typesBut('zset'))('an index that is a %s is rebuilt', async (type) => {
  for (const replyId of ['x', 'y']) await journal().admit({ replyId, digest: 'd', server: 'SMTP' });
  await at.garble(stateKey(PREFIX, 'queued'), type);
  expect(await send('b')).toBe('accepted');
  expect((await journal().list('queued')).map(({ replyId }) => replyId).sort()).toEqual(['x', 'y']);
  expect(at.said(stateKey(PREFIX, 'queued'))).toHaveLength(1);
});

it.each(typesBut('string'))('a Message-ID of a reply that is a %s matches no reply', async (type) => {
  await send('b');
  const [alias = ''] = await at.plain.keys('?mailroom?:reply-by-message-id:*');
  await at.garble(alias, type);
  expect(await journal().byMessageId('<b@x>')).toBeUndefined();
  expect(at.said(alias)).toHaveLength(1);
});

it.each(typesBut('hash'))('a pause that is a %s lasts until a person resumes; no other server waits', async (type) => {
  const pauses = createPauses(at.redis);
  const key = '{mailroom}:smtp-pause:SMTP%20%C3%BC';
  await at.garble(key, type);
  expect(await pauses.read('SMTP ü')).toMatchObject({ by: 'mailroom', code: 'REDIS_KEY_DAMAGED' });
  expect(await pauses.read('other')).toBeUndefined();
  expect(at.said(key)).toMatchObject([{ server: 'SMTP ü' }]);
  await pauses.resume('SMTP ü');
  expect(await pauses.read('SMTP ü')).toBeUndefined();
});

it.each(['soon', '-', ''])('a pause until %j is over', async (until) => {
  await at.plain.hset('{mailroom}:smtp-pause:S', { paused: '1', code: 'X', until, since: until });
  expect(await createPauses(at.redis).read('S')).toMatchObject({ until: 0, since: 0 });
});

const HOUR = Math.floor(Date.now() / 3_600_000);
describe('pace', () => {
  const ask = { mailbox: 'm', token: 't', perMinute: 30, recipients: 1, recipientsPerDay: 100 };
  const slot = { mailbox: 'm', slot: 's', limit: 1, ttlMs: 1_000, hasNone: true };
  it.each<[string, () => Promise<unknown>, string]>([
    ['a minute', () => at.garble(paceKey(PREFIX, 'minute', 'm'), 'string'), paceKey(PREFIX, 'minute', 'm')],
    ['a day', () => at.garble(paceKey(PREFIX, 'day', 'm'), 'list'), paceKey(PREFIX, 'day', 'm')],
    ['slots', () => at.garble(paceKey(PREFIX, 'slots', 'm'), 'hash'), paceKey(PREFIX, 'slots', 'm')],
    ['a wish', () => at.garble(paceKey(PREFIX, 'slot-wish', 'm'), 'set'), paceKey(PREFIX, 'slot-wish', 'm')],
    ['invalid hours', () => at.plain.hset(paceKey(PREFIX, 'day', 'm'), 'noon', '3'), paceKey(PREFIX, 'day', 'm')],
    [
      'invalid counts',
      () => at.plain.hset(paceKey(PREFIX, 'day', 'm'), String(HOUR), 'many'),
      paceKey(PREFIX, 'day', 'm'),
    ],
  ])('%s: restarts', async (_, spoil, key) => {
    await spoil();
    expect(await createPace(at.redis).acquire(ask)).toEqual({ granted: true });
    expect(await createPace(at.redis).takeSlot(slot)).toBe('taken');
    expect(at.said(key)).toHaveLength(1);
  });

  it.each(['soon', '999999999999999', '[]'])('a sign-in slot of %s delays nobody', async (value) => {
    await at.plain.set('{mailroom}:logins:tenant', value);
    expect(await createLoginSlots(at.redis, 10)('tenant')).toBeLessThan(1_000);
  });

  it.each(typesBut('string'))('sign-in slots that are a %s delay nobody', async (type) => {
    await at.garble('{mailroom}:logins:tenant', type);
    expect(await createLoginSlots(at.redis, 10)('tenant')).toBeLessThan(1_000);
    expect(at.said('{mailroom}:logins:tenant')).toHaveLength(1);
  });
});

describe('a job on a replies queue', () => {
  it.each([
    ['data', '{"schema":"mailroom.reply/1",'],
    ['data', 'hello'],
    ['opts', '{'],
  ])('with %s %j ends with its name, and the others run', async (field, text) => {
    const server = `SMTP ${field} ${text.length}`;
    const payloads = new Map<string, unknown>();
    const queues = openReplyQueues(at.redis, () => {}, { ...repliesDefaults, lockMs: 500, stalledCheckMs: 500 });
    for (const replyId of ['bad', 'b', 'c'])
      await queues.add(server, replyId, { replyId }, { priority: 10, delayMs: 0 });
    await at.plain.hset(`{mailroom}:${repliesQueue(server)}:${replyJobId('bad')}`, field, text);
    const worker = await queues.work(server, 2, async ({ jobId, payload }) => {
      payloads.set(jobId, payload);
      return { end: 'completed', result: resultOf({ replyId: jobId, server, state: 'accepted' }) };
    });
    await expect.poll(() => queues.counts(server), { timeout: 30_000 }).toMatchObject({ completed: 3, active: 0 });
    expect(payloads.get(replyJobId('b'))).toEqual({ replyId: 'b' });
    if (field === 'data') expect(payloads.get(replyJobId('bad'))).toBe(NOT_JSON);
    expect((await queues.find(server, 'bad'))?.state).toBe('completed');
    await worker.stop(1_000);
    await queues.close();
  });
});
