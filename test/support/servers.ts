// Definitions of email servers as the gateway has them after reading its configuration.
import type { ImapServer, SmtpServer } from '../../src/domain/email-server.ts';

/** Read with every mail in INBOX, by a token of the application `test`. */
export function imapServer(
  fields: Partial<ImapServer> & Pick<ImapServer, 'name' | 'host' | 'port' | 'user'>,
): ImapServer {
  return {
    type: 'IMAP',
    tls: 'enabled',
    authentication: { type: 'OAuth2', application: 'test', signIn: 'appOnly' },
    enabled: true,
    source: 'file',
    emailFlow: 'Support',
    folder: 'INBOX',
    startFrom: 'all',
    afterQueued: { action: 'leave' },
    maxMessageSize: 40_000_000,
    ...fields,
  };
}

/** Sends by password, without TLS, as support@ and info@contoso.example. */
export function smtpServer(port: number, fields: Partial<SmtpServer> = {}): SmtpServer {
  return {
    type: 'SMTP',
    name: 'sink',
    host: '127.0.0.1',
    port,
    tls: 'disabled',
    authentication: { type: 'Password', password: 'secret' },
    user: 'support@contoso.example',
    enabled: true,
    source: 'file',
    additionalFromAddresses: ['info@contoso.example'],
    sendMode: 'sendAs',
    displayNames: {},
    sentCopy: { policy: 'server' },
    pace: { perMinute: 100_000, connections: 3, recipientsPerDay: 1_000_000 },
    fromRoles: {},
    uncertain: 'hold',
    ...fields,
  };
}
