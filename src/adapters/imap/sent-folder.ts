// Sent of the mailbox that an SMTP server signs in with, over IMAP: whether a reply went out, and storing a copy of it.
import { ImapFlow } from 'imapflow';
import { normalAddress } from '../../domain/address.ts';
import type { GuardOf } from '../../domain/connect-guard.ts';
import type { EmailServer, ImapServer, SmtpServer } from '../../domain/email-server.ts';
import { asError, MailroomError } from '../../domain/errors.ts';
import { providerOf } from '../../domain/mail-provider.ts';
import { credentialsOf } from '../../domain/mailbox-credentials.ts';
import { sendingMailbox } from '../../domain/reply-pace.ts';
import { limited } from '../../lib/limited.ts';
import type { SentQuery } from '../../outbound/ports.ts';
import { clientOptions, type ImapEndpoint, logOut } from './client-options.ts';
import { imapError } from './errors.ts';
import { findSentFolder, folderMissing } from './folders.ts';
import { confirmed, find } from './sent-search.ts';

interface SentFolderSettings {
  getToken(server: EmailServer, protocol: 'imap'): Promise<{ accessToken: string }>;
  /** IMAP definitions: the sending mailbox's own, or one at the same provider, gives host and port. */
  imapServers: () => readonly ImapServer[];
  guardOf?: GuardOf | undefined;
  /** Milliseconds. */
  connectMs?: number;
  answerMs?: number;
}

type Work<T> = (client: ImapFlow, folder: string) => Promise<T>;

/** Where an SMTP host's mailboxes are read (docs/exchange-online.md, §6). */
const IMAP_HOSTS: Readonly<Record<string, string>> = {
  'smtp.office365.com': 'outlook.office365.com',
  'smtp.office365.us': 'outlook.office365.us',
};

export function imapEndpoint(server: SmtpServer, definitions: readonly ImapServer[]): ImapEndpoint {
  const host = IMAP_HOSTS[server.host.toLowerCase()] ?? server.host.replace(/^smtp\./i, 'imap.');
  const known = sameMailbox(server, definitions) ?? definitions.find((one) => [host, server.host].includes(one.host));
  const ca = known?.ca ?? server.ca;
  return {
    host: known?.host ?? host,
    port: known?.port ?? 993,
    tls: known?.tls ?? 'enabled',
    ...(ca === undefined ? {} : { ca }),
    ...(server.proxy === undefined ? {} : { proxy: server.proxy }),
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
    // A relay that knows us by our address has no credentials: its mailbox is read with those of the IMAP server with the same User.
    const owner = server.authentication.type === 'None' ? sameMailbox(server, imapServers()) : server;
    if (owner === undefined || owner.authentication.type === 'None')
      throw new Error(
        'Authentication Type is None, and no IMAP server with the same User is defined to read Sent with',
      );
    const credentials = await credentialsOf(owner, () => getToken(owner, 'imap'));
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

  /** @param readOnly a folder opened by EXAMINE takes no APPEND at some servers (Courier) */
  async function inFolder<T>(server: SmtpServer, wanted: string | undefined, readOnly: boolean, work: Work<T>) {
    let client: ImapFlow | undefined;
    try {
      client = await connect(server);
      const folder = await openSent(client, wanted, readOnly);
      return await work(client, folder);
    } catch (thrown) {
      throw thrown instanceof MailroomError ? thrown : searchFailed(thrown);
    } finally {
      if (client !== undefined) await logOut(client);
    }
  }

  /** One session of a mailbox at a time: some servers allow two of a user in all, and the watcher has one (Dovecot's mail_max_userip_connections). */
  const turns = new Map<string, ReturnType<typeof limited>>();
  const withFolder = <T>(server: SmtpServer, { folder }: SentQuery, readOnly: boolean, work: Work<T>): Promise<T> => {
    const mailbox = sendingMailbox(server);
    const inTurn = turns.get(mailbox) ?? limited(1);
    turns.set(mailbox, inTurn);
    return inTurn(() => inFolder(server, folder, readOnly, work));
  };

  return {
    search: (server: SmtpServer, query: SentQuery) =>
      withFolder(server, query, true, (client, folder) => find(client, folder, query)),
    append: (server: SmtpServer, query: SentQuery, mail: Uint8Array) =>
      withFolder(server, query, false, async (client, folder) => {
        if ((await find(client, folder, query)).found) return 'was-there' as const;
        await store(client, server, folder, mail);
        return 'stored' as const;
      }),
    /**
     * Stores a mail in Sent and removes it, for the doctor: only this one, by its UID. Without UIDPLUS nothing is stored, since an EXPUNGE would remove
     * what others have marked as well (RFC 4315 §2.1).
     * @throws MailroomError IMAP_FOLDER_MISSING, IMAP_APPEND_TOO_LARGE, SENT_COPY_FAILED, SENT_SEARCH_FAILED
     */
    prove: (server: SmtpServer, query: SentQuery, mail: Uint8Array) =>
      withFolder(server, query, false, async (client, folder) => {
        if (!client.capabilities.has('UIDPLUS')) return { folder, outcome: 'not-tried' as const };
        const { uid } = await store(client, server, folder, mail);
        const ours = uid === undefined ? [] : await confirmed(client, [uid], query).catch(() => []);
        const removed = ours.length > 0 && (await client.messageDelete(String(uid), { uid: true }));
        return { folder, outcome: removed ? ('removed' as const) : ('left' as const) };
      }),
  };
}

async function openSent(client: ImapFlow, wanted: string | undefined, readOnly: boolean): Promise<string> {
  const listed = await client.list();
  const folder = findSentFolder(wanted, listed);
  if (folder !== undefined) {
    await client.mailboxOpen(folder, { readOnly });
    return folder;
  }
  if (wanted === undefined) throw new Error('no Sent folder was found; name it in sentCopy.folder');
  const { message } = folderMissing(wanted, listed);
  throw new MailroomError('SENT_SEARCH_FAILED', { message, field: 'sentCopy.folder' });
}

function searchFailed(thrown: unknown): MailroomError {
  const error = asError(thrown) as Error & { responseText?: string };
  return new MailroomError('SENT_SEARCH_FAILED', {
    message: `Sent of the sending mailbox could not be read: ${(error.responseText ?? error.message).slice(0, 200)}`,
    cause: thrown,
  });
}

/** @throws MailroomError IMAP_APPEND_TOO_LARGE, IMAP_MAILBOX_FULL, or SENT_COPY_FAILED with the server's words */
async function store(client: ImapFlow, server: SmtpServer, folder: string, mail: Uint8Array) {
  const stored = await client.append(folder, Buffer.from(mail), ['\\Seen']).catch((thrown: unknown) => {
    const error = imapError(thrown, 'append', undefined, providerOf(server));
    if (error.code === 'IMAP_APPEND_TOO_LARGE' || error.code === 'IMAP_MAILBOX_FULL') throw error;
    throw new MailroomError('SENT_COPY_FAILED', { ...(error.remote ? { remote: error.remote } : {}), cause: thrown });
  });
  if (stored === false) throw new MailroomError('SENT_COPY_FAILED', { message: 'APPEND was refused' });
  return stored;
}
