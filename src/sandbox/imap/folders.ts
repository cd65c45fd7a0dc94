// Folder commands: LIST, LSUB, STATUS, SELECT, EXAMINE, CREATE, DELETE, RENAME, SUBSCRIBE, NAMESPACE (RFC 3501 §6.3, RFC 2342).
// No SPECIAL-USE: Exchange Online does not say which folder is Sent, and localizes its name.
import { type Folder, folderKey } from '../store.ts';
import { leaveFolder, openFolder } from './selected.ts';
import type { Command, Run, SignedIn } from './session-types.ts';
import { quote, textOf } from './tokens.ts';
import { decodeUtf7, encodeUtf7 } from './utf7.ts';

const MISSING = (name: string) => `NO ${name} doesn't exist.`;
const FLAGS = '\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent';

/** The folder that an argument names, if it exists. */
export function folderNamed({ mailbox }: SignedIn, { args }: Command, index = 0) {
  const name = decodeUtf7(textOf(args[index]) ?? '');
  return { name, folder: mailbox.folders.get(folderKey(name)) };
}

/** UIDNEXT as reported, which a fault may set back. */
function uidNext(session: SignedIn, folder: Folder): number {
  const fault = session.take('uidNextBack', { folder: folder.name });
  return fault ? Math.max(1, folder.uidNext - (fault.by ?? 10)) : folder.uidNext;
}

/** SELECT and EXAMINE. */
export const select: Run<SignedIn> = async (session, command) => {
  const { name, folder } = folderNamed(session, command);
  const at = { folder: name };
  if (session.take('serverUnavailable15', { ...at, at: 'select' })) return 'NO Server Unavailable. 15';
  if (session.take('serverUnavailable15', { ...at, at: 'raw' })) {
    // A line that is no IMAP at all, then the end (node-imap#561).
    session.output.put('Server Unavailable. 15\r\n');
    await session.bye('Server Unavailable. 15');
    return undefined;
  }
  const commandError = session.take('commandError', { command: 'SELECT' });
  if (commandError) return `BAD Command Error. ${commandError.number ?? 10}`;
  leaveFolder(session);
  if (!folder) return MISSING(name);
  const readOnly = command.name === 'EXAMINE';
  const { view } = openFolder(session, folder, readOnly);
  const unseen = view.findIndex((message) => !message.flags.has('\\Seen'));
  session.output.put(
    `* ${view.length} EXISTS\r\n* 0 RECENT\r\n* FLAGS (${FLAGS})\r\n`,
    `* OK [PERMANENTFLAGS (${readOnly ? '' : FLAGS})] Permanent flags\r\n`,
    unseen >= 0 ? `* OK [UNSEEN ${unseen + 1}] Is the first unseen message\r\n` : '',
    `* OK [UIDVALIDITY ${folder.uidValidity}] UIDVALIDITY value\r\n* OK [UIDNEXT ${uidNext(session, folder)}] The next unique identifier value\r\n`,
  );
  return readOnly ? 'OK [READ-ONLY] EXAMINE completed.' : 'OK [READ-WRITE] SELECT completed.';
};

export const status: Run<SignedIn> = (session, command) => {
  const { name, folder } = folderNamed(session, command);
  if (!folder) return MISSING(name);
  const items = command.args[1]?.kind === 'list' ? command.args[1].items : [];
  const values: Record<string, () => number> = {
    MESSAGES: () => folder.messages.length,
    RECENT: () => 0,
    UIDNEXT: () => uidNext(session, folder),
    UIDVALIDITY: () => folder.uidValidity,
    UNSEEN: () => folder.messages.filter((message) => !message.flags.has('\\Seen')).length,
  };
  const pairs: string[] = [];
  for (const token of items) {
    const item = textOf(token)?.toUpperCase() ?? '';
    const value = values[item];
    if (!value) return 'BAD Command Argument Error. 12';
    pairs.push(`${item} ${value()}`);
  }
  session.output.put(`* STATUS ${quote(encodeUtf7(folder.name))} (${pairs.join(' ')})\r\n`);
  return 'OK STATUS completed.';
};

export const list: Run<SignedIn> = (session, command) => {
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
  const folders = [...session.mailbox.folders.values()];
  for (const folder of folders) {
    const name = encodeUtf7(folder.name);
    if (!wanted.test(name) || (command.name === 'LSUB' && !folder.subscribed)) continue;
    const children = folders.some((other) => other.name.startsWith(`${folder.name}/`));
    session.output.put(`* ${command.name} (${children ? '\\HasChildren' : '\\HasNoChildren'}) "/" ${quote(name)}\r\n`);
  }
  return `OK ${command.name} completed.`;
};

/** Missing parents are created with the child (RFC 3501 §6.3.3). */
export const create: Run<SignedIn> = (session, command) => {
  const { name, folder } = folderNamed(session, command);
  if (folder) return `NO Mailbox already exists: ${encodeUtf7(name)}.`;
  if (name === '') return 'BAD Command Argument Error. 11';
  const { mailbox, tenant } = session;
  let path = '';
  for (const step of name.replace(/\/$/, '').split('/')) {
    path = path === '' ? step : `${path}/${step}`;
    if (!mailbox.folders.has(folderKey(path))) tenant.store.createFolder(mailbox, path);
  }
  return 'OK CREATE completed.';
};

export const deleteFolder: Run<SignedIn> = (session, command) => {
  const { name, folder } = folderNamed(session, command);
  if (!folder) return MISSING(name);
  if (folderKey(name) === 'INBOX') return "NO Can't delete INBOX.";
  if (session.selected?.folder === folder) leaveFolder(session);
  session.tenant.store.removeFolder(session.mailbox, folder);
  return 'OK DELETE completed.';
};

export const rename: Run<SignedIn> = (session, command) => {
  const { name, folder } = folderNamed(session, command);
  const target = folderNamed(session, command, 1);
  if (!folder) return MISSING(name);
  if (target.folder || folderKey(name) === 'INBOX') return "NO Can't rename to that name.";
  const { folders } = session.mailbox;
  folders.delete(folderKey(name));
  folder.name = target.name;
  folders.set(folderKey(target.name), folder);
  return 'OK RENAME completed.';
};

export const subscribe: Run<SignedIn> = (session, command) => {
  const { name, folder } = folderNamed(session, command);
  if (!folder) return MISSING(name);
  folder.subscribed = command.name === 'SUBSCRIBE';
  return `OK ${command.name} completed.`;
};

export const namespace: Run<SignedIn> = (session) => {
  session.output.put('* NAMESPACE (("" "/")) NIL NIL\r\n');
  return 'OK NAMESPACE completed.';
};
