// Replies that wait for a person, decided on the command line, with real processes: the server took the dot and was gone without a word. What
// was thrown away there and is released arrives once; what is dropped never does; what Sent proves to have left asks nobody.
import { expect, it } from 'vitest';
import { JANE, openDesk, SUPPORT } from '../support/desk.ts';
import { replyJob } from '../support/journey.ts';
import { leakWatch } from '../support/leak-watch.ts';
import { redisRoom } from '../support/redis.ts';

leakWatch();

const TEXT = 'Vertrauliche-Antwort-0815';
const redis = redisRoom();

it('are listed, shown, released and dropped by name', async () => {
  const { sandbox, j, stop } = await openDesk({
    redisUrl: redis.url,
    settings: { outbound: { uncertain: { lookForMinutes: 0 } } },
    secrets: [TEXT, JANE],
  });
  const send = (replyId: string) =>
    j.addReply('Out', { replyId, from: SUPPORT, to: [JANE], subject: TEXT, text: TEXT });
  const end = (replyId: string) => j.result('Out', replyJob(replyId));
  const arrived = () =>
    sandbox.mailboxes
      .list(JANE)
      .map(({ raw }) => /^X-Mailroom-Reply-Id:\s*(\S+)/im.exec(raw.toString('latin1'))?.[1])
      .sort();
  try {
    await j.start(['serve']).waitForEvent('GatewayStarted');
    sandbox.faults.set({ name: 'dropAfterDotUnaccepted', times: 2 });
    for (const replyId of ['to-release', 'to-drop']) {
      await send(replyId);
      expect(await end(replyId)).toMatchObject({ state: 'held', failure: { code: 'REPLY_HELD' } });
    }
    sandbox.faults.set({ name: 'dropAfterDot', times: 1 });
    await send('in-sent');
    expect(await end('in-sent')).toMatchObject({ state: 'accepted' });
    expect(arrived()).toEqual(['in-sent']);

    const listed = await j.run('replies', 'held');
    expect(listed.code).toBe(0);
    expect(listed.output).toMatch(/^to-release +held +Out +1 +REPLY_HELD/m);
    expect(listed.output).toMatch(/^to-drop +held +Out +1 +REPLY_HELD/m);
    expect(listed.output).toContain('mailroom replies release <replyId>');
    expect(listed.output).not.toContain('in-sent');
    const shown = await j.run('replies', 'show', 'to-release');
    expect(shown.output).toMatch(/look 1: not in .* \(\d+ mails compared\)/);

    const released = await j.run('replies', 'release', 'to-release');
    expect([released.code, released.output]).toEqual([0, 'to-release: released, is sent again through Out\n']);
    expect(await end('to-release')).toMatchObject({ state: 'accepted' });
    const dropped = await j.run('replies', 'drop', 'to-drop');
    expect([dropped.code, dropped.output]).toEqual([0, 'to-drop: dropped\n']);

    // Decided is decided, typed once more, the other way round, or handed in again by the backend.
    for (const [act, replyId] of [
      ['release', 'to-drop'],
      ['release', 'to-release'],
      ['drop', 'in-sent'],
    ] as const) {
      const refused = await j.run('replies', act, replyId);
      expect(refused.code).not.toBe(0);
      expect(refused.output).toContain('REPLY_NOT_HELD');
    }
    await send('to-drop');
    await j.addRaw('Out', 'to-drop-by-another-job', {
      schema: 'mailroom.reply/1',
      replyId: 'to-drop',
      from: SUPPORT,
      to: [JANE],
      subject: TEXT,
      text: TEXT,
    });
    expect(await j.result('Out', 'to-drop-by-another-job')).toMatchObject({ state: 'dropped' });
    await send('after');
    expect(await end('after')).toMatchObject({ state: 'accepted' });
    expect(arrived()).toEqual(['after', 'in-sent', 'to-release']);
    expect((await j.run('replies', 'held')).output).toBe('no reply is held\n');
  } finally {
    await stop();
  }
});
