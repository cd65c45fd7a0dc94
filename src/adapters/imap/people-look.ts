// Short reads of a mailbox that people use too, each over a connection of its own: mails of Sent that answer something (inbound/sent-answers.ts), and
// whether one message has been answered (the guard before a reply leaves). Read-only (EXAMINE): no flag changes.
import { type FetchMessageObject, ImapFlow, type MessageAddressObject } from 'imapflow';
import { type AnsweredElsewhere, answeredBySent } from '../../domain/answered.ts';
import type { ConnectGuard } from '../../domain/connect-guard.ts';
import type { ImapServer } from '../../domain/email-server.ts';
import { providerOf } from '../../domain/mail-provider.ts';
import type { MailboxCredentials } from '../../domain/mailbox-credentials.ts';
import { REPLY_ID_HEADER } from '../../domain/reply-header.ts';
import type { InboundPorts, SentMail } from '../../inbound/ports.ts';
import { DAY_MS } from '../../lib/time.ts';
import { within } from '../../lib/within.ts';
import { clientOptions, logOut } from './client-options.ts';
import { imapError } from './errors.ts';
import { findFolder, isInbox, sentAmong } from './folders.ts';
import { unfolded } from './sent-search.ts';

interface LookOptions {
  server: ImapServer;
  credentials: MailboxCredentials;
  guard?: ConnectGuard | undefined;
  /** For everything together, ms. */
  withinMs: number;
}

const SENT_ITEMS = { uid: true, internalDate: true, envelope: true, headers: ['in-reply-to', REPLY_ID_HEADER] };

/** @throws MailroomError of the imap section */
async function shortly<T>(
  { server, credentials, guard, withinMs }: LookOptions,
  work: (client: ImapFlow) => Promise<T>,
): Promise<T> {
  const client = new ImapFlow({
    ...(await clientOptions(server, server.user, credentials, guard)),
    connectionTimeout: withinMs,
    greetingTimeout: withinMs,
    socketTimeout: withinMs,
    maxLiteralSize: 1024 * 1024,
  });
  client.on('error', () => {}); // the command under way rejects
  try {
    const working = client.connect().then(() => work(client));
    return await within(working, withinMs, () => {
      throw new Error(`no answer within ${withinMs} ms`);
    });
  } catch (error) {
    throw imapError(error, 'command', undefined, providerOf(server));
  } finally {
    void logOut(client);
  }
}

export const readSent = (
  options: LookOptions,
  { folder, uidValidity, from, most }: Parameters<InboundPorts['readSent']>[2],
): ReturnType<InboundPorts['readSent']> =>
  shortly(options, async (client) => {
    const opened = await client.mailboxOpen(folder, { readOnly: true });
    if (String(opened.uidValidity) !== uidValidity) return { mails: [], left: 0 };
    const found = await client.search({ uid: `${from}:*` }, { uid: true });
    if (!Array.isArray(found)) throw new Error('SEARCH was refused');
    const uids = found.filter((uid) => uid >= from).sort((a, b) => a - b);
    const taken = uids.slice(-most);
    const rows = taken.length === 0 ? [] : await client.fetchAll(taken.join(','), SENT_ITEMS, { uid: true });
    return { mails: rows.map(sentMail).sort((a, b) => a.uid - b.uid), left: uids.length - taken.length };
  });

const addressesOf = (list: readonly MessageAddressObject[] | undefined): string[] =>
  (list ?? []).flatMap(({ address }) => (address ? [address] : []));

function sentMail({ uid, internalDate, envelope, headers }: FetchMessageObject): SentMail {
  const head = unfolded(headers);
  const replied = /^in-reply-to:([^\r\n]*)/im.exec(head)?.[1] ?? envelope?.inReplyTo ?? '';
  const at = new Date(internalDate ?? Number.NaN);
  return {
    uid,
    inReplyTo: replied.slice(0, 4_000).match(/<[^<>\s]+>/g) ?? [],
    messageId: envelope?.messageId,
    who: addressesOf(envelope?.sender)[0] ?? addressesOf(envelope?.from)[0],
    to: [...addressesOf(envelope?.to), ...addressesOf(envelope?.cc)],
    at: Number.isNaN(at.getTime()) ? undefined : at,
    ours: head.toLowerCase().includes(`${REPLY_ID_HEADER.toLowerCase()}:`),
  };
}

interface AnswerQuery {
  uidValidity: string;
  uid: number;
  /** \Answered was set by us: it proves nothing. */
  markedByUs: boolean;
  /** Message-ID to search for in Sent; undefined: Sent is not searched. */
  messageId: string | undefined;
  /** Whether a mail that names it in In-Reply-To answers it. */
  isAnswer: (mail: SentMail) => boolean;
}

/** Days back that Sent is searched. */
const SENT_DAYS = 30;

/** Whether somebody else has answered the message, by its flag and by Sent. @throws MailroomError of the imap section */
export const lookForAnswer = (options: LookOptions, query: AnswerQuery): Promise<AnsweredElsewhere | undefined> =>
  shortly(options, async (client) => {
    const { server } = options;
    const listed = isInbox(server.folder) && query.messageId === undefined ? [] : await client.list();
    const folder = isInbox(server.folder) ? 'INBOX' : (findFolder(server.folder, listed) ?? server.folder);
    const opened = await client.mailboxOpen(folder, { readOnly: true });
    let flagged = false;
    if (String(opened.uidValidity) === query.uidValidity && !query.markedByUs) {
      const rows = await client.fetchAll(String(query.uid), { uid: true, flags: true }, { uid: true });
      flagged = rows.some(({ uid, flags }) => uid === query.uid && flags?.has('\\Answered') === true);
    }
    const sent = query.messageId === undefined ? undefined : sentAmong(listed);
    if (sent !== undefined && query.messageId !== undefined) {
      await client.mailboxOpen(sent, { readOnly: true });
      const hits = await client.search(
        { since: new Date(Date.now() - SENT_DAYS * DAY_MS), header: { 'In-Reply-To': query.messageId } },
        { uid: true },
      );
      const some = Array.isArray(hits) ? hits.slice(-20) : [];
      const rows = some.length === 0 ? [] : await client.fetchAll(some.join(','), SENT_ITEMS, { uid: true });
      const mail = rows
        .map(sentMail)
        .findLast((one) => !one.ours && one.inReplyTo.includes(query.messageId ?? '') && query.isAnswer(one));
      if (mail !== undefined) return answeredBySent(mail);
    }
    return flagged ? { by: 'flag' } : undefined;
  });
