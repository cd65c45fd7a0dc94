// Until Redis is available, the process answers on its port that it is alive and not ready. The HTTP server then takes over the port.
import { MailroomError } from '../domain/errors.ts';
import type { Health } from '../http/index.ts';
import type { Emit } from '../telemetry/events.ts';
import { checkOf } from './health.ts';

export interface Waiting {
  /** Called at each attempt with the reason for the wait. The first calls start no server: usually Redis is available a moment later. */
  onWait(error: MailroomError): void;
  /** Aborts with HTTP_PORT_UNAVAILABLE when the port is not available: then there is no point in waiting. */
  signal: AbortSignal;
  /** Releases the port; resolves with its number if there was a server. @throws MailroomError HTTP_PORT_UNAVAILABLE */
  end(): Promise<number | undefined>;
}

/** The responses of a waiting process. */
interface WaitingAnswers {
  health(): Promise<Health>;
  unavailable(): MailroomError;
}

/** Attempts, 200 ms apart, before the wait is reported: on a busy machine a start takes a few of them. */
const PATIENCE = 5;

/** @param listen opens the port */
export function waitVisibly(
  listen: (answers: WaitingAnswers) => Promise<{ port: number; close(): Promise<void> }>,
  emit: Emit,
): Waiting {
  const gone = new AbortController();
  let reason = new MailroomError('REDIS_UNREACHABLE');
  let attempts = 0;
  let server: ReturnType<typeof listen> | undefined;

  return {
    signal: gone.signal,
    onWait(error) {
      reason = error;
      attempts += 1;
      if (attempts < PATIENCE || server !== undefined || gone.signal.aborted) return;
      emit('GatewayWaiting', { code: error.code, err: error });
      server = listen({
        health: async () => ({ ready: false, checks: { redis: checkOf(reason, 'waiting') } }),
        unavailable: () => reason,
      });
      server.catch((error: unknown) => {
        server = undefined;
        gone.abort(error);
      });
    },
    async end() {
      const opening = server;
      server = undefined;
      const open = await opening;
      await open?.close();
      return open?.port;
    },
  };
}
