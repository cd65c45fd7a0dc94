// Connections of one mailbox: the first one, and its successors with newer tokens, each through the login gate.
import { type ImapServer, loginKey } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import type { LoginGate } from './login-gate.ts';
import type { InboundPorts, Mailbox } from './ports.ts';
import type { Connected } from './renewal.ts';

interface Connector {
  /** @param renew the token of the latest sign-in was refused: another one is asked for */
  open(renew: boolean): Promise<Connected>;
  /** A connection with a newer token than the current one's; undefined when the token provider has none. */
  openSuccessor(current: Connected): Promise<Connected | undefined>;
}

export function mailboxConnector(
  ports: InboundPorts,
  server: ImapServer,
  gate: LoginGate,
  signal: AbortSignal,
): Connector {
  const { authentication } = server;
  /** Token of the latest sign-in. */
  let used: string | undefined;

  async function signIn(token: { accessToken: string; expiresAt: Date }): Promise<Connected> {
    const { accessToken } = token;
    // The provider counts by the wall clock, the renewal by one that never jumps.
    const expiresAt = ports.monotonic() + token.expiresAt.getTime() - Date.now();
    await gate.enter(loginKey(server), signal);
    const mailbox = await ports.openMailbox(server, { accessToken });
    return { mailbox, token: { accessToken, expiresAt } };
  }

  return {
    async open(renew) {
      if (authentication.type === 'Password') {
        await gate.enter(loginKey(server), signal);
        return { mailbox: await ports.openMailbox(server, { password: authentication.password }) };
      }
      const refused = used === undefined ? {} : { refused: used };
      const token = await ports.getToken(server, renew ? { renew, ...refused } : {});
      used = token.accessToken;
      return signIn(token);
    },
    async openSuccessor({ token }) {
      const next = await ports.getToken(server);
      if (authentication.type !== 'OAuth2' || next.accessToken === token?.accessToken) return undefined;
      const successor = await signIn(next);
      used = next.accessToken;
      return successor;
    },
  };
}

/**
 * A move that cannot be done is an error when the mailbox opens, not at the first message.
 * @throws MailroomError IMAP_FOLDER_MISSING, IMAP_MOVE_UNSUPPORTED
 */
export async function checkAfterQueued({ afterQueued }: ImapServer, mailbox: Mailbox): Promise<void> {
  if (afterQueued.action !== 'move') return;
  if (!mailbox.canMove) throw new MailroomError('IMAP_MOVE_UNSUPPORTED', { field: 'afterQueued' });
  await mailbox.requireFolder(afterQueued.folder, 'afterQueued.folder');
}
