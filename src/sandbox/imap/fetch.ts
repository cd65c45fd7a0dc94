// FETCH and UID FETCH: rows are gathered and written with back-pressure; the faults of reading messages strike here.
import type { Faults } from '../faults.ts';
import type { StoredMessage } from '../store.ts';
import { type FetchItem, readFetchItems } from './fetch-items.ts';
import { type Position, resolveSet } from './sequence.ts';
import type { CommandFunction, Session } from './session-types.ts';
import { textOf } from './tokens.ts';

const NO_LONGER = 'NO Some of the requested messages no longer exist.';

export const fetch: CommandFunction = async (session, command) => {
  const { selected, tenant, output } = session;
  if (!selected) return 'BAD Command received in Invalid state.';
  const { faults } = tenant;
  const mailbox = session.mailbox?.address ?? '';
  const folder = selected.folder.name;
  const found = resolveSet(selected.view, textOf(command.args[0]) ?? '', command.byUid);
  if (found === 'invalid') return 'NO The specified message set is invalid.';
  const sizeFactor = (message: StoredMessage) =>
    faults.peek('wrongSize', { mailbox, folder, uid: message.uid }) ? 3 : 1;
  const items = readFetchItems(command.args[1], command.byUid, sizeFactor);
  if (!items) return 'BAD Command Argument Error. 11';
  const readsContent = items.some((item) => item.literal);

  const short = readsContent ? faults.take('shortFetch', { mailbox, folder }) : undefined;
  let rows = 0;
  let missing = false;
  for (const position of found) {
    const { message } = position;
    const circumstances = { mailbox, folder, uid: message.uid };
    if (short && rows >= (short.after ?? 1)) return NO_LONGER;
    if (!faults.none) {
      if (faults.peek('lateVisible', circumstances)) continue;
      if (readsContent && (faults.take('emptyFetch', circumstances) || faults.peek('lateReadable', circumstances)))
        continue;
      if (faults.take('expungeWhileFetch', circumstances)) {
        tenant.store.expunge(selected.folder, [message]);
      }
    }
    if (gone(selected.folder.messages, message)) {
      missing = true;
      continue;
    }
    markSeen(session, message, items);
    if (putRow(session, position, items, readsContent ? faults : undefined) === 'cut') {
      await output.flush();
      session.drop();
      return undefined;
    }
    rows += 1;
    if (output.full) await output.flush();
    if (output.stalled) return undefined;
  }
  // RFC 2180 §4.1.2 leaves the answer to the server; Exchange says NO after the rows it could send.
  if (missing || (short && rows < found.length)) return NO_LONGER;
  return 'OK FETCH completed.';
};

/** Expunged by somebody else while this session still counts it: nothing can be read of it any more. */
function gone(messages: readonly StoredMessage[], message: StoredMessage): boolean {
  let low = 0;
  let high = messages.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const uid = messages[middle]?.uid ?? 0;
    if (uid === message.uid) return messages[middle] !== message;
    if (uid < message.uid) low = middle + 1;
    else high = middle - 1;
  }
  return true;
}

function markSeen(session: Session, message: StoredMessage, items: readonly FetchItem[]): void {
  const { selected, tenant } = session;
  if (!selected || selected.readOnly || message.flags.has('\\Seen') || !items.some((item) => item.marksSeen)) return;
  tenant.store.setFlags(selected.folder, message, [...message.flags, '\\Seen']);
}

function putRow(
  session: Session,
  { seq, message }: Position,
  items: readonly FetchItem[],
  faults: Faults | undefined,
): 'whole' | 'cut' {
  const { output } = session;
  const circumstances = {
    mailbox: session.mailbox?.address ?? '',
    folder: session.selected?.folder.name ?? '',
    uid: message.uid,
  };
  const raw = faults?.peek('poisonText', circumstances) ? poison(message) : message.raw;
  const cut = faults?.take('truncateFetch', circumstances) !== undefined;
  let separator = `* ${seq} FETCH (`;
  for (const item of items) {
    const value = item.render(message, raw);
    if (item.literal) {
      output.put(`${separator}${item.label} {${value.length}}\r\n`);
      if (cut) {
        output.put(value.slice(0, Math.floor(value.length / 2)));
        return 'cut';
      }
      output.put(value);
    } else output.put(`${separator}${item.label} `, value);
    separator = ' ';
  }
  output.put(')\r\n');
  return 'whole';
}

/** What Exchange delivers in place of a message that it fails to convert (offlineimap#62). */
function poison(message: StoredMessage): Buffer {
  return Buffer.from(
    [
      'From: "Microsoft Exchange Server"',
      'Subject: Retrieval using the IMAP4 protocol failed for the following message:',
      ` ${message.uid}`,
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset="us-ascii"',
      '',
      `The server couldn't retrieve the following message: Retrieval using the IMAP4 protocol failed for the following message: ${message.uid}`,
      '',
      "The message hasn't been deleted. You might be able to view the message using either Outlook or Outlook Web App.",
      '',
    ].join('\r\n'),
  );
}
