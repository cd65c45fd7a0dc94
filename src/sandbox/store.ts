// The mailboxes: folders, messages, flags, and their watchers. IMAP sessions, SMTP delivery and tests all work on this one store.
import { normalise } from './addresses.ts';
import type { Settings } from './config.ts';

export interface StoredMessage {
  uid: number;
  flags: Set<string>;
  internalDate: Date;
  raw: Buffer;
}

export interface MessageChange {
  kind: 'added' | 'expunged' | 'flags';
  message: StoredMessage;
  /** The session that made the change, so that it is not notified twice. */
  by: object | undefined;
}
/** `reset`: UIDVALIDITY changed or the folder is gone. */
export type FolderChange = MessageChange | { kind: 'reset' };

export interface Folder {
  name: string;
  uidValidity: number;
  uidNext: number;
  /** Ascending by UID. */
  messages: StoredMessage[];
  subscribed: boolean;
  watchers: Set<(change: FolderChange) => void>;
}

export interface Mailbox {
  address: string;
  folders: Map<string, Folder>;
  /** Mailbox-wide source of UIDVALIDITY values. */
  nextUidValidity: number;
}

export type Store = ReturnType<typeof createStore>;

/** Index of the first message whose UID is at least `uid`. */
export function lowerBound(messages: readonly StoredMessage[], uid: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((messages[middle]?.uid ?? 0) < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @throws {RangeError} when there is none */
export function messageOf(folder: Folder, uid: number): StoredMessage {
  const message = folder.messages[lowerBound(folder.messages, uid)];
  if (message?.uid !== uid) throw new RangeError(`No message with UID ${uid} in ${folder.name}`);
  return message;
}

/** INBOX is the same in any case (RFC 3501 §5.1). */
export function folderKey(name: string): string {
  return name.toUpperCase() === 'INBOX' ? 'INBOX' : name;
}

export function createStore(settings: Settings) {
  const mailboxes = new Map<string, Mailbox>();
  const standard = ['INBOX', 'Archive', 'Deleted Items', 'Drafts', 'Junk Email', settings.sentFolder];

  const createFolder = (mailbox: Mailbox, name: string): Folder => {
    mailbox.nextUidValidity += 1;
    const folder = {
      name,
      uidValidity: mailbox.nextUidValidity,
      uidNext: 1,
      messages: [],
      subscribed: true,
      watchers: new Set<(change: FolderChange) => void>(),
    };
    mailbox.folders.set(folderKey(name), folder);
    return folder;
  };

  const notify = (folder: Folder, change: FolderChange): void => {
    for (const watcher of [...folder.watchers]) watcher(change);
  };

  for (const [index, user] of settings.users.entries()) {
    const mailbox: Mailbox = {
      address: normalise(user.address),
      folders: new Map(),
      nextUidValidity: 14 + index * 1000,
    };
    for (const name of standard) createFolder(mailbox, name);
    mailboxes.set(mailbox.address, mailbox);
    for (const alias of user.aliases) mailboxes.set(normalise(alias), mailbox);
  }

  const append = (
    folder: Folder,
    raw: Buffer,
    options: { flags?: Iterable<string>; internalDate?: Date; uid?: number; by?: object } = {},
  ): StoredMessage => {
    const message = {
      uid: options.uid ?? folder.uidNext,
      flags: new Set(options.flags),
      internalDate: options.internalDate ?? new Date(),
      raw,
    };
    folder.messages.splice(lowerBound(folder.messages, message.uid), 0, message);
    folder.uidNext = Math.max(folder.uidNext, message.uid + 1);
    notify(folder, { kind: 'added', message, by: options.by });
    return message;
  };

  return {
    mailbox: (address: string): Mailbox | undefined => mailboxes.get(normalise(address)),
    /** @throws {RangeError} when mailbox or folder is missing. */
    folder(address: string, name = 'INBOX'): Folder {
      const folder = mailboxes.get(normalise(address))?.folders.get(folderKey(name));
      if (!folder) throw new RangeError(`No folder ${name} in ${address}`);
      return folder;
    },
    createFolder,
    append,
    expunge(folder: Folder, messages: readonly StoredMessage[], by?: object): void {
      for (const message of messages) {
        const index = lowerBound(folder.messages, message.uid);
        if (folder.messages[index] !== message) continue;
        folder.messages.splice(index, 1);
        notify(folder, { kind: 'expunged', message, by });
      }
    },
    setFlags(folder: Folder, message: StoredMessage, flags: Iterable<string>, by?: object): void {
      message.flags = new Set(flags);
      notify(folder, { kind: 'flags', message, by });
    },
    /** A new UIDVALIDITY with new UIDs from 1, as after a mailbox move. Open sessions get `reset`. */
    resetUids(folder: Folder, uidValidity = folder.uidValidity + 1): void {
      folder.uidValidity = uidValidity;
      folder.messages = folder.messages.map((message, index) => ({
        ...message,
        flags: new Set(message.flags),
        uid: index + 1,
      }));
      folder.uidNext = folder.messages.length + 1;
      notify(folder, { kind: 'reset' });
    },
    removeFolder(mailbox: Mailbox, folder: Folder): void {
      mailbox.folders.delete(folderKey(folder.name));
      notify(folder, { kind: 'reset' });
    },
  };
}
