// One short connection to a mailbox, signed in, in its turn: for the doctor's steps and for the list of its folders.
import type { ImapServer } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { credentialsOf } from '../domain/mailbox-credentials.ts';
import type { MailboxProbe } from './ports.ts';
import type { DoctorDeps } from './step.ts';

/** Failures that a new token may solve. */
const STALE = ['IMAP_AUTH_FAILED', 'IMAP_TOKEN_REFUSED', 'IMAP_CREDENTIALS_EXPIRED'];

/**
 * A cached token may be stale: a new one is tried once, as the gateway does. The caller closes the connection.
 * @throws MailroomError of the imap and oauth sections
 */
export async function signInAtImap(
  server: ImapServer,
  deps: Pick<DoctorDeps, 'systems' | 'getToken' | 'turns' | 'timeoutMs' | 'guardOf'>,
): Promise<MailboxProbe> {
  async function connect(renew: boolean): Promise<MailboxProbe> {
    const credentials = await credentialsOf(server, () => deps.getToken(server, 'imap', renew ? { renew } : {}));
    await deps.turns.signIn(server);
    return deps.systems.probeMailbox(server, credentials, deps.timeoutMs, deps.guardOf?.(server));
  }
  return connect(false).catch((error: unknown) => {
    const code = error instanceof MailroomError ? error.code : '';
    if (STALE.includes(code) && server.authentication.type === 'OAuth2') return connect(true);
    throw error;
  });
}
