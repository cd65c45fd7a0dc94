// What is kept of one person: searches every key of Redis and every blob for the address, and finds what belongs to a match (the rendered mail of a reply,
// the outcome of a reply to them) by its ids. Read only; erase-person.ts removes what this lists.
import type { JobPlace, JobRemoval } from '../adapters/queue/job-removal.ts';
import type { KeptRecord, PersonalData } from '../adapters/redis/personal-data.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import { MailroomError } from '../domain/errors.ts';
import type { PersonMatcher } from '../domain/personal-data.ts';
import { openStates, type ReplyState } from '../domain/reply-journal.ts';
import type { Part, Stays } from '../http/api/privacy.ts';
import { defined } from '../lib/defined.ts';
import { collect } from '../lib/streams.ts';
import { HOUR_MS } from '../lib/time.ts';

export interface Item {
  part: Part;
  /** Job id, replyId, blob key, id of the audit entry, or key. */
  id: string;
  stays?: Stays;
  place?: JobPlace;
  key?: string;
  blob?: string;
  replyId?: string;
  /** Of a message. */
  traces?: { messageKey: string; messageId?: string; conversationId?: string };
  /** For a sorted set or list: its matching members. */
  members?: string[];
  /** Of the audit log: the entry as JSON. */
  text?: string;
}

export interface Kept {
  items: Item[];
  /** Segments of older versions, whose unnamed blobs cannot be listed; the newest was written at that time, epoch ms. */
  unsearched: { segments: number; newest: number };
  /** Blobs that could not be read. */
  unreadable: number;
}

interface SearchDeps {
  kept: Pick<PersonalData, 'everyRecord'>;
  blobs: Pick<BlobStore, 'list' | 'read'>;
  jobs: Pick<JobRemoval, 'jobAt' | 'state'>;
  /** replyIds that could not be cancelled. */
  tooLate?: ReadonlySet<string>;
}

/** A younger blob may belong to a job that is being written, ms. */
const SETTLED_MS = HOUR_MS;
const WAITING: ReadonlySet<string> = new Set(['waiting', 'prioritized', 'delayed', 'paused', 'waiting-children']);
const OPEN: ReadonlySet<string> = new Set<ReplyState>(['queued', ...openStates]);
const CANCELLABLE: ReadonlySet<string> = new Set<ReplyState>(['queued', 'prepared', 'submitting', 'held']);

type Json = Record<string, unknown>;
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
function jsonOf(text: string | undefined): Json {
  try {
    return objectOf(JSON.parse(text ?? ''));
  } catch {
    return {};
  }
}

/** A record about a reply: job, entry of the journal, or outcome. */
interface OfReply {
  item: Item;
  replyId: string;
  matched: boolean;
  /** Blobs that its entry names. */
  blobs: string[];
  /** Messages and blobs that it needs in order to be sent. */
  answers: string | undefined;
  needs: string[];
  state?: string;
  /** A copy of it may have been sent. */
  doubted?: boolean;
}
interface OfMessage {
  item: Item;
  messageKey: string;
  raw: string | undefined;
}

export async function searchPerson(deps: SearchDeps, person: PersonMatcher): Promise<Kept> {
  const items: Item[] = [];
  const messages: OfMessage[] = [];
  const replies: OfReply[] = [];
  for await (const record of deps.kept.everyRecord()) {
    const matched = isAbout(record, person);
    // Of a queue's keys, only its jobs are hashes.
    const place = record.type === 'hash' ? deps.jobs.jobAt(record.rest) : undefined;
    const reply = replyIn(record, place, matched);
    if (reply !== undefined) replies.push(reply);
    else if (matched) {
      const message = place === undefined ? undefined : messageIn(record, place);
      if (message !== undefined) messages.push(message);
      else items.push(...otherItems(record, person));
    }
  }
  const messageKeys = new Set(messages.map(({ messageKey }) => messageKey));
  const replyIds = new Set(
    replies.filter(({ matched, answers }) => matched || messageKeys.has(answers ?? '')).map(({ replyId }) => replyId),
  );
  const theirs = replies.filter(({ replyId }) => replyIds.has(replyId));
  await setStays(deps, items, messages, theirs);
  const named = new Map<string, Stays | undefined>();
  for (const { item, raw } of messages) if (raw !== undefined) addName(named, raw, item.stays);
  for (const { item, blobs } of theirs) for (const blob of blobs) addName(named, blob, item.stays);
  for (const { item, needs } of replies)
    if (item.stays !== undefined) for (const one of needs) if (named.has(one)) addName(named, one, 'needed');
  items.push(...messages.map(({ item }) => item), ...theirs.map(({ item }) => item));
  return { items, ...(await searchBlobs(deps, person, named, replyIds, items)) };
}

/** A blob stays as long as one of the records that name it. */
function addName(named: Map<string, Stays | undefined>, blob: string, stays: Stays | undefined): void {
  named.set(blob, named.get(blob) ?? stays);
}

const isAbout = ({ key, items }: KeptRecord, person: PersonMatcher): boolean =>
  person.inText(key) || items.some(([field, value]) => person.inText(field) || person.inValue(value));

function replyIn({ key, rest, items }: KeptRecord, place: JobPlace | undefined, matched: boolean): OfReply | undefined {
  const none = { matched, blobs: [], needs: [], answers: undefined };
  if (place?.queue === 'reply-outcomes') {
    const replyId = textOf(jsonOf(fieldOf(items, 'data')).replyId);
    return replyId === undefined
      ? undefined
      : { ...none, replyId, item: { part: 'reply-outcomes', id: place.id, place, key } };
  }
  if (place?.queue.startsWith('replies.')) {
    const reply = jsonOf(fieldOf(items, 'data'));
    const replyId = textOf(reply.replyId) ?? place.id;
    const answers = textOf(objectOf(reply.answers).messageKey);
    const attached = Array.isArray(reply.attachments) ? reply.attachments.map(objectOf) : [];
    const needs = attached.flatMap(({ blob, message }) => [textOf(blob), textOf(objectOf(message).messageKey)]);
    return {
      ...none,
      item: { part: 'reply-jobs', id: place.id, place, key, replyId },
      replyId,
      answers,
      needs: [answers, ...needs].filter((one) => one !== undefined),
    };
  }
  if (!/^reply:[0-9a-f]+$/.test(rest)) return undefined;
  const replyId = fieldOf(items, 'replyId') ?? rest;
  return {
    ...none,
    item: { part: 'replies', id: replyId, key, replyId },
    replyId,
    blobs: [fieldOf(items, 'rendered'), fieldOf(items, 'source')].filter((blob) => blob !== undefined),
    state: fieldOf(items, 'state') ?? '',
    doubted: fieldOf(items, 'doubted') === 'true' || Number(fieldOf(items, 'acceptances') ?? 0) > 0,
  };
}

const fieldOf = (items: readonly [string, string][], field: string) => items.find(([name]) => name === field)?.[1];

function messageIn({ key, items }: KeptRecord, place: JobPlace): OfMessage {
  const data = jsonOf(fieldOf(items, 'data'));
  const messageKey = textOf(data.messageKey) ?? place.id;
  if (place.queue.startsWith('mailbox-events.'))
    return { item: { part: 'mailbox-events', id: place.id, place, key }, messageKey: '', raw: undefined };
  const messageId = textOf(objectOf(data.threading).messageId);
  const conversationId = textOf(objectOf(data.conversation).id);
  const traces = { messageKey, ...defined({ messageId, conversationId }) };
  return {
    item: { part: 'messages', id: place.id, place, key, traces },
    messageKey,
    raw: textOf(objectOf(data.raw).blob),
  };
}

function otherItems({ key, rest, type, what, isAudit, items }: KeptRecord, person: PersonMatcher): Item[] {
  if (isAudit)
    return items
      .filter(([, text]) => person.inValue(text))
      .map(([id, text]) => ({ part: 'audit', id, key, text: String(jsonOf(text).entry ?? '') }));
  // Of a queue's events, the matching ones are removed, with or without its jobs.
  const queue = /^(.+):events$/.exec(rest)?.[1];
  if (type === 'stream' && queue !== undefined)
    return [{ part: 'other', id: `${what}: ${queue}`, place: { queue, id: '' } }];
  if (rest.startsWith('set-aside:')) return [{ part: 'set-aside', id: key, key }];
  // Indexes of replies by their ids are removed together with the entry.
  if (/^(replies-in|reply-by-message-id):/.test(rest) || jobIndex(rest)) return [];
  // Pace and search index, where a replyId identifies them.
  if ((rest.startsWith('pace:') && type === 'zset') || type === 'list')
    return [{ part: 'other', id: `${what}: ${key}`, key, members: items.map(([, one]) => one).filter(person.inText) }];
  return [{ part: 'other', id: `${what}: ${key}`, key, stays: 'not-ours' }];
}

/** Lists of a queue contain only ids of its jobs. */
const jobIndex = (rest: string): boolean => /:(wait|paused|active|prioritized|delayed|completed|failed)$/.test(rest);

/** Sets why each item stays, if it does. */
async function setStays(
  { jobs, tooLate }: SearchDeps,
  items: Item[],
  messages: OfMessage[],
  replies: OfReply[],
): Promise<void> {
  // Only the entry of the journal has a state.
  const stateOf = new Map(replies.filter(({ state }) => state !== undefined).map((one) => [one.replyId, one.state]));
  for (const { item } of [...messages, ...replies]) {
    if (item.place === undefined) continue;
    const state = await jobs.state(item.place);
    if (state === 'active') item.stays = 'at-work';
    else if (WAITING.has(state) && (item.replyId === undefined || !stateOf.has(item.replyId))) item.stays = 'waiting';
  }
  const undecided = new Set([
    ...(tooLate ?? []),
    ...replies.flatMap((one) => (one.doubted === true ? [one.replyId] : [])),
  ]);
  const needed = new Set<string>();
  for (const { item, replyId, needs } of replies) {
    const state = item.part === 'reply-outcomes' ? undefined : stateOf.get(replyId);
    if (state !== undefined && OPEN.has(state) && item.stays !== 'at-work')
      item.stays = CANCELLABLE.has(state) && !undecided.has(replyId) ? 'waiting' : 'undecided';
    if (item.stays !== undefined) for (const one of needs) needed.add(one);
  }
  for (const { item, messageKey } of messages) if (needed.has(messageKey)) item.stays ??= 'needed';
  for (const item of items) if (needed.has(item.id)) item.stays ??= 'needed';
}

/** Adds an item for each blob of the person: named by one of their records, or containing their address. */
async function searchBlobs(
  { blobs }: SearchDeps,
  person: PersonMatcher,
  named: ReadonlyMap<string, Stays | undefined>,
  replyIds: Set<string>,
  items: Item[],
): Promise<Omit<Kept, 'items'>> {
  const found = new Set<string>();
  const add = (blob: string, stays: Stays | undefined) => {
    found.add(blob);
    items.push({ part: 'mails', id: blob, blob, ...defined({ stays }) });
  };
  const unsearched = { segments: 0, newest: 0 };
  let unreadable = 0;
  /** Replies as submitted, beside their rendered mails. */
  const sources: { key: string; at: number; replyId: string }[] = [];
  const young = (at: number): Stays | undefined => (at > Date.now() - SETTLED_MS ? 'just-stored' : undefined);
  for await (const { key, at } of blobs.list()) {
    if (key === undefined) {
      unsearched.segments += 1;
      unsearched.newest = Math.max(unsearched.newest, at);
    } else if (named.has(key)) add(key, named.get(key));
    else {
      const bytes = await collect(blobs.read(key)).catch((error: unknown) => {
        if (!(error instanceof MailroomError) || error.class === 'transient') throw error;
        if (error.code !== 'BLOB_NOT_FOUND') unreadable += 1;
        return undefined;
      });
      if (bytes === undefined) continue;
      const replyId = textOf(jsonOf(bytes[0] === 0x7b ? bytes.toString() : undefined).replyId);
      if (person.inMail(bytes) || (replyId !== undefined && person.inValue(bytes.toString()))) {
        const rendered = /^X-Mailroom-Reply-Id:[ \t]*(\S+)/im.exec(bytes.subarray(0, 32_768).toString('latin1'))?.[1];
        if (rendered !== undefined) replyIds.add(rendered);
        add(key, young(at));
      } else if (replyId !== undefined) sources.push({ key, at, replyId });
    }
  }
  for (const { key, at, replyId } of sources) if (replyIds.has(replyId)) add(key, young(at));
  // In a segment of an older version, or gone.
  for (const [blob, stays] of named) if (!found.has(blob)) add(blob, stays);
  return { unsearched, unreadable };
}
