// What a mailbox is signed in to with.
import type { EmailServer } from './email-server.ts';

export type MailboxCredentials = { accessToken: string } | { password: string };

/** @param getToken for OAuth2 @throws what getToken throws */
export async function credentialsOf(
  { authentication }: Pick<EmailServer, 'authentication'>,
  getToken: () => Promise<{ accessToken: string }>,
): Promise<MailboxCredentials> {
  if (authentication.type === 'Password') return { password: authentication.password };
  const { accessToken } = await getToken();
  return { accessToken };
}

/** Gets an access token, by default a cached one. @throws MailroomError */
export type GetToken = (
  server: EmailServer,
  protocol: 'imap' | 'smtp',
  options?: { renew?: boolean },
) => Promise<{ accessToken: string; expiresAt: Date }>;
