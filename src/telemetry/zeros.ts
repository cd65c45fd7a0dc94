// Counters that begin at 0. In Prometheus, a series that appears with its first event has no increase(), which compares with an earlier sample.
// So each counter has a series for each known server, flow and application, with its other labels (code, reason …) empty. The sum by server then goes
// from 0 to 1 with the first event, as the rules expect (ops/prometheus).
import type { Counter } from 'prom-client';
import type { EventDefinition } from './events/event.ts';
import { inboundEvents } from './events/inbound.ts';
import { eventDefinitions } from './events/index.ts';
import { outboundEvents } from './events/outbound.ts';
import { labelName, metricName } from './events.ts';
import { measures } from './measures.ts';
import type { Metrics } from './metrics.ts';

/** Values of labels in this process. */
export interface KnownNames {
  servers: readonly { server: string; type: 'IMAP' | 'SMTP'; emailFlows: readonly string[] }[];
  applications: readonly string[];
  /** The halves that run here: counters of the other one have no series. */
  inbound: boolean;
  outbound: boolean;
}

type Labels = Readonly<Record<string, string>>;
type Server = KnownNames['servers'][number];

/** @returns starts the series of these names; series that exist are unchanged */
export function createZeros(metrics: Metrics): (known: KnownNames) => void {
  const begun = new Set<string>();
  const isNew = (name: string, labels: Labels): boolean => {
    const key = `${name} ${Object.values(labels).join('\n')}`;
    return !begun.has(key) && begun.add(key) !== undefined;
  };
  return (known) => {
    const of = (type: Server['type']) => known.servers.filter((server) => server.type === type);
    const imap = known.inbound ? of('IMAP') : [];
    const smtp = known.outbound ? of('SMTP') : [];
    for (const [name, { labels }] of Object.entries<EventDefinition>(eventDefinitions)) {
      const servers = name in inboundEvents ? imap : name in outboundEvents ? smtp : known.servers;
      const counter = metrics.registry.getSingleMetric(metricName(name)) as Counter;
      for (const some of combinations(labels.map(labelName), servers, known.applications))
        if (isNew(name, some)) counter.inc(some, 0);
    }
    for (const [name, servers] of HISTOGRAMS) {
      for (const some of combinations(measures[name].labels, servers === 'IMAP' ? imap : smtp, known.applications))
        if (isNew(name, some)) metrics.histogram(name).zero(some);
    }
  };
}

/** Histograms with a known label, and the type of their servers. */
const HISTOGRAMS = [
  ['mailroom_message_arrival_seconds', 'IMAP'],
  ['mailroom_message_ingest_seconds', 'IMAP'],
  ['mailroom_message_taken_seconds', 'IMAP'],
  ['mailroom_reply_accepted_seconds', 'SMTP'],
  ['mailroom_token_request_seconds', 'SMTP'],
] as const;

function combinations(
  labels: readonly string[],
  servers: readonly Server[],
  applications: readonly string[],
): Labels[] {
  const rest = Object.fromEntries(labels.map((label) => [label, '']));
  const flows = (of: readonly Server[]) => [...new Set(of.flatMap(({ emailFlows }) => emailFlows))];
  if (labels.includes('server'))
    return servers.flatMap((one) => {
      const own = { ...rest, server: one.server };
      return labels.includes('email_flow') ? one.emailFlows.map((email_flow) => ({ ...own, email_flow })) : [own];
    });
  if (labels.includes('email_flow')) return flows(servers).map((email_flow) => ({ ...rest, email_flow }));
  if (labels.includes('application')) return applications.map((application) => ({ ...rest, application }));
  return [rest];
}
