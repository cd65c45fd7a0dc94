// Email servers as the tests of sign-in use them: one for the shared mailbox, one to send.
import type { ImapServer, SmtpServer } from '../../../src/domain/email-server.ts';

export const SHARED = 'support@contoso.example';

const base = { host: 'localhost', port: 993, tls: 'enabled', user: SHARED, enabled: true, source: 'file' } as const;

export const imapServer = (
  authentication: Partial<ImapServer['authentication']> = {},
  extra: Partial<ImapServer> = {},
): ImapServer => ({
  ...base,
  type: 'IMAP',
  name: 'Support in',
  authentication: {
    type: 'OAuth2',
    application: 'Contoso',
    signIn: 'appOnly',
    ...authentication,
  } as ImapServer['authentication'],
  emailFlow: 'Support',
  folder: 'INBOX',
  startFrom: 'now',
  afterQueued: { action: 'leave' },
  maxMessageSize: 1_000_000,
  ...extra,
});

export const smtpServer = (
  authentication: Partial<SmtpServer['authentication']> = {},
  extra: Partial<SmtpServer> = {},
): SmtpServer => ({
  ...base,
  port: 587,
  type: 'SMTP',
  name: 'Support out',
  authentication: {
    type: 'OAuth2',
    application: 'Contoso',
    signIn: 'appOnly',
    ...authentication,
  } as SmtpServer['authentication'],
  additionalFromAddresses: [SHARED],
  sendMode: 'sendAs',
  displayNames: {},
  sentCopy: { policy: 'server' },
  pace: { perMinute: 30, connections: 3, recipientsPerDay: 10_000 },
  fromRoles: {},
  uncertain: 'hold',
  ...extra,
});
