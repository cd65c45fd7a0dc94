// The journal of replies in Redis: one hash a reply, moved by Lua compare-and-set. Invariant it keeps: after DATA began, nothing is sent
// again unless it is proven that the first did not go. Two workers, a stalled job, a restart, a job added twice: all meet CLAIM.
//
// Redis may forget: killed between two fsyncs, restored from a backup, failed over to a replica that lagged. Then the journal goes back to an
// earlier state, "DATA began" included. That is why each beginning also leaves a mark in the blob store (outbound/begin.ts), which is asked
// before every submission: what the marks know and the journal does not is uncertain, never sent again.
import { hash, randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Outcome } from '../../contract/outcome.ts';
import { type LearntDelivery, withLearnt } from '../../domain/delivery.ts';
import { MailroomError } from '../../domain/errors.ts';
import { prefixOf, type Scope } from '../../domain/keys.ts';
import { deliveryOutcome, settledOutcome } from '../../domain/outcomes.ts';
import {
  type Claim,
  type Journal,
  type JournalEntry,
  openStates,
  type ReplyState,
  type Transition,
} from '../../domain/reply-journal.ts';
import { DAY_MS } from '../../lib/time.ts';
import { type AskDisk, openDisk } from './disk.ts';
import { setAside } from './guard.ts';
import { isReplyEntry } from './journal-entry.ts';
import { ADMIT, CLAIM, learnScript, RELEASE, RENEW, transitionScript } from './journal-scripts.ts';
import { fieldsOf } from './script.ts';

const sha = (text: string) => hash('sha256', text).slice(0, 32);
export const replyKey = (of: Scope, replyId: string) => `${prefixOf(of)}:reply:${sha(replyId)}`;
export const stateKey = (of: Scope, state: string) => `${prefixOf(of)}:replies-in:${state}`;
const UNREADABLE = 'is no entry of the journal';
export const aliasKey = (of: Scope, messageId: string) => `${prefixOf(of)}:reply-by-message-id:${sha(messageId)}`;

/** Kept for a while and then forgotten. */
const ENDED: readonly ReplyState[] = ['accepted', 'rejected', 'dropped'];

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

/** Another report of the same reply at the same moment: tried again so often. */
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

  async function read(replyId: string): Promise<JournalEntry | undefined> {
    const fields = await redis.hgetall(replyKey(redis, replyId));
    if (Object.keys(fields).length === 0) return undefined;
    if (isReplyEntry(fields)) return entryOf(fields);
    // As if Redis had forgotten it: whether its DATA began is marked in the blob store as well.
    await setAside(redis, replyKey(redis, replyId), UNREADABLE);
    return undefined;
  }

  async function now(): Promise<number> {
    const [seconds, micros] = (await redis.time()) as unknown as [string, string];
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  }

  return {
    read,
    now,
    async claim({ replyId, digest, server, expiresAt, owner, leaseMs }): Promise<Claim> {
      const keys = [replyKey(redis, replyId), stateKey(redis, 'queued')];
      const [answer, value, found] = (await CLAIM(redis, keys, [
        owner,
        leaseMs,
        digest,
        replyId,
        server,
        expiresAt ?? '',
      ])) as ['yours' | 'settled' | 'reused' | 'busy' | 'early', number, string[] | undefined];
      if (answer === 'reused') return { claim: 'reused' };
      if (answer === 'busy' || answer === 'early') return { claim: answer, retryAfterMs: value };
      const fields = fieldsOf(found ?? []);
      if (!isReplyEntry(fields)) {
        await setAside(redis, replyKey(redis, replyId), UNREADABLE);
        return this.claim({
          replyId,
          digest,
          server,
          owner,
          leaseMs,
          ...(expiresAt === undefined ? {} : { expiresAt }),
        });
      }
      const entry = entryOf(fields);
      return answer === 'settled' ? { claim: 'settled', entry } : { claim: 'yours', entry, fence: value };
    },
    async admit({ replyId, digest, server, expiresAt = '' }) {
      return (
        (await ADMIT(
          redis,
          [replyKey(redis, replyId), stateKey(redis, 'queued')],
          [digest, replyId, server, expiresAt],
        )) === 1
      );
    },
    async digestOf(replyId) {
      return (await redis.hget(replyKey(redis, replyId), 'digest')) ?? undefined;
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
        const entry = await read(replyId);
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
    async list(state, limit = 200) {
      const ids = await redis.zrevrange(stateKey(redis, state), 0, limit - 1);
      const entries = await Promise.all(ids.map(read));
      return entries.filter((entry) => entry !== undefined && entry.state === state) as JournalEntry[];
    },
    async forgetEnded() {
      const before = (await now()) - settings.keepMs;
      const counts = await Promise.all(
        ENDED.map((state) => redis.zremrangebyscore(stateKey(redis, state), '-inf', String(before))),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    count: (state) => redis.zcard(stateKey(redis, state)),
    async resting(states, forMs, { offset, limit }) {
      const before = (await now()) - forMs;
      const ids = await Promise.all(
        states.map((state) => redis.zrangebyscore(stateKey(redis, state), '-inf', String(before))),
      );
      const entries = await Promise.all(
        ids
          .flat()
          .slice(offset, offset + limit)
          .map(read),
      );
      return entries.filter((entry) => entry !== undefined) as JournalEntry[];
    },
    async oldestOpen() {
      const ids = await Promise.all(openStates.map((state) => redis.zrange(stateKey(redis, state), '0', '-1')));
      const made = await Promise.all(ids.flat().map((replyId) => redis.hget(replyKey(redis, replyId), 'createdAt')));
      const times = made.filter((at) => at !== null).map(Number);
      return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
    },
    onDisk: async () => (await disk()) === 'written',
    async byMessageId(messageId) {
      return (await redis.get(aliasKey(redis, messageId))) ?? undefined;
    },
  };
}

/** For a person, without addresses. */
const learntLine = (learnt: readonly LearntDelivery[]): string => {
  const said = learnt.map(({ delivery, report }) => [delivery, report.class, report.status].filter(Boolean).join(' '));
  return `${new Date().toISOString()} report: ${said.join('; ')}`.slice(0, 600);
};

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
    ended: ENDED.includes(to),
  };
}

function entryOf(fields: Record<string, string>): JournalEntry {
  const text = (key: string) => (fields[key] === undefined ? {} : { [key]: fields[key] });
  const number = (key: string) => (fields[key] === undefined ? {} : { [key]: Number(fields[key]) });
  const json = (key: string) => (fields[key] === undefined ? {} : { [key]: JSON.parse(fields[key]) as unknown });
  return {
    replyId: fields.replyId ?? '',
    state: fields.state as ReplyState,
    server: fields.server ?? '',
    createdAt: Number(fields.createdAt ?? 0),
    updatedAt: Number(fields.updatedAt ?? 0),
    fence: Number(fields.fence ?? 0),
    attempts: Number(fields.attempts ?? 0),
    begins: Number(fields.begins ?? 0),
    evidence: (fields.evidence ?? '').split('\n').filter((line) => line !== ''),
    ...text('from'),
    ...text('messageId'),
    ...text('rendered'),
    ...text('source'),
    ...text('mailbox'),
    ...number('renderedSize'),
    ...number('dataBegunAt'),
    ...number('uncertainSince'),
    ...number('looks'),
    ...number('lapses'),
    ...number('preparations'),
    ...number('dueAt'),
    ...number('expiresAt'),
    ...number('acceptances'),
    ...number('deferredSince'),
    ...json('recipients'),
    ...json('deliveries'),
    ...json('envelope'),
    ...json('decided'),
    ...json('doubted'),
    ...json('offered'),
    ...json('agreed'),
    ...json('forced'),
    ...json('result'),
  };
}
