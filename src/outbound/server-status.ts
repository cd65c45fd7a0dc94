// The state of each SMTP server, removed ones with replies included, for status pages and metrics.
import type { SmtpServer } from '../domain/email-server.ts';
import { countOf } from '../domain/reply-queues.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { OutboundDeps, Pause } from './ports.ts';
import { createLimitWatch } from './watch-limits.ts';
import type { Workers } from './workers.ts';

export interface ServerStatus {
  server: string;
  /** `gone`: deleted or renamed, and replies wait for it. */
  state: 'sending' | 'paused' | 'disabled' | 'unknown' | 'gone';
  pause?: Pause;
  counts?: Record<string, number>;
}

type StatusDeps = Pick<OutboundDeps, 'servers' | 'register' | 'queues' | 'pauses'>;

export const serverStatus = async (deps: StatusDeps): Promise<ServerStatus[]> => [
  ...(await Promise.all(deps.servers().map((server) => statusOf(deps, server)))),
  ...(await goneWithReplies(deps)),
];

async function statusOf({ pauses, queues }: StatusDeps, { name, enabled }: SmtpServer): Promise<ServerStatus> {
  const known = await Promise.all([pauses.read(name), queues.counts(name)]).catch(() => undefined);
  // An unreadable server does not hide the others.
  if (known === undefined) return { server: name, state: 'unknown' };
  const [pause, counts] = known;
  return {
    server: name,
    state: !enabled ? 'disabled' : pause === undefined ? 'sending' : 'paused',
    ...(pause === undefined ? {} : { pause }),
    counts,
  };
}

/** Removed servers with replies on their queues. */
async function goneWithReplies(deps: StatusDeps): Promise<ServerStatus[]> {
  const defined = new Set(deps.servers().map(({ name }) => name.normalize('NFC')));
  const found: ServerStatus[] = [];
  for (const { name } of await deps.register.gone()) {
    if (defined.has(name)) continue;
    const counts = await deps.queues.counts(name);
    if (countOf(counts) > 0) found.push({ server: name, state: 'gone', counts });
  }
  return found;
}

export function createGauges(deps: StatusDeps & Pick<OutboundDeps, 'journal' | 'pace' | 'emit'>, metrics: Metrics) {
  const jobs = metrics.gauge('mailroom_replies_jobs');
  const held = metrics.gauge('mailroom_replies_held');
  const paused = metrics.gauge('mailroom_smtp_server_paused');
  const stranded = metrics.gauge('mailroom_replies_waiting_for_server');
  const limits = createLimitWatch({ ...deps, metrics });
  const shown = new Set<string>();
  const states = new Set<string>();

  /** Its worker has stopped. */
  function forget(server: string): void {
    shown.delete(server);
    paused.remove({ server });
    for (const state of states) jobs.remove({ server, state });
    limits.forget(server);
  }

  return async function measure(workers: Pick<Workers, 'each' | 'servers'>): Promise<void> {
    held.set(await deps.journal.count('held'));
    await workers.each('measure', async ({ name }) => {
      shown.add(name);
      for (const [state, count] of Object.entries(await deps.queues.counts(name))) {
        states.add(state);
        jobs.set({ server: name, state }, count);
      }
      paused.set({ server: name }, (await deps.pauses.read(name)) === undefined ? 0 : 1);
    });
    await workers.each('limits', limits.measure);
    const running = new Set(workers.servers().map(({ name }) => name));
    for (const name of shown) if (!running.has(name)) forget(name);
    const gone = await goneWithReplies(deps);
    stranded.reset(); // a server that exists again, or whose queue is empty, has no series
    for (const { server, counts = {} } of gone) stranded.set({ server }, countOf(counts));
  };
}
