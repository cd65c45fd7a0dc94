// nodemailer's options for a connection to an SMTP server, for submissions and for the doctor's sign-in alike.
import { hostname } from 'node:os';
import { getCACertificates } from 'node:tls';
import { asciiDomain, domainOf } from '../../domain/address.ts';
import type { GuardOf } from '../../domain/connect-guard.ts';
import { type SmtpServer, tlsModeOf } from '../../domain/email-server.ts';
import { smtpSocket } from './socket.ts';

export interface ConnectionSettings {
  connectionTimeoutMs: number;
  greetingTimeoutMs: number;
  /** Silence after which a connection counts as dead, ms. */
  socketTimeoutMs: number;
  ehloName: string | undefined;
  /** Guards connections of servers made in the portal. */
  guardOf?: GuardOf | undefined;
}

export function connectionOptions(server: SmtpServer, settings: ConnectionSettings) {
  const guard = settings.guardOf?.(server);
  const mode = tlsModeOf('smtp', server);
  return {
    host: server.host,
    port: server.port,
    secure: mode === 'implicit',
    requireTLS: mode === 'starttls',
    ignoreTLS: mode === 'none',
    // A configured sign-in is required: a server that offers none must not count as signed in.
    ...(server.authentication.type === 'None' ? {} : { forceAuth: true }),
    name: settings.ehloName ?? ehloName(server),
    connectionTimeout: settings.connectionTimeoutMs,
    greetingTimeout: settings.greetingTimeoutMs,
    socketTimeout: settings.socketTimeoutMs,
    logger: false,
    disableFileAccess: true,
    disableUrlAccess: true,
    tls: {
      minVersion: 'TLSv1.2' as const,
      ...(server.ca === undefined ? {} : { ca: [...getCACertificates('default'), server.ca] }),
    },
    getSocket: smtpSocket(server, guard, settings.connectionTimeoutMs),
  };
}

/** A valid name for EHLO: Exchange answers 501 5.5.4 to an invalid one. */
export function ehloName(server: SmtpServer): string {
  const own = asciiDomain(hostname());
  if (own?.includes('.')) return own;
  const domain = asciiDomain(domainOf(server.user));
  return domain === undefined ? '[127.0.0.1]' : `mailroom.${domain}`;
}
