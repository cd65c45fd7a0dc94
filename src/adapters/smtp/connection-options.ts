// How an SMTP server is connected to, in nodemailer's words: the same for submissions and for the doctor's sign-in.
import { hostname } from 'node:os';
import { getCACertificates } from 'node:tls';
import { asciiDomain, domainOf } from '../../domain/address.ts';
import type { GuardOf } from '../../domain/connect-guard.ts';
import type { SmtpServer } from '../../domain/email-server.ts';
import { smtpSocket } from './socket.ts';

export interface ConnectionSettings {
  connectionTimeoutMs: number;
  greetingTimeoutMs: number;
  socketTimeoutMs: number;
  ehloName: string | undefined;
  /** Which servers' connections are checked for where they lead. */
  guardOf?: GuardOf | undefined;
}

export function connectionOptions(server: SmtpServer, settings: ConnectionSettings) {
  const guard = settings.guardOf?.(server);
  const secure = server.tls === 'enabled' && (server.port === 465 || server.port === 993);
  return {
    host: server.host,
    port: server.port,
    secure,
    requireTLS: server.tls === 'enabled' && !secure,
    ignoreTLS: server.tls === 'disabled',
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

/** A name that EHLO takes: Exchange answers 501 5.5.4 to an invalid one. */
export function ehloName(server: SmtpServer): string {
  const own = asciiDomain(hostname());
  if (own?.includes('.')) return own;
  const domain = asciiDomain(domainOf(server.user));
  return domain === undefined ? '[127.0.0.1]' : `mailroom.${domain}`;
}
