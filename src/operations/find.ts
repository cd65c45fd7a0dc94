// Finds messages and replies by Message-ID, messageKey, replyId, conversation or address, and their history. Ids are computed keys: the cost is
// the same with a million messages; addresses and conversations come from a bounded index (adapters/redis/find-index.ts).

import type { Message } from '../contract/message.ts';
import { mailboxOfMessageKey } from '../contract/names.ts';
import { MailroomError } from '../domain/errors.ts';
import type { Found } from '../domain/found.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import { messageTimeline, replyTimeline, type Timeline } from '../domain/timeline.ts';
import type { FindApi, FoundView, Reach } from '../http/api/find.ts';
import { messageIdHash } from '../inbound/fingerprint.ts';
import { defined } from '../lib/defined.ts';
import type { Stores } from '../wiring/stores.ts';

interface FindDeps
  extends Pick<Stores, 'flows' | 'ledgers' | 'journal' | 'people' | 'quarantine' | 'findIndex' | 'readMessage'> {
  /** Days that each is kept. */
  reach: Reach;
}

/** Largest number of results. */
const MOST = 100;

/** `<id@host>` and `id@host` are equal. */
const bare = (text: string): string => text.replace(/^<|>$/g, '');

export function createFind(deps: FindDeps): FindApi {
  const { flows, ledgers, journal, people, quarantine, findIndex, readMessage, reach } = deps;

  const viewOfMessage = (matchedBy: FoundView['matchedBy'], message: Message): FoundView => ({
    kind: 'message',
    id: message.messageKey,
    matchedBy,
    server: message.server,
    emailFlow: message.emailFlow,
    at: Date.parse(message.receivedAt),
  });
  const viewOfReply = (matchedBy: FoundView['matchedBy'], entry: JournalEntry): FoundView => ({
    kind: 'reply',
    id: entry.replyId,
    matchedBy,
    server: entry.server,
    state: entry.state,
    at: entry.createdAt,
  });
  // An unreadable record is not found, and hides no other.
  const messageBy = async (matchedBy: FoundView['matchedBy'], key: string): Promise<FoundView[]> => {
    const message = mailboxOfMessageKey(key) && (await readMessage(key).catch(() => undefined));
    return message ? [viewOfMessage(matchedBy, message)] : [];
  };
  const replyBy = async (matchedBy: FoundView['matchedBy'], replyId: string): Promise<FoundView[]> => {
    const entry = await journal.read(replyId);
    return entry === undefined ? [] : [viewOfReply(matchedBy, entry)];
  };

  async function byMessageId(text: string): Promise<FoundView[]> {
    const forms = [...new Set([`<${bare(text)}>`, bare(text), text])];
    const keys = new Set((await ledgers.siblings(forms.map(messageIdHash))).flat());
    const replyIds = new Set((await Promise.all(forms.map(journal.byMessageId))).filter((id) => id !== undefined));
    return (
      await Promise.all([
        ...[...keys].slice(0, MOST).map((key) => messageBy('messageId', key)),
        ...[...replyIds].map((id) => replyBy('messageId', id)),
      ])
    ).flat();
  }

  async function byIndex(text: string): Promise<{ all: FoundView[]; since?: number }> {
    const { found, since } = await findIndex.find(text);
    const matchedBy = text.includes('@') ? 'address' : 'conversation';
    const one = ({ kind, id }: Found) => (kind === 'message' ? messageBy(matchedBy, id) : replyBy(matchedBy, id));
    const all = (await Promise.all(found.slice(0, MOST).map(one))).flat();
    return { all, ...defined({ since }) };
  }

  return {
    async find(query) {
      const text = query.trim();
      const [key, reply, ids, indexed] = await Promise.all([
        messageBy('messageKey', text),
        replyBy('replyId', text),
        byMessageId(text),
        byIndex(text),
      ]);
      const found = new Map<string, FoundView>();
      for (const one of [...key, ...reply, ...ids, ...indexed.all])
        if (!found.has(`${one.kind} ${one.id}`)) found.set(`${one.kind} ${one.id}`, one);
      const results = [...found.values()].sort((left, right) => right.at - left.at).slice(0, MOST);
      return { results, reach, ...defined({ addressesSince: indexed.since }) };
    },
    async messageTimeline(messageKey): Promise<Timeline> {
      const message = mailboxOfMessageKey(messageKey) && (await readMessage(messageKey));
      if (!message) throw new MailroomError('MESSAGE_UNKNOWN', { field: 'key' });
      const [job, quarantined, answer] = await Promise.all([
        flows.jobFacts(message.emailFlow, messageKey),
        quarantine.read(messageKey),
        people.answerOf(messageKey),
      ]);
      return messageTimeline({ message, job, quarantined, answer: answer.record });
    },
    async replyTimeline(replyId): Promise<Timeline> {
      const entry = await journal.read(replyId);
      if (entry === undefined) throw new MailroomError('REPLY_UNKNOWN', { field: 'replyId' });
      return replyTimeline(entry);
    },
  };
}
