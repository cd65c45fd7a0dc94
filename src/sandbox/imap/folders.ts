// Folder commands: LIST, LSUB, STATUS, SELECT, EXAMINE, CREATE, DELETE, RENAME, SUBSCRIBE, NAMESPACE (RFC 3501 §6.3, RFC 2342).
// No SPECIAL-USE: Exchange Online does not say which folder is Sent, and localizes its name.
import type { Folder, Mailbox } from '../store.ts';
import { folderKey } from '../store.ts';
import type { Command, CommandFunction, Session } from './session-types.ts';
import { quote, textOf } from './tokens.ts';
import { decodeUtf7, encodeUtf7 } from './utf7.ts';

const MISSING = (name: string) => `NO ${name} doesn't exist.`;
const FLAGS = '\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent';

function folderOf(session: Session, command: Command, index = 0): { name: string; folder: Folder | undefined } {
  const name = decodeUtf7(textOf(command.args[index]) ?? '');
  return { name, folder: session.mailbox?.folders.get(folderKey(name)) };
}

/** UIDNEXT as told, which a fault may set back. */
function uidNext(session: Session, folder: Folder): number {
  const fault = session.tenant.faults.take('uidNextBack', {
    mailbox: session.mailbox?.address ?? '',
    folder: folder.name,
  });
  return fault ? Math.max(1, folder.uidNext - (fault.by ?? 10)) : folder.uidNext;
}

export const select: CommandFunction = (session, command) => {
  const { faults } = session.tenant;
  const mailbox = session.mailbox?.address ?? '';
  const { name, folder } = folderOf(session, command);
  const unavailable = faults.peek('serverUnavailable15', { mailbox, folder: name });
  if (unavailable && unavailable.at !== 'login') {
    faults.take('serverUnavailable15', { mailbox, folder: name });
    if (unavailable.at !== 'raw') return 'NO Server Unavailable. 15';
    // A line that is no IMAP at all, then the end (node-imap#561).
    session.output.put('Server Unavailable. 15\r\n');
    return session.bye('Server Unavailable. 15').then(() => undefined);
  }
  const commandError = faults.take('commandError', { mailbox, command: 'SELECT' });
  if (commandError) return `BAD Command Error. ${commandError.number ?? 10}`;
  session.close();
  if (!folder) return MISSING(name);
  const readOnly = command.name === 'EXAMINE';
  session.open(folder, readOnly);
  const view = session.selected?.view ?? [];
  const unseen = view.findIndex((message) => !message.flags.has('\\Seen'));
  session.output.put(
    `* ${view.length} EXISTS\r\n* 0 RECENT\r\n* FLAGS (${FLAGS})\r\n`,
    `* OK [PERMANENTFLAGS (${readOnly ? '' : FLAGS})] Permanent flags\r\n`,
    unseen >= 0 ? `* OK [UNSEEN ${unseen + 1}] Is the first unseen message\r\n` : '',
    `* OK [UIDVALIDITY ${folder.uidValidity}] UIDVALIDITY value\r\n* OK [UIDNEXT ${uidNext(session, folder)}] The next unique identifier value\r\n`,
  );
  return readOnly ? 'OK [READ-ONLY] EXAMINE completed.' : 'OK [READ-WRITE] SELECT completed.';
};

export const status: CommandFunction = (session, command) => {
  const { name, folder } = folderOf(session, command);
  if (!folder) return MISSING(name);
  const asked = command.args[1]?.kind === 'list' ? command.args[1].items : [];
  const values: Record<string, () => number> = {
    MESSAGES: () => folder.messages.length,
    RECENT: () => 0,
    UIDNEXT: () => uidNext(session, folder),
    UIDVALIDITY: () => folder.uidValidity,
    UNSEEN: () => folder.messages.filter((message) => !message.flags.has('\\Seen')).length,
  };
  const pairs: string[] = [];
  for (const token of asked) {
    const item = textOf(token)?.toUpperCase() ?? '';
    const value = values[item];
    if (!value) return 'BAD Command Argument Error. 12';
    pairs.push(`${item} ${value()}`);
  }
  session.output.put(`* STATUS ${quote(encodeUtf7(folder.name))} (${pairs.join(' ')})\r\n`);
  return 'OK STATUS completed.';
};

export const list: CommandFunction = (session, command) => {
  const reference = textOf(command.args[0]) ?? '';
  const pattern = textOf(command.args[1]) ?? '';
  if (pattern === '') {
    session.output.put(`* ${command.name} (\\Noselect) "/" ""\r\n`);
    return `OK ${command.name} completed.`;
  }
  const wanted = new RegExp(
    `^${(reference + pattern)
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('%', '[^/]*')}$`,
    'i',
  );
  const folders = [...(session.mailbox?.folders.values() ?? [])];
  for (const folder of folders) {
    const name = encodeUtf7(folder.name);
    if (!wanted.test(name) || (command.name === 'LSUB' && !folder.subscribed)) continue;
    const children = folders.some((other) => other.name.startsWith(`${folder.name}/`));
    session.output.put(`* ${command.name} (${children ? '\\HasChildren' : '\\HasNoChildren'}) "/" ${quote(name)}\r\n`);
  }
  return `OK ${command.name} completed.`;
};

export const create: CommandFunction = (session, command) => {
  const { name, folder } = folderOf(session, command);
  if (folder) return `NO Mailbox already exists: ${encodeUtf7(name)}.`;
  if (!session.mailbox || name === '') return 'BAD Command Argument Error. 11';
  createPath(session, session.mailbox, name.replace(/\/$/, ''));
  return 'OK CREATE completed.';
};

/** Parents come into being with the child (RFC 3501 §6.3.3). */
function createPath(session: Session, mailbox: Mailbox, name: string): void {
  const steps = name.split('/');
  for (let depth = 1; depth <= steps.length; depth += 1) {
    const path = steps.slice(0, depth).join('/');
    if (!mailbox.folders.has(folderKey(path))) session.tenant.store.createFolder(mailbox, path);
  }
}

export const deleteFolder: CommandFunction = (session, command) => {
  const { name, folder } = folderOf(session, command);
  if (!folder || !session.mailbox) return MISSING(name);
  if (folderKey(name) === 'INBOX') return "NO Can't delete INBOX.";
  if (session.selected?.folder === folder) session.close();
  session.tenant.store.removeFolder(session.mailbox, folder);
  return 'OK DELETE completed.';
};

export const rename: CommandFunction = (session, command) => {
  const { name, folder } = folderOf(session, command);
  const target = folderOf(session, command, 1);
  if (!folder || !session.mailbox) return MISSING(name);
  if (target.folder || folderKey(name) === 'INBOX') return "NO Can't rename to that name.";
  session.mailbox.folders.delete(folderKey(name));
  folder.name = target.name;
  session.mailbox.folders.set(folderKey(target.name), folder);
  return 'OK RENAME completed.';
};

export const subscribe: CommandFunction = (session, command) => {
  const { name, folder } = folderOf(session, command);
  if (!folder) return MISSING(name);
  folder.subscribed = command.name === 'SUBSCRIBE';
  return `OK ${command.name} completed.`;
};

export const namespace: CommandFunction = (session) => {
  session.output.put('* NAMESPACE (("" "/")) NIL NIL\r\n');
  return 'OK NAMESPACE completed.';
};
