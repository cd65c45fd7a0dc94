// Chaos of mailbox events: colleagues read, answer, move and delete in Outlook while replicas are killed (kill -9) and Redis is set back by seconds.
// Oracle: of every message on the queue, each act is one event, and nothing is an event that nobody did.
// TEST_LENGTH=long: two minutes instead of twelve seconds; MAILROOM_TEST_SEED repeats a run.
import { expect, it } from 'vitest';
import { mailboxEventsQueue, mailboxId } from '../../src/contract/names.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { fixture } from '../support/fixture.ts';
import { journey, passwordMailbox } from '../support/journey.ts';
import type { MailroomProcess } from '../support/mailroom.ts';
import { seededRandom } from '../support/random.ts';
import { waitFor } from '../support/temp.ts';
import { startForgetfulRedis } from './forgetful-redis.ts';

const STORM_MS = process.env.TEST_LENGTH === 'long' ? 120_000 : 12_000;
const PASSWORD = 'people-chaos-password';
const BOXES = [1, 2].map((n) => `outlook${n}@contoso.example`);
const CUSTOMER = 'kim@customer.example';
const FLOW = 'Outlook chaos';

const redis = fixture(startForgetfulRedis);
const sandbox = fixture(() => startSandbox({ users: BOXES.map((address) => ({ address, password: PASSWORD })) }));

it('reports each act of a colleague as exactly one event', async () => {
  const seed = Number(process.env.MAILROOM_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  process.stdout.write(`mailbox events chaos: seed ${seed}\n`);
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const j = journey({
    redisUrl: redis.url,
    ca: sandbox.caPem,
    settings: {
      inbound: {
        startStaggerMs: 0,
        leaseSeconds: 2,
        deadAfterSeconds: 2,
        reconcileSeconds: 1,
        backoff: { baseMs: 50, capMs: 500 },
      },
    },
    emailServers: BOXES.map((user) =>
      passwordMailbox(user, sandbox.imap.port, { emailFlow: FLOW, mailboxEvents: 'flags-and-sent' }),
    ),
    env: { MAILROOM_SECRET_TEST: PASSWORD },
  });
  /** What was done to each message, by its Message-ID. */
  const acts = new Map<string, Set<string>>();
  let n = 0;
  const deliver = () => {
    const id = `<people-${seed}-${++n}@customer.example>`;
    acts.set(id, new Set());
    sandbox.mailboxes.append(pick(BOXES), `Message-ID: ${id}\r\nFrom: ${CUSTOMER}\r\nSubject: ${n}\r\n\r\nbody\r\n`);
  };
  const messageIdOf = (raw: Buffer) => /^Message-ID: (<[^>]+>)/im.exec(raw.toString())?.[1] ?? '';
  /** One act on one message, none twice: what is done and undone between two looks nobody can see. */
  const act = () => {
    const box = pick(BOXES);
    const message = pick(sandbox.mailboxes.list(box));
    const done = message === undefined ? undefined : acts.get(messageIdOf(message.raw));
    if (message === undefined || done === undefined) return;
    const kind = pick(['read', 'answer', 'move', 'delete'] as const);
    if (kind === 'read') done.add('seen');
    else if (kind === 'answer') {
      if (done.has('answered flag')) return;
      for (const what of ['seen', 'answered flag', 'answered sent']) done.add(what);
    } else {
      // Gone before its flags were looked at, they are not known: only a message without any is taken away.
      if (done.size > 0) return;
      done.add('gone');
    }
    sandbox.outlook(box, kind, message.uid);
  };
  const events = async () => {
    const jobs = await j.queue(mailboxEventsQueue(FLOW)).getJobs(['waiting'], 0, -1);
    return jobs.map((job) => job.data as { event: string; messageKey?: string; answered?: { by: string } });
  };
  const messages = async () =>
    new Map((await j.messages(FLOW)).map((message) => [message.messageKey, message.threading.messageId ?? '']));
  const replicas: MailroomProcess[] = [j.start(['ingest']), j.start(['ingest'])];
  const struck = { kill: 0, setBack: 0 };
  try {
    for (let i = 0; i < 20; i++) deliver();
    await j.waitForMessages(FLOW, 20);
    // Each mailbox has had its first look, on disk: what was before it is nobody's concern.
    const client = redis.client();
    await waitFor(
      async () => {
        const views = await Promise.all(
          BOXES.map((user) =>
            client.hget(`{mailroom}:view:${mailboxId({ host: 'localhost', user, folder: 'INBOX' })}`, 'rest'),
          ),
        );
        return views.every((view) => view?.includes('"sent"') === true);
      },
      { describe: () => `the first look; ${replicas[0]?.output().slice(-1_000)}` },
    );
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const until = performance.now() + STORM_MS;
    while (performance.now() < until) {
      for (let i = Math.floor(random() * 4); i > 0; i--) deliver();
      for (let i = Math.floor(random() * 6); i > 0; i--) act();
      const fate = random();
      if (fate < 0.1) {
        const i = Math.floor(random() * replicas.length);
        await replicas[i]?.kill9();
        replicas[i] = j.start(['ingest']);
        struck.kill += 1;
      } else if (fate < 0.2) {
        await redis.setBack(random() * 1_500);
        struck.setBack += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, random() * 500));
    }

    /** messageKey and act of each event, and what they should be. */
    const compare = async () => {
      const known = await messages();
      const found = (await events()).map(
        ({ event, messageKey = '', answered }) =>
          `${known.get(messageKey) ?? messageKey} ${event}${answered === undefined ? '' : ` ${answered.by}`}`,
      );
      const wanted = [...known.values()].flatMap((id) => [...(acts.get(id) ?? [])].map((what) => `${id} ${what}`));
      return { found: found.sort(), wanted: wanted.sort() };
    };
    await waitFor(
      async () => {
        const { found, wanted } = await compare();
        return wanted.every((one) => found.includes(one));
      },
      {
        timeoutMs: 60_000,
        describe: () => `all events; ${JSON.stringify(struck)}; ${replicas[0]?.output().slice(-1_500)}`,
      },
    ).catch(() => {}); // what is missing is shown below
    const { found, wanted } = await compare();
    process.stdout.write(
      `mailbox events chaos: seed ${seed}: ${n} mails, ${wanted.length} acts, ${found.length} events; ${JSON.stringify(struck)}\n`,
    );
    expect(found).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(10);
  } finally {
    await j.stop();
  }
});
