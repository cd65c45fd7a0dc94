// One IMAP connection with one folder open, over imapflow: everything the watcher does to a mailbox, as functions that return or throw a MailroomError within
// a time limit. imapflow's own ways of failing (false, undefined, short lists) end here.
import type { FetchMessageObject } from 'imapflow';
import type { ConnectGuard } from '../../domain/connect-guard.ts';
import type { ImapServer } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { MailboxCredentials } from '../../domain/mailbox-credentials.ts';
import type { FetchedMessage, FetchLimits, FolderStatus, Mailbox } from '../../inbound/ports.ts';
import { within } from '../../lib/within.ts';
import type { ProtocolTrace } from '../../telemetry/protocol-trace.ts';
import { fetchRows } from './fast-fetch/fetch-rows.ts';
import { findFolder, folderMissing, isInbox } from './folders.ts';
import { peopleCommands, sequenceSet } from './people.ts';
import { type ConnectionOptions, createSession, MOST_LITERAL, type Session } from './session.ts';

/** When the connection is lost, imapflow ends its commands; ms that this is awaited. */
const LOST_MS = 1_000;

/**
 * Connects, signs in and opens the folder.
 * @throws MailroomError of the imap section
 */
export async function openMailbox(
  server: ImapServer,
  credentials: MailboxCredentials,
  options: ConnectionOptions,
  guard?: ConnectGuard,
  trace?: ProtocolTrace,
): Promise<Mailbox> {
  const session = await createSession(server, credentials, options, guard, trace);
  const { client, answer } = session;
  try {
    const connecting = client.connect();
    connecting.catch(() => {});
    await answer(() => connecting, 'auth', options.connectMs + 2 * options.answerMs);
    const folder = await pathOf(session, server.folder, 'folder');
    const mailbox = await answer(() => client.mailboxOpen(folder), 'select');
    const status = () => statusOf(session, server);
    // RFC 3501 §6.3.1: without UIDVALIDITY the server has no persistent UIDs. STATUS may contain it where SELECT does not.
    const uidValidity = mailbox.uidValidity ?? (await status())?.uidValidity;
    if (uidValidity === undefined) throw new MailroomError('IMAP_UIDVALIDITY_MISSING', { remote: { system: 'imap' } });
    return {
      uidValidity: String(uidValidity),
      uidNext: mailbox.uidNext ?? 0,
      status,
      ...readCommands(session, options),
      ...changeCommands(session, options),
      waitForChange: session.changes.wait,
      close: session.close,
    };
  } catch (error) {
    throw session.abandon(error);
  }
}

/** The server's name of a configured folder. @throws MailroomError IMAP_FOLDER_MISSING */
async function pathOf({ client, answer }: Session, folder: string, field: string): Promise<string> {
  if (isInbox(folder)) return 'INBOX';
  const listed = await answer(() => client.list(), 'command');
  const found = findFolder(folder, listed);
  if (found === undefined) throw folderMissing(folder, listed, field);
  return found;
}

async function statusOf({ client, answer }: Session, server: ImapServer): Promise<FolderStatus | undefined> {
  const path = client.mailbox === false ? server.folder : client.mailbox.path;
  const watchesFlags = server.mailboxEvents !== undefined && client.enabled.has('CONDSTORE');
  const query = {
    uidValidity: true,
    uidNext: true,
    messages: true,
    ...(watchesFlags ? { highestModseq: true } : {}),
  };
  const said = await answer(() => client.status(path, query), 'command');
  if (said === false || said === undefined) return undefined;
  return {
    uidValidity: said.uidValidity === undefined ? undefined : String(said.uidValidity),
    uidNext: said.uidNext,
    messages: said.messages,
    ...(said.highestModseq === undefined ? {} : { modseq: String(said.highestModseq) }),
  };
}

/** Commands that read the folder. */
function readCommands({ client, answer, changes, isLost }: Session, options: ConnectionOptions) {
  const search = async (query: object): Promise<number[]> => {
    changes.clear();
    const found = await answer(() => client.search(query, { uid: true }), 'command', 2 * options.answerMs);
    if (!Array.isArray(found)) {
      throw new MailroomError('IMAP_COMMAND_FAILED', {
        message: 'SEARCH was refused',
        remote: { system: 'imap', command: 'UID SEARCH' },
      });
    }
    return found.sort((a, b) => a - b);
  };

  const rows = (uids: readonly number[], query: object) => rowsOf(sequenceSet(uids), query, MOST_LITERAL);
  const messages = (range: string, { maxBytes, batchCount, batchBytes }: FetchLimits) =>
    rowsOf(range, { source: { start: 0, maxLength: maxBytes } }, maxBytes, { count: batchCount, bytes: batchBytes });

  /** The time limit is on progress; the end of the stream is an error like any other of the connection. */
  async function* inTime(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const chunks = content[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await answer(() => chunks.next(), 'command');
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      if (!isLost()) await chunks.return?.().catch(() => {});
    }
  }

  let slow = false;
  const aside = (): void => {
    if (!slow) options.onSlowFetch?.();
    slow = true;
  };

  async function* rowsOf(
    range: string,
    query: object,
    maxLiteral: number,
    batch?: { count: number; bytes: number },
  ): AsyncGenerator<FetchedMessage[]> {
    const items = { uid: true, internalDate: true, size: true, ...query };
    const batches = fetchRows(client, range, items, maxLiteral, row, { aside, batch });
    try {
      for (;;) {
        const asked = batches.next();
        asked.catch(() => {});
        // The time limit is on progress: a batch may take answerMs, the whole as long as it needs. Rows that came before a loss are returned first.
        const next = await answer(() => asked, 'command').catch((error: unknown) => {
          const lost = () => {
            throw error;
          };
          return within(asked.catch(lost), LOST_MS, lost);
        });
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      // Frees all memory. Awaited only if nothing can delay it.
      const returned = batches.return(undefined).catch(() => {});
      if (!isLost()) await returned;
    }
  }

  return {
    // `n:*` always returns the last message (node-imap#473): drop what is below.
    uids: async (low = 1) =>
      low <= 1 ? search({ all: true }) : (await search({ uid: `${low}:*` })).filter((uid) => uid >= low),
    uidsSince: (day) => search({ since: day }),
    unseenUids: () => search({ seen: false }),
    fetch: (uids, limits) => messages(sequenceSet(uids), limits),
    fetchFrom(low, limits) {
      changes.clear();
      return messages(`${low}:*`, limits);
    },
    count: () => (client.mailbox === false ? 0 : client.mailbox.exists),
    async *fetchHeads(uids) {
      for await (const heads of rows(uids, { headers: ['message-id', 'date', 'from'] })) yield* heads;
    },
    async fetchHeader(uid) {
      let found: FetchedMessage | undefined;
      for await (const heads of rows([uid], { headers: true })) found = heads.find((head) => head.uid === uid) ?? found;
      return found;
    },
    async download(uid) {
      const { content } = await answer(() => client.download(String(uid), undefined, { uid: true }), 'command');
      if (content === undefined) throw new MailroomError('IMAP_EMPTY_FETCH', { remote: { system: 'imap' } });
      return inTime(content);
    },
  } satisfies Partial<Mailbox>;
}

/** Commands that change messages or folders, and those that read colleagues' changes. */
function changeCommands(session: Session, options: ConnectionOptions) {
  const { client, answer } = session;
  const canMove = client.capabilities.has('MOVE') || client.capabilities.has('UIDPLUS');
  return {
    canMove,
    ...peopleCommands(client, (command, ms) => answer(command, 'command', ms), options.answerMs),
    async move(uids, folder) {
      // imapflow would send a plain EXPUNGE, which removes every message flagged \Deleted.
      if (!canMove) throw new MailroomError('IMAP_MOVE_UNSUPPORTED', { remote: { system: 'imap' } });
      const target = await pathOf(session, folder, 'afterQueued.folder');
      const done = await answer(
        () => client.messageMove(sequenceSet(uids), target, { uid: true }),
        'command',
        2 * options.answerMs,
      );
      if (!done)
        throw new MailroomError('IMAP_COMMAND_FAILED', {
          message: 'MOVE was refused',
          remote: { system: 'imap', command: 'UID MOVE' },
        });
    },
    async requireFolder(folder, field) {
      await pathOf(session, folder, field);
    },
  } satisfies Partial<Mailbox>;
}

/** Null: the UID is missing, and with it the message's identity. */
function row(message: FetchMessageObject): FetchedMessage | null {
  // NIL is no Buffer in imapflow (RFC 3501 §9: the body of a message is an nstring).
  const source = [message.source, message.headers].find((value) => Buffer.isBuffer(value) && value.length > 0);
  if (!Number.isSafeInteger(message.uid) || message.uid < 1) return null;
  return {
    uid: message.uid,
    internalDate: toDate(message.internalDate),
    size: message.size || undefined,
    source,
  };
}

function toDate(value: Date | string | undefined): Date | undefined {
  const date = value instanceof Date ? value : new Date(value ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
