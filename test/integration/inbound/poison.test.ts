// One message that the server cannot deliver, whatever it does instead, in the middle of 200 good ones: 199 are jobs at once, the mailbox goes on, and
// the one is quarantined with its reason.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { mailboxId } from '../../../src/contract/names.ts';
import { audit } from '../../../src/domain/ledger.ts';
import { imapServer, startTestInbound } from '../../support/inbound.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import {
  type ScriptedFault,
  type ScriptedImap,
  type ScriptedImapOptions,
  scriptedMail,
  startScriptedImap,
} from '../../support/scripted-imap.ts';
import { waitFor } from '../../support/temp.ts';

leakWatch();

let redis: TestRedis;
let imap: ScriptedImap;
let running: Awaited<ReturnType<typeof startTestInbound>> | undefined;
let n = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await imap.stop();
});

const COUNT = 200;
const POISON = 101;
const server = () =>
  imapServer({
    name: 'Support',
    host: 'localhost',
    port: imap.port,
    user: `poison${n}@contoso.example`,
    ca: imap.caPem,
    authentication: { type: 'Password', password: 'x' },
    emailFlow: `Poison ${n}`,
  });

async function start(
  count = COUNT,
  options: ScriptedImapOptions = {},
  prepare: (imap: ScriptedImap) => void = () => {},
) {
  n++;
  imap = await startScriptedImap(
    Array.from({ length: count }, (_, i) => ({ uid: i + 1, raw: scriptedMail(`${n}-${i + 1}`) })),
    options,
  );
  prepare(imap);
  running = await startTestInbound({
    redisUrl: redis.url,
    servers: [server()],
    settings: { deadAfterMs: 2_000, reconcileMs: 600 },
  });
  return running;
}

async function jobsAre(one: NonNullable<typeof running>, count: number, timeoutMs = 30_000) {
  return waitFor(
    async () => {
      const jobs = await one.jobs(`Poison ${n}`);
      return jobs.length >= count ? jobs : undefined;
    },
    { timeoutMs, describe: () => `${count} jobs; ${JSON.stringify(one.events().slice(-8))}` },
  );
}
const unaccounted = async (one: NonNullable<typeof running>) =>
  audit(
    await one.ledgers.load(mailboxId(server())),
    imap.messages.map(({ uid }) => uid),
  ).unaccounted;

const poisons: [fault: ScriptedFault, reason: string][] = [
  ['nil', 'no-data'],
  ['no-data', 'no-data'],
  ['no-row', 'no-data'],
  ['no-uid', 'no-data'],
  ['cut', 'connection-closed'],
  ['close', 'connection-closed'],
  ['silence', 'server-silent'],
  ['stall', 'server-silent'],
  ['no', 'fetch-refused'],
  ['bad', 'fetch-refused'],
  ['refuse-all', 'fetch-refused'],
];
it.each(poisons)('%s: quarantined as %s', async (fault, reason) => {
  const one = await start(COUNT, {}, ({ faults }) => faults.set(POISON, fault));
  const good = await jobsAre(one, COUNT - 1);
  expect(good.filter(({ uid }) => uid !== POISON)).toHaveLength(COUNT - 1);
  await waitFor(async () => (await unaccounted(one)).length === 0, { describe: 'the poison to be pending' });
  expect(one.events('MessagePending')[0]).toMatchObject({ uid: POISON, reason });
  imap.add({ uid: COUNT + 1, raw: scriptedMail(`${n}-new`) });
  const jobs = await jobsAre(one, COUNT + 1);
  expect(jobs).toHaveLength(COUNT + 1);
  expect(new Set(jobs.map(({ messageKey }) => messageKey)).size).toBe(COUNT + 1);
  const poison = jobs.find(({ uid }) => uid === POISON);
  expect(poison).toMatchObject({
    parse: 'failed',
    // Its headers were given.
    threading: { messageId: `<s-${n}-${POISON}@customer.example>` },
    warnings: [{ code: reason }],
  });
  expect(one.events('MessageQuarantined')).toMatchObject([{ uid: POISON, reason }]);
  expect(one.events('MessageVanished')).toEqual([]);
  expect(await unaccounted(one)).toEqual([]);
});
