// The sending half: one worker for each enabled SMTP server on this replica, restarted when that server's definition changes.
// Invariant: once DATA has begun, nothing is sent again without proof that the first attempt did not go out (deliver.ts, adapters/redis/journal.ts).
import type { SmtpServer } from '../domain/email-server.ts';
import { asError } from '../domain/errors.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { ReplyWorker } from '../domain/reply-queues.ts';
import { deliverReply } from './deliver.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { seekOrphans } from './orphans.ts';
import type { Pause } from './ports.ts';
import { type OutboundDeps, outboundDefaults } from './ports.ts';
import { createProver } from './prove.ts';
import { oneAtATime } from './suspects.ts';
import { createLimitWatch } from './watch-limits.ts';

export type * from './ports.ts';
export { outboundDefaults } from './ports.ts';
export type { Replies } from './replies.ts';
export { createReplies } from './replies.ts';

interface ServerStatus {
  server: string;
  /** `gone`: deleted or renamed, and replies wait for it. */
  state: 'sending' | 'paused' | 'disabled' | 'unknown' | 'gone';
  pause?: Pause;
  counts?: Record<string, number>;
}

export interface Outbound {
  stop(): Promise<void>;
  status(): Promise<ServerStatus[]>;
  /** The cause of a wait may be removed: their sign-in is checked at the next tick. */
  wake(isMeant: (server: SmtpServer) => boolean): void;
}

/**
 * Replies prepared ahead: while others wait for the server's answer, the next one is rendered, stored and recorded, so that no connection waits for
 * us. The number is low because a reply that was taken from the queue no longer gives way to a more urgent one.
 */
const AHEAD = 2;

/** Jobs that wait or run; ended ones do not count. */
export const countOf = (counts: Readonly<Record<string, number>>): number =>
  Object.entries(counts).reduce((sum, [state, count]) => (ENDED.includes(state) ? sum : sum + count), 0);
const ENDED: readonly string[] = ['completed', 'failed'];

const waitingOn = async (queues: OutboundDeps['queues'], server: string) => countOf(await queues.counts(server));

interface Running {
  fingerprint: string;
  server: SmtpServer;
  worker: ReplyWorker;
  lanes: Lanes;
}

export async function startOutbound(deps: OutboundDeps): Promise<Outbound> {
  const settings = { ...outboundDefaults, ...deps.settings };
  const running = new Map<string, Running>();
  const turns = oneAtATime();
  const prover = deps.signIns && createProver({ ...deps.signIns, emit: deps.emit, now: deps.now ?? Date.now });
  const limits = createLimitWatch(deps);
  let stopped = false;
  let applying: Promise<void> = Promise.resolve();

  async function start(server: SmtpServer, changed: boolean): Promise<void> {
    const lanes = createLanes(server, deps.pace, deps.openSubmitter, settings.slotTtlMs);
    const delivery = {
      deps,
      settings,
      server,
      lanes,
      maxSize: { known: undefined },
      isolate: turns,
      proven: () => prover?.accepted(server),
      replacedAt: await deps.register.replacedAt(server.name),
      async pauseServer(failure: { code: string; class: string; hint?: string | undefined }, probeMs: number) {
        const hint = failure.hint ?? '';
        await deps.pauses.set(server.name, { code: failure.code, hint, probeMs });
        if (failure.code === 'SMTP_TOKEN_UNAVAILABLE') prover?.again(server.name); // and reports why there is none
        if (await deps.queues.paused(server.name)) return;
        await deps.queues.pause(server.name);
        deps.emit('SmtpServerPaused', { server: server.name, code: failure.code, class: failure.class, hint });
      },
    };
    const atOnce = server.pace.connections + AHEAD;
    const worker = await deps.queues.work(server.name, atOnce, (job) => deliverReply(delivery, job));
    running.set(server.name, { fingerprint: JSON.stringify(server), server, worker, lanes });
    await prover?.started(server, changed);
    deps.emit('SmtpServerStarted', { server: server.name });
  }

  async function end(one: Running): Promise<void> {
    running.delete(one.server.name);
    prover?.stopped(one.server.name);
    limits.forget(one.server.name);
    await one.worker.stop(settings.stopGraceMs);
    await one.lanes.close();
    deps.emit('SmtpServerStopped', { server: one.server.name });
  }

  /** Servers whose worker could not be started; retried at each tick. */
  const failing = new Set<string>();

  /** A server's failure stays its own: it is reported and remembered, and no other server waits for it. */
  async function isolate(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      failing.delete(name);
    } catch (error) {
      failing.add(name);
      deps.emit('ReplyWorkerFailed', { server: name, err: asError(error) });
    }
  }

  /** Applies the difference between what runs and what is defined. */
  async function apply(): Promise<void> {
    if (stopped) return;
    const wanted = new Map(deps.servers().map((server) => [server.name, server]));
    const mailboxes = [...wanted.values()].map((server) => ({ name: server.name, mailbox: sendingMailbox(server) }));
    // Before workers begin: the account behind a name decides whether the replies on its queue are meant for it.
    for (const server of await deps.register.record(mailboxes)) {
      const count = await waitingOn(deps.queues, server);
      if (count > 0) deps.emit('RepliesWaitForServer', { server, count });
    }
    for (const name of failing) if (!wanted.has(name)) failing.delete(name);
    const changed = [...running.values()].filter((one) => {
      const server = wanted.get(one.server.name);
      return server === undefined || !server.enabled || JSON.stringify(server) !== one.fingerprint;
    });
    await Promise.all(changed.map((one) => isolate(one.server.name, () => end(one))));
    const changedNames = new Set(changed.map((one) => one.server.name));
    await Promise.all(
      [...wanted.values()].map((server) => isolate(server.name, () => bring(server, changedNames.has(server.name)))),
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

  const reapply = () => {
    applying = applying.then(apply).catch((error: unknown) => deps.emit('ReplyWorkerFailed', { err: asError(error) }));
    return applying;
  };

  /** Server and kind of work that currently fail: a lasting failure is reported once. */
  const faults = new Set<string>();

  /** For each server separately: a failure at one of them (an unexpected value in a Redis key) delays no other. */
  async function each(kind: string, work: (server: SmtpServer) => Promise<void>): Promise<void> {
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
  }

  async function tick(): Promise<void> {
    if (failing.size > 0) await reapply();
    await each('tick', async (server) => {
      const waits = await deps.queues.paused(server.name);
      const pause = await deps.pauses.read(server.name);
      if (pause === undefined) {
        // The reason is recorded before the queue is paused. A pause without one means that a worker slept in between until it was over, or that Redis forgot it.
        if (waits) await deps.queues.resume(server.name);
        if (waits) deps.emit('SmtpServerResumed', { server: server.name });
        return;
      }
      if (pause.leftMs > 0) {
        // Paused by a bounce, which does not pause queues; or somebody resumed only the queue.
        if (!waits) await deps.queues.pause(server.name);
        return;
      }
      // Resume before removing the record: a crash in between leaves a record, and the next tick resumes again.
      await deps.queues.resume(server.name);
      if (await deps.pauses.lift(server.name)) deps.emit('SmtpServerResumed', { server: server.name });
    });
  }

  const jobs = deps.metrics?.gauge('mailroom_replies_jobs');
  const held = deps.metrics?.gauge('mailroom_replies_held');
  const paused = deps.metrics?.gauge('mailroom_smtp_server_paused');

  async function measure(): Promise<void> {
    held?.set(await deps.journal.count('held'));
    await each('measure', async (server) => {
      const counts = await deps.queues.counts(server.name);
      for (const [state, count] of Object.entries(counts)) jobs?.set({ server: server.name, state }, count);
      paused?.set({ server: server.name }, (await deps.pauses.read(server.name)) === undefined ? 0 : 1);
    });
    await each('limits', limits.look);
  }

  const stranded = deps.metrics?.gauge('mailroom_replies_waiting_for_server');

  /** Removed servers with replies on their queues. */
  async function goneWithReplies(): Promise<ServerStatus[]> {
    const known = new Set(deps.servers().map(({ name }) => name.normalize('NFC')));
    const waiting: ServerStatus[] = [];
    for (const { name } of await deps.register.gone()) {
      if (known.has(name)) continue;
      const counts = await deps.queues.counts(name);
      if (countOf(counts) > 0) waiting.push({ server: name, state: 'gone', counts });
    }
    stranded?.reset(); // a server that exists again, or whose queue is empty, has no series
    for (const { server, counts = {} } of waiting) stranded?.set({ server }, countOf(counts));
    return waiting;
  }

  const seek = seekOrphans(deps, settings.restingMs);
  const seekEvery = Math.max(1, Math.round(settings.seekMs / settings.tickMs));

  await reapply();
  const unsubscribe = deps.onServersChanged(() => void reapply());
  let ticking = false;
  let ticks = 0;
  const timer = setInterval(() => {
    prover?.tick();
    if (ticking) return;
    ticking = true;
    ticks += 1;
    tick()
      .then(() => (ticks % seekEvery === 1 % seekEvery ? seek(new Set(running.keys())) : undefined))
      .then(() => (jobs !== undefined && ticks % 5 === 1 ? measure().then(goneWithReplies) : undefined))
      .catch(() => {}) // Redis is away: its own event reports it
      .finally(() => {
        ticking = false;
      });
  }, settings.tickMs);

  return {
    async stop() {
      if (stopped) return;
      stopped = true;
      unsubscribe();
      clearInterval(timer);
      await applying;
      await Promise.all([...running.values()].map(end));
    },
    wake(isMeant) {
      for (const { server } of running.values()) if (isMeant(server)) prover?.again(server.name);
    },
    async status() {
      const gone = await goneWithReplies();
      const defined = await Promise.all(
        deps.servers().map(async (server): Promise<ServerStatus> => {
          const known = await Promise.all([deps.pauses.read(server.name), deps.queues.counts(server.name)]).catch(
            () => undefined,
          );
          // An unreadable server does not hide the others.
          if (known === undefined) return { server: server.name, state: 'unknown' };
          const [pause, counts] = known;
          return {
            server: server.name,
            state: !server.enabled ? 'disabled' : pause === undefined ? 'sending' : 'paused',
            ...(pause === undefined ? {} : { pause }),
            counts,
          };
        }),
      );
      return [...defined, ...gone];
    },
  };
}
