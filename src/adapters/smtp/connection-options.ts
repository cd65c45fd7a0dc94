// How an SMTP server is connected to, in nodemailer's words: the same for submissions and for the doctor's sign-in.
import { hostname } from 'node:os';
import { getCACertificates } from 'node:tls';
import { asciiDomain, domainOf } from '../../domain/address.ts';
import type { GuardOf } from '../../domain/connect-guard.ts';
import { type SmtpServer, tlsModeOf } from '../../domain/email-server.ts';
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
  const mode = tlsModeOf('smtp', server);
  return {
    host: server.host,
    port: server.port,
    secure: mode === 'implicit',
    requireTLS: mode === 'starttls',
    ignoreTLS: mode === 'none',
    // A sign-in that is configured is made: a server that offers none must not be taken for one that we signed in to.
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

/** A name that EHLO takes: Exchange answers 501 5.5.4 to an invalid one. */
export function ehloName(server: SmtpServer): string {
  const own = asciiDomain(hostname());
  if (own?.includes('.')) return own;
  const domain = asciiDomain(domainOf(server.user));
  return domain === undefined ? '[127.0.0.1]' : `mailroom.${domain}`;
}
