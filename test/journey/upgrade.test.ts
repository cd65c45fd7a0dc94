// From one version to the next and back: old and new replicas side by side under load, and contents of Redis that the old version wrote.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { emailFlowQueue, PREFIX } from '../../src/contract/names.ts';
import { schemaKey } from '../../src/domain/keys.ts';
import { replyJob } from '../support/journey.ts';
import { leakWatch } from '../support/leak-watch.ts';
import { startRedis } from '../support/redis.ts';
import { writeContent } from '../support/redis-content.ts';
import { NOTHING_LOST, startSteadyFlow } from '../support/steady-flow.ts';
import { waitFor } from '../support/temp.ts';
import { BEFORE, openUpgradeFlow } from './upgrade-flow.ts';

leakWatch();

const root = fileURLToPath(new URL('../../', import.meta.url));
/** The old version: the last commit before the version of the data was recorded. */
const OLD_COMMIT = '1a99b09fcc3deb4ac2e084d9aa3779d0a8d70414';
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'pipe', encoding: 'utf8' });

const hasHistory = (() => {
  try {
    git('cat-file', '-e', `${OLD_COMMIT}^{commit}`);
    return true;
  } catch {
    return false;
  }
})();

/** Runs with the old version's source, checked out beside this one. */
async function withOldVersion(run: (entry: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mailroom-old-'));
  try {
    git('worktree', 'add', '--detach', '--force', folder, OLD_COMMIT);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    await run(relative(root, join(folder, 'src/main.ts')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    git('worktree', 'prune');
  }
}

describe(`an upgrade (${hasHistory ? 'old version from the history' : 'no history here: kept contents of Redis only'})`, () => {
  // Without the history (a shallow clone, an archive), the contents below are what stands for the old version.
  if (hasHistory)
    it('one replica after another, and back: none lost, none duplicated', () =>
      withOldVersion(async (old) => {
        const redis = await startRedis({ aof: 'everysec' });
        const client = new Redis(redis.url, { replyMapping: 'legacy' });
        const flow = await startSteadyFlow({ env: { MAILROOM_REDIS_URL: redis.url }, redis: redis.url, entry: old });
        const beside = async () => {
          for (let n = 0; n < 5; n++) await flow.through();
        };
        try {
          await flow.through();
          expect(await client.exists(schemaKey(PREFIX))).toBe(0);
          await flow.replace('src/main.ts', beside);
          await flow.through();
          expect(await client.hgetall(schemaKey(PREFIX))).toEqual({ version: '1', readers: '1' });
          await flow.replace(old, beside);
          await flow.through();
          await flow.replace('src/main.ts');
          expect(await flow.counts()).toEqual(NOTHING_LOST);
          const audit = await flow.j.run('audit', '--json');
          expect(JSON.parse(audit.output)).toMatchObject({ unaccounted: 0 });
        } finally {
          await flow.stop();
          client.disconnect();
          await redis.stop();
        }
      }));

  const fixtures = new URL('../fixtures/redis/', import.meta.url);
  it.each(readdirSync(fixtures))(
    'contents of Redis as in %s: nothing is duplicated, and what waited is sent',
    async (file) => {
      const flow = await openUpgradeFlow();
      try {
        await writeContent(flow.client, JSON.parse(readFileSync(new URL(file, fixtures), 'utf8')));
        for (let n = 1; n <= BEFORE; n++) flow.deliver(n);
        const gateway = flow.j.start();
        await gateway.waitForEvent('MailboxConnected');
        flow.deliver(BEFORE + 1);
        await waitFor(async () =>
          (await flow.j.messages('F')).some(({ subject }) => subject === `Question ${BEFORE + 1}`),
        );
        const subjects = (await flow.j.messages('F')).map(({ subject }) => subject);
        expect(subjects.sort()).toEqual([1, 2, 3, 4].map((n) => `Question ${n}`));
        expect(await flow.client.exists(`${PREFIX}:${emailFlowQueue('F')}:wait`)).toBe(1);
        expect(await flow.j.result('Out', replyJob('waits'))).toMatchObject({ state: 'accepted' });
        await flow.reply('sent-before'); // by a backend that asks again: its job and its journal are known
        expect(await flow.j.result('Out', replyJob('sent-before'))).toMatchObject({ state: 'accepted' });
        const arrived = flow.sandbox.mailboxes
          .list('jane@customer.example')
          .map(({ raw }) => /^X-Mailroom-Reply-Id:\s*(\S+)/im.exec(raw.toString('latin1'))?.[1]);
        expect(arrived).toEqual(['waits']);
        const audit = await flow.j.run('audit', '--json');
        expect(JSON.parse(audit.output)).toMatchObject({ unaccounted: 0 });
        expect(await gateway.stop()).toBe(0);
      } finally {
        await flow.stop();
      }
    },
  );

  it('a version that cannot work with the data is refused with its reason, and nothing is written', async () => {
    const flow = await openUpgradeFlow();
    try {
      await flow.client.hset(schemaKey(PREFIX), { version: '9', readers: '8' });
      const gateway = flow.j.start();
      expect(await gateway.waitForExit(30_000)).toBe(1);
      expect(gateway.output()).toContain('REDIS_SCHEMA_TOO_NEW');
      expect(gateway.output()).toContain('have version 9 and need a Mailroom that knows version 8; this one knows 1');
      // What shows that Redis takes writes is no data.
      expect((await flow.client.keys('*')).filter((key) => !key.endsWith(':write-probe'))).toEqual([schemaKey(PREFIX)]);
    } finally {
      await flow.stop();
    }
  });
});
