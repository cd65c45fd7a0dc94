// A server that is deleted, renamed or disabled while replies wait for it: they are kept, told of, and never sent by anyone who has its name next.
import { Queue } from 'bullmq';
import { beforeEach, expect, it } from 'vitest';
import { createServerRegister } from '../../../src/adapters/redis/smtp-servers.ts';
import { PREFIX, REPLY_JOB, repliesQueue, replyJobId } from '../../../src/contract/names.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { smtpServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Replica } from './room.ts';

const room = openRoom();
let one: Replica;
let n = 0;

const server = (more: Partial<SmtpServer> = {}) => smtpServer(room.sink.port, more);
const OTHER = { user: 'other@contoso.example', additionalFromAddresses: ['support@contoso.example'] };

beforeEach(async () => {
  one = await room.replica({ servers: [server()] });
});
const gauges = async () => (await one.deps.metrics?.registry.metrics()) ?? '';
const stranded = async () => /^mailroom_replies_waiting_for_server\{server="sink"\} (\d+)$/m.exec(await gauges())?.[1];

const count = (event: string) => one.events.filter(({ name }) => name === event).length;
async function change(servers: SmtpServer[]): Promise<void> {
  const stopped = count('SmtpServerStopped');
  one.change(servers);
  await waitFor(() => count('SmtpServerStopped') > stopped, { describe: 'applied' });
}

const inputOf = (replyId: string) => ({
  schema: 'mailroom.reply/1' as const,
  replyId,
  server: 'sink',
  from: 'support@contoso.example',
  to: ['customer@example.net'],
  subject: 'Re',
  text: 'x',
});

/** By the API, and by a backend that speaks BullMQ: neither begun. */
async function waiting(): Promise<string[]> {
  n += 1;
  await one.deps.pauses.set('sink', { code: 'SMTP_AUTH_FAILED', hint: '', probeMs: 60_000 });
  await one.deps.queues.pause('sink');
  await one.replies.submitReply(inputOf(`api-${n}`));
  await one.deps.queues.add('sink', `job-${n}`, inputOf(`job-${n}`), { priority: 1, delayMs: 0 });
  return [`api-${n}`, `job-${n}`];
}
const states = (ids: string[]) => Promise.all(ids.map(async (id) => (await one.replies.getReply(id))?.state));

it.each([
  ['deleted', () => []],
  ['renamed', () => [server({ name: 'new name' })]],
])('%s: its replies are reported and wait; they are sent when it is back', async (_what, next) => {
  const ids = await waiting();
  await waitFor(async () => (await gauges()).includes('mailroom_smtp_server_paused{server="sink"} 1'), {
    describe: 'the gauges of the server',
  });
  await change(next());
  await waitFor(() => count('RepliesWaitForServer') === 1, { describe: 'told' });
  expect(one.events.find(({ name }) => name === 'RepliesWaitForServer')?.fields).toMatchObject({
    server: 'sink',
    count: 2,
  });
  for (const id of ids) {
    const result = await one.replies.getReply(id);
    expect(result).toMatchObject({ state: 'queued', server: 'sink', waiting: 'waiting-for-server' });
    expect(result).not.toHaveProperty('expectedAt');
  }
  expect((await one.outbound.status()).find((status) => status.server === 'sink')).toMatchObject({ state: 'gone' });
  await waitFor(async () => (await stranded()) === '2', { describe: 'the gauge counts them' });
  await waitFor(async () => (await gauges()).match(/^mailroom_\w+\{server="sink"/gm)?.length === 1, {
    describe: 'it has no other gauges',
  });
  one.change([server()]);
  await one.deps.pauses.lift('sink', true);
  await waitFor(async () => (await stranded()) === undefined, { describe: 'the gauge is back' });
  await waitFor(async () => (await states(ids)).every((state) => state === 'accepted'), { describe: 'sent' });
  expect((await one.outbound.status()).map(({ server: name, state }) => [name, state])).toEqual([['sink', 'sending']]);
});

it.each([
  ['deleted and created again', async () => change([])],
  ['renamed and created again', async () => change([server({ name: 'new name' })])],
  ['renamed, with the name reused in one step', async () => {}],
])('%s for another User: held, not sent; once released they are sent as that User', async (what, gone) => {
  const ids = await waiting();
  await gone();
  const renamed = what.startsWith('renamed') ? [server({ name: 'new name' })] : [];
  one.change([...renamed, server(OTHER)]);
  await one.deps.pauses.lift('sink', true);
  await waitFor(async () => (await states(ids)).every((state) => state === 'held'), { describe: 'held' });
  for (const id of ids) expect((await one.replies.getReply(id))?.failure?.code).toBe('SMTP_SERVER_REPLACED');
  expect(room.sink.received).toHaveLength(0);
  // What is handed in now is meant for him.
  const fresh = { replyId: `new-${n}`, server: 'sink', to: ['c@example.net'], subject: 'Re', text: 'x' };
  await one.replies.submitReply(fresh);
  await waitFor(async () => (await states([fresh.replyId]))[0] === 'accepted', { describe: 'sent' });
  for (const id of ids) await one.replies.releaseHeld(id);
  await waitFor(async () => (await states(ids)).every((state) => state === 'accepted'), { describe: 'sent' });
  expect(room.sink.received).toHaveLength(3);
});

it('what was added in the millisecond of the replacement is held, what was added after it is sent', async () => {
  await change([]);
  one.change([server(OTHER)]);
  await waitFor(() => count('SmtpServerStarted') === 2, { describe: 'it is back' });
  const replacedAt = (await one.deps.register.replacedAt('sink')) ?? 0;
  const queue = new Queue(repliesQueue('sink'), { connection: room.redis.client(), prefix: PREFIX });
  room.onEnd(() => queue.close());
  for (const [replyId, timestamp] of [
    ['same', replacedAt],
    ['after', replacedAt + 1],
  ] as const)
    await queue.add(REPLY_JOB, inputOf(replyId), { jobId: replyJobId(replyId), timestamp });
  await waitFor(
    async () => (await states(['same', 'after'])).every((state) => state === 'held' || state === 'accepted'),
    { describe: 'both are settled' },
  );
  expect(await states(['same', 'after'])).toEqual(['held', 'accepted']);
});

it('changed in place to another User: the same server, and its replies are sent', async () => {
  const ids = await waiting();
  await change([server(OTHER)]);
  await one.deps.pauses.lift('sink', true);
  await waitFor(async () => (await states(ids)).every((state) => state === 'accepted'), { describe: 'sent' });
});

it('disabled: gives no expected time', async () => {
  const ids = await waiting();
  await change([server({ enabled: false })]);
  for (const id of ids) {
    const result = await one.replies.getReply(id);
    expect(result).toMatchObject({ state: 'queued', waiting: 'waiting-for-server' });
    expect(result).not.toHaveProperty('expectedAt');
  }
});

it('the register reports a removed name to one replica, and ignores names that never existed', async () => {
  const register = createServerRegister(room.redis.client());
  await register.record([{ name: 'Süd: 1', mailbox: 'a' }]);
  expect(await Promise.all([register.record([]), register.record([])])).toEqual(expect.arrayContaining([[]]));
  const gone = (await register.gone()).map(({ name }) => name).sort();
  expect(gone).toEqual(['Süd: 1', 'sink']);
  await register.record([{ name: 'Süd: 1', mailbox: 'b' }]);
  expect(await register.replacedAt('Süd: 1')).toBeGreaterThan(0);
  expect(await register.replacedAt('never')).toBeUndefined();
});
