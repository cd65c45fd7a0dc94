// The one way from a UID to a message on a queue: fetch → store → parse → relate → build → commit. The watcher, the read-again of the quarantine
// and `mailroom replay` all take it; they differ only in what the commit writes (ledger and queue in one script, or a queue alone).
//
// An item carries its own state from step to step. It becomes one message in any case: whole, too large for the memory, too large for the backend,
// unreadable for the parser, or never returned by the server.
import { type BlobReference, MESSAGE_SCHEMA, type Message } from '../contract/message.ts';
import { messageKey } from '../contract/names.ts';
import { commitGroups, MAX_COMMIT_BYTES } from '../domain/commit-groups.ts';
import type { ImapServer } from '../domain/email-server.ts';
import { flowFor } from '../domain/flow-by-recipient.ts';
import type { LedgerMeta } from '../domain/ledger.ts';
import { mailboxContext } from '../domain/receiving-server.ts';
import { jsonBytes, jsonBytesAtMost } from '../lib/json-size.ts';
import { dropBodies, unpacked, unreadable } from '../parsing/index.ts';
import { fingerprintOf, isReplacementText, messageIdHash } from './fingerprint.ts';
import type { Limits } from './limits.ts';
import { beginSend, beginTraces, endTraces, failTraces, type MailTrace, traceStep } from './mail-trace.ts';
import type { FetchedMessage, InboundPorts, Mailbox, PackedMessage, QueuedMessage, Related } from './ports.ts';

/** Bytes kept of a mail that is not held in memory: its header block, and some more. */
const HEAD_BYTES = 65_536;
/** Most messageKeys named as siblings. */
const MOST_SIBLINGS = 20;

export type IngestDeps = Pick<
  InboundPorts,
  'blobs' | 'parse' | 'parseLarge' | 'parseHeadersOnly' | 'relate' | 'learn' | 'emit' | 'now' | 'tracing'
> & {
  ledgers: Pick<InboundPorts['ledgers'], 'siblings'>;
  limits: Limits;
};

/** The mailbox that the messages belong to. */
export interface Target {
  server: Pick<
    ImapServer,
    | 'name'
    | 'host'
    | 'user'
    | 'folder'
    | 'emailFlow'
    | 'maxMessageSize'
    | 'aliases'
    | 'flowByRecipient'
    | 'trustedAuthservIds'
  > &
    Partial<Pick<ImapServer, 'port'>>;
  mailboxId: string;
  meta: Pick<LedgerMeta, 'uidValidity' | 'era'>;
}

/** One message on its way. */
export interface Item {
  readonly uid: number;
  /** INTERNALDATE; undefined when it is missing or cannot be read. */
  readonly internalDate: Date | undefined;
  /** RFC822.SIZE; undefined when it is missing. */
  readonly size: number | undefined;
  /** The whole mail, or the part held in memory: the beginning of a large one, the headers of one whose body the server does not return. */
  readonly source: Buffer;
  /** When its FETCH was sent, by the monotonic clock, ms; undefined: it is no new mail. */
  readonly seenAt?: number | undefined;
  /** Gives the memory of `source` back. */
  readonly release?: (() => void) | undefined;
  /** For a mail that is too large for the memory: streams it from the mailbox. No other command may run meanwhile. */
  readonly download?: () => Promise<AsyncIterable<Uint8Array>>;
  /** Why it is quarantined instead of parsed. `headers` true: `source` is its header block; false: nothing of the mail is known. */
  unreadable?: { reason: string; headers?: boolean };
  /** After store. An item that has it from the start is read from the blob store. */
  raw?: BlobReference;
  /** After parse. */
  parsed?: PackedMessage;
  /** After relate. */
  related?: Related & { siblings: readonly string[] };
  /** After build. */
  message?: QueuedMessage['message'];
  /** Where traces are written. */
  trace?: MailTrace;
}

/** An item after all steps but the commit. */
export type Ready = Item & { raw: BlobReference; parsed: PackedMessage; message: QueuedMessage['message'] };

/** What is held in memory of one mail, bytes. */
export const BUFFER_BYTES = 8 * 1024 * 1024;

/** Bytes of a mail that are fetched into memory; one of that size or more is streamed. None over the server's maximum size is read whole. */
export const memoryBytes = (
  { maxMessageSize }: Pick<ImapServer, 'maxMessageSize'>,
  bufferBytes = BUFFER_BYTES,
): number => Math.min(bufferBytes, maxMessageSize + 1);

/**
 * Step fetch: makes an item of a server's row.
 * @param most bytes that were fetched of each mail (memoryBytes)
 */
export function itemOf(
  row: FetchedMessage & { source: Buffer },
  mailbox: Mailbox,
  most: number,
  seenAt?: number,
): Item {
  const { uid, internalDate, size, source, release } = row;
  if (source.length >= most) {
    const head = Buffer.from(source.subarray(0, HEAD_BYTES));
    release?.();
    return { uid, internalDate, size, seenAt, source: head, download: () => mailbox.download(uid) };
  }
  const replaced = isReplacementText(source) ? { unreadable: { reason: 'replacement-text' } } : {};
  return { uid, internalDate, size, seenAt, source, release, ...replaced };
}

/**
 * All steps from store to commit, for the items of a batch. Those with `download` need the connection.
 * @param commit writes the messages; nobody may be notified of them before `durable` resolves. Called once, as a rule; for jobs too large for one
 * commit (domain/commit-groups.ts), once for each group, in order
 * @param turn store and parse do not wait for it, all other steps do
 * @throws what store, relate or commit throw; earlier groups stay committed, the rest is not, and the items' bytes are not read any more
 */
export async function ingest(
  deps: IngestDeps,
  target: Target,
  items: readonly Item[],
  commit: (ready: readonly Ready[], durable: Promise<void>) => Promise<void>,
  turn?: Promise<void>,
): Promise<void> {
  const { tracing } = deps;
  const inMemory = items.filter((item) => item.download === undefined && item.raw === undefined);
  const elsewhere = items.filter((item) => !inMemory.includes(item));
  if (tracing !== undefined) beginTraces(tracing, target, items);
  const storing = traceStep(tracing, 'store', inMemory, () => store(deps, inMemory));
  storing.catch(() => {}); // awaited below; it may reject before that
  const open = new Set(items);
  try {
    await traceStep(tracing, 'parse', inMemory, () => parse(deps, target, inMemory));
    await turn;
    const relating = () => relate(deps, target, inMemory);
    const [{ durable }] = await Promise.all([storing, traceStep(tracing, 'relate', inMemory, relating)]);
    for (const item of elsewhere) await traceStep(tracing, 'parse', [item], () => storeAndParse(deps, target, item));
    await traceStep(tracing, 'relate', elsewhere, () => relate(deps, target, elsewhere));
    for (const item of items) {
      const message = buildMessage(target, item as Ready, deps.now());
      item.message = message;
      if (tracing !== undefined)
        item.message = { ...message, ...beginSend(tracing, item, message.emailFlow, message.messageKey) };
    }
    // Before the commit: reading a report twice is harmless; after the commit, a crash would lose it.
    for (const { message } of items) if (message?.deliveryStatus?.reply !== undefined) await deps.learn(message);
    for (const group of inGroups(items as readonly Ready[])) {
      await commit(group, durable);
      deps.limits.stored.forget(group.map(({ raw }) => raw));
      for (const item of group) open.delete(item);
      endTraces(group, quarantineReason);
    }
  } catch (error) {
    failTraces(open, error);
    const left = inMemory.filter((item) => open.has(item));
    await keepStored(deps, storing, left);
    throw error;
  } finally {
    await storing.then(({ durable }) => durable).catch(() => {});
    forget(items);
  }
}

/** Why a message is quarantined, i.e. why its parsing failed; undefined: it is not. */
export const quarantineReason = ({ parsed, unreadable }: Ready): string | undefined =>
  parsed.parse === 'failed' ? (unreadable?.reason ?? parsed.warnings[0]?.code ?? 'parser-failed') : undefined;

/** The whole message, as in its job. */
export const messageOf = ({ message, parsed }: Ready): Message => unpacked({ ...message, bodies: parsed.bodies });

/** One group, as a rule: jobs are measured only if a cheap bound does not prove that they fit. */
const inGroups = (items: readonly Ready[]): readonly (readonly Ready[])[] =>
  items.reduce((bytes, one) => bytes + bodyBytes(one) + jsonBytesAtMost(one.message), 0) <= MAX_COMMIT_BYTES
    ? [items]
    : commitGroups(items, (one) => bodyBytes(one) + jsonBytes(one.message));
const bodyBytes = ({ parsed }: Ready): number => parsed.bodies?.length ?? 0;

interface Storing {
  durable: Promise<void>;
}

/** Raw mail is durable before its job exists: a consumer always finds the blob of a job. Mails that an earlier try stored are not stored again. */
async function store(deps: IngestDeps, items: readonly Item[]): Promise<Storing> {
  const fresh: Item[] = [];
  for (const item of items) {
    const raw = deps.limits.stored.find(item.source);
    // It may have been swept or erased since.
    if (raw !== undefined && (await deps.blobs.has(raw.blob))) item.raw = raw;
    else fresh.push(item);
  }
  if (fresh.length === 0) return { durable: Promise.resolve() };
  const { references, durable } = await deps.blobs.putBatch(fresh.map(({ source }) => source));
  fresh.forEach((item, i) => {
    item.raw = references[i] as BlobReference;
  });
  return { durable };
}

/** The mails are on disk but their messages are not queued: they will be fetched again. */
async function keepStored(deps: IngestDeps, storing: Promise<Storing>, items: readonly Item[]): Promise<void> {
  const durable = await storing
    .then(({ durable }) => durable)
    .then(
      () => true,
      () => false,
    );
  if (durable) deps.limits.stored.keep(items.flatMap(({ raw }) => (raw === undefined ? [] : [raw])));
}

/** A mail that the parser fails on becomes a message with its raw bytes and `parse: failed` (parsing/index.ts). */
async function parse(deps: IngestDeps, target: Target, items: readonly Item[]): Promise<void> {
  const mailbox = mailboxContext(target.server);
  const readable = items.filter((item) => item.unreadable === undefined);
  const sources = readable.map(({ source }) => source);
  const parsed = sources.length === 0 ? [] : await deps.parse(sources, mailbox);
  readable.forEach((item, i) => {
    item.parsed = parsed[i] as PackedMessage;
  });
  for (const item of items)
    if (item.unreadable !== undefined) item.parsed = await notParsed(deps, target, item, item.unreadable);
}

/** A mail that is not parsed: its headers, if the server returned them. */
async function notParsed(
  deps: IngestDeps,
  { server }: Target,
  item: Item,
  { reason, headers }: NonNullable<Item['unreadable']>,
): Promise<PackedMessage> {
  const nothing = unreadable(reason, item.size === undefined ? undefined : `RFC822.SIZE ${item.size}`);
  if (headers !== true) return nothing;
  const head = await deps.parseHeadersOnly(item.source, mailboxContext(server));
  const automatic = { ...head.automatic, mayAutoRespond: false };
  return { ...head, automatic, parse: 'failed', warnings: [...nothing.warnings, ...head.warnings] };
}

async function storeAndParse(deps: IngestDeps, target: Target, item: Item): Promise<void> {
  item.raw ??= await deps.blobs.putStream(await (item.download as NonNullable<Item['download']>)());
  item.parsed = await parseStored(deps, target, item, item.raw);
}

/** A mail in the blob store is parsed up to the server's maximum size; of a larger one only the headers are read. */
async function parseStored(deps: IngestDeps, target: Target, item: Item, raw: BlobReference): Promise<PackedMessage> {
  if (item.unreadable !== undefined) return notParsed(deps, target, item, item.unreadable);
  const { server } = target;
  const mailbox = mailboxContext(server);
  if (raw.size <= server.maxMessageSize)
    return deps.limits.largeMails(async () => deps.parseLarge(await readWhole(deps, raw, raw.size), mailbox));
  deps.emit('MessageTooLarge', { server: server.name, uid: item.uid, bytes: raw.size });
  const head = item.source.length > 0 ? item.source : await readWhole(deps, raw, HEAD_BYTES);
  const parsed = await deps.parseHeadersOnly(head, mailbox);
  return { ...parsed, parse: 'headers-only', warnings: [...parsed.warnings, { code: 'message-too-large' }] };
}

async function readWhole({ blobs }: IngestDeps, raw: BlobReference, bytes: number): Promise<Buffer> {
  const whole = Buffer.allocUnsafeSlow(Math.min(raw.size, bytes));
  let at = 0;
  for await (const chunk of blobs.read(raw.blob, { start: 0, end: whole.length })) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole.subarray(0, at);
}

async function relate(deps: IngestDeps, { server }: Target, items: readonly Item[]): Promise<void> {
  if (items.length === 0) return;
  const ids = items.map(({ parsed }) => parsed?.threading.messageId);
  const [siblings, related] = await Promise.all([
    deps.ledgers.siblings(ids.map((id) => messageIdHash(id ?? ''))),
    Promise.all(
      items.map(({ parsed }) => {
        const emailFlow = flowFor(server, parsed?.addressedTo);
        return deps.relate(parsed as PackedMessage, { emailFlow, user: server.user });
      }),
    ),
  ]);
  items.forEach((item, i) => {
    const others = ids[i] === undefined ? [] : (siblings[i] ?? []).slice(0, MOST_SIBLINGS);
    item.related = { ...(related[i] as Related), siblings: others };
  });
}

/** Step build. @param now epoch ms */
export function buildMessage(
  { server, mailboxId, meta }: Target,
  item: Item & { raw: BlobReference; parsed: PackedMessage },
  now: number,
): QueuedMessage['message'] {
  const { siblings, ...related } = item.related as NonNullable<Item['related']>;
  const { bodies: _bodies, tokens: _tokens, ...parsed } = item.parsed;
  const key = messageKey(mailboxId, meta.uidValidity, item.uid, meta.era);
  return {
    schema: MESSAGE_SCHEMA,
    messageKey: key,
    emailFlow: flowFor(server, parsed.addressedTo),
    server: server.name,
    mailbox: server.user,
    folder: server.folder,
    uidValidity: meta.uidValidity,
    uid: item.uid,
    receivedAt: receivedAt(item, now).toISOString(),
    ...(item.unreadable?.headers === false
      ? {}
      : { fingerprint: fingerprintOf(item.source, item.internalDate, item.size) }),
    ...parsed,
    ...(item.internalDate === undefined && item.unreadable === undefined
      ? { warnings: [...parsed.warnings, { code: 'internal-date-missing' }] }
      : {}),
    raw: item.raw,
    ...related,
    siblings: siblings.filter((sibling) => sibling !== key),
  };
}

/** INTERNALDATE; without it, the mail's own date, unless that is in the future; else now. */
export function receivedAt({ internalDate, parsed }: Pick<Item, 'internalDate' | 'parsed'>, now: number): Date {
  if (internalDate !== undefined) return internalDate;
  const sent = Date.parse(parsed?.date ?? '');
  return new Date(sent > 0 && sent <= now ? sent : now);
}

/**
 * Empties items that are done. Without this, in every second run, the content of each batch moved into the old generation, batch after batch (10 MB a
 * second at full speed, until the next full collection): a list that is tenured before it dies keeps its content alive.
 */
function forget(items: readonly Item[]): void {
  for (const item of items) {
    if (item.parsed !== undefined) dropBodies(item.parsed);
    delete item.parsed;
    delete item.related;
    delete item.message;
  }
}
