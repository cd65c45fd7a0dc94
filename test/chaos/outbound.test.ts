// Chaos over the sending half, judged at the receiving end: sink, sandbox, real Postfix. Replicas die at every step of a reply (before and after
// each journal state, after the mark, inside DATA, after the dot), are killed at random and stopped (SIGSTOP) longer than their claim lasts;
// connections are cut or stalled before DATA, inside DATA, after the dot (mail taken or not); refusals; tokens that have expired; Redis is
// killed with -9, set back by up to 1.5 s of its append-only file, as if its machine had died between two fsyncs, and emptied once; the blob
// store takes no mark now and then; jobs are added several times, and lost.
// No customer ever holds two mails with one replyId; every reply ends accepted, rejected or held; none vanishes; what is accepted is there.
// TEST_LENGTH=long: 20 rounds of 1,200 replies to the sink, 300 to each server. Also MAILROOM_CHAOS_ROUNDS, MAILROOM_CHAOS_REPLIES (of the
// sink; a quarter to the servers); MAILROOM_CHAOS_SEED repeats a run. Results of the long runs: docs/chaos.md.
import { afterEach, it } from 'vitest';
import { postfixEnd, sandboxEnd, sinkEnd } from './outbound-ends.ts';
import { weather } from './outbound-storm.ts';

const long = process.env.TEST_LENGTH === 'long';
const rounds = Number(process.env.MAILROOM_CHAOS_ROUNDS ?? (long ? 20 : 1));
const replies = Number(process.env.MAILROOM_CHAOS_REPLIES ?? (long ? 1_200 : 160));
const firstSeed = Number(process.env.MAILROOM_CHAOS_SEED ?? Date.now() % 1_000_000);

const releases: (() => unknown)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

const ends = { sink: sinkEnd, sandbox: sandboxEnd, postfix: postfixEnd };
const storms = Array.from({ length: rounds }, (_, i) =>
  (['sink', 'sandbox', 'postfix'] as const).map((end) => [end, firstSeed + i] as const),
).flat();

it.each(storms)('%s, seed %i: no customer gets a reply twice, and every reply ends', async (end, seed) => {
  const began = Date.now();
  const count = end === 'sink' ? replies : Math.ceil(replies / 4);
  const tally = await weather({ seed, replies: count, death: 1 / 800 }, ends[end], (stop) => releases.push(stop));
  const seconds = Math.round((Date.now() - began) / 1_000);
  process.stdout.write(`chaos outbound ${end} ${JSON.stringify({ ...tally, seconds })}\n`);
});
