// Opens the connections of an SMTP server: directly or through a proxy, and for servers made in the portal through the guard that checks where
// they lead. nodemailer would look names up on its own: IPv4 and IPv6 of the network's interfaces only, past /etc/hosts, and kept for five
// minutes, during which a server that moved is not found. Here each connection asks the system again and tries all addresses (RFC 8305).
import type { Socket } from 'node:net';
import type { ConnectGuard } from '../../domain/connect-guard.ts';
import type { SmtpServer } from '../../domain/email-server.ts';
import { asError } from '../../domain/errors.ts';
import { openSocket } from '../../lib/proxy-socket.ts';

type Done = (error: Error | null, socket?: { connection: Socket }) => void;

/** For nodemailer's option getSocket. TLS is nodemailer's work on top of it. */
export function smtpSocket(
  server: Pick<SmtpServer, 'host' | 'port' | 'proxy'>,
  guard: ConnectGuard | undefined,
  timeoutMs: number,
): (options: unknown, done: Done) => void {
  return (_options, done) => {
    openSocket(server, AbortSignal.timeout(timeoutMs), guard).then(
      (connection) => done(null, { connection }),
      (error: unknown) => done(asError(error)),
    );
  };
}
