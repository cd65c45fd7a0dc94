// One IMAP connection with one folder open, over imapflow: everything the watcher does to a mailbox, as functions that either answer or
// throw a MailroomError, each within a bound. imapflow's own ways of failing (false, undefined, short lists) end here.
import { type FetchMessageObject, ImapFlow } from 'imapflow';
import type { ConnectGuard } from '../../domain/connect-guard.ts';
import type { ImapServer } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { providerOf } from '../../domain/mail-provider.ts';
import type { FetchedMessage, FolderStatus, Mailbox } from '../../inbound/ports.ts';
import type { ProtocolTrace } from '../../telemetry/protocol-trace.ts';
import { clientOptions, type ImapCredentials } from './client-options.ts';
import { type ImapPhase, imapError } from './errors.ts';
import { fetchRows } from './fast-fetch/fetch-rows.ts';
import { findFolder, folderMissing, isInbox } from './folders.ts';
import { offersIdle, POLL_MS } from './idle.ts';
import { peopleCommands, sequenceSet } from './people.ts';
import { throttleLogger, throttleWords } from './throttle.ts';

interface ConnectionOptions {
  /** Milliseconds for DNS, TCP, TLS and greeting together. */
  connectMs: number;
  /** Milliseconds for one answer, or for progress within a long one. */
  answerMs: number;
  /** Milliseconds between two NOOPs where the server has no IDLE. Default 15 s. */
  pollMs?: number;
  /** Called once where messages are fetched by imapflow's own, slower way (fast-fetch/). */
  onSlowFetch?: () => void;
}

/** Bytes of the largest literal that is accepted. */
const MOST_LITERAL = 256 * 1024 * 1024;

/**
 * Connects, signs in and opens the folder.
 * @throws MailroomError of the imap section
 */
export async function openMailbox(
  server: ImapServer,
  credentials: ImapCredentials,
  timeouts: ConnectionOptions,
  guard?: ConnectGuard,
  trace?: ProtocolTrace,
): Promise<Mailbox> {
  const client = new ImapFlow({
    ...(await clientOptions(server, server.user, credentials, guard)),
    connectionTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.connectMs,
    socketTimeout: Math.max(timeouts.answerMs * 2, 60_000),
    maxIdleTime: 9 * 60_000,
    maxLiteralSize: MOST_LITERAL,
    logger: throttleLogger((ms) => {
      throttledUntil = performance.now() + ms;
      // imapflow would sit out more than our bound for an answer: the server would be called silent, and come back to too early.
      if (ms >= timeouts.answerMs) giveUp(new Error('throttled'));
    }, trace),
  });
  let throttledUntil = 0;
  const provider = providerOf(server);

  let dirty = false;
  let wake: (() => void) | undefined;
  let lost: MailroomError | undefined;
  // Who waits is notified of the loss one by one, and forgotten when its wait is over. A Promise.race with one promise of the connection's life
  // would keep every answer, fetched mails with all their bytes, until the connection ends.
  const waiting = new Set<(error: MailroomError) => void>();
  const onLost = (error: MailroomError) => {
    for (const reject of waiting) reject(error);
    waiting.clear();
  };

  const fail = (error: unknown, phase: ImapPhase = 'command') => {
    lost ??= imapError(error, phase, lastWords(), provider);
    onLost(lost);
  };
  const giveUp = (error: unknown) => {
    fail(error);
    client.close();
  };
  /** What the server said before the connection ended: a throttle hint that is still to be obeyed, or BYE. */
  const lastWords = (): string | undefined => {
    const ms = throttledUntil - performance.now();
    return ms > 0 ? throttleWords(ms) : client.byeReason;
  };
  const changed = () => {
    dirty = true;
    wake?.();
  };
  // Before connect(): a missing error listener is fatal to the process.
  client.on('error', (error: unknown) => fail(error));
  client.on('close', () => fail(new Error('connection closed')));
  client.on('exists', changed);
  client.on('expunge', changed);

  /** One command: its answer, or an error when the connection is lost or silent. */
  async function answer<T>(command: () => Promise<T>, phase: ImapPhase, ms = timeouts.answerMs): Promise<T> {
    if (lost !== undefined) throw lost;
    let timer: NodeJS.Timeout | undefined;
    let onLoss: ((error: MailroomError) => void) | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        onLoss = reject;
        waiting.add(reject);
        timer = setTimeout(() => {
          giveUp(
            new MailroomError('IMAP_SILENT', { message: `no answer within ${ms} ms`, remote: { system: 'imap' } }),
          );
        }, ms);
        command().then(resolve, reject);
      });
    } catch (error) {
      throw lost ?? imapError(error, phase, lastWords(), provider);
    } finally {
      clearTimeout(timer);
      if (onLoss !== undefined) waiting.delete(onLoss);
    }
  }

  try {
    const connecting = client.connect();
    connecting.catch(() => {});
    await answer(() => connecting, 'auth', timeouts.connectMs + 2 * timeouts.answerMs);
    const folder = await pathOf(server.folder, 'folder');
    const mailbox = await answer(() => client.mailboxOpen(folder), 'select');
    // RFC 3501 §6.3.1: without UIDVALIDITY the server has no persistent UIDs. STATUS may tell it where SELECT does not.
    const uidValidity = mailbox.uidValidity ?? (await status())?.uidValidity;
    if (uidValidity === undefined) throw new MailroomError('IMAP_UIDVALIDITY_MISSING', { remote: { system: 'imap' } });
    return connection(String(uidValidity), mailbox.uidNext ?? 0);
  } catch (error) {
    client.close();
    throw imapError(error, 'connect', lastWords(), provider);
  }

  /** The server's name of a folder of the definition. @throws MailroomError IMAP_FOLDER_MISSING */
  async function pathOf(folder: string, field: string): Promise<string> {
    if (isInbox(folder)) return 'INBOX';
    const listed = await answer(() => client.list(), 'command');
    const found = findFolder(folder, listed);
    if (found === undefined) throw folderMissing(folder, listed, field);
    return found;
  }

  async function status(): Promise<FolderStatus | undefined> {
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

  function connection(uidValidity: string, uidNext: number): Mailbox {
    const canMove = client.capabilities.has('MOVE') || client.capabilities.has('UIDPLUS');
    const search = async (query: object): Promise<number[]> => {
      dirty = false;
      const found = await answer(() => client.search(query, { uid: true }), 'command', 2 * timeouts.answerMs);
      if (!Array.isArray(found)) {
        throw new MailroomError('IMAP_COMMAND_FAILED', {
          message: 'SEARCH was refused',
          remote: { system: 'imap', command: 'UID SEARCH' },
        });
      }
      return found.sort((a, b) => a - b);
    };

    const rows = (uids: readonly number[], query: object, maxLiteral = MOST_LITERAL) =>
      rowsOf(sequenceSet(uids), query, maxLiteral);

    /** The bound is on progress; what ends the stream is an error like any other of the connection. */
    async function* inTime(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      const chunks = content[Symbol.asyncIterator]();
      try {
        for (;;) {
          const next = await answer(() => chunks.next(), 'command');
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        if (lost === undefined) await chunks.return?.().catch(() => {});
      }
    }

    let slow = false;
    const aside = (): void => {
      if (!slow) timeouts.onSlowFetch?.();
      slow = true;
    };

    async function* rowsOf(range: string, query: object, maxLiteral: number): AsyncGenerator<FetchedMessage | 'lull'> {
      const items = { uid: true, internalDate: true, size: true, flags: true, ...query };
      const iterator = fetchRows(client, range, items, maxLiteral, row, { aside });
      try {
        for (;;) {
          // The bound is on progress: a row may take as long as answerMs, the whole as long as it needs.
          const next = await answer(() => iterator.next(), 'command');
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        if (lost === undefined) await iterator.return(undefined as never).catch(() => {});
      }
    }

    return {
      uidValidity,
      uidNext,
      canMove,
      status,
      // `n:*` always answers with the last message (node-imap#473): drop what is below.
      uids: async (low = 1) =>
        low <= 1 ? search({ all: true }) : (await search({ uid: `${low}:*` })).filter((uid) => uid >= low),
      uidsSince: (day) => search({ since: day }),
      unseenUids: () => search({ seen: false }),
      fetch: (uids, maxBytes) => rows(uids, { source: { start: 0, maxLength: maxBytes } }, maxBytes),
      fetchFrom(low, maxBytes) {
        dirty = false;
        return rowsOf(`${low}:*`, { source: { start: 0, maxLength: maxBytes } }, maxBytes);
      },
      count: () => (client.mailbox === false ? 0 : client.mailbox.exists),
      async *fetchHeads(uids) {
        for await (const head of rows(uids, { headers: ['message-id', 'date', 'from'] }))
          if (head !== 'lull') yield head;
      },
      async fetchHeader(uid) {
        let found: FetchedMessage | undefined;
        for await (const head of rows([uid], { headers: true })) if (head !== 'lull' && head.uid === uid) found = head;
        return found;
      },
      async download(uid) {
        const { content } = await answer(() => client.download(String(uid), undefined, { uid: true }), 'command');
        if (content === undefined) throw new MailroomError('IMAP_EMPTY_FETCH', { remote: { system: 'imap' } });
        return inTime(content);
      },
      async waitForChange(ms, signal) {
        if (lost !== undefined) throw lost;
        if (dirty || signal?.aborted === true) return 'changed';
        let timer: NodeJS.Timeout | undefined;
        let nextPoll: NodeJS.Timeout | undefined;
        let onLoss: ((error: MailroomError) => void) | undefined;
        // NOOP is the poll of RFC 9051 §6.1.2: what changed comes as EXISTS, which wakes.
        const poll = (done: (end: 'changed') => void, failed: (error: unknown) => void) => {
          nextPoll = setTimeout(async () => {
            try {
              await answer(() => client.noop(), 'command');
              if (dirty) done('changed');
              else if (nextPoll !== undefined) poll(done, failed);
            } catch (error) {
              failed(error);
            }
          }, timeouts.pollMs ?? POLL_MS);
        };
        try {
          return await new Promise<'changed' | 'timeout'>((resolve, reject) => {
            onLoss = reject;
            waiting.add(reject);
            wake = () => resolve('changed');
            timer = setTimeout(() => resolve('timeout'), ms);
            signal?.addEventListener('abort', wake, { once: true });
            if (!offersIdle(client)) return poll(resolve, reject);
            // idle() resolves when another command breaks it, when the server ends it, and (false, never a rejection) when the connection is
            // lost. A server that ends IDLE at once must not make us spin: such an end counts as a change only after a pause.
            client.idle().then(() => setTimeout(resolve, 250, 'changed').unref(), reject);
          });
        } finally {
          clearTimeout(timer);
          clearTimeout(nextPoll);
          nextPoll = undefined;
          if (onLoss !== undefined) waiting.delete(onLoss);
          if (wake !== undefined) signal?.removeEventListener('abort', wake);
          wake = undefined;
        }
      },
      ...peopleCommands(client, (command, ms) => answer(command, 'command', ms), timeouts.answerMs),
      async move(uids, folder) {
        // imapflow would send a plain EXPUNGE, which removes whatever anybody marked as deleted.
        if (!canMove) throw new MailroomError('IMAP_MOVE_UNSUPPORTED', { remote: { system: 'imap' } });
        const target = await pathOf(folder, 'afterQueued.folder');
        const done = await answer(
          () => client.messageMove(sequenceSet(uids), target, { uid: true }),
          'command',
          2 * timeouts.answerMs,
        );
        if (!done)
          throw new MailroomError('IMAP_COMMAND_FAILED', {
            message: 'MOVE was refused',
            remote: { system: 'imap', command: 'UID MOVE' },
          });
      },
      async requireFolder(folder, field) {
        await pathOf(folder, field);
      },
      async close() {
        lost ??= new MailroomError('IMAP_CONNECTION_CLOSED', { message: 'closed by us' });
        onLost(lost);
        const bound = new Promise<void>((resolve) => setTimeout(resolve, 1_000).unref());
        await Promise.race([client.logout().catch(() => {}), bound]);
        client.close();
      },
    };
  }
}

/** Null: the server left the UID out, and nobody can say which message this is. */
function row(message: FetchMessageObject): FetchedMessage | null {
  // NIL is no Buffer in imapflow (RFC 3501 §9: the body of a message is an nstring).
  const source = [message.source, message.headers].find((value) => Buffer.isBuffer(value) && value.length > 0);
  if (!Number.isSafeInteger(message.uid) || message.uid < 1) return null;
  return {
    uid: message.uid,
    internalDate: toDate(message.internalDate),
    size: message.size || undefined,
    flags: message.flags ?? new Set(),
    source,
  };
}

function toDate(value: Date | string | undefined): Date | undefined {
  const date = value instanceof Date ? value : new Date(value ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
