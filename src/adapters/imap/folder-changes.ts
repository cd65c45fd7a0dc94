// Waits for changes in the open folder: in IDLE (RFC 2177), or by polling where the server has none.
import type { ImapFlow } from 'imapflow';
import type { ConnectionLoss } from './connection-loss.ts';

/** Milliseconds between two NOOPs without IDLE: new mail is seen within that time. */
export const POLL_MS = 15_000;

/** Also false after the server refused IDLE although it offers it: imapflow notes that. */
export const offersIdle = (client: ImapFlow): boolean =>
  client.capabilities.has('IDLE') && (client as unknown as { skipIdle?: boolean }).skipIdle !== true;

/** @param noop NOOP, within the time limit of a command @param pollMs between two of them */
export function folderChanges(client: ImapFlow, loss: ConnectionLoss, noop: () => Promise<unknown>, pollMs = POLL_MS) {
  let dirty = false;
  let wake: (() => void) | undefined;
  const changed = () => {
    dirty = true;
    wake?.();
  };
  client.on('exists', changed);
  client.on('expunge', changed);

  /** NOOP is the poll of RFC 9051 §6.1.2: what changed comes as EXISTS, which wakes. @returns what ends the polling */
  function poll(done: (end: 'changed') => void, failed: (error: unknown) => void): () => void {
    let timer: NodeJS.Timeout | undefined;
    let ended = false;
    const next = () => {
      timer = setTimeout(async () => {
        try {
          await noop();
          if (dirty) done('changed');
          else if (!ended) next();
        } catch (error) {
          failed(error);
        }
      }, pollMs);
    };
    next();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }

  return {
    /** Forgets changes that were announced until now: the folder is about to be read. */
    clear(): void {
      dirty = false;
    },
    /** Until something changes, the time is over, or the signal aborts. @throws MailroomError when the connection is lost */
    async wait(ms: number, signal?: AbortSignal): Promise<'changed' | 'timeout'> {
      const lost = loss.error();
      if (lost !== undefined) throw lost;
      if (dirty || signal?.aborted === true) return 'changed';
      let timer: NodeJS.Timeout | undefined;
      let endPolling = () => {};
      try {
        return await loss.race<'changed' | 'timeout'>((resolve, reject) => {
          wake = () => resolve('changed');
          timer = setTimeout(resolve, ms, 'timeout');
          signal?.addEventListener('abort', wake, { once: true });
          // idle() resolves when another command breaks it, when the server ends it, and (false, never a rejection) when the connection is lost. A server
          // that ends IDLE at once must not make us spin: such an end counts as a change only after a pause.
          if (offersIdle(client)) client.idle().then(() => setTimeout(resolve, 250, 'changed').unref(), reject);
          else endPolling = poll(resolve, reject);
        });
      } finally {
        clearTimeout(timer);
        endPolling();
        if (wake !== undefined) signal?.removeEventListener('abort', wake);
        wake = undefined;
      }
    },
  };
}
