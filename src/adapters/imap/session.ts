// The life of one imapflow client: each command ends within a time limit, the loss of the connection is one MailroomError for all that wait, and a wait
// for changes ends by IDLE or, without it, by polling.
import { ImapFlow } from 'imapflow';
import type { ConnectGuard } from '../../domain/connect-guard.ts';
import type { ImapServer } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { providerOf } from '../../domain/mail-provider.ts';
import type { ProtocolTrace } from '../../telemetry/protocol-trace.ts';
import { clientOptions, type ImapCredentials } from './client-options.ts';
import { type ImapPhase, imapError } from './errors.ts';
import { offersIdle, POLL_MS } from './idle.ts';
import { throttleLogger, throttleWords } from './throttle.ts';

export interface ConnectionOptions {
  /** Milliseconds for DNS, TCP, TLS and greeting together. */
  connectMs: number;
  /** Milliseconds for one answer, or for progress within a long one. */
  answerMs: number;
  /** Milliseconds between two NOOPs where the server has no IDLE. Default 15 s. */
  pollMs?: number;
  /** Called once when messages are fetched by imapflow's own, slower way (fast-fetch/). */
  onSlowFetch?: () => void;
}

/** Bytes of the largest literal that is accepted. */
export const MOST_LITERAL = 256 * 1024 * 1024;

export interface Session {
  client: ImapFlow;
  /** Runs one command. @throws MailroomError when it fails, or when the connection is lost or silent for `ms` */
  answer<T>(command: () => Promise<T>, phase: ImapPhase, ms?: number): Promise<T>;
  isLost(): boolean;
  /** Forgets changes that were announced until now: the folder is about to be read. */
  clearChanged(): void;
  waitForChange(ms: number, signal?: AbortSignal): Promise<'changed' | 'timeout'>;
  /** The error of a session that could not be opened; closes the client. */
  abandon(error: unknown): MailroomError;
  close(): Promise<void>;
}

/** A client that is not connected yet. */
export async function createSession(
  server: ImapServer,
  credentials: ImapCredentials,
  options: ConnectionOptions,
  guard?: ConnectGuard,
  trace?: ProtocolTrace,
): Promise<Session> {
  const client = new ImapFlow({
    ...(await clientOptions(server, server.user, credentials, guard)),
    connectionTimeout: options.connectMs,
    greetingTimeout: options.connectMs,
    socketTimeout: Math.max(options.answerMs * 2, 60_000),
    maxIdleTime: 9 * 60_000,
    maxLiteralSize: MOST_LITERAL,
    logger: throttleLogger((ms) => {
      throttledUntil = performance.now() + ms;
      // imapflow would wait longer than our time limit: the server would count as silent, and be contacted again too early.
      if (ms >= options.answerMs) giveUp(new Error('throttled'));
    }, trace),
  });
  let throttledUntil = 0;
  const provider = providerOf(server);

  let dirty = false;
  let wake: (() => void) | undefined;
  let lost: MailroomError | undefined;
  // Each waiting command is notified of the loss and removed when its wait is over. Promise.race with one promise of the connection's life would keep
  // every answer, fetched mails with all their bytes, until the connection ends.
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
  /** The server's last words before the connection ended: a throttle hint that still applies, or BYE. */
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

  async function answer<T>(command: () => Promise<T>, phase: ImapPhase, ms = options.answerMs): Promise<T> {
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

  async function waitForChange(ms: number, signal?: AbortSignal): Promise<'changed' | 'timeout'> {
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
      }, options.pollMs ?? POLL_MS);
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
  }

  return {
    client,
    answer,
    isLost: () => lost !== undefined,
    clearChanged() {
      dirty = false;
    },
    waitForChange,
    abandon(error) {
      client.close();
      return imapError(error, 'connect', lastWords(), provider);
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
