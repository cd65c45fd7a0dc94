// The journal of replies in Redis: one hash a reply, moved by Lua compare-and-set. Invariant: after DATA began, nothing is sent again unless it is
// proven that the first mail was not sent. Two workers, a stalled job, a restart, a job added twice: all of them go through CLAIM.
//
// Redis may forget: killed between two fsyncs, restored from a backup, failed over to a replica that lagged. The journal is then in an earlier state,
// "DATA began" included. Each beginning is therefore also a marker in the blob store (outbound/begin-data.ts), which is read before every submission: a
// reply with a marker that the journal does not have is uncertain, and is never sent again.
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Outcome } from '../../contract/outcome.ts';
import { type LearntDelivery, withLearnt } from '../../domain/delivery.ts';
import { MailroomError } from '../../domain/errors.ts';
import { deliveryOutcome, settledOutcome } from '../../domain/outcomes.ts';
import { type Claim, endedStates, type Journal, type ReplyState, type Transition } from '../../domain/reply-journal.ts';
import { DAY_MS } from '../../lib/time.ts';
import { type AskDisk, openDisk } from './disk.ts';
import { aliasKey, replyKey, stateKey } from './journal-entry.ts';
import { journalReads, readEntry } from './journal-reads.ts';
import { ADMIT, CLAIM, learnScript, RELEASE, RENEW, transitionScript } from './journal-scripts.ts';
import { fieldsOf } from './script.ts';

interface JournalSettings {
  /** Milliseconds that ended replies are kept; at least 8 days (Exchange drops duplicates by Message-ID for 7). */
  keepMs: number;
}

export const journalDefaults: JournalSettings = { keepMs: 10 * DAY_MS };

/** Adds the outcome of a reply in the script that brings it about (adapters/queue/outcomes.ts). */
interface OutcomeRecorder {
  lua: string;
  record(outcome: Outcome): Promise<{ keys: (string | Buffer)[]; args: (string | Buffer)[] }>;
}

/** How often a report is tried again because another one of the same reply came at the same moment. */
const MOST_TRIES = 20;

export function createJournal(
  redis: Redis,
  settings: JournalSettings = journalDefaults,
  disk: AskDisk = openDisk(redis),
  outcomes?: OutcomeRecorder,
): Journal {
  const TRANSITION = transitionScript(outcomes?.lua ?? '');
  const LEARN = learnScript(outcomes?.lua ?? '');
  const NONE: Awaited<ReturnType<OutcomeRecorder['record']>> = { keys: [], args: [] };
  const recorded = async (outcome: Outcome | undefined) =>
    outcome === undefined || outcomes === undefined ? NONE : outcomes.record(outcome);
  const reads = journalReads(redis);

  async function claim(input: Parameters<Journal['claim']>[0], isSecond = false): Promise<Claim> {
    const { replyId, digest, server, expiresAt = '', owner, leaseMs } = input;
    const keys = [replyKey(redis, replyId), stateKey(redis, 'queued')];
    const values = [owner, leaseMs, digest, replyId, server, expiresAt];
    const [answer, value, found = []] = (await CLAIM(redis, keys, values)) as [
      'yours' | 'settled' | 'reused' | 'busy' | 'early',
      number,
      string[] | undefined,
    ];
    if (answer === 'reused') return { claim: 'reused' };
    if (answer === 'busy' || answer === 'early') return { claim: answer, retryAfterMs: value };
    const entry = await readEntry(redis, replyId, fieldsOf(found));
    if (entry === undefined) {
      // Set aside: the reply begins again. A new entry that cannot be read either is our own fault, and would be set aside for ever.
      if (isSecond) throw new Error('a new entry of the journal cannot be read');
      return claim(input, true);
    }
    return answer === 'settled' ? { claim: 'settled', entry } : { claim: 'yours', entry, fence: value };
  }

  return {
    ...reads,
    claim: (input) => claim(input),
    async admit({ replyId, digest, server, expiresAt = '' }) {
      const keys = [replyKey(redis, replyId), stateKey(redis, 'queued')];
      return (await ADMIT(redis, keys, [digest, replyId, server, expiresAt])) === 1;
    },
    async renew(replyId, fence, leaseMs) {
      return (await RENEW(redis, [replyKey(redis, replyId)], [fence, leaseMs])) === 1;
    },
    async release(replyId, fence) {
      await RELEASE(redis, [replyKey(redis, replyId)], [fence]);
    },
    async transition(replyId, transition) {
      const { messageId, result } = transition.change ?? {};
      const aliases = [messageId, result?.serverMessageId].filter((id) => id !== undefined);
      const plan = { ...planOf(transition, settings.keepMs), aliases: aliases.length };
      const states = [transition.to, ...transition.from];
      const outcome =
        result?.state !== transition.to ? undefined : settledOutcome(result, transition.fence, new Date());
      const job = await recorded(outcome);
      const keys = [
        replyKey(redis, replyId),
        ...states.map((state) => stateKey(redis, state)),
        ...aliases.map((id) => aliasKey(redis, id)),
        ...job.keys,
      ];
      // The nonce makes the command safe to repeat: ioredis sends it again when the connection broke before the answer.
      const values = [replyId, randomUUID(), JSON.stringify(plan), ...job.args];
      const [moved, state, at] = (await TRANSITION(redis, keys, values)) as [number, string, number];
      return { moved: moved === 1, state: state === '' ? undefined : (state as ReplyState), at };
    },
    async learn(replyId, from) {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const before = (await redis.hget(replyKey(redis, replyId), 'deliveries')) ?? '';
        const entry = await reads.read(replyId);
        if (entry === undefined) return undefined;
        const known = before === '' ? {} : entry.deliveries;
        const learnt = known === undefined ? [] : from({ ...entry, deliveries: known });
        if (learnt.length === 0) return { entry, learnt };
        const after = withLearnt(known ?? {}, learnt);
        const job = await recorded(deliveryOutcome(entry, learnt, new Date()));
        const values = [before, JSON.stringify(after), learntLine(learnt), ...job.args];
        if ((await LEARN(redis, [replyKey(redis, replyId), ...job.keys], values)) === 1)
          return { entry: { ...entry, deliveries: after }, learnt };
      }
      throw new MailroomError('REDIS_UNREACHABLE', {
        message: 'the deliveries of this reply did not stay as they were read',
      });
    },
    async forgetEnded() {
      const before = String((await reads.now()) - settings.keepMs);
      const counts = await Promise.all(
        endedStates.map((state) => redis.zremrangebyscore(stateKey(redis, state), '-inf', before)),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    onDisk: async () => (await disk()) === 'written',
  };
}

/** For a person, without addresses. */
const learntLine = (learnt: readonly LearntDelivery[]): string => {
  const said = learnt.map(({ delivery, report }) => [delivery, report.class, report.status].filter(Boolean).join(' '));
  return `${new Date().toISOString()} report: ${said.join('; ')}`.slice(0, 600);
};

/** What the script of a transition reads as JSON (journal-scripts.ts). */
function planOf({ from, to, fence, late, change = {}, release, waitMs, unsent, before }: Transition, keepMs: number) {
  const { evidence, countAttempt, ...rest } = change;
  const set: Record<string, string> = {};
  for (const [key, value] of Object.entries(rest)) {
    if (value !== undefined) set[key] = typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
  return {
    from,
    to,
    ...(fence === undefined ? {} : { fence: String(fence) }),
    late: late === true,
    set,
    ...(evidence === undefined ? {} : { evidence: `${new Date().toISOString()} ${evidence}`.slice(0, 600) }),
    attempt: countAttempt === true,
    unsent: unsent === true,
    ...(before === undefined ? {} : { before }),
    ...(waitMs === undefined ? {} : { wait: Math.round(waitMs) }),
    ...(release === undefined ? {} : { release: String(release) }),
    keep: keepMs,
    ended: endedStates.includes(to),
  };
}
