// The IMAP server: implicit TLS, optionally plain; keeps the list of sessions and strikes them with the faults that act at once.
import type { Socket } from 'node:net';
import type { Certificates } from '../certificate.ts';
import { createTlsWrapper, type Listener, listen } from '../connection.ts';
import type { ActiveFault } from '../faults.ts';
import { type SessionHandle, serveSession } from './session.ts';
import type { Tenant } from './session-types.ts';

export async function startImapServer(tenant: Tenant, certificates: Certificates) {
  const { settings, faults, store } = tenant;
  const sessions = new Set<SessionHandle>();
  const wrap = createTlsWrapper(certificates);

  const serve = (socket: Socket, raw: Socket, secure: boolean): void => {
    if (faults.take('refuseConnections')) return void raw.destroy();
    const session = serveSession(socket, raw, tenant, secure, () => sessions.delete(session));
    sessions.add(session);
  };
  const secured = await listen(settings.ports.imaps ?? 0, settings.listen, (raw) => serve(wrap(raw), raw, true));
  const plain: Listener | undefined =
    settings.ports.imap === undefined
      ? undefined
      : await listen(settings.ports.imap, settings.listen, (raw) => serve(raw, raw, false));

  const strike = (fault: ActiveFault): void => {
    const struck = [...sessions].filter(
      (session) => session.mailbox && (fault.mailbox === undefined || fault.mailbox === session.mailbox.address),
    );
    if (fault.name === 'dropIdle') {
      const idling = struck.filter((item) => item.idling);
      for (const session of idling) session.drop(fault.reset);
      if (idling.length > 0) faults.take('dropIdle', fault.mailbox ? { mailbox: fault.mailbox } : {});
    }
    if (fault.name === 'halfOpen') for (const session of struck) session.output.stall();
    if (fault.name === 'drop') for (const session of struck) session.drop(fault.reset);
    if (fault.name === 'tokenExpiredNow') {
      // `after` remembers the last token issued so far: refuseOldTokens refuses up to it.
      Object.assign(fault, { after: tenant.tokens.lastSerial() });
      for (const session of struck) void session.bye('Session invalidated - AccessTokenExpired');
    }
    if (fault.name === 'uidValidityChange') {
      const addresses = fault.mailbox ? [fault.mailbox] : settings.users.map((user) => user.address);
      for (const address of addresses) store.resetUids(store.folder(address, fault.folder ?? 'INBOX'));
    }
    const once =
      fault.name === 'drop' ||
      fault.name === 'uidValidityChange' ||
      (fault.name === 'tokenExpiredNow' && !fault.refuseOldTokens);
    if (once) faults.clear(fault.id);
  };
  const unsubscribe = faults.onSet(strike);

  return {
    port: secured.port,
    plainPort: plain?.port,
    /** Open sessions: whose mailbox, in IDLE or not, last command. */
    sessions: () =>
      [...sessions].map((session) => ({
        mailbox: session.mailbox?.address,
        idling: session.idling,
        folder: session.selected?.folder.name,
        lastCommand: session.lastCommand,
      })),
    async stop(): Promise<void> {
      unsubscribe();
      for (const session of sessions) session.drop();
      await Promise.all([secured.stop(), plain?.stop()]);
    },
  };
}
