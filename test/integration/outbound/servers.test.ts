// The servers of the sending half: pace over replicas, priority, sign-in faults and pauses, reload, disabled servers, fencing, doubled jobs.
import { describe, expect, it } from 'vitest';
import { createJournal } from '../../../src/adapters/redis/journal.ts';
import { replyKey } from '../../../src/adapters/redis/journal-entry.ts';
import { createPace } from '../../../src/adapters/redis/pace.ts';
import type { createPauses } from '../../../src/adapters/redis/pauses.ts';
import type { Message } from '../../../src/contract/message.ts';
import { PREFIX } from '../../../src/contract/names.ts';
import { type Reply, replySchema } from '../../../src/contract/reply.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { replyDigest } from '../../../src/domain/reply-journal.ts';
import { smtpServer } from '../../support/servers.ts';
import { header } from '../../support/smtp-sink.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, replyMaker } from './room.ts';

const room = openRoom();
const reply = replyMaker('s');
const replica = (servers: SmtpServer[]) => room.replica({ servers });

describe('pace', () => {
  it('grants 3 replicas × 8 workers no more than the limit in each window, and every request in the end', async () => {
    const window = 1_000;
    const paces = Array.from({ length: 3 }, () => createPace(room.redis.client(), window));
    const granted: number[] = [];
    const began = Date.now();
    let token = 0;
    await Promise.all(
      paces.flatMap((pace) =>
        Array.from({ length: 8 }, async () => {
          while (granted.length < 150) {
            token += 1;
            const answer = await pace.acquire({
              mailbox: 'm',
              token: `t${token}`,
              perMinute: 30,
              recipients: 1,
              recipientsPerDay: 9_999,
            });
            if (answer.granted) granted.push(Date.now());
            else await new Promise((resolve) => setTimeout(resolve, Math.min(answer.waitMs, 50)));
          }
        }),
      ),
    );
    // The first 30 at once, then 30 a window: the 31st not before one window is over, the 61st not before two.
    const times = granted.toSorted((a, b) => a - b);
    for (const k of [1, 2, 3, 4]) expect((times[30 * k] ?? 0) - began).toBeGreaterThanOrEqual(k * window - 5);
  });

  it('is shared by whole replicas: no window exceeds the limit, and the rest follows', async () => {
    const servers = [
      smtpServer(room.sink.port, { pace: { perMinute: 10, connections: 3, recipientsPerDay: 1_000_000 } }),
    ];
    const [first] = await Promise.all([replica(servers), replica(servers), replica(servers)]);
    const all = Array.from({ length: 15 }, () => reply());
    await Promise.all(all.map((one) => first.replies.submitReply(one)));
    await waitFor(() => room.sink.received.length >= 10, { describe: 'ten mails' });
    await waitFor(
      async () => {
        const results = await Promise.all(all.map((one) => first.replies.getReply(one.replyId)));
        return results.some(
          (result) => result?.state !== 'accepted' && Date.parse(result?.expectedAt ?? '') > Date.now() + 20_000,
        );
      },
      { describe: 'the queue waits' },
    );
    expect(room.sink.received).toHaveLength(10);
    expect(room.sink.maxConnections).toBeLessThanOrEqual(3);
  });

  it('counts the recipients of 24 hours', async () => {
    const pace = createPace(room.redis.client());
    const ask = (token: string, recipients: number) =>
      pace.acquire({ mailbox: 'd', token, perMinute: 100, recipients, recipientsPerDay: 10 });
    expect((await ask('a', 8)).granted).toBe(true);
    const refused = await ask('b', 3);
    expect(refused).toMatchObject({ granted: false, reason: 'day' });
    expect(!refused.granted && refused.waitMs).toBeGreaterThan(22 * 3_600_000);
    // What was sent in the hour 24 hours ago may be 23 hours and a minute old: it counts.
    const client = room.redis.client();
    const [day = ''] = await client.keys('*pace:day*');
    const hour = Math.floor(Date.now() / 3_600_000);
    await client.hset(day, String(hour - 24), '2', String(hour - 25), '9');
    const full = await ask('c', 1);
    expect(full).toMatchObject({ granted: false, reason: 'day' });
    expect(!full.granted && full.waitMs).toBeLessThanOrEqual(3_600_000);
    await client.hdel(day, String(hour - 24));
    await pace.refund({ mailbox: 'd', token: 'a', recipients: 8 });
    expect((await ask('b', 3)).granted).toBe(true);
    expect((await ask('b', 3)).granted).toBe(true);
  });
});

describe('order', () => {
  it('sends agents’ replies before automatic ones, high before low priority, and none before its time', async () => {
    const servers = [
      smtpServer(room.sink.port, { pace: { perMinute: 1_000, connections: 1, recipientsPerDay: 10_000 } }),
    ];
    const automatic = reply({ automatic: true });
    const low = reply({ priority: 'low' });
    const high = reply({ priority: 'high' });
    // Without a worker at first: all wait together.
    const { replies: queue, deps } = await room.waiting({ servers });
    for (const one of [low, high]) await queue.submitReply(one);
    const inAnHour = Date.now() + 3_600_000;
    const far = reply({ notBefore: new Date(inAnHour).toISOString() });
    await queue.submitReply(far);
    const expectedAt = Date.parse((await queue.getReply(far.replyId))?.expectedAt ?? '');
    expect(expectedAt).toBeGreaterThanOrEqual(inAnHour);
    expect(expectedAt).toBeLessThan(inAnHour + 3_000);
    // As a backend adds it: without priority, which BullMQ would take first.
    await deps.queues.add('sink', automatic.replyId, automatic, { priority: 0, delayMs: 0 });
    await room.end();
    const { replies } = await replica(servers);
    await waitFor(() => room.sink.received.length === 3, { describe: 'three mails' });
    expect(room.sink.received.map(({ replyId }) => replyId)).toEqual(
      [high, low, automatic].map(({ replyId }) => replyId),
    );
    const notBefore = Date.now() + 2_000;
    const later = reply({ notBefore: new Date(notBefore).toISOString() });
    await replies.submitReply(later);
    await waitFor(() => room.sink.received.length === 4, { describe: 'the fourth' });
    expect(room.sink.received[3]?.at).toBeGreaterThanOrEqual(notBefore);
    const auto = room.sink.received[2]?.raw ?? '';
    expect([header(auto, 'Auto-Submitted'), header(auto, 'X-Auto-Response-Suppress')]).toEqual(['auto-replied', 'All']);
    expect(header(room.sink.received[0]?.raw ?? '', 'Auto-Submitted')).toBeUndefined();
  });
});

describe('a server', () => {
  it('token refused: renews it and retries once, invisible to the reply', async () => {
    await room.replaceSink({ passwordOk: (_user, token) => token !== 'token-0' });
    const oauth = { type: 'OAuth2' as const, application: 'a', signIn: 'appOnly' as const };
    const one = await replica([smtpServer(room.sink.port, { authentication: oauth })]);
    const input = reply();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(room.sink.logins).toEqual(['token-0', 'token-1']);
    expect(one.events.map(({ name }) => name)).not.toContain('SmtpServerPaused');
  });

  it('sign-in refused: pauses with jobs kept and a hint, retries automatically, fails no reply', async () => {
    let open = false;
    await room.replaceSink({ passwordOk: () => open });
    const one = await replica([smtpServer(room.sink.port)]);
    const inputs = [reply(), reply(), reply()];
    for (const input of inputs) await one.replies.submitReply(input);
    await waitFor(() => one.events.some(({ name }) => name === 'SmtpServerPaused'), { describe: 'paused' });
    const status = await one.outbound.status();
    expect(status[0]).toMatchObject({ state: 'paused', pause: { code: 'SMTP_AUTH_FAILED' } });
    expect(status[0]?.pause?.hint).toContain('support@contoso.example');
    open = true;
    await waitFor(
      async () => {
        const results = await Promise.all(inputs.map(({ replyId }) => one.replies.getReply(replyId)));
        return results.every((result) => result?.state === 'accepted');
      },
      { describe: 'all accepted' },
    );
    expect(one.events.map(({ name }) => name)).not.toContain('ReplyRejected');
    expect(room.sink.received).toHaveLength(3);
  });

  it('paused by a person: stays paused over failures, ticks, a changed definition and a new replica until a person resumes it', async () => {
    const server = smtpServer(room.sink.port);
    const one = await replica([server]);
    const { pauses, queues } = one.deps as typeof one.deps & { pauses: ReturnType<typeof createPauses> };
    await pauses.hold(server.name, { by: 'Kim', code: 'SMTP_SERVER_PAUSED_BY_PERSON', hint: 'h' });
    await queues.pause(server.name);
    const input = reply();
    await one.replies.submitReply(input);
    // A failure and a success of a reply that was at work meanwhile, and somebody who saves the definition.
    await pauses.set(server.name, { code: 'SMTP_AUTH_FAILED', hint: '', probeMs: 1 });
    await pauses.healed(server.name);
    expect(await pauses.lift(server.name, true)).toBe(false);
    one.change([{ ...server, pace: { ...server.pace, perMinute: 29 } }]);
    await waitFor(() => one.events.filter(({ name }) => name === 'SmtpServerStarted').length === 2, {
      describe: 'started again',
    });
    const two = await replica([server]);
    await waitFor(
      async () => {
        const [status] = await Promise.all([two.outbound.status(), pauses.read(server.name)]);
        return status[0]?.counts?.paused === 1 || status[0]?.counts?.prioritized === 1;
      },
      { describe: 'a few ticks of both' },
    );
    expect(await pauses.read(server.name)).toMatchObject({ by: 'Kim', code: 'SMTP_SERVER_PAUSED_BY_PERSON' });
    expect(room.sink.received).toHaveLength(0);
    await queues.resume(server.name);
    await pauses.resume(server.name);
    await two.reached(input.replyId, 'accepted');
    expect(room.sink.received).toHaveLength(1);
  });

  it('paused without a recorded reason, because a worker slept in between or Redis forgot it: resumes automatically', async () => {
    const one = await replica([smtpServer(room.sink.port)]);
    await one.deps.queues.pause('sink');
    const input = reply();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(one.events.map(({ name }) => name)).toContain('SmtpServerResumed');
  });

  it('refuses one reply for good: it fails with the server’s words, and the others are sent', async () => {
    const one = await replica([smtpServer(room.sink.port)]);
    room.sink.faults.push({
      at: 'dot',
      reply: '550 5.7.60 SMTP; Client does not have permissions to send as this sender',
    });
    const inputs = [reply(), reply()];
    for (const input of inputs) await one.replies.submitReply(input);
    await waitFor(
      async () => {
        const results = await Promise.all(inputs.map(({ replyId }) => one.replies.getReply(replyId)));
        return (
          results
            .map((result) => result?.state)
            .sort()
            .join() === 'accepted,rejected'
        );
      },
      { describe: 'both ended' },
    );
    const [failed] = await one.replies.listReplies(['failed']);
    expect(failed?.failure).toMatchObject({
      code: 'SEND_AS_DENIED',
      class: 'permission',
      remote: { system: 'smtp', code: '550', enhancedCode: '5.7.60' },
    });
    // Not Microsoft's host: no PowerShell.
    expect(failed?.failure?.hint).toContain('to send as support@contoso.example');
  });

  it('refuses one recipient: the reply is accepted, with that recipient reported', async () => {
    const one = await replica([smtpServer(room.sink.port)]);
    const input = reply({ to: ['good@example.net', 'unknown@example.net'] });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect((await one.replies.getReply(input.replyId))?.recipients).toMatchObject([
      { address: 'good@example.net', state: 'accepted' },
      { address: 'unknown@example.net', state: 'rejected', remote: { enhancedCode: '5.1.1' } },
    ]);
  });

  it('disabled: keeps its jobs and sends them once enabled; another server never waits', async () => {
    const a = smtpServer(room.sink.port, { name: 'a' });
    const b = smtpServer(room.sink.port, { name: 'b', user: 'b@contoso.example' });
    const one = await replica([a, b]);
    one.change([{ ...a, enabled: false }, b]);
    await waitFor(() => one.events.some(({ name, fields }) => name === 'SmtpServerStopped' && fields.server === 'a'), {
      describe: 'a stopped',
    });
    await expect(one.replies.submitReply(reply({ server: 'a' }))).rejects.toMatchObject({
      code: 'SMTP_SERVER_DISABLED',
    });
    const kept = reply({ server: 'a' });
    await one.deps.queues.add('a', kept.replyId, kept, { priority: 1, delayMs: 0 });
    const other = reply({ server: 'b' });
    await one.replies.submitReply(other);
    await waitFor(() => room.sink.received.length === 1, { describe: 'b sends' });
    expect(room.sink.received[0]?.replyId).toBe(other.replyId);
    expect(one.events.filter(({ name, fields }) => name === 'SmtpServerStarted' && fields.server === 'b')).toHaveLength(
      1,
    );
    one.change([a, b]);
    await waitFor(() => room.sink.received.length === 2, { describe: 'a sends' });
    expect(room.sink.received[1]?.replyId).toBe(kept.replyId);
  });
});

describe('a server that cannot be started', () => {
  it('does not affect the others, is reported, and is retried', async () => {
    const names = ['a', 'b', 'c'];
    let broken = true;
    const one = await room.replica({
      servers: names.map((name) => smtpServer(room.sink.port, { name })),
      change: ({ deps }) => {
        const { work } = deps.queues;
        deps.queues = {
          ...deps.queues,
          work: (server, ...rest) =>
            server === 'a' && broken ? Promise.reject(new Error('no')) : work(server, ...rest),
        };
      },
    });
    const inputs = names.map((server) => reply({ server }));
    for (const input of inputs) await one.replies.submitReply(input);
    await waitFor(() => room.sink.received.length === 2, { describe: 'b and c send' });
    expect(one.events.find(({ name }) => name === 'ReplyWorkerFailed')?.fields.server).toBe('a');
    broken = false;
    await waitFor(() => room.sink.received.length === 3, { describe: 'a sends' });
    expect(
      one.events
        .filter(({ name }) => name === 'SmtpServerStarted')
        .map(({ fields }) => fields.server)
        .sort(),
    ).toEqual(names);
  });
});

describe('the journal’s gate', () => {
  it('admits one worker: a second claim waits, and a lost claim cannot begin DATA', async () => {
    const journal = createJournal(room.redis.client());
    const digest = replyDigest(replySchema.parse(reply({ replyId: 'gate' })));
    const claim = (owner: string, leaseMs: number) =>
      journal.claim({ replyId: 'gate', digest, server: 'sink', owner, leaseMs });
    const first = await claim('one', 60_000);
    expect(first).toMatchObject({ claim: 'yours', entry: { state: 'queued' } });
    expect(await claim('two', 60)).toMatchObject({ claim: 'busy' });
    const fence = first.claim === 'yours' ? first.fence : 0;
    await journal.transition('gate', { from: ['queued'], to: 'prepared', fence, change: { messageId: '<gate@x>' } });
    await journal.transition('gate', { from: ['prepared'], to: 'submitting', fence });
    // The first sleeps past its lease, and wakes up: its fence is old.
    await room.redis.client().hset(replyKey(PREFIX, 'gate'), 'leaseUntil', Date.now() - 1);
    const second = await claim('two', 60_000);
    expect(await journal.transition('gate', { from: ['submitting'], to: 'data-begun', fence })).toMatchObject({
      moved: false,
    });
    expect(await journal.renew('gate', fence, 1_000)).toBe(false);
    const newFence = second.claim === 'yours' ? second.fence : 0;
    expect(await journal.transition('gate', { from: ['submitting'], to: 'data-begun', fence: newFence })).toMatchObject(
      { moved: true },
    );
    expect(await journal.transition('gate', { from: ['submitting'], to: 'data-begun', fence: newFence })).toMatchObject(
      { moved: false },
    );
    // A late answer of whoever sent counts, even after doubt.
    await journal.transition('gate', { from: ['data-begun'], to: 'uncertain', fence: newFence });
    const late = { from: ['data-begun', 'uncertain'] as const, to: 'accepted' as const, late: true };
    expect(await journal.transition('gate', { ...late, fence })).toMatchObject({ moved: false, state: 'uncertain' });
    expect(await journal.transition('gate', { ...late, fence: newFence })).toMatchObject({ moved: true });
    expect(await claim('three', 60)).toMatchObject({ claim: 'settled', entry: { state: 'accepted' } });
    expect(await journal.byMessageId('<gate@x>')).toBe('gate');
    expect(await journal.claim({ replyId: 'gate', digest: 'other', server: 'sink', owner: 'x', leaseMs: 60 })).toEqual({
      claim: 'reused',
    });
  });

  it('refuses duplicate jobs under other job ids, and other content under the same replyId', async () => {
    const one = await replica([smtpServer(room.sink.port)]);
    const { Queue } = await import('bullmq');
    const queue = new Queue('replies.sink', { connection: room.redis.client(), prefix: '{mailroom}' });
    const input = reply({ replyId: 'doubled' });
    await Promise.all(Array.from({ length: 6 }, (_, i) => queue.add('reply', input, { jobId: `own-${i}` })));
    await one.reached('doubled', 'accepted');
    const other = await queue.add('reply', { ...input, text: 'other' }, { jobId: 'own-other' });
    await waitFor(async () => (await other.getState()) === 'failed', { describe: 'other failed' });
    const failed = await queue.getJob('own-other');
    expect(JSON.parse(failed?.failedReason ?? '{}')).toMatchObject({ failure: { code: 'REPLY_ID_REUSED' } });
    await waitFor(async () => (await queue.getJobCounts('completed')).completed === 6, { describe: 'copies ended' });
    expect(room.sink.received).toHaveLength(1);
    await queue.close();
  });

  it('loop protection: refuses the message’s own address and ours, and counts every recipient', async () => {
    const one = await replica([smtpServer(room.sink.port)]);
    const told = (mayAutoRespond: boolean) =>
      ({
        automatic: { kind: 'none', evidence: [], mayAutoRespond },
        conversation: { id: 'of-message' },
      }) as unknown as Message;
    one.deps.readMessage = async (key) => (key === 'm-no' ? told(false) : key === 'm-yes' ? told(true) : undefined);
    one.deps.ownAddresses = () => ['watched@contoso.example'];
    const outcome = async (more: Partial<Reply>) => {
      const input = reply({ automatic: true, ...more });
      await one.replies.submitReply(input);
      await waitFor(async () => /accepted|rejected/.test((await one.replies.getReply(input.replyId))?.state ?? ''), {
        describe: 'ended',
      });
      const result = await one.replies.getReply(input.replyId);
      return result?.failure?.code ?? result?.state;
    };
    expect(await outcome({ answers: { messageKey: 'm-no', automatic: false } })).toBe('AUTO_REPLY_TO_AUTOMATIC');
    expect(await outcome({ automatic: false, answers: { messageKey: 'm-no' } })).toBe('accepted');
    expect(await outcome({ answers: { messageKey: 'm-yes' } })).toBe('accepted');
    for (const own of ['Watched+tag@contoso.example', 'info@contoso.example', 'support@contoso.example'])
      expect(await outcome({ to: ['c@example.net'], bcc: [own] })).toBe('AUTO_REPLY_TO_SELF');
    // Five a day for one mailbox, whichever tag and place it has.
    for (let i = 0; i < 5; i++)
      expect(await outcome({ to: [`other${i}@example.net`], cc: [`Loop+${i}@example.net`] })).toBe('accepted');
    expect(await outcome({ to: ['loop@example.net'] })).toBe('AUTO_REPLY_BUDGET');
    expect(await outcome({ to: ['other9@example.net', 'loop+x@example.net'] })).toBe('AUTO_REPLY_BUDGET');
  });

  it('loop protection: sends no automatic reply to automatic mail, and enforces a budget', async () => {
    const one = await replica([smtpServer(room.sink.port)]);
    const loop = reply({ automatic: true, answers: { automatic: true } });
    await one.replies.submitReply(loop);
    await one.reached(loop.replyId, 'rejected');
    expect((await one.replies.getReply(loop.replyId))?.failure?.code).toBe('AUTO_REPLY_TO_AUTOMATIC');
    const many = Array.from({ length: 4 }, () =>
      reply({ automatic: true, conversationId: 'c', to: ['loop@example.net'] }),
    );
    for (const input of many) await one.replies.submitReply(input);
    await waitFor(
      async () => {
        const states = await Promise.all(many.map(async ({ replyId }) => (await one.replies.getReply(replyId))?.state));
        return states.filter((state) => state === 'accepted').length === 3 && states.includes('rejected');
      },
      { describe: 'ended' },
    );
  });
});
