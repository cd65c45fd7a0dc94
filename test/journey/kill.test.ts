// A thousand mails by LMTP into a real Dovecot mailbox while the daemon is started, killed with -9 at random and restarted: each is on the
// queue exactly once.
import { expect, it } from 'vitest';
import { startDovecot } from '../support/dovecot.ts';
import { fixture } from '../support/fixture.ts';
import { journey, passwordMailbox } from '../support/journey.ts';
import { mails } from '../support/mails.ts';
import { seededRandom } from '../support/random.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

const USER = 'support@contoso.example';
const PASSWORD = 'kill-journey-password';
const COUNT = 1_000;
const redis = fixture(() => startRedis({ aof: 'everysec' }));
const dovecot = fixture(() => startDovecot({ users: [{ user: USER, password: PASSWORD }] }));

it('enqueues 1,000 mails exactly once over five kills', async () => {
  const seed = Number(process.env.MAILROOM_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  const random = seededRandom(seed);
  process.stdout.write(`kill journey: seed ${seed}\n`);
  const j = journey({
    redisUrl: redis.url,
    ca: dovecot.caPem,
    emailServers: [passwordMailbox(USER, dovecot.port, { emailFlow: 'Support' })],
    env: { MAILROOM_SECRET_TEST: PASSWORD },
  });
  try {
    const all = [...mails({ count: COUNT, seed, kind: 'small' })];
    let delivered = 0;
    const delivering = (async () => {
      for (const mail of all) {
        await dovecot.deliver(USER, mail.raw);
        delivered++;
      }
    })();
    let daemon = j.start(['ingest']);
    for (let kill = 1; kill <= 5; kill++) {
      // At random, but each time after it has done something and while there is something left to do.
      const target = Math.floor(((kill - 0.8 + random() * 0.6) / 5.5) * COUNT);
      await waitFor(async () => (await j.messageCount('Support')) >= Math.min(target, delivered), {
        timeoutMs: 60_000,
      });
      await daemon.kill9();
      daemon = j.start(['ingest']);
    }
    await delivering;
    const messages = await j.waitForMessages('Support', COUNT, 90_000);
    await daemon.waitForEvent('MailboxConnected');
    const audit = await j.run('audit', '--json');
    expect(JSON.parse(audit.output)).toMatchObject({
      unaccounted: 0,
      servers: [{ inMailbox: COUNT, enqueued: COUNT, jobsKept: COUNT }],
    });
    expect(audit.code).toBe(0);
    expect(messages).toHaveLength(COUNT);
    expect(new Set(messages.map(({ threading }) => threading.messageId))).toEqual(
      new Set(all.map(({ messageId }) => messageId)),
    );
  } finally {
    await j.stop();
  }
});
