// Keeps the label values of metrics current: counters of each known name start at 0, and each enabled server is a series, so an alert can detect a
// mailbox that no replica watches.
import type { EmailServerWatch } from '../config/watch.ts';
import { isImap } from '../domain/email-server.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createZeros } from '../telemetry/zeros.ts';
import type { Stores } from '../wiring/stores.ts';

export function startKnownSeries(
  { applications, onApplicationsChanged }: Pick<Stores, 'applications' | 'onApplicationsChanged'>,
  emailServers: Pick<EmailServerWatch, 'current' | 'onChange'>,
  roles: readonly string[],
  metrics: Metrics,
): () => void {
  const enabled = metrics.gauge('mailroom_email_server_enabled');
  const invalid = metrics.gauge('mailroom_email_servers_invalid');
  const zeros = createZeros(metrics);
  function apply(): void {
    const servers = emailServers
      .current()
      .servers.filter((server) => server.enabled)
      .map((server) => ({
        server: server.name,
        type: server.type,
        emailFlows: isImap(server) ? flowsOf(server) : [],
      }));
    invalid.set(emailServers.current().invalid.length);
    enabled.reset();
    for (const { server, type } of servers) enabled.set({ server, type: type.toLowerCase() }, 1);
    zeros({
      servers,
      applications: applications().map(({ name }) => name),
      inbound: roles.includes('ingest'),
      outbound: roles.includes('send'),
    });
  }
  apply();
  const off = [emailServers.onChange(apply), onApplicationsChanged(apply)];
  return () => {
    for (const one of off) one();
  };
}
