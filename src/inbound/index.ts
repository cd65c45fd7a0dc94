// The inbound side: rounds of leases on a timer, and one supervisor for each mailbox held. Started by gateway.ts for the role `ingest`.
import type { ImapServer } from '../domain/email-server.ts';
import { asError } from '../domain/errors.ts';
import { redisError } from '../domain/redis-errors.ts';
import { cachedCheck } from '../lib/cached-check.ts';
import { lastingState } from '../telemetry/lasting-state.ts';
import { leaseRounds } from './lease-rounds.ts';
import type { MailboxSnapshot } from './mailbox-status.ts';
import type { InboundPorts } from './ports.ts';

export { messageIdHash } from './fingerprint.ts';
export {
  BUFFER_BYTES,
  type IngestDeps,
  type Item,
  ingest,
  itemOf,
  memoryBytes,
  messageOf,
  type Ready,
} from './ingest-message.ts';
export { faultOf } from './isolation.ts';
export { createLimits, type Limits } from './limits.ts';
export type { MailboxSnapshot } from './mailbox-status.ts';
export type { InboundPorts, InboundSettings, Mailbox, Related } from './ports.ts';

export interface Inbound {
  /** The enabled IMAP servers as they should be watched now; only what changed is touched. */
  setServers(servers: readonly ImapServer[]): Promise<void>;
  status(): MailboxSnapshot[];
  /** The fault of these servers may be gone: those that back off connect at once, the others are renewed if there is a newer token. */
  wake(isMeant: (server: ImapServer) => boolean): void;
  /** Stops intake, commits work in hand, and gives the leases back: others take over at once. */
  stop(): Promise<void>;
}

/**
 * How long an answer of the blob store is valid, ms: its check writes and flushes a file. Whether each raw mail is durable depends on its own write,
 * never on this.
 */
const STORE_FIT_MS = 10_000;

/** The pressure of Redis and the flow, and of a blob store that takes nothing. */
function withBlobStore({ blobs, pressure, monotonic }: InboundPorts): InboundPorts['pressure'] {
  const check = () =>
    blobs.check().then(
      () => true,
      () => false,
    );
  const isFit = cachedCheck(check, STORE_FIT_MS, monotonic);
  return async (emailFlow) => (await pressure(emailFlow)) ?? ((await isFit()) ? undefined : 'blob-store');
}

export function startInbound(ports: InboundPorts): Inbound {
  const { settings, emit } = ports;
  const leases = leaseRounds({ ...ports, pressure: withBlobStore(ports) });
  const tickMs = Math.max(200, Math.min(1_000, settings.leaseMs / 5));
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const failing = lastingState<Error>(
    (err) => emit('LeaseRoundFailed', { code: redisError(err)?.code ?? err.name, err: redisError(err) ?? err }),
    (lasted) => emit('LeaseRoundSucceeded', lasted),
  );
  const runRound = () => leases.round().then(failing.over, (error: unknown) => failing.seen(asError(error)));
  const schedule = () => {
    if (!stopped) timer = setTimeout(() => void runRound().then(schedule), tickMs);
  };
  schedule();

  return {
    async setServers(servers) {
      leases.want(servers);
      if (!stopped) await runRound();
    },
    status: () => leases.supervised().map(({ status }) => status()),
    wake(isMeant) {
      for (const one of leases.supervised()) if (isMeant(one.server)) one.wake();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await leases.stop();
    },
  };
}
