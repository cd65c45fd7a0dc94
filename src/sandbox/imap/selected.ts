// The selected folder as its session has been notified of it. Changes by others are kept until the session may be notified: between commands, or at
// once in IDLE.
import { type Folder, type FolderChange, lowerBound, type MessageChange, type StoredMessage } from '../store.ts';
import type { Session } from './session-types.ts';

export interface Selected {
  folder: Folder;
  readOnly: boolean;
  /** What this session was notified of, by sequence number (index + 1). */
  view: StoredMessage[];
  /** Changes it was not notified of yet. */
  pending: MessageChange[];
  watcher(change: FolderChange): void;
}

export function openFolder(session: Session, folder: Folder, readOnly: boolean): Selected {
  const selected: Selected = {
    folder,
    readOnly,
    view: [...folder.messages],
    pending: [],
    watcher(change) {
      if (change.kind === 'reset') return void session.bye('Session invalidated - Mailbox moved');
      if (change.by === session && change.kind === 'flags') return;
      selected.pending.push(change);
      if (!session.idling || session.take('muteIdle')) return;
      notify(session, true);
      void session.output.flush();
    },
  };
  folder.watchers.add(selected.watcher);
  session.selected = selected;
  return selected;
}

export function leaveFolder(session: Session): void {
  session.selected?.folder.watchers.delete(session.selected.watcher);
  session.selected = undefined;
}

/** @param expungeAllowed EXPUNGE must wait while a command runs that uses sequence numbers (RFC 3501 §7.4.1) */
export function notify({ selected, output }: Session, expungeAllowed: boolean): void {
  if (!selected || selected.pending.length === 0) return;
  const { view } = selected;
  const held: MessageChange[] = [];
  let grown = false;
  const putExists = (): void => {
    if (grown) output.put(`* ${view.length} EXISTS\r\n`);
    grown = false;
  };
  for (const change of selected.pending) {
    const { kind, message } = change;
    const index = lowerBound(view, message.uid);
    if (kind === 'added') {
      view.splice(index, 0, message);
      grown = true;
    } else if (kind === 'expunged' && !expungeAllowed) held.push(change);
    else if (view[index] !== message) continue;
    else if (kind === 'flags') output.put(`* ${index + 1} FETCH (FLAGS (${[...message.flags].join(' ')}))\r\n`);
    else {
      putExists();
      view.splice(index, 1);
      output.put(`* ${index + 1} EXPUNGE\r\n`);
    }
  }
  putExists();
  selected.pending = held;
}
