// Steps of the doctor for a shared mailbox: sign-in, Full Access, folders, IDLE, POP3, and whether replies may be sent from its address.
import type { ImapServer } from '../domain/email-server.ts';
import { checkEmailServers } from '../domain/email-server-check.ts';
import { MailroomError } from '../domain/errors.ts';
import { words } from '../domain/words.ts';
import { signInAtImap } from './imap-sign-in.ts';
import type { MailboxProbe } from './ports.ts';
import { type Check, type Outcome, type Steps, same, withFix } from './step.ts';

/** Sign-in succeeded and only a later command failed: reported at the step Full Access. */
const AFTER_SIGN_IN = ['IMAP_NOT_CONNECTED'];

function opened({ mailbox, notOpened }: Check): MailboxProbe {
  if (mailbox !== undefined) return mailbox;
  throw notOpened ?? new MailroomError('IMAP_CONNECTION_CLOSED');
}

export const imapSteps: Steps<ImapServer> = {
  async imapSignIn(check) {
    const { server, deps } = check;
    try {
      check.mailbox = await signInAtImap(server, deps);
    } catch (error) {
      if (!(error instanceof MailroomError) || !AFTER_SIGN_IN.includes(error.code)) throw error;
      check.notOpened = error;
    }
    if (check.mailbox?.signedIn() === false)
      return {
        skipped: words(
          'the server signed this connection in without credentials (PREAUTH): User and password were not tried',
          'der Server hat die Verbindung selbst angemeldet (PREAUTH): User und Kennwort wurden nicht geprüft',
        ),
      };
    return { detail: same(server.user) };
  },

  async imapCapabilities({ mailbox }) {
    if (mailbox === undefined)
      return { skipped: words('the mailbox did not open', 'das Postfach wurde nicht geöffnet') };
    return { detail: same(mailbox.capabilities().join(' ')) };
  },

  async fullAccess(check) {
    const { messages } = await opened(check).open('INBOX');
    return { detail: words(`INBOX: ${messages} messages`, `INBOX: ${messages} Nachrichten`) };
  },

  async folder(check) {
    const { path, messages } = await opened(check).open(check.server.folder);
    return { detail: words(`${path}: ${messages} messages`, `${path}: ${messages} Nachrichten`) };
  },

  async afterQueuedFolder(check) {
    const { afterQueued } = check.server;
    if (afterQueued.action !== 'move')
      return { skipped: words('messages are not moved', 'Nachrichten werden nicht verschoben') };
    const offered = opened(check).capabilities();
    if (!offered.includes('MOVE') && !offered.includes('UIDPLUS')) throw new MailroomError('IMAP_MOVE_UNSUPPORTED');
    try {
      return { detail: same(await opened(check).folder(afterQueued.folder)) };
    } catch (error) {
      if (!(error instanceof MailroomError) || error.code !== 'IMAP_FOLDER_MISSING') throw error;
      throw withFix(new MailroomError('CHECK_AFTER_QUEUED_FOLDER_MISSING', { message: error.message }), {
        folder: afterQueued.folder,
      });
    }
  },

  async idle(check): Promise<Outcome> {
    const pollMs = opened(check).pollMs();
    if (pollMs !== undefined) {
      const seconds = pollMs / 1_000;
      return {
        skipped: words(
          `the server has no IDLE; Mailroom asks for new mail every ${seconds} seconds`,
          `der Server hat kein IDLE; Mailroom fragt alle ${seconds} Sekunden nach neuen E-Mails`,
        ),
      };
    }
    await opened(check).idle();
    return {};
  },

  async pop3({ server, deps }) {
    if (server.proxy !== undefined) return { skipped: words('behind a proxy', 'hinter einem Proxy') };
    try {
      const timeoutMs = Math.min(deps.timeoutMs, 3_000);
      await deps.systems.readTls(server.host, 995, {
        start: 'implicit',
        protocol: 'pop3',
        ca: server.ca,
        timeoutMs,
        guard: deps.guardOf?.(server),
      });
      return { detail: same(`${server.host}:995`) };
    } catch {
      throw new MailroomError('CHECK_POP3_UNREACHABLE');
    }
  },

  async sharedAddress({ server, deps }) {
    const finding = checkEmailServers(deps.servers, { applications: deps.applications }).find(
      (one) => one.code === 'SHARED_ADDRESS_NOT_PERMITTED' && one.server === server.name,
    );
    if (!finding) return { detail: same(server.user) };
    throw withFix(new MailroomError('CHECK_SHARED_ADDRESS_NOT_PERMITTED', { message: finding.message }), finding.hint);
  },
};
