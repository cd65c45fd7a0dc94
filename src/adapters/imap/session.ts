// The life of one imapflow client: each command ends within a time limit, and the loss of the connection is one MailroomError for all that wait.
import { ImapFlow } from 'imapflow';
import type { ConnectGuard } from '../../domain/connect-guard.ts';
import type { ImapServer } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { providerOf } from '../../domain/mail-provider.ts';
import type { MailboxCredentials } from '../../domain/mailbox-credentials.ts';
import type { ProtocolTrace } from '../../telemetry/protocol-trace.ts';
import { clientOptions, logOut } from './client-options.ts';
import { connectionLoss } from './connection-loss.ts';
import { type ImapPhase, imapError } from './errors.ts';
import { folderChanges } from './folder-changes.ts';
import { throttleLogger, throttleWords } from './throttle.ts';

export interface ConnectionOptions {
  /** Milliseconds for DNS, TCP, TLS and greeting together. */
  connectMs: number;
  /** Milliseconds for one answer, or for progress within a long one. */
  answerMs: number;
  /** Milliseconds between two NOOPs where the server has no IDLE. Default POLL_MS. */
  pollMs?: number;
  /** Called once when messages are fetched by imapflow's own, slower way (fast-fetch/). */
  onSlowFetch?: () => void;
}

/** Bytes of the largest literal that is accepted. */
export const MOST_LITERAL = 256 * 1024 * 1024;

export type Session = Awaited<ReturnType<typeof createSession>>;

/** A client that is not connected yet. */
export async function createSession(
  server: ImapServer,
  credentials: MailboxCredentials,
  options: ConnectionOptions,
  guard?: ConnectGuard,
  trace?: ProtocolTrace,
) {
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
  const loss = connectionLoss();

  const errorOf = (error: unknown, phase: ImapPhase) => {
    // The server's last words before the connection ended: a throttle hint that still applies, or BYE.
    const ms = throttledUntil - performance.now();
    return imapError(error, phase, ms > 0 ? throttleWords(ms) : client.byeReason, provider);
  };
  const fail = (error: unknown) => loss.declare(loss.error() ?? errorOf(error, 'command'));
  const giveUp = (error: unknown) => {
    fail(error);
    client.close();
  };
  // Before connect(): a missing error listener is fatal to the process.
  client.on('error', fail);
  client.on('close', () => fail(new Error('connection closed')));

  /** Runs one command. @throws MailroomError when it fails, or when the connection is lost or silent for `ms` */
  async function answer<T>(command: () => Promise<T>, phase: ImapPhase, ms = options.answerMs): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await loss.race<T>((resolve, reject) => {
        timer = setTimeout(() => {
          giveUp(
            new MailroomError('IMAP_SILENT', { message: `no answer within ${ms} ms`, remote: { system: 'imap' } }),
          );
        }, ms);
        command().then(resolve, reject);
      });
    } catch (error) {
      throw loss.error() ?? errorOf(error, phase);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    client,
    answer,
    isLost: () => loss.error() !== undefined,
    changes: folderChanges(client, loss, () => answer(() => client.noop(), 'command'), options.pollMs),
    /** The error of a session that could not be opened; closes the client. */
    abandon(error: unknown): MailroomError {
      client.close();
      return errorOf(error, 'connect');
    },
    async close(): Promise<void> {
      loss.declare(new MailroomError('IMAP_CONNECTION_CLOSED', { message: 'closed by us' }));
      await logOut(client);
    },
  };
}
