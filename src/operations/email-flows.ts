// The email flows as people see them: those that servers feed, and removed ones that still have jobs.
import type { EmailServerWatch } from '../config/watch.ts';
import { isImap } from '../domain/email-server.ts';
import { asError } from '../domain/errors.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import type { EmailFlowView } from '../http/api/operations.ts';
import { defined } from '../lib/defined.ts';
import { keptFor } from '../lib/kept-for.ts';
import type { Stores } from '../wiring/stores.ts';

/** BullMQ's states of jobs that still have to be done. */
const OPEN = ['waiting', 'prioritized', 'delayed', 'paused', 'active', 'failed'];

/** Milliseconds that the numbers of connected consumers are cached; Redis lists all its connections in one answer. */
const CONSUMERS_MS = 10_000;

export function createFlowViews({ flows, ledgers }: Pick<Stores, 'flows' | 'ledgers'>, watch: EmailServerWatch) {
  /** Flows that mailboxes are configured to feed. */
  const flowNames = () => [...new Set(watch.current().servers.filter(isImap).flatMap(flowsOf))];

  const consumersOf = keptFor(async () => {
    const names = [...new Set([...flowNames(), ...(await ledgers.emailFlows())])];
    const counts = await flows.consumers(names).catch(() => undefined);
    return new Map(names.map((name, i) => [name, counts?.[i]]));
  }, CONSUMERS_MS);

  async function emailFlows(): Promise<EmailFlowView[]> {
    const feeding = watch.current().servers.filter((server) => server.enabled);
    const configured = new Set(flowNames());
    const consumers = await consumersOf();
    const names = [...new Set([...configured, ...(await ledgers.emailFlows())])];
    const views = names
      .sort((left, right) => left.localeCompare(right, 'en'))
      .map(async (emailFlow): Promise<EmailFlowView> => {
        const fedBy = feeding.filter(isImap).filter((server) => flowsOf(server).includes(emailFlow));
        const servers = fedBy.map(({ name }) => name);
        const read = [flows.backlog(emailFlow), flows.oldestWaiting(emailFlow), flows.counts(emailFlow)] as const;
        const found = await Promise.all(read).catch(asError);
        // An unreadable queue does not hide the others.
        if (found instanceof Error) return { emailFlow, servers, waiting: 0, jobs: {}, problem: found.message };
        const [waiting, oldestAt, jobs] = found;
        return { emailFlow, servers, waiting, ...defined({ oldestAt, consumers: consumers.get(emailFlow) }), jobs };
      });
    // A removed flow is shown while it has unfinished jobs.
    const isOpen = ({ jobs, problem }: EmailFlowView) =>
      problem !== undefined || OPEN.some((state) => (jobs[state] ?? 0) > 0);
    return (await Promise.all(views)).filter((view) => configured.has(view.emailFlow) || isOpen(view));
  }

  return { flowNames, emailFlows };
}
