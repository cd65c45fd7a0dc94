// What every IMAP connection of ours has in common: TLS as the administrator set it, sign-in, those of imapflow's habits that are needed or must be
// off, and the end. The watcher, the search in Sent and the doctor's probe add their own time-outs.
import { getCACertificates } from 'node:tls';
import type { ImapFlow, ImapFlowOptions } from 'imapflow';
import type { ConnectGuard } from '../../domain/connect-guard.ts';
import { type ImapServer, tlsModeOf } from '../../domain/email-server.ts';
import type { MailboxCredentials } from '../../domain/mailbox-credentials.ts';
import { within } from '../../lib/within.ts';
import { sharedRead } from './fast-fetch/tap.ts';

export type ImapEndpoint = Pick<ImapServer, 'host' | 'port' | 'tls'> & { ca?: string; proxy?: string };

/** @param guard of a server made in the portal @throws MailroomError EMAIL_SERVER_HOST_REFUSED */
export async function clientOptions(
  endpoint: ImapEndpoint,
  user: string,
  credentials: MailboxCredentials,
  guard?: ConnectGuard,
): Promise<ImapFlowOptions> {
  guard?.checkAddress(endpoint.host);
  const proxy = endpoint.proxy === undefined ? undefined : ((await guard?.pinned(endpoint.proxy)) ?? endpoint.proxy);
  const mode = tlsModeOf('imap', endpoint);
  const implicitTls = mode === 'implicit';
  return {
    host: endpoint.host,
    port: endpoint.port,
    secure: implicitTls,
    // Required, never opportunistic: a stripped STARTTLS must fail, not fall back.
    ...(implicitTls ? {} : { doSTARTTLS: mode === 'starttls' }),
    auth:
      'accessToken' in credentials
        ? { user, accessToken: credentials.accessToken }
        : { user, pass: credentials.password },
    // A private CA is added to the public ones and NODE_EXTRA_CA_CERTS: Node would use `ca` instead of them.
    tls: {
      minVersion: 'TLSv1.2',
      ...(implicitTls ? { onread: sharedRead } : {}),
      // imapflow hands these to net.connect as well.
      ...(guard === undefined ? {} : { lookup: guard.lookup }),
      ...(endpoint.ca === undefined ? {} : { ca: [...getCACertificates('default'), endpoint.ca] }),
    },
    ...(proxy === undefined ? {} : { proxy }),
    logger: false,
    clientInfo: { name: 'Mailroom' },
    disableAutoIdle: true, // its 15 s delay made mails 7.4 s late; we idle as soon as the work is done
    disableIMAP4rev2: true, // Exchange's new front end offers rev2 and then breaks SEARCH (MailKit#2016)
    disableCompression: true,
  };
}

/** Logs out within a second, else drops the connection. */
export async function logOut(client: ImapFlow): Promise<void> {
  await within(client.logout(), 1_000, () => {}).catch(() => {});
  client.close();
}
