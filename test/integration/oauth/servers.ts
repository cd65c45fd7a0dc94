// Email servers as the tests of sign-in use them: one for the shared mailbox, one to send.
import type { ImapServer, SmtpServer } from '../../../src/domain/email-server.ts';
import { imapServer as imap, smtpServer as smtp } from '../../support/servers.ts';

export const SHARED = 'support@contoso.example';

type Authentication = ImapServer['authentication'];
const base = { host: 'localhost', tls: 'enabled', user: SHARED } as const;
const appOnly = { type: 'OAuth2', application: 'Contoso', signIn: 'appOnly' };

export const imapServer = (authentication: Partial<Authentication> = {}, extra: Partial<ImapServer> = {}): ImapServer =>
  imap({
    ...{ ...base, name: 'Support in', port: 993, startFrom: 'now', maxMessageSize: 1_000_000 },
    authentication: { ...appOnly, ...authentication } as Authentication,
    ...extra,
  });

export const smtpServer = (authentication: Partial<Authentication> = {}, extra: Partial<SmtpServer> = {}): SmtpServer =>
  smtp(587, {
    ...{ ...base, name: 'Support out', additionalFromAddresses: [SHARED] },
    pace: { perMinute: 30, connections: 3, recipientsPerDay: 10_000 },
    authentication: { ...appOnly, ...authentication } as Authentication,
    ...extra,
  });
