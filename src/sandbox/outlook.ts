// A colleague who works in a shared mailbox in Outlook: reads, answers, forwards, moves, deletes. The mailbox shows it as in Exchange: by flags,
// and copies in Sent with In-Reply-To.
import { randomUUID } from 'node:crypto';
import { headerFields, headerValue, parseAddresses } from './addresses.ts';
import type { Settings } from './config.ts';
import type { Exchange } from './smtp/exchange.ts';
import { type Folder, messageOf, type Store, type StoredMessage } from './store.ts';
import { mailDate } from './tenant.ts';

export const OUTLOOK_ACTS = ['read', 'unread', 'answer', 'forward', 'move', 'delete'] as const;
export type OutlookAct = (typeof OUTLOOK_ACTS)[number];

type OutlookOptions = {
  /** Default INBOX. */
  folder?: string;
  /** answer, forward: who does it; the mail's Sender. Default: the shared mailbox itself. */
  by?: string;
  /** move: where to. Default Archive. */
  to?: string;
  /** answer, forward: whether a copy is kept in the shared mailbox's Sent. Default true. */
  sentCopy?: boolean;
};

/** @returns a function that throws RangeError when mailbox, folder or message is missing */
export function createOutlook(store: Store, exchange: Pick<Exchange, 'deliver'>, settings: Settings) {
  const withFlags = (folder: Folder, message: StoredMessage, seen: boolean, more: readonly string[] = []) => {
    const others = [...message.flags].filter((flag) => flag !== '\\Seen');
    store.setFlags(folder, message, [...others, ...(seen ? ['\\Seen'] : []), ...more]);
  };

  function write(address: string, message: StoredMessage, to: string, { by, sentCopy = true }: OutlookOptions): void {
    const fields = headerFields(message.raw);
    const head = [
      `Message-ID: <${randomUUID()}@outlook.sandbox>`,
      `From: ${address}`,
      ...(by === undefined ? [] : [`Sender: ${by}`]),
      `To: ${to}`,
      `Subject: ${headerValue(fields, 'subject') ?? ''}`,
      `Date: ${mailDate()}`,
      // Exchange writes both when it forwards as well.
      `In-Reply-To: ${headerValue(fields, 'message-id') ?? ''}`,
      `References: ${headerValue(fields, 'message-id') ?? ''}`,
    ];
    const raw = Buffer.from(`${head.join('\r\n')}\r\n\r\nWritten in Outlook.\r\n`);
    if (sentCopy) store.append(store.folder(address, settings.sentFolder), raw, { flags: ['\\Seen'] });
    exchange.deliver([to], raw, address);
  }

  return (address: string, act: OutlookAct, uid: number, options: OutlookOptions = {}): void => {
    const folder = store.folder(address, options.folder);
    const message = messageOf(folder, uid);
    const customer = parseAddresses(headerValue(headerFields(message.raw), 'from') ?? '')[0]?.address ?? address;
    if (act === 'read' || act === 'unread') withFlags(folder, message, act === 'read');
    else if (act === 'move' || act === 'delete') {
      const target = store.folder(address, options.to ?? (act === 'move' ? 'Archive' : 'Deleted Items'));
      store.append(target, message.raw, { flags: message.flags, internalDate: message.internalDate });
      store.expunge(folder, [message]);
    } else {
      const colleague = options.to ?? `colleague@${settings.domain}`;
      write(address, message, act === 'answer' ? customer : colleague, options);
      withFlags(folder, message, true, act === 'answer' ? ['\\Answered'] : []);
    }
  };
}
