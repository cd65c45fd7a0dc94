// Signs in to one mailbox: the first connection, and its successors with newer tokens, each through the login gate.
import { type ImapServer, loginKey } from '../domain/email-server.ts';
import type { LoginGate } from './login-gate.ts';
import type { InboundPorts } from './ports.ts';
import type { Connected } from './renewal.ts';

interface Connector {
  /** @param renew with another token: that of the latest sign-in was refused */
  open(renew: boolean): Promise<Connected>;
  /** A connection with a newer token than the current one has; undefined when the token provider has none. */
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
