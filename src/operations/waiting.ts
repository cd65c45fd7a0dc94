// Before Redis is available: the process is alive and not ready, and reports this on its port. The real HTTP server takes the port over.
import { MailroomError } from '../domain/errors.ts';
import type { Health } from '../http/index.ts';
import type { Emit } from '../telemetry/events.ts';
import { checkOf } from './health.ts';

export interface Waiting {
  /** Called each time with the reason why the start waits. The first time does not start a server yet: usually Redis is available a moment later. */
  onWait(error: MailroomError): void;
  /** Aborts when the port is not available: then there is no point in waiting. */
  signal: AbortSignal;
  /** Releases the port; resolves with its number if there was a server. @throws MailroomError HTTP_PORT_UNAVAILABLE */
  end(): Promise<number | undefined>;
}

/** The responses of a waiting process. */
interface WaitingAnswers {
  health(): Promise<Health>;
  unavailable(): MailroomError;
}

/** @param listen takes the port */
export function waitVisibly(
  listen: (answers: WaitingAnswers) => Promise<{ port: number; close(): Promise<void> }>,
  emit: Emit,
): Waiting {
  const gone = new AbortController();
  let reason = new MailroomError('REDIS_UNREACHABLE');
  let heard = 0;
  let server: ReturnType<typeof listen> | undefined;

  return {
    signal: gone.signal,
    onWait(error) {
      reason = error;
      heard += 1;
      if (heard < 2 || server !== undefined) return;
      emit('GatewayWaiting', { code: error.code, err: error });
      server = listen({
        health: async () => ({ ready: false, checks: { redis: checkOf(reason, 'waiting') } }),
        unavailable: () => reason,
      });
      server.catch(() => gone.abort());
    },
    async end() {
      const open = await server;
      server = undefined;
      await open?.close();
      return open?.port;
    },
  };
}
