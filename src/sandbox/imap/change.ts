// Commands that change messages: STORE, COPY, MOVE, APPEND, EXPUNGE, CLOSE (RFC 3501 §6.4, RFC 4315 UIDPLUS, RFC 6851 MOVE).
import { folderKey, type StoredMessage } from '../store.ts';
import { parseImapDate } from './fetch-items.ts';
import { compactSet, resolveSet } from './sequence.ts';
import type { Command, CommandFunction, Session } from './session-types.ts';
import { type Token, textOf } from './tokens.ts';
import { decodeUtf7 } from './utf7.ts';

const INVALID_SET = 'NO The specified message set is invalid.';
const INVALID_STATE = 'BAD Command received in Invalid state.';
/** Exchange keeps no keywords of its own choosing: PERMANENTFLAGS has no \*. */
const KEPT = new Map(
  ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft', '$MDNSent'].map((name) => [name.toLowerCase(), name]),
);

function readFlags(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token) =>
    token.kind === 'list' ? readFlags(token.items) : [KEPT.get(textOf(token)?.toLowerCase() ?? '') ?? []].flat(),
  );
}

export const store: CommandFunction = (session, command) => {
  const { selected, tenant, output } = session;
  if (!selected) return INVALID_STATE;
  if (selected.readOnly) return 'NO Folder is read-only.';
  const found = resolveSet(selected.view, textOf(command.args[0]) ?? '', command.byUid);
  if (found === 'invalid') return INVALID_SET;
  const action = /^([+-]?)FLAGS(\.SILENT)?$/i.exec(textOf(command.args[1]) ?? '');
  if (!action) return 'BAD Command Argument Error. 11';
  const flags = readFlags(command.args.slice(2));
  for (const { seq, message } of found) {
    const next =
      action[1] === '+'
        ? [...message.flags, ...flags]
        : action[1] === '-'
          ? [...message.flags].filter((name) => !flags.includes(name))
          : flags;
    tenant.store.setFlags(selected.folder, message, next, session);
    if (action[2] === undefined)
      output.put(
        `* ${seq} FETCH (${command.byUid ? `UID ${message.uid} ` : ''}FLAGS (${[...message.flags].join(' ')}))\r\n`,
      );
  }
  return 'OK STORE completed.';
};

export const copy: CommandFunction = (session, command) => {
  const { selected, tenant, output } = session;
  if (!selected) return INVALID_STATE;
  const found = resolveSet(selected.view, textOf(command.args[0]) ?? '', command.byUid);
  if (found === 'invalid') return INVALID_SET;
  const name = decodeUtf7(textOf(command.args[1]) ?? '');
  const target = session.mailbox?.folders.get(folderKey(name));
  if (!target) return `NO [TRYCREATE] ${textOf(command.args[1])} doesn't exist.`;
  if (command.name === 'MOVE' && selected.readOnly) return 'NO Folder is read-only.';
  const sources = found.map(({ message }) => message);
  const copies = sources.map((message) =>
    tenant.store.append(target, message.raw, { flags: message.flags, internalDate: message.internalDate }),
  );
  const uids = (messages: StoredMessage[]) => compactSet(messages.map((message) => message.uid));
  const code = sources.length > 0 ? `[COPYUID ${target.uidValidity} ${uids(sources)} ${uids(copies)}] ` : '';
  if (command.name === 'COPY') return `OK ${code}COPY completed.`;
  // COPYUID comes before the EXPUNGEs (RFC 6851 §4.3).
  if (code !== '') output.put(`* OK ${code}\r\n`);
  tenant.store.expunge(selected.folder, sources);
  return 'OK MOVE completed.';
};

export const append: CommandFunction = (session, command) => {
  const name = decodeUtf7(textOf(command.args[0]) ?? '');
  const folder = session.mailbox?.folders.get(folderKey(name));
  const raw = command.args.at(-1);
  if (raw?.kind !== 'string') return 'BAD Command Argument Error. 11';
  if (raw.bytes.length > session.tenant.settings.smtp.size)
    return 'NO Maximum size of appendable message has been exceeded.';
  if (!folder) return `NO [TRYCREATE] ${textOf(command.args[0])} doesn't exist.`;
  const options = command.args.slice(1, -1);
  const flags = readFlags(options.filter((token) => token.kind === 'list'));
  const date = options.map((token) => parseImapDate(textOf(token) ?? '')).find((value) => value !== undefined);
  const message = session.tenant.store.append(folder, raw.bytes, { flags, ...(date ? { internalDate: date } : {}) });
  return `OK [APPENDUID ${folder.uidValidity} ${message.uid}] APPEND completed.`;
};

export const expunge: CommandFunction = (session, command) => {
  const { selected } = session;
  if (!selected) return INVALID_STATE;
  if (selected.readOnly) return 'NO Folder is read-only.';
  const within = command.byUid ? resolveSet(selected.view, textOf(command.args[0]) ?? '', true) : undefined;
  if (within === 'invalid') return INVALID_SET;
  removeDeleted(session, within?.map(({ message }) => message) ?? selected.folder.messages);
  return 'OK EXPUNGE completed.';
};

/** CLOSE removes what is marked \Deleted, UNSELECT does not (RFC 3691). */
export const closeFolder: CommandFunction = (session, command: Command) => {
  if (!session.selected) return INVALID_STATE;
  if (command.name === 'CLOSE' && !session.selected.readOnly)
    removeDeleted(session, session.selected.folder.messages, session);
  session.close();
  return `OK ${command.name} completed.`;
};

function removeDeleted(session: Session, among: readonly StoredMessage[], by?: object): void {
  const folder = session.selected?.folder;
  if (folder)
    session.tenant.store.expunge(
      folder,
      among.filter((message) => message.flags.has('\\Deleted')),
      by,
    );
}
