// One worker for each enabled SMTP server on this replica, in step with the definitions: a worker is started, stopped, or restarted after a change.
import type { SmtpServer } from '../domain/email-server.ts';
import { asError } from '../domain/errors.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import { countOf, type ReplyWorker } from '../domain/reply-queues.ts';
import { type ConnectionPool, createConnectionPool } from './connection-pool.ts';
import { deliverReply } from './deliver.ts';
import { oneAtATime } from './isolation.ts';
import { pauseServer } from './pauses.ts';
import type { OutboundDeps, OutboundSettings } from './ports.ts';
import type { SignInChecks } from './sign-in-checks.ts';
import type { Delivery } from './work.ts';

/**
 * Replies prepared ahead: while others wait for the server's answer, the next one is rendered, stored and recorded, so that no connection waits for
 * us. The number is low because a reply that was taken from the queue no longer gives way to a more urgent one.
 */
const AHEAD = 2;

interface Running {
  fingerprint: string;
  server: SmtpServer;
  worker: ReplyWorker;
  pool: ConnectionPool;
}

export interface Workers {
  /** Applies the difference between what runs and what is defined. Never rejects. */
  apply(): Promise<void>;
  /** Applies again if a worker could not be started or stopped. */
  retry(): Promise<void>;
  /** Servers whose worker runs. */
  servers(): SmtpServer[];
  /** Runs work for each of them. A failure at one (an unexpected value in a Redis key) delays no other and is reported once while it lasts. */
  each(kind: string, work: (server: SmtpServer) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export function createWorkers(
  deps: OutboundDeps,
  settings: OutboundSettings,
  checks: SignInChecks | undefined,
): Workers {
  const running = new Map<string, Running>();
  /** Servers whose worker could not be started or stopped. */
  const failing = new Set<string>();
  /** Kind of work and server that currently fail. */
  const faults = new Set<string>();
  const isolate = oneAtATime();
  const inTurn = oneAtATime();
  let stopped = false;

  async function start(server: SmtpServer, changed: boolean): Promise<void> {
    const pool = createConnectionPool(server, deps.pace, deps.openSubmitter, settings.slotTtlMs);
    const delivery: Delivery = {
      deps,
      settings,
      server,
      pool,
      maxSize: { known: undefined },
      isolate,
      onAccepted: () => checks?.accepted(server),
      replacedAt: await deps.register.replacedAt(server.name),
      async pauseServer(failure, probeMs) {
        await pauseServer(deps, server.name, failure, probeMs);
        if (failure.code === 'SMTP_TOKEN_UNAVAILABLE') checks?.again(server.name); // reports why there is none
      },
    };
    const atOnce = server.pace.connections + AHEAD;
    const worker = await deps.queues.work(server.name, atOnce, (job) => deliverReply(delivery, job));
    running.set(server.name, { fingerprint: JSON.stringify(server), server, worker, pool });
    await checks?.started(server, changed);
    deps.emit('SmtpServerStarted', { server: server.name });
  }

  async function end({ server, worker, pool }: Running): Promise<void> {
    running.delete(server.name);
    checks?.stopped(server.name);
    await worker.stop(settings.stopGraceMs);
    await pool.close();
    deps.emit('SmtpServerStopped', { server: server.name });
  }

  /** A server's failure is reported and retried; no other server waits for it. */
  async function guarded(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      failing.delete(name);
    } catch (error) {
      failing.add(name);
      deps.emit('ReplyWorkerFailed', { server: name, err: asError(error) });
    }
  }

  async function applyNow(): Promise<void> {
    if (stopped) return;
    const wanted = new Map(deps.servers().map((server) => [server.name, server]));
    const mailboxes = [...wanted.values()].map((server) => ({ name: server.name, mailbox: sendingMailbox(server) }));
    // Before workers begin: the account behind a name decides whether the replies on its queue are meant for it.
    for (const server of await deps.register.record(mailboxes)) {
      const count = countOf(await deps.queues.counts(server));
      if (count > 0) deps.emit('RepliesWaitForServer', { server, count });
    }
    for (const name of failing) if (!wanted.has(name)) failing.delete(name);
    const changed = [...running.values()].filter(({ server: { name }, fingerprint }) => {
      const server = wanted.get(name);
      return server?.enabled !== true || JSON.stringify(server) !== fingerprint;
    });
    await Promise.all(changed.map((one) => guarded(one.server.name, () => end(one))));
    const changedNames = new Set(changed.map((one) => one.server.name));
    await Promise.all(
      [...wanted.values()].map((server) => guarded(server.name, () => bring(server, changedNames.has(server.name)))),
    );
  }

  async function bring(server: SmtpServer, changed: boolean): Promise<void> {
    if (!server.enabled) return deps.queues.pause(server.name); // visibly: its jobs stay
    if (running.has(server.name)) return;
    // A changed definition may solve the problem: a pause is lifted at once and the next reply tries it.
    if (changed) await deps.pauses.lift(server.name, true);
    const pause = await deps.pauses.read(server.name);
    if (pause === undefined && (await deps.queues.paused(server.name))) await deps.queues.resume(server.name);
    await start(server, changed);
  }

  const apply = () => inTurn(applyNow).catch((error) => deps.emit('ReplyWorkerFailed', { err: asError(error) }));

  return {
    apply,
    async retry() {
      if (failing.size > 0) await apply();
    },
    servers: () => [...running.values()].map(({ server }) => server),
    async each(kind, work) {
      for (const { server } of running.values()) {
        const fault = `${kind} ${server.name}`;
        try {
          await work(server);
          faults.delete(fault);
        } catch (error) {
          if (!faults.has(fault)) deps.emit('ReplyWorkerFailed', { server: server.name, kind, err: asError(error) });
          faults.add(fault);
        }
      }
    },
    async stop() {
      stopped = true;
      await inTurn(async () => {}); // a running change ends first
      await Promise.all([...running.values()].map(end));
    },
  };
}
