// Commands that change messages: STORE, COPY, MOVE, APPEND, EXPUNGE, CLOSE (RFC 3501 §6.4, RFC 4315 UIDPLUS, RFC 6851 MOVE).
import type { StoredMessage } from '../store.ts';
import { parseImapDate } from './fetch-items.ts';
import { folderNamed } from './folders.ts';
import { leaveFolder } from './selected.ts';
import { compactSet, INVALID_SET, type Position, resolveSet } from './sequence.ts';
import type { Answer, Command, InFolder, Run, SignedIn } from './session-types.ts';
import { type Token, textOf } from './tokens.ts';

const READ_ONLY = 'NO Folder is read-only.';
/** Exchange keeps no keywords of the client's: PERMANENTFLAGS has no \*. */
const KEPT = new Map(
  ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft', '$MDNSent'].map((name) => [name.toLowerCase(), name]),
);

function readFlags(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token) =>
    token.kind === 'list' ? readFlags(token.items) : (KEPT.get(textOf(token)?.toLowerCase() ?? '') ?? []),
  );
}

export function store(session: InFolder, { args, byUid }: Command, found: readonly Position[]): Answer {
  const { selected, tenant, output } = session;
  if (selected.readOnly) return READ_ONLY;
  const [, action, silent] = /^([+-]?)FLAGS(\.SILENT)?$/i.exec(textOf(args[1]) ?? '') ?? [];
  if (action === undefined) return 'BAD Command Argument Error. 11';
  const flags = readFlags(args.slice(2));
  for (const { seq, message } of found) {
    const before = [...message.flags];
    const added = action === '+' ? [...before, ...flags] : flags;
    const next = action === '-' ? before.filter((name) => !flags.includes(name)) : added;
    tenant.store.setFlags(selected.folder, message, next, session);
    if (silent === undefined)
      output.put(`* ${seq} FETCH (${byUid ? `UID ${message.uid} ` : ''}FLAGS (${[...message.flags].join(' ')}))\r\n`);
  }
  return 'OK STORE completed.';
}

/** COPY and MOVE. */
export function copy(session: InFolder, command: Command, found: readonly Position[]): Answer {
  const { selected, tenant, output } = session;
  const { folder: target } = folderNamed(session, command, 1);
  if (!target) return `NO [TRYCREATE] ${textOf(command.args[1])} doesn't exist.`;
  if (command.name === 'MOVE' && selected.readOnly) return READ_ONLY;
  const sources = found.map(({ message }) => message);
  const copies = sources.map(({ raw, flags, internalDate }) =>
    tenant.store.append(target, raw, { flags, internalDate }),
  );
  const uids = (messages: StoredMessage[]) => compactSet(messages.map(({ uid }) => uid));
  const code = sources.length > 0 ? `[COPYUID ${target.uidValidity} ${uids(sources)} ${uids(copies)}] ` : '';
  if (command.name === 'COPY') return `OK ${code}COPY completed.`;
  // COPYUID comes before the EXPUNGEs (RFC 6851 §4.3).
  if (code !== '') output.put(`* OK ${code}\r\n`);
  tenant.store.expunge(selected.folder, sources);
  return 'OK MOVE completed.';
}

export const append: Run<SignedIn> = (session, command) => {
  const { folder } = folderNamed(session, command);
  const [name, ...options] = command.args;
  const raw = options.pop();
  if (raw?.kind !== 'string') return 'BAD Command Argument Error. 11';
  if (raw.bytes.length > session.tenant.settings.smtp.size)
    return 'NO Maximum size of appendable message has been exceeded.';
  if (!folder) return `NO [TRYCREATE] ${textOf(name)} doesn't exist.`;
  const flags = readFlags(options.filter((token) => token.kind === 'list'));
  const date = options.map((token) => parseImapDate(textOf(token) ?? '')).find((value) => value !== undefined);
  const message = session.tenant.store.append(folder, raw.bytes, { flags, ...(date ? { internalDate: date } : {}) });
  return `OK [APPENDUID ${folder.uidValidity} ${message.uid}] APPEND completed.`;
};

export const expunge: Run<InFolder> = (session, { args, byUid }) => {
  const { folder, readOnly, view } = session.selected;
  if (readOnly) return READ_ONLY;
  const within = byUid ? resolveSet(view, textOf(args[0]) ?? '', true) : undefined;
  if (within === 'invalid') return INVALID_SET;
  removeDeleted(session, within?.map(({ message }) => message) ?? folder.messages);
  return 'OK EXPUNGE completed.';
};

/** CLOSE removes what is marked \Deleted, UNSELECT does not (RFC 3691). */
export const closeFolder: Run<InFolder> = (session, { name }) => {
  const { folder, readOnly } = session.selected;
  if (name === 'CLOSE' && !readOnly) removeDeleted(session, folder.messages, session);
  leaveFolder(session);
  return `OK ${name} completed.`;
};

function removeDeleted({ selected, tenant }: InFolder, among: readonly StoredMessage[], by?: object): void {
  const deleted = among.filter(({ flags }) => flags.has('\\Deleted'));
  tenant.store.expunge(selected.folder, deleted, by);
}
