// The connection of one mailbox with what belongs to it, and its replacement by a successor with a newer token.
import { asError } from '../domain/errors.ts';
import { settled } from '../domain/ledger.ts';
import { highest } from '../domain/uid-set.ts';
import { mailboxConnector } from './connect-mailbox.ts';
import { hintOf } from './mailbox-life.ts';
import type { Mailbox } from './ports.ts';
import { type Connected, renewal } from './renewal.ts';
import { watchMailbox } from './watch-mailbox.ts';
import type { Watched } from './watched.ts';

interface Connection {
  mailbox: Mailbox;
  renewal: ReturnType<typeof renewal>;
  watch: ReturnType<typeof watchMailbox>;
  /** Aborts with the error when Redis was set back: the ledger in memory is not what Redis has. */
  setBack: AbortController;
  /** Monotonic ms. */
  openedAt: number;
}

export function mailboxConnections(watched: Watched) {
  const { ports, server, signal } = watched;
  const connector = mailboxConnector(watched);
  let current: Connection | undefined;

  function use(connected: Connected): Mailbox {
    const { mailbox } = connected;
    const setBack = new AbortController();
    const renewing = renewalOf(connected);
    const interrupt = AbortSignal.any([signal, renewing.ready, setBack.signal]);
    const watch = watchMailbox(watched, mailbox, interrupt);
    current = { mailbox, renewal: renewing, watch, setBack, openedAt: ports.monotonic() };
    return mailbox;
  }

  const renewalOf = (connected: Connected) =>
    renewal(connected, {
      async open() {
        const before = highest(settled(watched.ledger));
        const successor = await connector.openSuccessor(connected);
        const after = highest(settled(watched.ledger));
        if (successor === undefined || after <= before || after < successor.mailbox.uidNext) return successor;
        // UIDNEXT has not gone back: the old connection received messages meanwhile.
        return { ...successor, mailbox: { ...successor.mailbox, uidNext: 0 } };
      },
      onFailed: (error, delayMs) =>
        ports.emit('MailboxRenewalFailed', { server: server.name, err: asError(error), delayMs, ...hintOf(error) }),
      now: ports.monotonic,
      random: ports.random,
    });

  const close = async (mailbox: Mailbox | undefined) => mailbox?.close().catch(() => {});

  return {
    current: () => current,
    /** How long the current one has lived, ms; 0: there is none. */
    livedMs: () => (current === undefined ? 0 : ports.monotonic() - current.openedAt),
    /** @param renew the token of the latest sign-in was refused @throws MailroomError */
    open: async (renew: boolean) => use(await connector.open(renew)),
    /** The successor takes the place of the current one, which is closed in the background. */
    replace(): Mailbox {
      const old = current;
      const successor = old?.renewal.take();
      if (old === undefined || successor === undefined) throw new Error('there is no successor');
      void old.renewal.stop();
      void close(old.mailbox);
      return use(successor);
    },
    /** Closes the current one, which is lost, without waiting for a successor that may never come. */
    async drop(): Promise<void> {
      const lost = current;
      current = undefined;
      void lost?.renewal.stop();
      await close(lost?.mailbox);
    },
    /** Logs out, also of a successor that is being opened. */
    async stop(): Promise<void> {
      await current?.renewal.stop();
      await close(current?.mailbox);
    },
  };
}
