// Chaos on the way in: numbered mails into four mailboxes of a real Dovecot while faults strike at random: kill -9 and SIGSTOP of replicas,
// Redis killed and restarted, SCRIPT FLUSH, Dovecot restarted, the line cut, stalled, truncated, mails expunged and moved by another client,
// UIDVALIDITY changed. Oracle: every mail that was not taken away is on the queue exactly once, and `mailroom audit` finds nothing
// unaccounted.   TEST_LENGTH=long: two minutes of faults instead of forty seconds; MAILROOM_TEST_SEED repeats a run.

import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { startDovecot } from '../support/dovecot.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { fixture } from '../support/fixture.ts';
import { journey, passwordMailbox } from '../support/journey.ts';
import type { MailroomProcess } from '../support/mailroom.ts';
import { oneMail } from '../support/mails.ts';
import { seededRandom } from '../support/random.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

const LONG = process.env.TEST_LENGTH === 'long';
const FAULT_MS = LONG ? 120_000 : 40_000;
const PASSWORD = 'chaos-password';
const BOXES = [1, 2, 3, 4].map((n) => `chaos${n}@contoso.example`);

const redis = fixture(() => startRedis({ aof: 'everysec' }));
const dovecot = fixture(() => startDovecot({ users: BOXES.map((user) => ({ user, password: PASSWORD })) }));
const proxy = fixture(() => startFaultProxy({ target: { port: dovecot.port } }));

it('loses nothing and enqueues nothing twice', async () => {
  const seed = Number(process.env.MAILROOM_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  process.stdout.write(`inbound chaos: seed ${seed}\n`);

  const j = journey({
    redisUrl: redis.url,
    ca: dovecot.caPem,
    settings: {
      inbound: {
        startStaggerMs: 0,
        leaseSeconds: 2,
        deadAfterSeconds: 5,
        reconcileSeconds: 10,
        backoff: { baseMs: 100, capMs: 1_500 },
      },
    },
    emailServers: BOXES.map((user, i) =>
      passwordMailbox(user, proxy.port, { emailFlow: i < 2 ? 'Shared flow' : `Flow ${i}` }),
    ),
    env: { MAILROOM_SECRET_TEST: PASSWORD },
  });
  const flows = ['Shared flow', 'Flow 2', 'Flow 3'];
  const replicas: MailroomProcess[] = [j.start(['ingest']), j.start(['ingest'])];
  const delivered = new Map<string, Set<string>>(BOXES.map((box) => [box, new Set()]));
  const taken = new Set<string>();
  const struck: Record<string, number> = {};
  let number = 0;

  /** In maildir files, so that a delivery is certain even while Dovecot is down; some by LMTP, so that IDLE has something to say. */
  async function deliver(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const box = pick(BOXES);
      const mail = oneMail({ number: ++number, label: `chaos-${seed}` });
      delivered.get(box)?.add(mail.messageId);
      if (random() < 0.5) dovecot.writeMaildir(box, [mail.raw]);
      else await dovecot.deliver(box, mail.raw);
    }
  }

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const faults: Record<string, () => Promise<void>> = {
    async killReplica() {
      const i = Math.floor(random() * replicas.length);
      await replicas[i]?.kill9();
      if (random() < 0.5) await pause(random() * 3_000);
      replicas[i] = j.start(['ingest']);
    },
    async stopReplica() {
      const one = pick(replicas);
      if (!one.running()) return;
      one.sigstop();
      await pause(2_500 + random() * 1_500); // longer than the lease
      one.sigcont();
    },
    async killRedis() {
      await redis.kill9();
      await pause(random() * 800);
      await redis.restart();
    },
    async flushScripts() {
      const client = new Redis(redis.url);
      await client.script('FLUSH');
      client.disconnect();
    },
    async restartDovecot() {
      await dovecot.restart();
    },
    async cut() {
      proxy.faults.cut(random() < 0.5 ? 'rst' : 'fin');
    },
    async stall() {
      proxy.faults.stall();
      await pause(500 + random() * 4_000);
      proxy.faults.resume();
    },
    async halfOpen() {
      proxy.faults.halfOpen();
    },
    async truncate() {
      proxy.faults.truncateAfter(2_000 + Math.floor(random() * 20_000));
      await pause(1_500);
      await proxy.faults.heal();
    },
    async expunge() {
      const box = pick(BOXES);
      const victim = pick([...(delivered.get(box) ?? [])]);
      if (victim === undefined) return;
      taken.add(victim);
      await dovecot.doveadm('expunge', '-u', box, 'mailbox', 'INBOX', 'HEADER', 'Message-ID', victim.slice(1, -1));
    },
    async move() {
      const box = pick(BOXES);
      const victim = pick([...(delivered.get(box) ?? [])]);
      if (victim === undefined) return;
      taken.add(victim);
      await dovecot.doveadm('mailbox', 'create', '-u', box, 'Elsewhere').catch(() => {});
      await dovecot.doveadm(
        'move',
        '-u',
        box,
        'Elsewhere',
        'mailbox',
        'INBOX',
        'HEADER',
        'Message-ID',
        victim.slice(1, -1),
      );
    },
    async uidValidity() {
      await dovecot.setUidValidity(pick(BOXES), 10_000 + Math.floor(random() * 1e6));
    },
  };

  try {
    const until = performance.now() + FAULT_MS;
    while (performance.now() < until) {
      await deliver(1 + Math.floor(random() * 12));
      const name = pick(Object.keys(faults));
      struck[name] = (struck[name] ?? 0) + 1;
      await faults[name]?.();
      await pause(random() * 700);
    }
    await proxy.faults.heal();
    await deliver(20);

    const all = [...delivered.values()].flatMap((set) => [...set]);
    const mustBe = all.filter((messageId) => !taken.has(messageId));
    const jobs = async () => (await Promise.all(flows.map((flow) => j.messages(flow)))).flat();
    await waitFor(
      async () => {
        const found = new Set((await jobs()).map(({ threading }) => threading.messageId));
        return mustBe.every((messageId) => found.has(messageId));
      },
      {
        timeoutMs: 60_000,
        describe: () => `all ${mustBe.length} mails on the queues; struck ${JSON.stringify(struck)}`,
      },
    );
    // What is pending or in the making comes to rest; then nothing may be unaccounted.
    const audit = await waitFor(
      async () => {
        const { output } = await j.run('audit', '--json');
        const result = JSON.parse(output.slice(output.indexOf('{'))) as {
          unaccounted: number;
          servers: { pending: number; problem?: string }[];
        };
        const rest = result.servers.every(({ pending, problem }) => pending === 0 && problem === undefined);
        return result.unaccounted === 0 && rest ? result : undefined;
      },
      { timeoutMs: 60_000, describe: () => 'an audit without anything unaccounted or pending' },
    );
    const found = (await jobs()).map(({ threading }) => threading.messageId ?? '');
    const doubled = found.filter((messageId, i) => found.indexOf(messageId) !== i);
    const lost = mustBe.filter((messageId) => !found.includes(messageId));
    process.stdout.write(
      `inbound chaos: seed ${seed}: ${all.length} delivered, ${taken.size} taken away, ${found.length} jobs, ${lost.length} lost, ${doubled.length} doubled, unaccounted ${audit.unaccounted}; ${JSON.stringify(struck)}\n`,
    );
    expect(lost).toEqual([]);
    expect(doubled).toEqual([]);
    expect(audit.unaccounted).toBe(0);
  } finally {
    await proxy.faults.heal();
    await j.stop();
  }
});
