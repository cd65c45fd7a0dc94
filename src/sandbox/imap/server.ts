// The IMAP server: implicit TLS, optionally plain; keeps the list of sessions and applies the faults that act at once.
import type { Socket } from 'node:net';
import type { Certificates } from '../certificate.ts';
import { createTlsWrapper, listen } from '../connection.ts';
import type { ActiveFault, FaultName } from '../faults.ts';
import type { Tenant } from '../tenant.ts';
import { serveSession } from './session.ts';
import type { Session } from './session-types.ts';

/** Effects of the faults that act at once, on the signed-in sessions of their mailbox. */
const AT_ONCE: Partial<Record<FaultName, (struck: readonly Session[], fault: ActiveFault, tenant: Tenant) => void>> = {
  dropIdle(struck, { mailbox, reset }, { faults }) {
    const idling = struck.filter((session) => session.idling);
    for (const session of idling) session.drop(reset);
    if (idling.length > 0) faults.take('dropIdle', mailbox ? { mailbox } : {});
  },
  halfOpen(struck) {
    for (const session of struck) session.output.stall();
  },
  drop(struck, { id, reset }, { faults }) {
    for (const session of struck) session.drop(reset);
    faults.clear(id);
  },
  tokenExpiredNow(struck, fault, { faults, tokens }) {
    // `after` holds the last token issued so far: refuseOldTokens refuses up to it.
    Object.assign(fault, { after: tokens.lastSerial() });
    for (const session of struck) void session.bye('Session invalidated - AccessTokenExpired');
    if (!fault.refuseOldTokens) faults.clear(fault.id);
  },
  uidValidityChange(_struck, { id, mailbox, folder }, { faults, settings, store }) {
    const addresses = mailbox ? [mailbox] : settings.users.map((user) => user.address);
    for (const address of addresses) store.resetUids(store.folder(address, folder));
    faults.clear(id);
  },
};

export async function startImapServer(tenant: Tenant, certificates: Certificates) {
  const { settings, faults } = tenant;
  const { imap, imaps = 0 } = settings.ports;
  const sessions = new Set<Session>();
  const wrap = createTlsWrapper(certificates);

  const serve = (socket: Socket, raw: Socket): void => {
    if (faults.take('refuseConnections')) return void raw.destroy();
    const session = serveSession(socket, raw, tenant, () => sessions.delete(session));
    sessions.add(session);
  };
  const secured = await listen(imaps, settings.listen, (raw) => serve(wrap(raw), raw));
  const plain = imap === undefined ? undefined : await listen(imap, settings.listen, (raw) => serve(raw, raw));

  const unsubscribe = faults.onSet((fault) => {
    const struck = [...sessions].filter(
      ({ mailbox }) => mailbox && (fault.mailbox === undefined || fault.mailbox === mailbox.address),
    );
    AT_ONCE[fault.name]?.(struck, fault, tenant);
  });

  return {
    port: secured.port,
    plainPort: plain?.port,
    /** Open sessions: whose mailbox, in IDLE or not, last command. */
    sessions: () =>
      [...sessions].map(({ mailbox, idling, selected, lastCommand }) => ({
        mailbox: mailbox?.address,
        idling,
        folder: selected?.folder.name,
        lastCommand,
      })),
    async stop(): Promise<void> {
      unsubscribe();
      for (const session of sessions) session.drop();
      await Promise.all([secured.stop(), plain?.stop()]);
    },
  };
}
