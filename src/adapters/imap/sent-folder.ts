// Sent of the mailbox that an SMTP server signs in with, over IMAP: did this reply go out, and storing a copy of it. Hits are confirmed by
// fetching their headers (Exchange's SEARCH is imprecise, and may not cover X- headers); without a hit the latest mails are compared one
// by one, since "not found" may lead to a second sending.
import { ImapFlow } from 'imapflow';
import { normalAddress } from '../../domain/address.ts';
import type { GuardOf } from '../../domain/connect-guard.ts';
import type { EmailServer, ImapServer, SmtpServer } from '../../domain/email-server.ts';
import { asError, MailroomError } from '../../domain/errors.ts';
import { providerOf } from '../../domain/mail-provider.ts';
import { REPLY_ID_HEADER, replyIdValue } from '../../domain/reply-header.ts';
import { sendingMailbox } from '../../domain/reply-pace.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { SentFinding, SentQuery } from '../../outbound/ports.ts';
import { clientOptions, type ImapEndpoint } from './client-options.ts';
import { imapError } from './errors.ts';
import { findSentFolder, folderMissing } from './folders.ts';

interface SentFolderSettings {
  getToken(
    server: EmailServer,
    protocol: 'smtp' | 'imap',
    options?: { renew?: boolean },
  ): Promise<{ accessToken: string; expiresAt: Date }>;
  /** IMAP definitions: the sending mailbox's own, or one at the same provider, says host and port. */
  imapServers: () => readonly ImapServer[];
  guardOf?: GuardOf | undefined;
  /** Milliseconds. */
  connectMs?: number;
  answerMs?: number;
}

type By = (SentFinding & { found: true })['by'];

/** Mails compared one by one when no search hit is confirmed. */
const COMPARED = 2_000;

/** Where an SMTP host's mailboxes are read (docs/exchange-online.md, §6). */
const IMAP_HOSTS: Readonly<Record<string, string>> = {
  'smtp.office365.com': 'outlook.office365.com',
  'smtp.office365.us': 'outlook.office365.us',
};

export function imapEndpoint(server: SmtpServer, definitions: readonly ImapServer[]): ImapEndpoint {
  const host = IMAP_HOSTS[server.host.toLowerCase()] ?? server.host.replace(/^smtp\./i, 'imap.');
  const known = sameMailbox(server, definitions) ?? definitions.find((one) => [host, server.host].includes(one.host));
  return {
    ...(server.ca === undefined ? {} : { ca: server.ca }),
    ...(server.proxy === undefined ? {} : { proxy: server.proxy }),
    host: known?.host ?? host,
    port: known?.port ?? 993,
    tls: known?.tls ?? 'enabled',
    ...(known?.ca === undefined ? {} : { ca: known.ca }),
  };
}

function sameMailbox(server: SmtpServer, definitions: readonly ImapServer[]): ImapServer | undefined {
  const user = normalAddress(server.user);
  return user === undefined ? undefined : definitions.find((one) => normalAddress(one.user) === user);
}

export function createSentFolder(settings: SentFolderSettings) {
  const { getToken, imapServers, guardOf, connectMs = 20_000, answerMs = 60_000 } = settings;
  async function connect(server: SmtpServer): Promise<ImapFlow> {
    const endpoint = imapEndpoint(server, imapServers());
    // A relay that knows us by address is signed in to with nothing: its mailbox is read as the IMAP server of the same User is.
    const owner = server.authentication.type === 'None' ? sameMailbox(server, imapServers()) : server;
    if (owner === undefined || owner.authentication.type === 'None')
      throw new Error(
        'Authentication Type is None, and no IMAP server with the same User is defined to read Sent with',
      );
    const credentials =
      owner.authentication.type === 'Password'
        ? { password: owner.authentication.password }
        : { accessToken: (await getToken(owner, 'imap')).accessToken };
    const client = new ImapFlow({
      ...(await clientOptions(endpoint, owner.user, credentials, guardOf?.(server))),
      connectionTimeout: connectMs,
      greetingTimeout: connectMs,
      socketTimeout: answerMs,
      maxLiteralSize: 4 * 1024 * 1024,
    });
    client.on('error', () => {}); // the command under way rejects
    await client.connect();
    return client;
  }

  /** Who works in the Sent of a mailbox, the last one. */
  const turns = new Map<string, Promise<void>>();

  /** One session of a mailbox at a time: some servers allow two of a user in all, and the watcher has one (Dovecot's mail_max_userip_connections). */
  async function serialize<T>(mailbox: string, work: () => Promise<T>): Promise<T> {
    const before = turns.get(mailbox);
    let done = () => {};
    const mine = new Promise<void>((resolve) => {
      done = resolve;
    });
    turns.set(mailbox, mine);
    try {
      await before;
      return await work();
    } finally {
      if (turns.get(mailbox) === mine) turns.delete(mailbox);
      done();
    }
  }

  const withFolder = <T>(
    server: SmtpServer,
    ...[wanted, readOnly, work]: [string | undefined, boolean, (client: ImapFlow, folder: string) => Promise<T>]
  ): Promise<T> => serialize(sendingMailbox(server), () => inFolder(server, wanted, readOnly, work));

  /** @param readOnly a folder opened by EXAMINE takes no APPEND at some servers (Courier) */
  async function inFolder<T>(
    server: SmtpServer,
    wanted: string | undefined,
    readOnly: boolean,
    work: (client: ImapFlow, folder: string) => Promise<T>,
  ): Promise<T> {
    let client: ImapFlow | undefined;
    try {
      client = await connect(server);
      const listed = await client.list();
      const folder = findSentFolder(wanted, listed);
      if (folder === undefined)
        throw wanted === undefined
          ? new Error('no Sent folder was found; name it in sentCopy.folder')
          : new MailroomError('SENT_SEARCH_FAILED', {
              message: folderMissing(wanted, listed).message,
              field: 'sentCopy.folder',
            });
      await client.mailboxOpen(folder, { readOnly });
      return await work(client, folder);
    } catch (thrown) {
      if (thrown instanceof MailroomError) throw thrown;
      const error = asError(thrown) as Error & { responseText?: string };
      throw new MailroomError('SENT_SEARCH_FAILED', {
        message: `Sent of the sending mailbox could not be read: ${(error.responseText ?? error.message).slice(0, 200)}`,
        cause: thrown,
      });
    } finally {
      if (client !== undefined) await end(client);
    }
  }

  async function find(client: ImapFlow, folder: string, query: SentQuery) {
    const day = new Date(query.since.getTime() - DAY_MS);
    const value = replyIdValue(query.replyId);
    const searches: [By, string, string][] = [
      ['reply-id', REPLY_ID_HEADER, value],
      ['message-id', 'Message-ID', query.messageId],
      ['original-message-id', 'X-Microsoft-Original-Message-ID', query.messageId],
    ];
    for (const [by, header, text] of searches) {
      if (text === '') continue;
      // false: the server refused this search; the comparison below does not need it.
      const hits = await client
        .search({ since: day, header: { [header]: text } }, { uid: true })
        .catch(() => false as const);
      const found =
        hits === false || hits === undefined || hits.length === 0
          ? []
          : await confirmed(client, hits.slice(-20), query);
      if (found.length > 0)
        return { found: true as const, by, folder, messageId: found[0]?.messageId, copies: found.length };
    }
    const recent = await client.search({ since: day }, { uid: true });
    if (!Array.isArray(recent)) throw new Error('SEARCH was refused');
    const uids = recent.sort((a, b) => a - b).slice(-COMPARED);
    const found = uids.length === 0 ? [] : await confirmed(client, uids, query);
    const hit = found[0];
    if (hit !== undefined)
      return { found: true as const, by: hit.by, folder, messageId: hit.messageId, copies: found.length };
    if (recent.length > COMPARED) throw new Error(`Sent holds ${recent.length} recent mails, too many to compare`);
    return { found: false as const, folder, looked: uids.length };
  }

  async function confirmed(
    client: ImapFlow,
    uids: number[],
    query: SentQuery,
  ): Promise<{ by: By; messageId: string | undefined }[]> {
    const found: { by: By; messageId: string | undefined }[] = [];
    let seen = 0;
    const headers = [REPLY_ID_HEADER, 'Message-ID', 'X-Microsoft-Original-Message-ID'];
    for await (const row of client.fetch(uids.join(','), { uid: true, headers }, { uid: true })) {
      seen += 1;
      const fields = headerFields(row.headers);
      const messageId = fields.get('message-id');
      const by: By | undefined =
        fields.get(REPLY_ID_HEADER.toLowerCase()) === replyIdValue(query.replyId)
          ? 'reply-id'
          : messageId !== undefined && messageId === query.messageId
            ? 'message-id'
            : query.messageId !== '' && fields.get('x-microsoft-original-message-id') === query.messageId
              ? 'original-message-id'
              : undefined;
      if (by !== undefined) found.push({ by, messageId });
    }
    // A short list is imapflow's way of a broken FETCH: it proves nothing.
    if (found.length === 0 && seen < uids.length) throw new Error(`FETCH answered ${seen} of ${uids.length} mails`);
    return found;
  }

  return {
    search: (server: SmtpServer, query: SentQuery) =>
      withFolder(server, query.folder, true, (client, folder) => find(client, folder, query)),
    append: (server: SmtpServer, query: SentQuery, mail: Uint8Array) =>
      withFolder(server, query.folder, false, async (client, folder) => {
        if ((await find(client, folder, query)).found) return 'was-there' as const;
        await store(client, server, folder, mail);
        return 'stored' as const;
      }),
    /**
     * Stores a mail in Sent and takes it away again, for the doctor: just this one, by its UID. Without UIDPLUS nothing is stored, since an
     * EXPUNGE would remove what others marked as well (RFC 4315 §2.1).
     * @throws MailroomError IMAP_FOLDER_MISSING, IMAP_APPEND_TOO_LARGE, SENT_COPY_FAILED, SENT_SEARCH_FAILED
     */
    prove: (server: SmtpServer, query: SentQuery, mail: Uint8Array) =>
      withFolder(server, query.folder, false, async (client, folder) => {
        if (!client.capabilities.has('UIDPLUS')) return { folder, outcome: 'not-tried' as const };
        const { uid } = await store(client, server, folder, mail);
        const ours = uid === undefined ? [] : await confirmed(client, [uid], query).catch(() => []);
        const removed = ours.length > 0 && (await client.messageDelete(String(uid), { uid: true }));
        return { folder, outcome: removed ? ('removed' as const) : ('left' as const) };
      }),
  };

  async function store(client: ImapFlow, server: SmtpServer, folder: string, mail: Uint8Array) {
    const refused = (thrown: unknown) => refusedAppend(thrown, server);
    const stored = await client.append(folder, Buffer.from(mail), ['\\Seen']).catch(refused);
    if (stored === false) throw new MailroomError('SENT_COPY_FAILED', { message: 'APPEND was refused' });
    return stored;
  }
}

function headerFields(raw: Buffer | undefined): Map<string, string> {
  const fields = new Map<string, string>();
  const text = (raw ?? Buffer.alloc(0)).toString('latin1').replace(/\r?\n[ \t]+/g, ' ');
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}

/** @throws MailroomError IMAP_APPEND_TOO_LARGE, IMAP_MAILBOX_FULL, or SENT_COPY_FAILED with the server's words */
function refusedAppend(thrown: unknown, server: SmtpServer): never {
  const error = imapError(thrown, 'append', undefined, providerOf(server));
  if (error.code === 'IMAP_APPEND_TOO_LARGE' || error.code === 'IMAP_MAILBOX_FULL') throw error;
  throw new MailroomError('SENT_COPY_FAILED', { ...(error.remote ? { remote: error.remote } : {}), cause: thrown });
}

async function end(client: ImapFlow): Promise<void> {
  const bound = new Promise<void>((resolve) => setTimeout(resolve, 1_000).unref());
  await Promise.race([client.logout().catch(() => {}), bound]);
  client.close();
}
