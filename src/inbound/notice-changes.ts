// What people do in a watched mailbox: their reading, answering, moving and deleting become events on `mailbox-events.<flow>`. The folder is compared
// with the last view of it after a poll, over the same connection (domain/folder-view.ts); one commit records events and view.
import type { MailboxEvent, MailboxEventKind } from '../contract/mailbox-event.ts';
import { mailboxOfMessageKey, messageKey } from '../contract/names.ts';
import { type Change, compareViews, countKinds, type FolderView, MOST_CHANGES } from '../domain/folder-view.ts';
import type { LedgerMeta } from '../domain/ledger.ts';
import { union } from '../domain/uid-set.ts';
import { messageIdHash } from './fingerprint.ts';
import { mailboxEvent, reportEvents } from './mailbox-events.ts';
import type { PollWindow } from './poll.ts';
import type { CommitRequest, Mailbox } from './ports.ts';
import type { Watched } from './watched.ts';

/** Without HIGHESTMODSEQ, each poll fetches the flags of this many messages. */
const NEAR = 200;

/** Events on a queue that nobody takes from: beyond that, changes are counted, and reported as one event once there is room. */
const MOST_BACKLOG = 10_000;

type Overflow = NonNullable<MailboxEvent['overflow']>;

const eraOf = ({ uidValidity, era }: LedgerMeta): string => `${uidValidity}${era}`;

/**
 * @param last the view before; undefined: there is none
 * @param deep without HIGHESTMODSEQ: the flags of the whole window are fetched
 * @returns the view now
 */
export async function noticeChanges(
  watched: Watched,
  mailbox: Mailbox,
  last: FolderView | undefined,
  window: PollWindow,
  deep: boolean,
): Promise<FolderView | undefined> {
  const { ports, mailboxId, ledger } = watched;
  const { meta, sets } = ledger;
  if (meta === undefined) return last;
  const { low, uids, modseq } = window;
  const era = eraOf(meta);
  const before = last?.era === era ? last : undefined;
  const at = ports.now();
  const own = await ports.people.ownActs(mailboxId);
  const flags = await flagsOf();
  const compared = compareViews(before, {
    ...{ era, low, uids, flags, own, at },
    enqueued: union(sets.enqueued, sets.quarantined),
    modseq,
  });
  const { changes, settled } = compared;
  // Numbering continues over a change of UIDs, and so does the position in Sent.
  const view = { ...compared.view, seq: last?.seq ?? 0, sent: last?.sent };
  const reset = before === undefined && last !== undefined && last.era !== '';
  if (!compared.differs && !reset && view.unreported === undefined) {
    await ports.people.looked(mailboxId, at);
    return { ...view, seq: before?.seq ?? 0 };
  }
  return report(watched, changes, { view, ownSettled: settled }, last?.at, reset ? 'uids-reset' : undefined);

  async function flagsOf() {
    if (before !== undefined && modseq !== undefined && before.modseq === modseq) return new Map();
    if (before?.modseq !== undefined && modseq !== undefined) return mailbox.flags(low, before.modseq);
    const near = uids.at(-NEAR) ?? low;
    return mailbox.flags(before === undefined || deep ? low : Math.max(low, near));
  }
}

/** Commits the changes as events, or as one event that counts them. @param lastAt epoch ms of the view before @returns the view now */
async function report(
  watched: Watched,
  changes: readonly Change[],
  { view, ownSettled }: Required<Pick<CommitRequest, 'view' | 'ownSettled'>>,
  lastAt: number | undefined,
  reset: 'uids-reset' | undefined,
): Promise<FolderView> {
  const { ports, ledger, mailboxId, server } = watched;
  const meta = ledger.meta as LedgerMeta;
  const drafts = changes.length > MOST_CHANGES ? [] : await Promise.all(changes.map((one) => draftOf(watched, one)));
  const flows = new Set([server.emailFlow, ...drafts.map(({ emailFlow }) => emailFlow)]);
  const isFull = (await Promise.all([...flows].map(ports.people.backlog))).some((waiting) => waiting >= MOST_BACKLOG);
  const kinds = countKinds(changes);
  let next = view;
  const events: MailboxEvent[] = [];
  const add = (
    event: Omit<MailboxEvent, 'schema' | 'eventId' | 'server' | 'mailbox' | 'folder' | 'noticedAt'>,
    what: string,
  ) => {
    next = { ...next, seq: next.seq + 1 };
    const eventId = `e-${mailboxId}-${eraOf(meta)}-${what}-${event.event}-${next.seq}`;
    events.push(mailboxEvent(watched, { eventId, noticedAt: iso(view.at), ...event }));
  };
  const overflow = (reason: Overflow['reason'], counted: Overflow['kinds']) => {
    const sum = Object.values(counted).reduce((all, n) => all + n, 0);
    // How many of them belong to which flow is not known.
    for (const emailFlow of new Set([server.emailFlow, ...meta.emailFlows]))
      add({ event: 'overflow', emailFlow, overflow: { reason, changes: sum, kinds: counted } }, 'all');
  };
  if (isFull) {
    const sum = { ...view.unreported };
    for (const [kind, n] of Object.entries(kinds) as [MailboxEventKind, number][]) sum[kind] = (sum[kind] ?? 0) + n;
    if (view.unreported === undefined && changes.length > 0)
      ports.emit('MailboxEventsDropped', { server: server.name, emailFlow: server.emailFlow, reason: 'backlog' });
    if (changes.length > 0 || view.unreported !== undefined) next = { ...next, unreported: sum };
  } else {
    if (view.unreported !== undefined) overflow('backlog', view.unreported);
    next = { ...next, unreported: undefined };
    if (reset !== undefined) overflow(reset, {});
    if (changes.length > MOST_CHANGES) overflow('too-many', kinds);
    const since = lastAt === undefined ? {} : { since: iso(lastAt) };
    for (const { uid, ...draft } of drafts) add({ ...draft, ...since }, String(uid));
  }
  return reportEvents(watched, {
    ...{ view: next, events, ownSettled },
    answered: drafts.flatMap(({ event, messageKey: key }) =>
      event === 'answered' && key !== undefined
        ? [{ messageKey: key, answered: { by: 'flag' as const, at: iso(view.at) } }]
        : [],
    ),
  });
}

const iso = (ms: number): string => new Date(ms).toISOString();

type Draft = Pick<MailboxEvent, 'event' | 'emailFlow' | 'messageKey' | 'answered' | 'movedTo'> & { uid: number };

async function draftOf(watched: Watched, { uid, kind }: Change): Promise<Draft> {
  const { ports, ledger, mailboxId, server } = watched;
  const { uidValidity, era, emailFlows } = ledger.meta as LedgerMeta;
  const key = messageKey(mailboxId, uidValidity, uid, era);
  const isNeeded = kind === 'gone' || emailFlows.length > 1;
  const message = isNeeded ? await ports.readMessage(key) : undefined;
  const movedTo = kind === 'gone' ? await movedToOf(watched, key, message?.threading.messageId) : undefined;
  return {
    uid,
    event: kind,
    emailFlow: message?.emailFlow ?? server.emailFlow,
    messageKey: key,
    ...(kind === 'answered' ? { answered: { by: 'flag' as const } } : {}),
    ...(movedTo === undefined ? {} : { movedTo }),
  };
}

/** The same mail in another folder of the same account, if that is watched too. */
async function movedToOf(
  { ports, server, serverOf }: Watched,
  key: string,
  messageId: string | undefined,
): Promise<MailboxEvent['movedTo']> {
  if (messageId === undefined) return undefined;
  const [siblings = []] = await ports.ledgers.siblings([messageIdHash(messageId)]);
  for (const sibling of siblings.toReversed()) {
    const there = serverOf(mailboxOfMessageKey(sibling) ?? '');
    if (sibling !== key && there !== undefined && there.user === server.user && there.host === server.host)
      return { server: there.name, messageKey: sibling };
  }
  return undefined;
}
