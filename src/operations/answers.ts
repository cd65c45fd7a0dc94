// Colleagues' answers in the mailboxes, for the sending half: from the watcher's polls or from a search; and the \Answered flags that accepted
// replies set there.
import { setTimeout as sleep } from 'node:timers/promises';
import type { lookForAnswer } from '../adapters/imap/people-look.ts';
import type { People } from '../adapters/redis/people.ts';
import type { Message } from '../contract/message.ts';
import { mailboxId, partsOfMessageKey } from '../contract/names.ts';
import { isAnswerTo } from '../domain/answered.ts';
import { type ImapServer, loginKey } from '../domain/email-server.ts';
import { has } from '../domain/uid-set.ts';
import type { Answers } from '../outbound/index.ts';

interface AnswersDeps {
  people: Pick<People, 'answerOf' | 'noteAnswer' | 'addMark'>;
  imapServers(): readonly ImapServer[];
  readMessage(messageKey: string): Promise<Message | undefined>;
  lookForAnswer: (server: ImapServer, query: Parameters<typeof lookForAnswer>[1]) => ReturnType<typeof lookForAnswer>;
  /** ms to wait for the next sign-in. */
  loginSlot(key: string): Promise<number>;
  now(): number;
}

/** A mailbox that could not be searched is not searched again for this long, ms, because each reply would wait for it. */
const AGAIN_MS = 60_000;
/** Longest wait for a sign-in slot, ms. */
const MOST_WAIT_MS = 3_000;

export function createAnswers(deps: AnswersDeps): Answers {
  const failedAt = new Map<string, number>();

  function watched(messageKey: string) {
    const parts = partsOfMessageKey(messageKey);
    const server = deps.imapServers().find((one) => mailboxId(one) === parts?.mailbox);
    return parts === undefined || server?.enabled !== true || server.mailboxEvents === undefined
      ? undefined
      : { parts, server };
  }

  return {
    async known(messageKey) {
      const found = watched(messageKey);
      if (found === undefined) return undefined;
      const { parts } = found;
      const { record, view, ageMs } = await deps.people.answerOf(messageKey);
      const age = ageMs === undefined ? {} : { ageMs };
      if (record !== undefined) return record.by === 'mailroom' ? age : { answered: record, ...age };
      const isFlagged = view?.era === `${parts.uidValidity}${parts.era}` && has(view.answered, parts.uid);
      return isFlagged ? { answered: { by: 'flag' }, ...age } : age;
    },

    async look(messageKey) {
      const found = watched(messageKey);
      if (found === undefined) return undefined;
      const { parts, server } = found;
      const failed = failedAt.get(parts.mailbox);
      if (failed !== undefined && deps.now() - failed < AGAIN_MS)
        throw new Error('the last search of the mailbox failed a moment ago');
      try {
        const waitMs = await deps.loginSlot(loginKey(server));
        if (waitMs > MOST_WAIT_MS) throw new Error('too many sign-ins are waiting');
        await sleep(waitMs);
        const message = await deps.readMessage(messageKey);
        const { record } = await deps.people.answerOf(messageKey);
        const answered = await deps.lookForAnswer(server, {
          ...{ uid: parts.uid, uidValidity: parts.uidValidity, markedByUs: record?.by === 'mailroom' },
          messageId: server.mailboxEvents === 'flags-and-sent' ? message?.threading.messageId : undefined,
          isAnswer: ({ to }) => message === undefined || isAnswerTo(message, to),
        });
        failedAt.delete(parts.mailbox);
        if (answered === undefined) return undefined;
        const noted = { at: new Date(deps.now()).toISOString(), ...answered };
        await deps.people.noteAnswer(messageKey, noted);
        return noted;
      } catch (error) {
        failedAt.set(parts.mailbox, deps.now());
        throw error;
      }
    },

    mark: (messageKey, replyId) => deps.people.addMark(messageKey, replyId),
  };
}
