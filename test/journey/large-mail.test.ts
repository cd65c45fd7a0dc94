// A mail of 100 MB in one mailbox: its bytes pass through to the blob store without standing in memory, and the mail of another mailbox that
// comes meanwhile does not wait for it.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SHIPPED } from '../../bench/child.ts';
import { createBlobStore } from '../../src/adapters/blobs/index.ts';
import { startDovecot } from '../support/dovecot.ts';
import { fixture } from '../support/fixture.ts';
import { journey, passwordMailbox } from '../support/journey.ts';
import { oneMail } from '../support/mails.ts';
import { startRedis } from '../support/redis.ts';

const PASSWORD = 'large-mail-password';
const [HUGE, SMALL] = ['huge@contoso.example', 'small@contoso.example'] as const;
const SIZE = 100_000_000;

const redis = fixture(startRedis);
const dovecot = fixture(() => startDovecot({ users: [HUGE, SMALL].map((user) => ({ user, password: PASSWORD })) }));

/** Resident megabytes now, and their peak since the last reset (proc_pid_clear_refs(5)). */
function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

it('is streamed in constant memory, and delays no other mail', async () => {
  const server = (user: string, enabled = true) => passwordMailbox(user, dovecot.port, { enabled });
  const j = journey({
    redisUrl: redis.url,
    ca: dovecot.caPem,
    emailServers: [server(HUGE, false), server(SMALL)],
    env: { MAILROOM_SECRET_TEST: PASSWORD },
  });
  const large = Buffer.alloc(SIZE, 'A line of a mail that is larger than anybody wants it to be, again and again.\r\n');
  oneMail({ number: 1 }).raw.copy(large);
  dovecot.writeMaildir(HUGE, [large]);
  const sha256 = createHash('sha256').update(large).digest('hex');
  try {
    const daemon = j.start(['ingest'], SHIPPED);
    await daemon.waitForEvent('MailboxConnected', ({ server }) => server === SMALL);
    await dovecot.deliver(SMALL, oneMail({ number: 2 }).raw);
    await j.waitForMessages(SMALL, 1);
    const before = memoryOf(daemon.pid).now;
    writeFileSync(`/proc/${daemon.pid}/clear_refs`, '5');
    j.writeEmailServers([server(HUGE), server(SMALL)]);
    await daemon.waitForEvent('MailboxConnected', ({ server }) => server === HUGE);
    let delivered = 2;
    // One after the other, until the large one is done: each is there before the next is sent.
    while (daemon.events('MessageTooLarge').length === 0) {
      await dovecot.deliver(SMALL, oneMail({ number: ++delivered }).raw);
      await j.waitForMessages(SMALL, delivered - 1);
    }
    const [message] = await j.waitForMessages(HUGE, 1);
    const { peak } = memoryOf(daemon.pid);
    process.stdout.write(
      `large mail: ${before.toFixed(0)} MB before, at most ${peak.toFixed(0)} MB; ${delivered - 2} mails beside it\n`,
    );
    expect(delivered).toBeGreaterThan(2);
    expect(peak - before).toBeLessThan(64);
    expect(message).toMatchObject({ parse: 'headers-only', raw: { size: SIZE, sha256 } });
    const store = await createBlobStore({
      kind: 'folder',
      folder: join(j.dir, 'blobs'),
      s3: {} as never,
      encryptionKeys: [],
      retentionDays: 1,
    });
    const sum = createHash('sha256');
    for await (const chunk of store.read(message?.raw.blob ?? '')) sum.update(chunk);
    expect(sum.digest('hex')).toBe(sha256);
    expect(daemon.running()).toBe(true);
  } finally {
    await j.stop();
  }
});
