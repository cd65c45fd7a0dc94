// The pause of an SMTP server's queue, on all replicas: the reason (Pauses) is recorded before the queue is paused, and removed after it is resumed.
// Whatever a crash leaves in between, the next tick completes.
import type { Failure } from '../contract/result.ts';
import type { SmtpServer } from '../domain/email-server.ts';
import type { OutboundDeps } from './ports.ts';

type PauseDeps = Pick<OutboundDeps, 'pauses' | 'queues' | 'emit'>;

/** @param probeMs until one reply tries the server again */
export async function pauseServer(
  { pauses, queues, emit }: PauseDeps,
  server: string,
  failure: Failure,
  probeMs: number,
): Promise<void> {
  const { code, class: kind, hint = '' } = failure;
  await pauses.set(server, { code, hint, probeMs });
  if (await queues.paused(server)) return;
  await queues.pause(server);
  emit('SmtpServerPaused', { server, code, class: kind, hint });
}

/** At each tick: resumes a server whose pause is due, and pauses a queue that has a reason. */
export async function followPause({ pauses, queues, emit }: PauseDeps, { name }: SmtpServer): Promise<void> {
  const isPaused = await queues.paused(name);
  const pause = await pauses.read(name);
  if (pause === undefined) {
    // A worker slept from recording the reason until the pause was over, or Redis lost the reason.
    if (isPaused) await queues.resume(name);
    if (isPaused) emit('SmtpServerResumed', { server: name });
    return;
  }
  if (pause.leftMs > 0) {
    // Paused by a bounce, which does not pause queues; or somebody resumed only the queue.
    if (!isPaused) await queues.pause(name);
    return;
  }
  // Resume before removing the record: a crash in between leaves a record, and the next tick resumes again.
  await queues.resume(name);
  if (await pauses.lift(name)) emit('SmtpServerResumed', { server: name });
}
