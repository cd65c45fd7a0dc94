// Looking at one mailbox, step by step, over one short connection, for the doctor: sign-in, opening, folders, IDLE. Opens folders read-only
// (EXAMINE), so that no flag changes and a live gateway notices nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapFlow } from 'imapflow';
import type { ConnectGuard } from '../../domain/connect-guard.ts';
import type { ImapServer } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { clientOptions, type ImapCredentials } from './client-options.ts';
import { type ImapPhase, imapError } from './errors.ts';
import { throttleEar, throttleWords } from './throttle.ts';

export interface MailboxProbe {
  capabilities(): string[];
  folders(): Promise<string[]>;
  /** @returns number of messages */
  open(folder: string): Promise<number>;
  /** Enters IDLE and leaves it again. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds that IDLE must hold. */
const IDLE_MS = 300;

/** Connects and signs in. @throws MailroomError of the imap section, as every function of the probe */
export async function probeMailbox(
  server: ImapServer,
  credentials: ImapCredentials,
  timeoutMs: number,
  guard?: ConnectGuard,
): Promise<MailboxProbe> {
  const client = new ImapFlow({
    ...(await clientOptions(server, server.user, credentials, guard)),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    logger: throttleEar((ms) => gone(new Error(throttleWords(ms)))),
  });
  let lost: unknown;
  let onLost: (error: unknown) => void = () => {};
  const closed = new Promise<never>((_, reject) => {
    onLost = reject;
  });
  closed.catch(() => {});
  const gone = (error: unknown) => {
    lost ??= error;
    onLost(lost);
  };
  client.on('error', gone);
  client.on('close', () => gone(new Error('connection closed')));

  async function answer<T>(command: () => Promise<T>, phase: ImapPhase): Promise<T> {
    if (lost !== undefined) throw imapError(lost, phase, byeOf(client));
    const stop = new AbortController();
    const silent = sleep(2 * timeoutMs, undefined, { signal: stop.signal, ref: false }).then(() => {
      throw new MailroomError('IMAP_SILENT', { remote: { system: 'imap' } });
    });
    silent.catch(() => {});
    try {
      return await Promise.race([command(), silent, closed]);
    } catch (error) {
      throw imapError(error, phase, byeOf(client));
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
  return {
    capabilities: () => [...client.capabilities.keys()],
    folders: async () => (await answer(() => client.list(), 'command')).map(({ path }) => path),
    open: async (folder) => (await answer(() => client.mailboxOpen(folder, { readOnly: true }), 'select')).exists,
    async idle() {
      await answer(async () => {
        const idling = client.idle();
        idling.catch(() => {});
        await sleep(IDLE_MS);
        // Any other command ends IDLE; a server that hung up in it does not answer.
        await client.noop();
        await idling;
      }, 'command');
      if (!client.usable) throw imapError(lost ?? new Error('connection closed'), 'command', byeOf(client));
    },
    async close() {
      await Promise.race([client.logout().catch(() => {}), sleep(1_000, undefined, { ref: false })]);
      client.close();
    },
  };
}

function byeOf(client: ImapFlow): string | undefined {
  const reason = (client as unknown as { byeReason?: unknown }).byeReason;
  return typeof reason === 'string' ? reason : undefined;
}
