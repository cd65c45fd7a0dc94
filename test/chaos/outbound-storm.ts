// One round of chaos over the sending half: a backend that adds replies and asks again for those it does not find, replicas that die at every
// step and sleep through their claims, a Redis that is killed and set back, and one of the other ends; then the judgement.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import { expect } from 'vitest';
import { PREFIX, REPLY_OUTCOMES_QUEUE, repliesQueue } from '../../src/contract/names.ts';
import { createReplies } from '../../src/outbound/index.ts';
import { openTestOutbound } from '../support/outbound.ts';
import { seededRandom } from '../support/random.ts';
import { waitFor } from '../support/temp.ts';
import { startForgetfulRedis } from './forgetful-redis.ts';
import type { OpenEnd } from './outbound-ends.ts';
import { STORM, type WorkerSettings } from './outbound-worker.ts';

const REPLICAS = 3;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Storm {
  seed: number;
  replies: number;
  /** How likely each step of a reply is its replica's last. */
  death: number;
}

export type Release = (stop: () => unknown) => void;

/** Kept going while the chaos lasts, whatever is killed. */
function startReplicas(settings: Omit<WorkerSettings, 'seed'>, seed: number) {
  const children = new Set<ChildProcess>();
  /** Killing one that has not begun to work proves nothing. */
  const working = new Set<ChildProcess>();
  let ended = false;
  let begun = 0;
  let death = settings.death;
  const counts = { kills: 0, sleeps: 0 };
  const start = () => {
    begun += 1;
    const child = fork(
      fileURLToPath(new URL('./outbound-worker.ts', import.meta.url)),
      ['work', JSON.stringify({ ...settings, death, seed: seed * 1_000 + begun })],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        execArgv: [],
        env: { ...process.env, NODE_COMPILE_CACHE: join(settings.blobFolder, '..', 'compiled') },
      },
    );
    children.add(child);
    child.once('message', () => working.add(child));
    child.once('exit', () => {
      children.delete(child);
      working.delete(child);
      if (!ended) start();
    });
  };
  for (let i = 0; i < REPLICAS; i++) start();
  // One is left to work: on a loaded machine a start takes longer than the time between two kills, and nothing would be sent at all.
  const one = (random: () => number) =>
    working.size < 2 ? undefined : [...working][Math.floor(random() * working.size)];
  const endAll = () =>
    Promise.all(
      [...children].map((child) => {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        return gone;
      }),
    );
  return {
    counts,
    kill(random: () => number) {
      const victim = one(random);
      if (victim?.kill('SIGKILL') === true) counts.kills += 1;
    },
    /** SIGSTOP for a while that may outlast the claim, then on as if nothing had been. */
    sleep(random: () => number) {
      const sleeper = one(random);
      if (sleeper?.kill('SIGSTOP') !== true) return;
      counts.sleeps += 1;
      setTimeout(() => sleeper.kill('SIGCONT'), 100 + random() * random() * 4_000);
    },
    /** The last kill of all; those that follow live. */
    async calm() {
      death = 0;
      counts.kills += children.size;
      await endAll();
    },
    async stop() {
      ended = true;
      await endAll();
    },
  };
}

/** Answers the replicas' questions: how many copies are in Sent, and for a token, which may be an expired one. */
async function startSide(release: Release, copies: (replyId: string) => number, token: () => string): Promise<string> {
  const side = createServer((request, response) => {
    const path = request.url?.slice(1) ?? '';
    response.end(path.startsWith('token') ? token() : JSON.stringify({ copies: copies(decodeURIComponent(path)) }));
  });
  await new Promise<void>((resolve) => side.listen(0, '127.0.0.1', resolve));
  release(() => side.close());
  return `http://127.0.0.1:${(side.address() as AddressInfo).port}`;
}

export async function weather(
  { seed, replies: count, death }: Storm,
  openEnd: OpenEnd,
  release: Release,
): Promise<Record<string, number | string>> {
  const random = seededRandom(seed);
  const redis = await startForgetfulRedis();
  release(() => redis.stop());
  const end = await openEnd(seededRandom(seed + 1), release);
  const folder = mkdtempSync(join(tmpdir(), 'mailroom-chaos-'));
  release(() => rmSync(folder, { recursive: true, force: true }));
  const deathsFile = join(folder, 'deaths');
  writeFileSync(deathsFile, '');
  let stormy = true;
  let expired = 0;
  const sentUrl = await startSide(
    release,
    (replyId) => end.copies().get(replyId) ?? 0,
    () => {
      const old = stormy && random() < 0.15;
      if (old) expired += 1;
      return end.token(old);
    },
  );

  const client = redis.client();
  const queue = new Queue(repliesQueue(end.server.name), { connection: client, prefix: PREFIX });
  queue.on('error', () => {});
  release(() => queue.close());
  const blobFolder = join(folder, 'blobs');
  mkdirSync(blobFolder);
  const { deps, close } = await openTestOutbound({ redisUrl: redis.url, blobFolder, servers: [end.server], ...STORM });
  release(close);
  const { journal } = deps;
  const api = createReplies({ ...deps, allServers: deps.servers });
  const replicas = startReplicas(
    {
      redisUrl: redis.url,
      server: end.server,
      sentUrl,
      blobFolder,
      deathsFile,
      death,
      ...(end.imap === undefined ? {} : { imap: end.imap }),
    },
    seed,
  );
  release(() => replicas.stop());

  const inputs = Array.from({ length: count }, (_, i) => ({
    schema: 'mailroom.reply/1' as const,
    replyId: `chaos ${seed}/${i}`,
    server: end.server.name,
    from: end.server.user,
    to: [end.customer],
    subject: 'Re',
    text: `Antwort ${i}\r\n${'Zeile\r\n'.repeat(Math.floor(random() * random() * 3_000))}`,
  }));
  const longest = Date.now() + 420_000;
  const settled = ['accepted', 'rejected', 'held'];
  const statesOf = () => Promise.all(inputs.map(async ({ replyId }) => (await journal.read(replyId))?.state ?? 'none'));
  /** As a backend does: what is not taken for certain is handed in again later. */
  const handIn = (input: (typeof inputs)[number]) =>
    api.submitReply(input).catch((error: { code?: string }) => {
      if (error.code !== 'REDIS_UNREACHABLE') throw error;
    });
  let doubled = 0;
  /** This many have been handed in. */
  let fed = 0;
  /** Replies that have ended, as of a moment ago: mails alone would not do, some end held or rejected. */
  let ended = 0;
  let counted = 0;
  const recount = async () => {
    if (Date.now() - counted < 500) return;
    const states = await statesOf();
    ended = states.filter((state) => settled.includes(state)).length;
    for (const [i, input] of inputs.slice(0, fed).entries()) if (states[i] === 'none') await handIn(input);
    counted = Date.now();
  };
  const feeding = (async () => {
    for (const [i, input] of inputs.entries()) {
      // A backlog, but not all at once: what comes late meets the storm too.
      while (i - ended > count / 3 && Date.now() < longest) await pause(50);
      await handIn(input);
      for (let copy = 0; random() < 0.3; copy++) {
        doubled += 1;
        await queue.add('reply', input, { jobId: `copy-${i}-${copy}` });
      }
      if (random() < 0.2) await handIn(input);
      fed = i + 1;
    }
  })();
  const redisCounts = { redisKills: 0, redisSetBack: 0, redisEmptied: 0, jobsLost: 0 };
  /** After so many replies on average; Redis is killed and set back at least once a round. */
  const troubles: readonly [number, () => unknown][] = [
    [40, () => replicas.kill(random)],
    [30, () => replicas.sleep(random)],
    [
      Math.min(150, count / 3),
      async () => {
        redisCounts.redisKills += 1;
        await redis.kill9();
        await redis.restart();
      },
    ],
    [
      Math.min(120, count / 3),
      () => {
        redisCounts.redisSetBack += 1;
        return redis.setBack(random() * 1_500);
      },
    ],
    [
      count / 8,
      async () => {
        const [job] = await queue.getPrioritized(0, 0);
        // Refused when a worker has just taken it.
        const lost = await job?.remove().then(
          () => 1,
          () => 0,
        );
        redisCounts.jobsLost += lost ?? 0;
      },
    ],
    // Once: a Redis that is new, or restored from a backup of before.
    [
      count / 5,
      () => {
        if (redisCounts.redisEmptied > 0) return;
        redisCounts.redisEmptied += 1;
        return client.flushall();
      },
    ],
  ];
  // Troubles come with the mails, not with the clock: a loaded machine has as many of them for a mail as an idle one.
  const next = troubles.map(([every]) => every * random());
  let arrived = 0;
  const enough = () => fed === count && ended > count * 0.7 && redisCounts.redisEmptied > 0;
  while (!enough() && Date.now() < longest) {
    await pause(30 + random() * 150);
    await recount();
    const before = arrived;
    arrived = end.copies().size;
    end.disturb(arrived > before);
    for (const [i, [every, trouble]] of troubles.entries()) {
      if (ended < (next[i] ?? 0)) continue;
      next[i] = ended + every * (0.5 + random());
      await trouble();
    }
  }
  await feeding;
  // Otherwise this would be a test of the calm after the storm.
  expect({ seed, mailsInTheStorm: end.copies().size > count / 4 }).toEqual({ seed, mailsInTheStorm: true });
  stormy = false;
  await end.calm();
  await replicas.calm();

  await waitFor(
    async () => {
      const states = await statesOf();
      // What Redis forgot its backend adds again, if it is told so: a reply whose job is gone must not be said to be queued.
      for (const [i, input] of inputs.entries())
        if (states[i] === 'none' || (states[i] === 'queued' && (await api.getReply(input.replyId)) === undefined))
          await handIn(input);
      await pause(200);
      return states.every((state) => settled.includes(state));
    },
    { describe: `seed ${seed}: every reply ended`, timeoutMs: 180_000 },
  ).catch(async (error: unknown) => {
    const { name } = end.server;
    const lines: unknown[] = [await deps.pauses.read(name), await deps.queues.paused(name), await queue.getJobCounts()];
    const states = await statesOf();
    for (const { replyId } of inputs.filter((_, i) => !settled.includes(states[i] ?? '')))
      lines.push(replyId, await deps.queues.state(name, replyId), await journal.read(replyId));
    process.stderr.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    throw error;
  });
  await replicas.stop();
  const states = await statesOf();
  const of = (replyId: string) => end.copies().get(replyId) ?? 0;
  const those = (wrong: (state: string, copies: number) => boolean) =>
    inputs.filter(({ replyId }, i) => wrong(states[i] ?? '', of(replyId))).map(({ replyId }) => replyId);
  // Postfix delivers what it accepted a moment later.
  const missing = () => those((state, copies) => state === 'accepted' && copies === 0);
  await waitFor(() => missing().length === 0, {
    describe: `seed ${seed}: what was accepted is there`,
    timeoutMs: 60_000,
  }).catch(() => {});
  expect({ seed, acceptedWithoutMail: missing() }).toEqual({ seed, acceptedWithoutMail: [] });
  const twice = [...end.copies()].filter(([, copies]) => copies > 1);
  for (const [replyId] of twice) {
    const { evidence, ...entry } = (await journal.read(replyId)) ?? { evidence: ['not in the journal'] };
    process.stderr.write(`${[JSON.stringify(entry), ...evidence, ...(end.ways?.(replyId) ?? [])].join('\n')}\n`);
  }
  expect({ seed, twice }).toEqual({ seed, twice: [] });
  const rejectedWithMail = those((state, copies) => state === 'rejected' && copies > 0);
  expect({ seed, rejectedWithMail }).toEqual({ seed, rejectedWithMail: [] });

  // Journal and queue are one: whatever was killed, set back or emptied, there is one outcome for how each reply has ended.
  const outcomes = new Queue(REPLY_OUTCOMES_QUEUE, { connection: client, prefix: PREFIX });
  release(() => outcomes.close());
  const told = (await outcomes.getJobs(['waiting'], 0, -1)).map(({ data }) => `${data.result.state} ${data.replyId}`);
  const countOf = (one: string) => told.filter((other) => other === one).length;
  const untold = inputs.flatMap(({ replyId }, i) =>
    countOf(`${states[i]} ${replyId}`) === 1 ? [] : [`${countOf(`${states[i]} ${replyId}`)} × ${states[i]} ${replyId}`],
  );
  expect({ seed, untold }).toEqual({ seed, untold: [] });

  const deaths: Record<string, number> = {};
  for (const step of readFileSync(deathsFile, 'utf8').split('\n'))
    if (step !== '') deaths[step] = (deaths[step] ?? 0) + 1;
  const tally: Record<string, number> = { accepted: 0, held: 0, rejected: 0 };
  for (const state of states) tally[state] = (tally[state] ?? 0) + 1;
  return {
    seed,
    replies: count,
    doubled,
    faults: end.faults(),
    expired,
    ...redisCounts,
    ...replicas.counts,
    deaths: Object.values(deaths).reduce((a, b) => a + b, 0),
    ...tally,
    mails: end.copies().size,
    twice: 0,
    at: JSON.stringify(deaths),
  };
}
