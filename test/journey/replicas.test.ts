// Two ingest replicas with the production lease: each mailbox is watched once; a graceful stop hands over within two seconds, a kill -9 is
// taken over within fifteen, a new replica takes only what moves to it.
import { expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.ts';
import { fixture } from '../support/fixture.ts';
import { journey, passwordMailbox } from '../support/journey.ts';
import type { MailroomProcess } from '../support/mailroom.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

const BOXES = Array.from({ length: 8 }, (_, i) => `box${i}@contoso.example`);
const PASSWORD = 'replica-password';

const redis = fixture(startRedis);
const sandbox = fixture(() => startSandbox({ users: BOXES.map((address) => ({ address, password: PASSWORD })) }));

it('share the mailboxes, hand them over, and take them over', async () => {
  const j = journey({
    redisUrl: redis.url,
    ca: sandbox.caPem,
    settings: { inbound: { startStaggerMs: 0 } }, // lease and all the rest as in production
    emailServers: BOXES.map((user) => passwordMailbox(user, sandbox.imap.port, { emailFlow: 'F' })),
    env: { MAILROOM_SECRET_TEST: PASSWORD },
  });
  try {
    const watched = (one: MailroomProcess) =>
      one.events('MailboxConnected').length - one.events('MailboxStopped').length;
    const sessions = () =>
      sandbox
        .sessions()
        .map(({ mailbox }) => mailbox ?? '')
        .sort();
    const a = j.start(['ingest']);
    await waitFor(() => sessions().length === 8);

    // A second one takes its share; only what moves is dropped.
    const b = j.start(['ingest']);
    await waitFor(() => watched(b) > 0 && sessions().length === 8 && new Set(sessions()).size === 8, {});
    await waitFor(() => watched(a) + watched(b) === 8);
    expect(a.events('MailboxConnected')).toHaveLength(8);
    expect(a.events('MailboxStopped').every(({ reason }) => reason === 'handed-over')).toBe(true);

    // Killed: nobody says good-bye, the lease must run out.
    const orphaned = watched(b);
    const killedAt = performance.now();
    await b.kill9();
    await waitFor(() => watched(a) === 8);
    expect(performance.now() - killedAt).toBeLessThan(15_000);
    expect(orphaned).toBeGreaterThan(0);

    // Graceful: handed over at once.
    const c = j.start(['ingest']);
    await waitFor(() => watched(c) > 0 && watched(a) + watched(c) === 8);
    const moving = watched(a);
    const already = c.events('MailboxConnected').length;
    const stoppedAt = performance.now();
    a.signal('SIGTERM');
    await waitFor(() => c.events('MailboxConnected').length === already + moving);
    const handOver = performance.now() - stoppedAt;
    process.stdout.write(
      `replicas: ${orphaned} mailboxes taken over after kill -9, ${moving} handed over in ${Math.round(handOver)} ms\n`,
    );
    expect(handOver).toBeLessThan(4_000); // two seconds, and as much again for a loaded machine
    for (const box of BOXES) sandbox.mailboxes.append(box, `Message-ID: <${box}>\r\n\r\nx`);
    expect(await j.waitForMessages('F', 8)).toHaveLength(8);
  } finally {
    await j.stop();
  }
});
