// The mailboxes as tests and the control endpoint read and change them. Each function throws RangeError when mailbox, folder or message is missing.
import type { Exchange } from './smtp/exchange.ts';
import { messageOf, type Store } from './store.ts';

type AppendOptions = {
  folder?: string;
  internalDate?: Date;
  flags?: string[];
  /** Default: the next one. A lower one appears among the existing messages. */
  uid?: number;
};

export function mailboxesOf(store: Store, exchange: Exchange) {
  return {
    /** Messages of a folder (default INBOX), ascending by UID. */
    list: (address: string, folder?: string) =>
      store.folder(address, folder).messages.map((message) => ({ ...message, flags: [...message.flags] })),
    folders: (address: string) => [...(store.mailbox(address)?.folders.values() ?? [])].map(({ name }) => name),
    createFolder(address: string, folder: string): void {
      const mailbox = store.mailbox(address);
      if (!mailbox) throw new RangeError(`No mailbox ${address}`);
      store.createFolder(mailbox, folder);
    },
    status(address: string, folder?: string) {
      const { uidValidity, uidNext, messages } = store.folder(address, folder);
      return { uidValidity, uidNext, messages: messages.length };
    },
    /** Puts exactly these bytes into a folder; open sessions are notified at once. @returns the UID. */
    append: (address: string, raw: Buffer | string, { folder, ...options }: AppendOptions = {}): number =>
      store.append(store.folder(address, folder), Buffer.from(raw), options).uid,
    /** Delivers as mail from outside: with Return-Path and Received lines before it. @returns internal addresses that do not exist. */
    deliver: (to: string | readonly string[], raw: Buffer | string, from?: string): string[] =>
      exchange.deliver([to].flat(), Buffer.from(raw), from),
    expunge(address: string, uids: readonly number[], name?: string): void {
      const folder = store.folder(address, name);
      const messages = uids.map((uid) => messageOf(folder, uid));
      store.expunge(folder, messages);
    },
    setFlags(address: string, uid: number, flags: readonly string[], name?: string): void {
      const folder = store.folder(address, name);
      store.setFlags(folder, messageOf(folder, uid), flags);
    },
    /** New UIDVALIDITY and new UIDs from 1, as after a mailbox move; sessions with the folder open are closed. */
    setUidValidity: (address: string, uidValidity: number, folder?: string): void =>
      store.resetUids(store.folder(address, folder), uidValidity),
  };
}
