// Every structure of ours in Redis: how its keys look, what it must hold, and what becomes of it when it holds something else. One table, so that
// no reader needs its own answer to garbage (guard.ts reads it).
import type { Redis } from 'ioredis';
import { REPLY_OUTCOMES_QUEUE } from '../../contract/names.ts';
import { answerIn } from '../../domain/answered.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { viewOfFields } from '../../domain/folder-view.ts';
import { globOf, prefixOf } from '../../domain/keys.ts';
import type { RetentionKind } from '../../domain/retention.ts';
import { historyField } from './history.ts';
import { isReplyEntry, rebuildReplyIndexes } from './journal-entry.ts';

export interface Structure {
  /** The key without the installation's prefix. The first group is a mailbox id, `server` an SMTP server, where the key has one. */
  key: RegExp;
  type: 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream';
  /** What it is, in words. */
  what: string;
  /** For how long it is kept: as what is kept of these kinds. */
  kept: RetentionKind | readonly RetentionKind[];
  /** Losing it would break a promise: it stays where it is, and what needs it stops with this error. Else it is set aside and begins empty. */
  keep?: ErrorCode;
  /** One value of a hash, member of a set, or the text of a string. */
  item?: (value: string, field: string) => boolean;
  /** The whole hash. */
  entry?: (fields: Record<string, string>) => boolean;
  /** What is put in its place. */
  instead?: (redis: Redis, key: string) => Promise<unknown>;
}

/** A key of ours, without its prefix. */
const ours = (rest: string) => new RegExp(`^${rest}$`);
const MAILBOX = '([^:]+)';
const isNumber = (value: string) => /^-?\d{1,18}(?:\.\d+)?$/.test(value);
const isCount = (value: string) => /^\d{1,15}$/.test(value);

/** The object in a JSON text, or undefined. */
export function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
const texts = (value: Record<string, unknown> | undefined, ...names: string[]): boolean =>
  value !== undefined && names.every((name) => typeof value[name] === 'string');
const numbers = (value: Record<string, unknown> | undefined, ...names: string[]): boolean =>
  value !== undefined && names.every((name) => Number.isFinite(value[name]));

export const isPending = (text: string): boolean => {
  const value = objectIn(text);
  return texts(value, 'reason') && numbers(value, 'attempts', 'firstAt', 'nextAt');
};
export const isQuarantineNote = (text: string): boolean => texts(objectIn(text), 'messageKey', 'reason', 'at');
const isSession = (text: string): boolean => {
  const value = objectIn(text);
  return texts(value, 'name', 'role', 'csrf') && numbers(value, 'endsAt');
};

/** Of the mailbox ids: all ledgers that there are. */
async function rebuildMailboxes(redis: Redis, key: string): Promise<void> {
  const ledgers = `${prefixOf(redis)}:ledger:`;
  for await (const keys of redis.scanStream({ match: `${globOf(ledgers)}*`, count: 500 })) {
    const ids = (keys as string[]).map((one) => one.slice(ledgers.length)).filter((id) => !id.includes(':'));
    if (ids.length > 0) await redis.sadd(key, ...ids);
  }
}

/** Of the mailbox ids: all that have marks. */
async function rebuildMarked(redis: Redis, key: string): Promise<void> {
  const marks = `${prefixOf(redis)}:answer-marks:`;
  for await (const keys of redis.scanStream({ match: `${globOf(marks)}*`, count: 500 })) {
    const ids = (keys as string[]).map((one) => one.slice(marks.length));
    if (ids.length > 0) await redis.sadd(key, ...ids);
  }
}

/** BullMQ's own keys of each queue. What says where a job is stays; the rest BullMQ makes again. */
const JOBS = { what: 'jobs of a queue', keep: 'REDIS_KEY_DAMAGED' } as const;
const queueKeys: Readonly<Record<string, Omit<Structure, 'key' | 'kept'>>> = {
  ...{ wait: { ...JOBS, type: 'list' }, paused: { ...JOBS, type: 'list' }, active: { ...JOBS, type: 'list' } },
  ...{ prioritized: { ...JOBS, type: 'zset' }, delayed: { ...JOBS, type: 'zset' } },
  ...{ completed: { ...JOBS, type: 'zset' }, failed: { ...JOBS, type: 'zset' } },
  'waiting-children': { ...JOBS, type: 'zset' },
  meta: { ...JOBS, type: 'hash' },
  events: { type: 'stream', what: 'events of a queue' },
  marker: { type: 'zset', what: 'marker of a queue' },
  stalled: { type: 'set', what: 'jobs of a queue that were looked at' },
  id: { type: 'string', what: 'counter of a queue', item: isCount },
  pc: { type: 'string', what: 'counter of a queue', item: isCount },
  limiter: { type: 'string', what: 'pace of a queue' },
  'stalled-check': { type: 'string', what: 'pace of a queue' },
};
const ofQueues = Object.entries(queueKeys).map(
  ([name, structure]): Structure => ({
    key: ours(`(?:replies\\.(?<server>[^:]+)|[a-z-]+\\.[^:]+|${REPLY_OUTCOMES_QUEUE}):${name}`),
    kept: ['messages', 'mailbox-events', 'replies', 'reply-outcomes'],
    ...structure,
  }),
);

/** The keys that a script of BullMQ's may touch for one that it is given: all of a queue for the prefix of its keys. */
export const keysBehind = (key: string): string[] =>
  key.endsWith(':') ? Object.keys(queueKeys).map((name) => key + name) : [key];

const DAMAGED = 'LEDGER_DAMAGED';

export const structures: readonly Structure[] = [
  {
    key: ours(`lease:${MAILBOX}`),
    type: 'string',
    what: 'lease',
    kept: 'operation',
    item: (value) => /^\d+:./.test(value),
  },
  {
    key: ours(`fence:${MAILBOX}`),
    type: 'string',
    what: 'fencing token',
    kept: 'operation',
    item: isCount,
    // Above all that it ever counted to.
    instead: async (redis, key) => {
      const [seconds, micros] = await redis.time();
      await redis.set(key, `${seconds}${String(micros).padStart(6, '0')}`.slice(0, 15), 'NX');
    },
  },
  { key: ours(`ledger:${MAILBOX}`), type: 'hash', what: 'ledger', kept: 'ledger', keep: DAMAGED },
  { key: ours(`ledger:${MAILBOX}:uids`), type: 'hash', what: 'UIDs of the ledger', kept: 'ledger', keep: DAMAGED },
  { key: ours(`ledger:${MAILBOX}:fingerprints`), type: 'zset', what: 'fingerprints', kept: 'ledger', keep: DAMAGED },
  // A pending UID without its note is a UID without outcome: it is fetched again.
  {
    key: ours(`ledger:${MAILBOX}:pending`),
    type: 'hash',
    what: 'pending UIDs',
    kept: 'ledger',
    item: (value, uid) => isCount(uid) && isPending(value),
  },
  {
    key: ours(`ledger:${MAILBOX}:quarantined`),
    type: 'hash',
    what: 'quarantine notes',
    kept: 'ledger',
    item: (value, uid) => isCount(uid) && isQuarantineNote(value),
  },
  { key: ours(`ledger:${MAILBOX}:after-care`), type: 'set', what: 'after-care', kept: 'ledger', item: isCount },
  {
    key: ours(`ledger:${MAILBOX}:parsing`),
    type: 'hash',
    what: 'notes of parsing',
    kept: 'ledger',
    item: (value, uid) => isCount(uid) && isCount(value),
  },
  { key: ours(`state:${MAILBOX}`), type: 'hash', what: 'state of the mailbox', kept: 'operation' },
  // A view that is gone begins with the next look: what people did meanwhile is not reported.
  {
    key: ours(`view:${MAILBOX}`),
    type: 'hash',
    what: 'view of a folder',
    kept: 'ledger',
    entry: (fields) => viewOfFields(fields) !== undefined,
  },
  {
    key: ours(`own-acts:${MAILBOX}`),
    type: 'set',
    what: 'own acts',
    kept: 'ledger',
    item: (act) => /^[a-z]+:\d{1,10}$/.test(act),
  },
  {
    key: ours('answered:.+'),
    type: 'string',
    what: 'answer outside Mailroom',
    kept: 'message-notes',
    item: (text) => answerIn(text) !== undefined,
  },
  {
    key: ours(`answer-marks:${MAILBOX}`),
    type: 'hash',
    what: 'messages to mark as answered',
    kept: 'message-notes',
    item: (value) => numbers(objectIn(value), 'attempts'),
  },
  {
    key: ours('marked-mailboxes'),
    type: 'set',
    what: 'mailboxes with messages to mark',
    kept: 'message-notes',
    instead: rebuildMarked,
  },
  { key: ours('mailboxes'), type: 'set', what: 'list of mailboxes', kept: 'ledger', instead: rebuildMailboxes },
  { key: ours('seen:.+'), type: 'set', what: 'siblings', kept: 'message-notes' },
  { key: ours('find:[0-9a-f]{3}'), type: 'list', what: 'index of addresses', kept: 'find-index' },
  { key: ours('participants:.+'), type: 'string', what: 'participants of a conversation', kept: 'message-notes' },
  {
    key: ours('history:[mh]:\\d+:(?:all|(?:flow|server):.+)'),
    type: 'hash',
    what: 'history of an email flow or server',
    kept: 'history',
    item: (value, field) => isCount(value) && historyField.test(field),
  },
  { key: ours('server-log:.+'), type: 'list', what: 'newest events of an email server', kept: 'server-log' },
  { key: ours('server-faults:.+'), type: 'list', what: 'newest faults of an email server', kept: 'server-log' },
  { key: ours('history:since'), type: 'string', what: 'begin of the history', kept: 'history', item: isCount },
  {
    key: ours('smtp-servers'),
    type: 'hash',
    what: 'register of SMTP servers',
    kept: 'operation',
    item: (text) => objectIn(text) !== undefined,
  },
  { key: ours('(?:disk|write-probe)'), type: 'string', what: 'probe of writes', kept: 'operation' },
  { key: ours('schema'), type: 'hash', what: 'version of the data', kept: 'operation', keep: 'REDIS_KEY_DAMAGED' },
  { key: ours('schema-lock'), type: 'string', what: 'lock of a migration', kept: 'operation' },
  {
    key: ours('log-switches'),
    type: 'hash',
    what: 'switches of the log',
    kept: 'operation',
    item: (value) => numbers(objectIn(value), 'until'),
  },
  { key: ours('replicas'), type: 'zset', what: 'list of replicas', kept: 'operation' },
  {
    key: ours('reply:[0-9a-f]+'),
    type: 'hash',
    what: 'journal of a reply',
    kept: 'reply-journal',
    entry: isReplyEntry,
  },
  {
    key: ours('replies-in:.+'),
    type: 'zset',
    what: 'replies by state',
    kept: 'reply-journal',
    instead: rebuildReplyIndexes,
  },
  { key: ours('reply-by-message-id:.+'), type: 'string', what: 'Message-ID of a reply', kept: 'reply-journal' },
  {
    key: ours('smtp-pause:(?<server>.+)'),
    type: 'hash',
    what: 'pause of an SMTP server',
    kept: 'operation',
    entry: ({ since = '0', until = '0', row = '0' }) => [since, until, row].every(isNumber),
    // It may have been a person's pause: only a person resumes sending.
    instead: (redis, key) =>
      redis.hset(key, {
        by: 'mailroom',
        code: 'REDIS_KEY_DAMAGED',
        hint: 'The record of a pause in Redis held something else. Look at `mailroom audit`, then resume the server.',
        paused: '1',
        since: String(Date.now()),
        until: '253402300000000',
      }),
  },
  {
    key: ours('smtp-sign-in:(?<server>.+)'),
    type: 'hash',
    what: 'last sign-in at an SMTP server',
    kept: 'operation',
    entry: ({ provenAt = '0', since = '0', nextAt = '0' }) => [provenAt, since, nextAt].every(isNumber),
  },
  { key: ours('smtp-sign-in-turn:.+'), type: 'string', what: 'turn of a sign-in', kept: 'operation' },
  { key: ours('pace:(?:minute|slots|auto-to|auto-in):.+'), type: 'zset', what: 'pace', kept: 'operation' },
  {
    key: ours('pace:day:.+'),
    type: 'hash',
    what: 'pace',
    kept: 'operation',
    item: (value, hour) => isCount(hour) && isNumber(value),
  },
  { key: ours('pace:(?:slot-wish|wait|near):.+'), type: 'string', what: 'pace', kept: 'operation' },
  { key: ours('logins:.+'), type: 'string', what: 'pace of sign-ins', kept: 'operation', item: isNumber },
  { key: ours('oauth:.+'), type: 'string', what: 'token cache', kept: 'tokens' },
  {
    key: ours('portal:email-servers'),
    type: 'hash',
    what: 'email servers of the portal',
    kept: 'definitions',
    keep: 'REDIS_KEY_DAMAGED',
  },
  { key: ours('portal:session:.+'), type: 'string', what: 'session of the portal', kept: 'sessions', item: isSession },
  {
    key: ours('portal:invitation:.+'),
    type: 'string',
    what: 'one-time secret',
    kept: 'sessions',
    item: (text) => texts(objectIn(text), 'name', 'role'),
  },
  {
    key: ours('portal:attempts:.+'),
    type: 'string',
    what: 'count of failed sign-ins',
    kept: 'sessions',
    item: isCount,
  },
  { key: ours('daily-work'), type: 'string', what: 'turn of the daily work', kept: 'operation' },
  { key: ours('portal:audit'), type: 'stream', what: 'audit log: changes', kept: 'changes' },
  { key: ours('portal:sign-ins'), type: 'stream', what: 'audit log: sign-ins', kept: 'sign-ins' },
  ...ofQueues,
];

export function structureOf(
  redis: Redis,
  key: string,
): { structure: Structure; mailbox?: string; server?: string } | undefined {
  const prefix = `${prefixOf(redis)}:`;
  if (!key.startsWith(prefix)) return undefined;
  for (const structure of structures) {
    const match = structure.key.exec(key.slice(prefix.length));
    if (match === null) continue;
    const server = match.groups?.server;
    if (server !== undefined) return { structure, server: decoded(server) };
    return match[1] === undefined ? { structure } : { structure, mailbox: match[1] };
  }
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
