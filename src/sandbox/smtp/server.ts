// The submission server on 587's stand-in: plain greeting, STARTTLS required before AUTH.
import type { Certificates } from '../certificate.ts';
import { createTlsWrapper, listen } from '../connection.ts';
import type { Tenant } from '../imap/session-types.ts';
import type { Exchange } from './exchange.ts';
import { createPace } from './pace.ts';
import { serveSubmission } from './session.ts';

export async function startSmtpServer(tenant: Tenant, exchange: Exchange, certificates: Certificates) {
  const wrap = createTlsWrapper(certificates);
  const pace = createPace(tenant.settings.smtp);
  return listen(
    tenant.settings.ports.smtp ?? 0,
    tenant.settings.listen,
    (socket) => void serveSubmission(socket, wrap, tenant, exchange, pace),
  );
}
