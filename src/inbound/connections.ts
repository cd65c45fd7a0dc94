// The connection of one mailbox with what belongs to it, and its replacement by a successor with a newer token.
import { asError } from '../domain/errors.ts';
import { settled } from '../domain/ledger.ts';
import { highest } from '../domain/uid-set.ts';
import { mailboxConnector } from './connect-mailbox.ts';
import { hintOf } from './mailbox-life.ts';
import type { Mailbox } from './ports.ts';
import { type Connected, type Renewal, renewal } from './renewal.ts';
import { type MailboxWatch, watchMailbox } from './watch-mailbox.ts';
import type { Watched } from './watched.ts';

interface Connection {
  mailbox: Mailbox;
  renewal: Renewal;
  watch: MailboxWatch;
  /** Aborts with the error when Redis was set back: the ledger in memory is not what Redis has. */
  setBack: AbortController;
  /** Monotonic ms. */
  openedAt: number;
}

export interface Connections {
  current(): Connection | undefined;
  /** How long the current one has lived, ms; 0: there is none. */
  livedMs(): number;
  /** @param renew the token of the latest sign-in was refused @throws MailroomError */
  open(renew: boolean): Promise<Mailbox>;
  /** The successor takes the place of the current one, which is closed in the background. */
  replace(): Mailbox;
  /** Closes the current one, which is lost, and does not wait for a successor that may never come. */
  drop(): Promise<void>;
  /** Logs out, also of a successor that is just being opened. */
  stop(): Promise<void>;
}

export function mailboxConnections(watched: Watched): Connections {
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

  const renewalOf = (connected: Connected): Renewal =>
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
    livedMs: () => (current === undefined ? 0 : ports.monotonic() - current.openedAt),
    open: async (renew) => use(await connector.open(renew)),
    replace() {
      const old = current;
      const successor = old?.renewal.take();
      if (old === undefined || successor === undefined) throw new Error('there is no successor');
      void old.renewal.stop();
      void close(old.mailbox);
      return use(successor);
    },
    async drop() {
      const lost = current;
      current = undefined;
      void lost?.renewal.stop();
      await close(lost?.mailbox);
    },
    async stop() {
      await current?.renewal.stop();
      await close(current?.mailbox);
    },
  };
}
