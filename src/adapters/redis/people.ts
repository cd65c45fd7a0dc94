// What is kept for mailboxes that people use as well: the view of the last poll (written by the one-script commit alone), our own acts, answers of
// colleagues, and messages of accepted replies that are to get \Answered.
import type { Redis } from 'ioredis';
import { mailboxOfMessageKey } from '../../contract/names.ts';
import { ANSWER_SECONDS, type AnswerRecord, answerIn } from '../../domain/answered.ts';
import { type FolderView, type OwnAct, type OwnActs, viewOfFields } from '../../domain/folder-view.ts';
import { answeredKey, answerMarksKey, folderViewKey, markedMailboxesKey, ownActsKey } from '../../domain/keys.ts';
import type { AnswerMark, InboundPorts } from '../../inbound/ports.ts';
import { DAY_SECONDS } from '../../lib/time.ts';
import { redisNow } from './clock.ts';
import { setAside } from './guard.ts';
import { fieldsOf, script } from './script.ts';
import { objectIn } from './structures.ts';

/** Waiting marks of one mailbox at most; the messages of others stay without the arrow. */
const MOST_MARKS = 5_000;
/** How many of them are placed at once. */
const MARKS_AT_ONCE = 200;
/** After this time nobody watches the mailbox any more, seconds. */
const MARK_SECONDS = 7 * DAY_SECONDS;

/** KEYS: marks, list of mailboxes, record of the answer. ARGV: messageKey, JSON, mailboxId, most, seconds of a mark, record, its seconds. */
const ADD = script(`
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('SADD', KEYS[2], ARGV[3])
redis.call('SET', KEYS[3], ARGV[6], 'NX', 'EX', ARGV[7])
return 1`);

/** KEYS: marks, list of mailboxes. ARGV: mailboxId, messageKeys. */
const DONE = script(`
for i = 2, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
if redis.call('HLEN', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end
return 1`);

export interface People extends Omit<InboundPorts['people'], 'backlog'> {
  /** The message that an accepted reply answers is to be marked; kept until a watcher has done it. @returns false when too many wait */
  addMark(messageKey: string, replyId: string): Promise<boolean>;
  /** What is known of answers to a message, and the view of its folder with its age by Redis' clock, ms. */
  answerOf(
    messageKey: string,
  ): Promise<{ record: AnswerRecord | undefined; view: FolderView | undefined; ageMs: number | undefined }>;
  noteAnswer(messageKey: string, record: AnswerRecord): Promise<void>;
}

export function createPeople(redis: Redis): People {
  async function view(mailboxId: string): Promise<FolderView | undefined> {
    const key = folderViewKey(redis, mailboxId);
    const fields = await redis.hgetall(key);
    if (Object.keys(fields).length === 0) return undefined;
    const found = viewOfFields(fields);
    // The next poll makes a new one; what changed meanwhile is not reported.
    if (found === undefined) await setAside(redis, key, 'is no view of a folder');
    return found;
  }

  return {
    view,
    async looked(mailboxId, at) {
      await redis.hset(folderViewKey(redis, mailboxId), 'at', at);
    },
    async ownActs(mailboxId): Promise<OwnActs> {
      const acts = { seen: new Set<number>(), answered: new Set<number>(), moved: new Set<number>() };
      for (const act of await redis.smembers(ownActsKey(redis, mailboxId))) {
        const [kind = '', uid = ''] = act.split(':');
        if (Object.hasOwn(acts, kind) && /^\d{1,10}$/.test(uid)) acts[kind as keyof typeof acts].add(Number(uid));
      }
      return acts;
    },
    async noteOwnActs(mailboxId, acts: readonly OwnAct[]) {
      if (acts.length > 0) await redis.sadd(ownActsKey(redis, mailboxId), ...acts);
    },
    async marks(mailboxId) {
      const [, fields] = await redis.hscan(answerMarksKey(redis, mailboxId), '0', 'COUNT', MARKS_AT_ONCE);
      return Object.entries(fieldsOf(fields)).map(([messageKey, text]): AnswerMark => {
        const { replyId, attempts } = objectIn(text) ?? {};
        return {
          messageKey,
          replyId: typeof replyId === 'string' ? replyId : '',
          attempts: typeof attempts === 'number' ? attempts : 0,
        };
      });
    },
    async markDone(mailboxId, messageKeys) {
      await DONE(redis, [answerMarksKey(redis, mailboxId), markedMailboxesKey(redis)], [mailboxId, ...messageKeys]);
    },
    async markFailed(mailboxId, marks) {
      const key = answerMarksKey(redis, mailboxId);
      for (const { messageKey, replyId, attempts } of marks)
        await redis.hset(key, messageKey, JSON.stringify({ replyId, attempts: attempts + 1 }));
    },
    async addMark(messageKey, replyId) {
      const mailboxId = mailboxOfMessageKey(messageKey);
      if (mailboxId === undefined) return false;
      const added = await ADD(
        redis,
        [answerMarksKey(redis, mailboxId), markedMailboxesKey(redis), answeredKey(redis, messageKey)],
        [
          ...[messageKey, JSON.stringify({ replyId, attempts: 0 }), mailboxId, MOST_MARKS, MARK_SECONDS],
          ...[JSON.stringify({ by: 'mailroom' } satisfies AnswerRecord), ANSWER_SECONDS],
        ],
      );
      return added === 1;
    },
    async answerOf(messageKey) {
      const mailboxId = mailboxOfMessageKey(messageKey);
      const [record, now, found] = await Promise.all([
        redis.get(answeredKey(redis, messageKey)),
        redisNow(redis),
        mailboxId === undefined ? undefined : view(mailboxId),
      ]);
      return { record: answerIn(record), view: found, ageMs: found === undefined ? undefined : now - found.at };
    },
    async noteAnswer(messageKey, record) {
      await redis.set(answeredKey(redis, messageKey), JSON.stringify(record), 'EX', ANSWER_SECONDS);
    },
  };
}
