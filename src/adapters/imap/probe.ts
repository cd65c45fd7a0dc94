// One mailbox, probed step by step over one short connection, for the doctor: sign-in, opening, folders, IDLE. Folders are opened read-only (EXAMINE): no
// flag changes, and a running gateway notices nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapFlow } from 'imapflow';
import type { MailboxProbe } from '../../doctor/ports.ts';
import type { ConnectGuard } from '../../domain/connect-guard.ts';
import type { ImapServer } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { providerOf } from '../../domain/mail-provider.ts';
import type { MailboxCredentials } from '../../domain/mailbox-credentials.ts';
import { clientOptions, logOut } from './client-options.ts';
import { type ImapPhase, imapError } from './errors.ts';
import { offersIdle, POLL_MS } from './folder-changes.ts';
import { findFolder, folderMissing, isInbox, openable } from './folders.ts';
import { throttleLogger, throttleWords } from './throttle.ts';

/** Milliseconds that IDLE must hold. */
const IDLE_MS = 300;

/** Connects and signs in. @throws MailroomError of the imap section, as every function of the probe */
export async function probeMailbox(
  server: ImapServer,
  credentials: MailboxCredentials,
  timeoutMs: number,
  guard?: ConnectGuard,
): Promise<MailboxProbe> {
  const client = new ImapFlow({
    ...(await clientOptions(server, server.user, credentials, guard)),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    logger: throttleLogger((ms) => gone(new Error(throttleWords(ms)))),
  });
  let lost: unknown;
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => {});
  const gone = (error: unknown) => {
    lost ??= error;
    closed.reject(lost);
  };
  client.on('error', gone);
  client.on('close', () => gone(new Error('connection closed')));

  const asImapError = (error: unknown, phase: ImapPhase) =>
    imapError(error, phase, client.byeReason, providerOf(server));

  async function answer<T>(command: () => Promise<T>, phase: ImapPhase): Promise<T> {
    if (lost !== undefined) throw asImapError(lost, phase);
    const stop = new AbortController();
    const silent = sleep(2 * timeoutMs, undefined, { signal: stop.signal, ref: false }).then(() => {
      throw new MailroomError('IMAP_SILENT', { remote: { system: 'imap' } });
    });
    silent.catch(() => {});
    try {
      return await Promise.race([command(), silent, closed.promise]);
    } catch (error) {
      throw asImapError(error, phase);
    } finally {
      stop.abort();
    }
  }

  try {
    await answer(() => client.connect(), 'auth');
  } catch (error) {
    client.close();
    throw error;
  }

  async function folder(name: string): Promise<string> {
    if (isInbox(name)) return 'INBOX';
    const listed = await answer(() => client.list(), 'command');
    const found = findFolder(name, listed);
    if (found === undefined) throw folderMissing(name, listed);
    return found;
  }

  return {
    folders: async () => openable(await answer(() => client.list(), 'command')),
    capabilities: () => [...client.capabilities.keys()],
    // imapflow keeps the greeting's text when it is OK, and none after PREAUTH.
    signedIn: () => client.greeting !== undefined,
    folder,
    async open(name) {
      const path = await folder(name);
      return { path, messages: (await answer(() => client.mailboxOpen(path, { readOnly: true }), 'select')).exists };
    },
    pollMs: () => (offersIdle(client) ? undefined : POLL_MS),
    async idle() {
      await answer(async () => {
        const idling = client.idle();
        idling.catch(() => {});
        await sleep(IDLE_MS);
        // Any other command ends IDLE; a server that hung up meanwhile does not answer.
        await client.noop();
        await idling;
      }, 'command');
      if (!client.usable) throw asImapError(lost ?? new Error('connection closed'), 'command');
    },
    close: () => logOut(client),
  };
}
