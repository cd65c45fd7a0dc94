// The recipe of docs/operator.md for a snapshot of Redis, and what restoring an old one does: no mail is lost, and no reply is sent twice, as long
// as the blob store is the current one. Counted where mails and replies arrive.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { JANE } from '../support/desk.ts';
import { replyJob } from '../support/journey.ts';
import { leakWatch } from '../support/leak-watch.ts';
import type { MailroomProcess } from '../support/mailroom.ts';
import { startRedis } from '../support/redis.ts';
import { tempDir, waitFor } from '../support/temp.ts';
import { openUpgradeFlow } from './upgrade-flow.ts';

leakWatch();

it('an old snapshot: mail is fetched again under its messageKey, and replies sent since then are found in Sent', async () => {
  const flow = await openUpgradeFlow();
  const dir = tempDir('backup');
  let restored: Awaited<ReturnType<typeof startRedis>> | undefined;
  const start = async (): Promise<MailroomProcess> => {
    const gateway = flow.j.start();
    await gateway.waitForEvent('MailboxConnected');
    return gateway;
  };
  const keys = async () =>
    (await flow.j.messages('F')).map(({ subject, messageKey }) => `${subject} ${messageKey}`).sort();
  const accepted = async (replyId: string) =>
    expect(await flow.j.result('Out', replyJob(replyId), 60_000)).toMatchObject({ state: 'accepted' });
  const arrived = () =>
    flow.sandbox.mailboxes
      .list(JANE)
      .map(({ raw }) => /^X-Mailroom-Reply-Id:\s*(\S+)/im.exec(raw.toString('latin1'))?.[1])
      .sort();
  try {
    let gateway = await start();
    for (const n of [1, 2]) flow.deliver(n);
    await flow.j.waitForMessages('F', 2);
    await flow.reply('sent-before');
    await accepted('sent-before');
    await gateway.stop();
    await flow.reply('waited');

    // As in docs/operator.md.
    execFileSync('redis-cli', ['-p', String(flow.redis.port), '--rdb', join(dir.path, 'dump.rdb')], { stdio: 'pipe' });

    gateway = await start();
    await accepted('waited');
    for (const n of [3, 4]) flow.deliver(n);
    await flow.j.waitForMessages('F', 4);
    await flow.reply('sent-after');
    await accepted('sent-after');
    const before = await keys();
    await gateway.stop();

    await flow.redis.kill9();
    restored = await startRedis({ port: flow.redis.port, args: ['--dir', dir.path] });
    await waitFor(async () => (await flow.client.config('SET', 'appendonly', 'yes')) === 'OK');
    expect(await flow.j.messages('F')).toHaveLength(2);

    gateway = await start();
    flow.deliver(5);
    await flow.j.waitForMessages('F', 5);
    const [fifth, ...again] = (await keys()).reverse();
    expect(again.reverse()).toEqual(before);
    expect(fifth).toContain('Question 5');
    await flow.reply('sent-after'); // the backend submits what has no result
    await Promise.all([accepted('waited'), accepted('sent-after')]);
    expect(
      gateway
        .events('ReplyForgotten')
        .map(({ replyId }) => replyId)
        .sort(),
    ).toEqual(['sent-after', 'waited']);
    expect(arrived()).toEqual(['sent-after', 'sent-before', 'waited']);
    const audit = await flow.j.run('audit', '--json');
    expect(JSON.parse(audit.output)).toMatchObject({ unaccounted: 0 });
    expect(await gateway.stop()).toBe(0);
  } finally {
    await flow.stop();
    await restored?.stop();
    dir.remove();
  }
});
