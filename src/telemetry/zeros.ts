// Counters that begin at 0. A series that appears with its first event has no increase in Prometheus: increase() compares with the sample before.
// So each counter has a series for each server, flow and application that is known; its other labels (code, reason …) are empty there. The sum by
// server over all of them goes from 0 to 1 with the first event, which is what the rules count (ops/prometheus).
import type { Counter } from 'prom-client';
import type { EventDefinition } from './events/event.ts';
import { inboundEvents } from './events/inbound.ts';
import { eventDefinitions } from './events/index.ts';
import { outboundEvents } from './events/outbound.ts';
import { labelName, metricName } from './events.ts';
import { measures } from './measures.ts';
import type { Metrics } from './metrics.ts';

/** What may occur as a label in this process. */
export interface KnownNames {
  servers: readonly { server: string; type: 'IMAP' | 'SMTP'; emailFlows: readonly string[] }[];
  applications: readonly string[];
  /** Which halves run here: the counters of the other one never move. */
  inbound: boolean;
  outbound: boolean;
}

type Labels = Readonly<Record<string, string>>;
type Server = KnownNames['servers'][number];

/** @returns what starts the series of these names; called again with other names, it leaves alone what counts already */
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
    for (const [name, { labels = [] }] of Object.entries<EventDefinition>(eventDefinitions)) {
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

/** Those with a label that is known, and the type of the servers that they are about. */
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
