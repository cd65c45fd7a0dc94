// Idle and storm: many mailboxes in one process. First they connect at the login pace and idle, beside bare imapflow connections; then mails
// arrive in all of them at once.
import { Redis } from 'ioredis';
import { journey } from '../test/support/journey.ts';
import { startRedis, type TestRedis } from '../test/support/redis.ts';
import { waitFor } from '../test/support/temp.ts';
import { PRODUCT, SHIPPED, startPeer, timeOf, usageOf } from './child.ts';
import { imapDefinition, type Mailboxes, openMailboxes, PASSWORD, shortMail, storm as stormInto } from './mailboxes.ts';
import { percentile, tidy } from './numbers.ts';
import { usedMemory } from './sizing.ts';

export interface IdleFigures {
  rssMb: number;
  /** Percent of one core while idle, reconciliation included. */
  cpuPercent: number;
  connectSeconds: number;
}

export interface FleetResult {
  mailboxes: number;
  loginsPerSecond: number;
  idleSeconds: number;
  /** The peers look at each mailbox as often as the product does. */
  idle: { product: IdleFigures; bareImapflow: IdleFigures; bareTls: IdleFigures };
  storm?: StormFigures;
}

export interface StormFigures {
  mails: number;
  seconds: number;
  rate: number;
  /** Seconds until the last mail of a mailbox was a job: median and slowest mailbox. */
  medianSeconds: number;
  slowestSeconds: number;
  slowestToMedian: number;
  peakMb: number;
  /** Redis bytes that an idle mailbox takes. */
  redisBytesIdle: number;
}

const FLOW = 'Support';
const LOGINS_PER_SECOND = 50;
/** How often the product looks at a mailbox, ms: 0.6 × `inbound.deadAfterSeconds` as shipped (inbound/watch-mailbox.ts). */
const LOOK_MS = 54_000;
/** Mails of each mailbox in the storm. */
const EACH = 20;

export async function benchFleet(
  count = 1_000,
  storm = true,
  idleSeconds = count >= 1_000 ? 125 : 20,
): Promise<FleetResult> {
  const redis = await startRedis();
  const boxes = await openMailboxes(count);
  try {
    const peerSeconds = Math.min(idleSeconds, 60);
    const bareImapflow = await idlePeer('idle', boxes, peerSeconds);
    const bareTls = await idlePeer('idle-raw', boxes, peerSeconds);
    return {
      mailboxes: count,
      loginsPerSecond: LOGINS_PER_SECOND,
      idleSeconds,
      ...(await product(redis, boxes, storm, idleSeconds, { bareImapflow, bareTls })),
    };
  } finally {
    await boxes.stop();
    await redis.stop();
  }
}

/** CPU of the same mailboxes with and without `mailboxEvents`, at a server without CONDSTORE. */
export interface PeopleResult {
  mailboxes: number;
  /** Messages in each. */
  messages: number;
  idleSeconds: number;
  off: IdleFigures;
  flags: IdleFigures;
}

export async function benchPeople(count = 1_000, idleSeconds = 110): Promise<PeopleResult> {
  const messages = 200;
  const boxes = await openMailboxes(count);
  try {
    const internalDate = new Date(Date.now() - 10 * 86_400_000);
    const raw = Buffer.from(shortMail('bench@customer.example', 'support@contoso.example').slice(0, 200));
    // Old ones: what is recent is also fingerprinted on the first connection.
    for (const address of boxes.addresses)
      for (let n = 0; n < messages; n++) boxes.sandbox.mailboxes.append(address, raw, { internalDate });
    const figures = async (mailboxEvents: 'off' | 'flags') => {
      const redis = await startRedis();
      const { host, port } = boxes.sandbox.imap;
      const gateway = journey({
        redisUrl: redis.url,
        caFile: boxes.caFile,
        emailServers: boxes.addresses.map((one) => ({ ...imapDefinition(one, host, port, FLOW), mailboxEvents })),
        settings: { inbound: { loginsPerSecond: LOGINS_PER_SECOND } },
      });
      try {
        const began = Date.now();
        const one = gateway.start(['ingest'], SHIPPED, PRODUCT);
        await idling(boxes.sandbox, count);
        return await idle(one.pid, idleSeconds, Date.now() - began);
      } finally {
        await gateway.stop();
        await redis.stop();
      }
    };
    return { mailboxes: count, messages, idleSeconds, off: await figures('off'), flags: await figures('flags') };
  } finally {
    await boxes.stop();
  }
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Memory after, CPU during the idle time. */
async function idle(pid: number, seconds: number, connectMs: number): Promise<IdleFigures> {
  await pause(3);
  const before = usageOf(pid).cpuSeconds;
  await pause(seconds);
  const { cpuSeconds, rssMb } = usageOf(pid);
  return {
    rssMb,
    cpuPercent: tidy(((cpuSeconds - before) * 100) / seconds),
    connectSeconds: tidy(connectMs / 1000),
  };
}

async function idlePeer(
  name: 'idle' | 'idle-raw',
  { sandbox, addresses, caFile }: Mailboxes,
  seconds: number,
): Promise<IdleFigures> {
  const began = Date.now();
  const { host, port } = sandbox.imap;
  const peer = startPeer(name, { host, port, users: addresses, password: PASSWORD, lookMs: LOOK_MS }, caFile);
  try {
    const line = await peer.waitForEvent('Connected', undefined, { timeoutMs: 120_000 });
    await idling(sandbox, addresses.length);
    const figures = await idle(peer.pid, seconds, timeOf(line) - began);
    const [failed] = peer.events('Failed');
    if (failed !== undefined) throw new Error(`${name}: ${failed.message}`);
    return figures;
  } finally {
    await peer.stop();
  }
}

const idling = (sandbox: Mailboxes['sandbox'], count: number) =>
  waitFor(() => sandbox.sessions().filter((session) => session.idling).length >= count, {
    timeoutMs: 600_000,
    intervalMs: 100,
    describe: () => `${count} mailboxes in IDLE, ${sandbox.sessions().filter((one) => one.idling).length} are`,
  });

async function product(
  redis: TestRedis,
  boxes: Mailboxes,
  storm: boolean,
  idleSeconds: number,
  peers: Omit<FleetResult['idle'], 'product'>,
): Promise<Pick<FleetResult, 'idle' | 'storm'>> {
  const { sandbox, addresses, caFile } = boxes;
  const { host, port } = sandbox.imap;
  const client = new Redis(redis.url);
  const gateway = journey({
    redisUrl: redis.url,
    caFile,
    emailServers: addresses.map((address) => imapDefinition(address, host, port, FLOW)),
    // The shipped intervals; only sign-ins faster than Microsoft would like, so that the run does not take hours.
    settings: { inbound: { loginsPerSecond: LOGINS_PER_SECOND } },
  });
  try {
    const empty = await usedMemory(client);
    const began = Date.now();
    const one = gateway.start(['ingest'], SHIPPED, PRODUCT);
    await idling(sandbox, addresses.length);
    const idleFigures = await idle(one.pid, idleSeconds, Date.now() - began);
    const redisBytesIdle = Math.round(((await usedMemory(client)) - empty) / addresses.length);
    const both = { idle: { product: idleFigures, ...peers } };
    if (!storm) return both;

    const { started, total } = stormInto(boxes, EACH);
    await waitFor(() => one.events('MessageEnqueued').length >= total, {
      timeoutMs: 600_000,
      intervalMs: 100,
      hopeless: () => !one.running(),
      describe: () => `${total} jobs, ${one.events('MessageEnqueued').length} there; ${one.output().slice(-800)}`,
    });
    const { peakMb } = usageOf(one.pid);
    const last = new Map<string, number>();
    for (const line of one.events('MessageEnqueued')) last.set(String(line.server), timeOf(line) - started);
    const ids = (await gateway.messages(FLOW)).map((message) => message.threading.messageId);
    if (ids.length !== total || new Set(ids).size !== total)
      throw new Error(`${ids.length} jobs, ${new Set(ids).size} different, of ${total} mails`);
    const ends = [...last.values()];
    const slowest = Math.max(...ends);
    const middle = percentile(ends, 50);
    return {
      ...both,
      storm: {
        mails: total,
        seconds: tidy(slowest / 1000),
        rate: tidy((total * 1000) / slowest),
        medianSeconds: tidy(middle / 1000),
        slowestSeconds: tidy(slowest / 1000),
        slowestToMedian: tidy(slowest / middle),
        peakMb,
        redisBytesIdle,
      },
    };
  } finally {
    client.disconnect();
    await gateway.stop();
  }
}
