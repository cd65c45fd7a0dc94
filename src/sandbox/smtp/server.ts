// The submission server, in place of port 587: plain greeting, STARTTLS required before AUTH.
import type { Certificates } from '../certificate.ts';
import { createTlsWrapper, listen } from '../connection.ts';
import type { Tenant } from '../tenant.ts';
import type { Exchange } from './exchange.ts';
import { createInput } from './input.ts';
import { createPace } from './pace.ts';
import { serveSubmission } from './session.ts';

export async function startSmtpServer(tenant: Tenant, exchange: Exchange, certificates: Certificates) {
  const { smtp, ports, listen: host } = tenant.settings;
  const shared = { tenant, exchange, pace: createPace(smtp), wrap: createTlsWrapper(certificates) };
  const begin = { secure: false, who: undefined, envelope: undefined };
  return listen(
    ports.smtp ?? 0,
    host,
    (raw) => void serveSubmission({ ...shared, ...begin, raw, socket: raw, input: createInput(raw), chunks: [] }),
  );
}
