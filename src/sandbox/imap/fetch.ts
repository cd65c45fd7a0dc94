// FETCH and UID FETCH: rows are gathered and written with back-pressure; the faults of reading messages strike here.
import { lowerBound, type StoredMessage } from '../store.ts';
import { type FetchItem, readFetchItems } from './fetch-items.ts';
import type { Output } from './output.ts';
import type { Position } from './sequence.ts';
import type { Answer, Command, InFolder } from './session-types.ts';

const NO_LONGER = 'NO Some of the requested messages no longer exist.';

export async function fetch(session: InFolder, command: Command, found: readonly Position[]): Promise<Answer> {
  const { selected, tenant, output } = session;
  const folder = selected.folder.name;
  const at = (message: StoredMessage) => ({ folder, uid: message.uid });
  const items = readFetchItems(command.args[1], command.byUid);
  if (!items) return 'BAD Command Argument Error. 11';
  const readsContent = items.some((item) => item.literal);

  const short = readsContent ? session.take('shortFetch', { folder }) : undefined;
  let rows = 0;
  let missing = false;
  for (const position of found) {
    const { message } = position;
    if (short && rows >= (short.after ?? 1)) return NO_LONGER;
    if (!tenant.faults.none) {
      if (session.peek('lateVisible', at(message))) continue;
      if (readsContent && (session.take('emptyFetch', at(message)) || session.peek('lateReadable', at(message))))
        continue;
      if (session.take('expungeWhileFetch', at(message))) tenant.store.expunge(selected.folder, [message]);
    }
    const { messages } = selected.folder;
    // Expunged by another session while this one still counts it: nothing can be read of it any more.
    if (messages[lowerBound(messages, message.uid)] !== message) {
      missing = true;
      continue;
    }
    markSeen(session, message, items);
    const cut = readsContent && session.take('truncateFetch', at(message)) !== undefined;
    const raw = readsContent && session.peek('poisonText', at(message)) ? poison(message) : message.raw;
    const size = session.peek('wrongSize', at(message)) ? 3 * raw.length : raw.length;
    if (putRow(output, position, items, { raw, size, cut }) === 'cut') {
      await output.flush();
      session.drop();
      return undefined;
    }
    rows += 1;
    if (output.full) await output.flush();
    if (output.stalled) return undefined;
  }
  // RFC 2180 §4.1.2 leaves the answer to the server; Exchange says NO after the rows it could send.
  return missing || (short && rows < found.length) ? NO_LONGER : 'OK FETCH completed.';
}

function markSeen({ selected, tenant }: InFolder, message: StoredMessage, items: readonly FetchItem[]): void {
  if (selected.readOnly || message.flags.has('\\Seen') || !items.some((item) => item.marksSeen)) return;
  tenant.store.setFlags(selected.folder, message, [...message.flags, '\\Seen']);
}

/** @param cut true: the row ends in the middle of its first literal */
function putRow(
  output: Output,
  { seq, message }: Position,
  items: readonly FetchItem[],
  { raw, size, cut }: { raw: Buffer; size: number; cut: boolean },
): 'whole' | 'cut' {
  let separator = `* ${seq} FETCH (`;
  for (const item of items) {
    const value = item.render(message, raw, size);
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
