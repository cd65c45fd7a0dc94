// Chaos on the way in against the sandbox: every IMAP fault it knows, at random, while mails arrive and two replicas share the mailboxes.
// Oracle: every mail that nobody took away is one job, whatever Exchange said or kept quiet about; nothing stays unaccounted.
// TEST_LENGTH=long: two minutes; MAILROOM_TEST_SEED repeats a run.
import { expect, it } from 'vitest';
import { mailboxId } from '../../src/contract/names.ts';
import { audit } from '../../src/domain/ledger.ts';
import { type Fault, startSandbox } from '../../src/sandbox/index.ts';
import { fixture } from '../support/fixture.ts';
import { startTestInbound } from '../support/inbound.ts';
import { seededRandom } from '../support/random.ts';
import { startRedis } from '../support/redis.ts';
import { imapServer } from '../support/servers.ts';
import { waitFor } from '../support/temp.ts';

const STORM_MS = process.env.TEST_LENGTH === 'long' ? 120_000 : 20_000;
const BOXES = [1, 2, 3].map((n) => `sandbox${n}@contoso.example`);
const CLIENT = 'c0ffee00-0000-4000-8000-000000000002';
const FLOW = 'Sandbox chaos';

const redis = fixture(startRedis);
const sandbox = fixture(() =>
  startSandbox({
    users: BOXES.map((address) => ({ address, kind: 'shared' as const })),
    applications: [{ clientId: CLIENT, secret: 's' }],
  }),
);

it('loses nothing and enqueues nothing twice, whatever Exchange answers', async () => {
  const seed = Number(process.env.MAILROOM_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const upTo = (n: number) => 1 + Math.floor(random() * n);
  const faults: (() => Fault)[] = [
    () => ({ name: 'authFailed', times: upTo(2) }),
    () => ({ name: 'notConnected', times: upTo(3) }),
    () => ({ name: 'commandError', number: pick([10, 12]), times: upTo(2) }),
    () => ({ name: 'dropAfterLogin', times: upTo(2) }),
    () => ({ name: 'tokenExpiredNow' }),
    () => ({ name: 'serverUnavailable15', at: pick(['login', 'select', 'raw']), times: upTo(2) }),
    () => ({ name: 'throttleImap', milliseconds: upTo(400), times: upTo(2), bye: random() < 0.3 }),
    () => ({ name: 'muteIdle', forMilliseconds: upTo(2_000) }),
    () => ({ name: 'dropIdle', times: upTo(3), reset: random() < 0.5 }),
    () => ({ name: 'halfOpen' }),
    () => ({ name: 'drop', reset: random() < 0.5 }),
    () => ({ name: 'closed13', times: upTo(2) }),
    () => ({ name: 'closed14', times: upTo(2) }),
    () => ({ name: 'refuseConnections', times: upTo(3) }),
    () => ({ name: 'slowBytes', bytesPerSecond: 20_000, forMilliseconds: upTo(1_500) }),
    () => ({ name: 'slowCommand', milliseconds: upTo(600), times: upTo(4) }),
    () => ({ name: 'emptyFetch', times: upTo(2) }),
    () => ({ name: 'lateReadable', forMilliseconds: upTo(400) }),
    () => ({ name: 'lateVisible', uid: upTo(60), forMilliseconds: upTo(1_500) }),
    () => ({ name: 'shortFetch', after: upTo(3), times: 1 }),
    () => ({ name: 'truncateFetch', times: 1 }),
    () => ({ name: 'wrongSize', forMilliseconds: 1_000 }),
    () => ({ name: 'imap4rev2FrontEnd', forMilliseconds: 1_000 }),
    () => ({ name: 'uidValidityChange', mailbox: pick(BOXES) }),
    () => ({ name: 'uidNextBack', by: upTo(5), forMilliseconds: 500 }),
  ];
  const struck: Record<string, number> = {};
  const delivered = new Set<string>();
  const taken = new Set<string>();
  let number = 0;

  const server = (user: string) =>
    imapServer({ name: user, host: 'localhost', port: sandbox.imap.port, user, ca: sandbox.caPem, emailFlow: FLOW });
  const start = (replica: string) =>
    startTestInbound({
      redisUrl: redis.url,
      replica,
      servers: BOXES.map(server),
      token: () => ({
        accessToken: sandbox.oauth.applicationToken(CLIENT),
        expiresAt: new Date(Date.now() + 3_600_000),
      }),
      settings: {
        leaseMs: 1_500,
        deadAfterMs: 1_500,
        reconcileMs: 1_000,
        backoff: { baseMs: 20, capMs: 300 },
        // Long enough that no passing fault ends in quarantine: that is another test's matter.
        pendingDelays: [100, 200, 300, 500, 1_000, 2_000, 4_000],
      },
    });
  process.stdout.write(`inbound chaos (sandbox): seed ${seed}\n`);
  const replicas = [await start('one'), await start('two')];
  try {
    const until = performance.now() + STORM_MS;
    while (performance.now() < until) {
      for (let i = upTo(6); i > 0; i--) {
        const id = `<sandbox-${seed}-${++number}@chaos.example>`;
        delivered.add(id);
        sandbox.mailboxes.append(
          pick(BOXES),
          `Message-ID: ${id}\r\nFrom: k@x.example\r\nSubject: ${number}\r\n\r\nbody\r\n`,
        );
      }
      if (random() < 0.15) {
        const box = pick(BOXES);
        const victim = pick(sandbox.mailboxes.list(box));
        if (victim !== undefined) {
          taken.add(/^Message-ID: (<[^>]+>)/im.exec(victim.raw.toString())?.[1] ?? '');
          sandbox.mailboxes.expunge(box, [victim.uid]);
        }
      }
      const fault = pick(faults)();
      struck[fault.name] = (struck[fault.name] ?? 0) + 1;
      sandbox.faults.set(fault);
      await new Promise((resolve) => setTimeout(resolve, random() * 500));
    }
    sandbox.faults.clear();
    const mustBe = [...delivered].filter((id) => !taken.has(id));
    const ids = async () => (await replicas[0]?.jobs(FLOW))?.map(({ threading }) => threading.messageId ?? '') ?? [];
    await waitFor(
      async () => {
        const found = new Set(await ids());
        return mustBe.every((id) => found.has(id));
      },
      {
        timeoutMs: 45_000,
        describe: () =>
          `all ${mustBe.length} mails; ${JSON.stringify(struck)}; ${JSON.stringify(replicas.map((one) => one.inbound.status()))}`,
      },
    );
    const rest = async () => {
      let open = 0;
      for (const box of BOXES) {
        const uids = sandbox.mailboxes.list(box).map(({ uid }) => uid);
        const { unaccounted, pending } = audit(
          (await replicas[0]?.ledgers.load(mailboxId(server(box)))) as never,
          uids,
        );
        open += unaccounted.length + pending.length;
      }
      return open;
    };
    await waitFor(async () => (await rest()) === 0, { describe: 'nothing unaccounted or pending' });
    const found = await ids();
    const doubled = found.filter((id, i) => found.indexOf(id) !== i);
    const quarantined = replicas.flatMap((one) => one.events('MessageQuarantined'));
    process.stdout.write(
      `inbound chaos (sandbox): seed ${seed}: ${delivered.size} delivered, ${taken.size} taken away, ${found.length} jobs, ${doubled.length} doubled, ${quarantined.length} quarantined; ${JSON.stringify(struck)}\n`,
    );
    expect(doubled).toEqual([]);
    expect(quarantined).toEqual([]);
  } finally {
    await Promise.all(replicas.map((one) => one.stop()));
  }
});
