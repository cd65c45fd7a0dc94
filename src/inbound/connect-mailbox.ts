// Signs in to one mailbox: the first connection, and its successors with newer tokens, each in its turn among the sign-ins of its tenant.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connected } from './renewal.ts';
import type { Watched } from './watched.ts';

/**
 * Waits for the turn of a sign-in. Whatever happens (1,000 mailboxes start, an outage ends), the sign-ins of a tenant leave at an allowed rate.
 * @param reserve takes the next slot of a key, over all replicas; resolves with the ms to wait for it
 * @throws AbortError
 */
export async function signInTurn(
  reserve: (key: string) => Promise<number>,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const waitMs = await reserve(key);
  if (waitMs > 0) await sleep(waitMs, undefined, { signal });
}

export function mailboxConnector({ ports, server, signInTurn }: Watched) {
  const { authentication } = server;
  /** Token of the latest sign-in. */
  let used: string | undefined;

  async function signIn({ accessToken, expiresAt }: { accessToken: string; expiresAt: Date }): Promise<Connected> {
    // The provider counts by the wall clock, the renewal by one that never jumps.
    const token = { accessToken, expiresAt: ports.monotonic() + expiresAt.getTime() - Date.now() };
    await signInTurn();
    return { mailbox: await ports.openMailbox(server, { accessToken }), token };
  }

  return {
    /** @param renew with another token: that of the latest sign-in was refused */
    async open(renew: boolean): Promise<Connected> {
      if (authentication.type === 'Password') {
        await signInTurn();
        return { mailbox: await ports.openMailbox(server, { password: authentication.password }) };
      }
      const refused = used === undefined ? {} : { refused: used };
      const token = await ports.getToken(server, renew ? { renew, ...refused } : {});
      used = token.accessToken;
      return signIn(token);
    },
    /** A connection with a newer token than the current one has; undefined when the token provider has none. */
    async openSuccessor({ token }: Connected): Promise<Connected | undefined> {
      const next = await ports.getToken(server);
      if (authentication.type !== 'OAuth2' || next.accessToken === token?.accessToken) return undefined;
      const successor = await signIn(next);
      used = next.accessToken;
      return successor;
    },
  };
}
