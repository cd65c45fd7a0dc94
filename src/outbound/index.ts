// The sending half: one worker for each enabled SMTP server on this replica.
// Invariant: once DATA has begun, nothing is sent again without proof that the first attempt did not go out (deliver.ts, adapters/redis/journal.ts).
import type { SmtpServer } from '../domain/email-server.ts';
import { every } from '../lib/every.ts';
import { createMissingJobSearch } from './missing-jobs.ts';
import { followPause } from './pauses.ts';
import { type OutboundDeps, outboundDefaults } from './ports.ts';
import { createGauges, type ServerStatus, serverStatus } from './server-status.ts';
import { createSignInChecks } from './sign-in-checks.ts';
import { createWorkers } from './workers.ts';

export type * from './ports.ts';
export { outboundDefaults } from './ports.ts';
export type { Replies } from './replies.ts';
export { createReplies } from './replies.ts';

export interface Outbound {
  stop(): Promise<void>;
  status(): Promise<ServerStatus[]>;
  /** The reason of a pause may be solved: the sign-in of these servers is checked at the next tick. */
  wake(isMeant: (server: SmtpServer) => boolean): void;
}

/** Ticks between two measurements of the metrics. */
const MEASURE_TICKS = 5;

export async function startOutbound(deps: OutboundDeps): Promise<Outbound> {
  const settings = { ...outboundDefaults, ...deps.settings };
  const checks = deps.signIns && createSignInChecks({ ...deps.signIns, emit: deps.emit, now: Date.now });
  const measure = deps.metrics && createGauges(deps, deps.metrics);
  const workers = createWorkers(deps, settings, checks);
  const restoreMissingJobs = createMissingJobSearch(deps, settings.restingMs);
  const searchTicks = Math.max(1, Math.round(settings.seekMs / settings.tickMs));

  async function tick(n: number): Promise<void> {
    await workers.retry();
    await workers.each('tick', (server) => followPause(deps, server));
    if (n % searchTicks === 1 % searchTicks)
      await restoreMissingJobs(new Set(workers.servers().map(({ name }) => name)));
    if (n % MEASURE_TICKS === 1) await measure?.(workers);
  }

  await workers.apply();
  const unsubscribe = deps.onServersChanged(() => void workers.apply());
  let ticks = 0;
  const endChecks = every(settings.tickMs, async () => checks?.tick());
  const endTicks = every(settings.tickMs, () => {
    ticks += 1;
    return tick(ticks);
  });
  let stopping: Promise<void> | undefined;

  return {
    stop() {
      if (stopping === undefined) {
        unsubscribe();
        void endChecks();
        void endTicks();
      }
      stopping ??= workers.stop();
      return stopping;
    },
    wake(isMeant) {
      for (const server of workers.servers()) if (isMeant(server)) checks?.again(server.name);
    },
    status: () => serverStatus(deps),
  };
}
