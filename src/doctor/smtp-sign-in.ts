// One sign-in at an SMTP server that sends nothing, in its turn: the doctor's step, and the check of an SMTP server after a start.
import type { SmtpServer } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import type { SmtpOptions } from './ports.ts';
import type { DoctorDeps } from './step.ts';

/**
 * A cached token may be stale: a new one is tried once, as the gateway does.
 * @returns undefined when all connections of the mailbox are in use
 * @throws MailroomError of the smtp and oauth sections
 */
export async function signInAtSmtp(
  server: SmtpServer,
  { systems, getToken, turns }: Pick<DoctorDeps, 'systems' | 'getToken' | 'turns'>,
  options: SmtpOptions,
): Promise<'proven' | undefined> {
  const { authentication } = server;
  const credentials = async (renew: boolean) => {
    if (authentication.type === 'None') return undefined;
    if (authentication.type === 'Password') return { password: authentication.password };
    return getToken(server, 'smtp', renew ? { renew } : {});
  };
  const attempt = async (renew: boolean) => systems.probeSignIn(server, await credentials(renew), options);
  return turns.connection(server, async () => {
    await attempt(false).catch((error: unknown) => {
      const stale = error instanceof MailroomError && error.code === 'SMTP_AUTH_FAILED';
      if (stale && authentication.type === 'OAuth2') return attempt(true);
      throw error;
    });
    return 'proven' as const;
  });
}
