// Every structure of ours in Redis: what its keys look like, what it must hold, and what becomes of it when it holds something else. One table, so
// that no reader needs its own answer to garbage (guard.ts reads it).
import type { Redis } from 'ioredis';
import { REPLY_OUTCOMES_QUEUE } from '../../contract/names.ts';
import { answerIn } from '../../domain/answered.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { viewOfFields } from '../../domain/folder-view.ts';
import { prefixOf } from '../../domain/keys.ts';
import type { RetentionKind } from '../../domain/retention.ts';
import { percentDecoded } from '../../lib/text.ts';
import { historyField } from './history.ts';
import { isReplyEntry, rebuildReplyIndexes } from './journal-entry.ts';
import { holdKey } from './pauses.ts';
import { scanKeys } from './scan.ts';

export interface Structure {
  /** The key without the installation's prefix. The first group is a mailbox id, `server` an SMTP server, where the key has one. */
  key: RegExp;
  type: 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream';
  /** What it is, in words. */
  what: string;
  /** How long it is kept: as these kinds are (domain/retention.ts). */
  kept: RetentionKind | readonly RetentionKind[];
  /** Losing it would break a promise: it stays where it is, and what needs it stops with this error. Otherwise it is set aside and begins empty. */
  keep?: ErrorCode;
  /** One value of a hash, member of a set, or the text of a string. */
  item?: (value: string, field: string) => boolean;
  /** The whole hash. */
  entry?: (fields: Record<string, string>) => boolean;
  /** What is put in its place. */
  instead?: (redis: Redis, key: string) => Promise<unknown>;
}

type Contents = Omit<Structure, 'key' | 'type' | 'what' | 'kept'>;
const row = (
  key: string,
  type: Structure['type'],
  what: string,
  kept: Structure['kept'],
  contents: Contents = {},
): Structure => ({ key: new RegExp(`^${key}$`), type, what, kept, ...contents });

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

const isPending = (text: string): boolean => {
  const value = objectIn(text);
  return texts(value, 'reason') && numbers(value, 'attempts', 'firstAt', 'nextAt');
};
const isSession = (text: string): boolean => {
  const value = objectIn(text);
  return texts(value, 'name', 'role', 'csrf') && numbers(value, 'endsAt');
};
const isRegistered = (text: string): boolean => {
  const value = objectIn(text);
  return texts(value, 'mailbox') && numbers({ goneAt: 0, replacedAt: 0, ...value }, 'goneAt', 'replacedAt');
};

/** Fills a set of mailbox ids from the keys `<name>:<mailbox id>`. */
const idsFromKeys =
  (name: string) =>
  async (redis: Redis, key: string): Promise<void> => {
    const start = `${prefixOf(redis)}:${name}:`.length;
    for await (const one of scanKeys(redis, `${name}:*`))
      if (!one.includes(':', start)) await redis.sadd(key, one.slice(start));
  };

/** BullMQ's own keys of each queue. The keys that say where a job is stay in their place; BullMQ makes the others again. */
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
const QUEUE = `(?:replies\\.(?<server>[^:]+)|[a-z-]+\\.[^:]+|${REPLY_OUTCOMES_QUEUE})`;
const ofQueues = Object.entries(queueKeys).map(([name, { type, what, ...contents }]) =>
  row(`${QUEUE}:${name}`, type, what, ['messages', 'mailbox-events', 'replies', 'reply-outcomes'], contents),
);

/** The keys that a script of BullMQ's may touch for one that it is given: all of a queue for the prefix of its keys. */
export const keysBehind = (key: string): string[] =>
  key.endsWith(':') ? Object.keys(queueKeys).map((name) => key + name) : [key];

const LEDGER = { keep: 'LEDGER_DAMAGED' } as const;

export const structures: readonly Structure[] = [
  row(`lease:${MAILBOX}`, 'string', 'lease', 'operation', { item: (value) => /^\d+:./.test(value) }),
  row(`fence:${MAILBOX}`, 'string', 'fencing token', 'operation', {
    item: isCount,
    // Above everything that it ever counted to.
    instead: async (redis, key) => {
      const [seconds, micros] = await redis.time();
      await redis.set(key, `${seconds}${String(micros).padStart(6, '0')}`.slice(0, 15), 'NX');
    },
  }),
  row(`ledger:${MAILBOX}`, 'hash', 'ledger', 'ledger', LEDGER),
  row(`ledger:${MAILBOX}:uids`, 'hash', 'UIDs of the ledger', 'ledger', LEDGER),
  row(`ledger:${MAILBOX}:fingerprints`, 'zset', 'fingerprints', 'ledger', LEDGER),
  // A pending UID without its note is a UID without outcome: it is fetched again.
  row(`ledger:${MAILBOX}:pending`, 'hash', 'pending UIDs', 'ledger', {
    item: (value, uid) => isCount(uid) && isPending(value),
  }),
  row(`ledger:${MAILBOX}:quarantined`, 'hash', 'quarantine notes', 'ledger', {
    item: (value, uid) => isCount(uid) && texts(objectIn(value), 'messageKey', 'reason', 'at'),
  }),
  row(`ledger:${MAILBOX}:after-care`, 'set', 'after-care', 'ledger', { item: isCount }),
  row(`ledger:${MAILBOX}:parsing`, 'hash', 'notes of parsing', 'ledger', {
    item: (value, uid) => isCount(uid) && isCount(value),
  }),
  row(`state:${MAILBOX}`, 'hash', 'state of the mailbox', 'operation'),
  // The next poll makes a new view; what people did meanwhile is not reported.
  row(`view:${MAILBOX}`, 'hash', 'view of a folder', 'ledger', {
    entry: (fields) => viewOfFields(fields) !== undefined,
  }),
  row(`own-acts:${MAILBOX}`, 'set', 'own acts', 'ledger', { item: (act) => /^[a-z]+:\d{1,10}$/.test(act) }),
  row('answered:.+', 'string', 'answer outside Mailroom', 'message-notes', {
    item: (text) => answerIn(text) !== undefined,
  }),
  row(`answer-marks:${MAILBOX}`, 'hash', 'messages to mark as answered', 'message-notes', {
    item: (value) => numbers(objectIn(value), 'attempts'),
  }),
  row('marked-mailboxes', 'set', 'mailboxes with messages to mark', 'message-notes', {
    instead: idsFromKeys('answer-marks'),
  }),
  row('mailboxes', 'set', 'list of mailboxes', 'ledger', { instead: idsFromKeys('ledger') }),
  row('seen:.+', 'set', 'siblings', 'message-notes'),
  row('find:[0-9a-f]{3}', 'list', 'index of addresses', 'find-index'),
  row('participants:.+', 'string', 'participants of a conversation', 'message-notes'),
  row('history:[mh]:\\d+:(?:all|(?:flow|server):.+)', 'hash', 'history of an email flow or server', 'history', {
    item: (value, field) => isCount(value) && historyField.test(field),
  }),
  row('server-log:.+', 'list', 'newest events of an email server', 'server-log'),
  row('server-faults:.+', 'list', 'newest faults of an email server', 'server-log'),
  row('history:since', 'string', 'begin of the history', 'history', { item: isCount }),
  row('smtp-servers', 'hash', 'register of SMTP servers', 'operation', { item: isRegistered }),
  row('(?:disk|write-probe)', 'string', 'probe of writes', 'operation'),
  row('schema', 'hash', 'version of the data', 'operation', { keep: 'REDIS_KEY_DAMAGED' }),
  row('schema-lock', 'string', 'lock of a migration', 'operation'),
  row('log-switches', 'hash', 'switches of the log', 'operation', {
    item: (value) => numbers(objectIn(value), 'until'),
  }),
  row('replicas', 'zset', 'list of replicas', 'operation'),
  row('reply:[0-9a-f]+', 'hash', 'journal of a reply', 'reply-journal', { entry: isReplyEntry }),
  row('replies-in:.+', 'zset', 'replies by state', 'reply-journal', { instead: rebuildReplyIndexes }),
  row('reply-by-message-id:.+', 'string', 'Message-ID of a reply', 'reply-journal'),
  row('smtp-pause:(?<server>.+)', 'hash', 'pause of an SMTP server', 'operation', {
    entry: ({ since = '0', until = '0', row: count = '0' }) => [since, until, count].every(isNumber),
    // It may have been a person's pause: only a person resumes sending.
    instead: (redis, key) =>
      holdKey(redis, key, {
        by: 'mailroom',
        code: 'REDIS_KEY_DAMAGED',
        hint: 'The record of a pause in Redis held something else. Look at `mailroom audit`, then resume the server.',
      }),
  }),
  row('smtp-sign-in:(?<server>.+)', 'hash', 'last sign-in at an SMTP server', 'operation', {
    entry: ({ provenAt = '0', since = '0', nextAt = '0' }) => [provenAt, since, nextAt].every(isNumber),
  }),
  row('smtp-sign-in-turn:.+', 'string', 'turn of a sign-in', 'operation'),
  row('pace:(?:minute|slots|auto-to|auto-in):.+', 'zset', 'pace', 'operation'),
  row('pace:day:.+', 'hash', 'pace', 'operation', { item: (value, hour) => isCount(hour) && isNumber(value) }),
  row('pace:(?:slot-wish|wait|near):.+', 'string', 'pace', 'operation'),
  row('logins:.+', 'string', 'pace of sign-ins', 'operation', { item: isNumber }),
  row('oauth:.+', 'string', 'token cache', 'tokens'),
  row('portal:email-servers', 'hash', 'email servers of the portal', 'definitions', { keep: 'REDIS_KEY_DAMAGED' }),
  row('portal:session:.+', 'string', 'session of the portal', 'sessions', { item: isSession }),
  row('portal:invitation:.+', 'string', 'one-time secret', 'sessions', {
    item: (text) => texts(objectIn(text), 'name', 'role'),
  }),
  row('portal:attempts:.+', 'string', 'count of failed sign-ins', 'sessions', { item: isCount }),
  row('daily-work', 'string', 'turn of the daily work', 'operation'),
  row('portal:audit', 'stream', 'audit log: changes', 'changes'),
  row('portal:sign-ins', 'stream', 'audit log: sign-ins', 'sign-ins'),
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
    if (server !== undefined) return { structure, server: percentDecoded(server) };
    return match[1] === undefined ? { structure } : { structure, mailbox: match[1] };
  }
  return undefined;
}
