// The inbound side: which mailboxes are ours, and one supervisor for each. Started by gateway.ts for the role `ingest`.
import { mailboxId as idOf } from '../contract/names.ts';
import type { ImapServer } from '../domain/email-server.ts';
import { asError } from '../domain/errors.ts';
import { redisError } from '../domain/redis-errors.ts';
import { cachedCheck } from '../lib/cached-check.ts';
import { lastingState } from '../telemetry/lasting-state.ts';
import { loginGate } from './login-gate.ts';
import type { MailboxSnapshot } from './mailbox-status.ts';
import { preferredReplica } from './placement.ts';
import type { InboundPorts } from './ports.ts';
import { type Supervised, supervise } from './supervise.ts';

export { messageIdHash } from './fingerprint.ts';
export { type IngestDeps, type Item, ingest, itemOf, memoryBytes, messageOf, type Ready } from './ingest-message.ts';
export { faultOf } from './isolation.ts';
export { createLimits, type Limits } from './limits.ts';
export type { MailboxSnapshot } from './mailbox-status.ts';
export type { InboundPorts, InboundSettings, Mailbox, Related } from './ports.ts';

export interface Inbound {
  /** The enabled IMAP servers as they should be watched now; only what changed is touched. */
  setServers(servers: readonly ImapServer[]): Promise<void>;
  status(): MailboxSnapshot[];
  /** The fault of these servers may be gone: those that back off are tried at once, the others are renewed if there is a newer token. */
  wake(isMeant: (server: ImapServer) => boolean): void;
  /** Stops intake, commits work in hand, gives the leases back so that others take over at once. */
  stop(): Promise<void>;
}

interface Watching {
  supervised: Supervised;
  token: string;
  /** The definition as it was when the watch began. */
  server: ImapServer;
}

/**
 * So long an answer of the blob store counts, ms: its check writes and flushes a file. Whether each raw mail is durable is judged by its own write,
 * never by this.
 */
const STORE_FIT_MS = 10_000;

export function startInbound(given: InboundPorts): Inbound {
  const storeIsFit = cachedCheck(
    () =>
      given.blobs.check().then(
        () => true,
        () => false,
      ),
    STORE_FIT_MS,
    given.monotonic,
  );
  const ports: InboundPorts = {
    ...given,
    pressure: async (emailFlow) =>
      (await given.pressure(emailFlow)) ?? ((await storeIsFit()) ? undefined : 'blob-store'),
  };
  const { settings, leases, emit } = ports;
  const wanted = new Map<string, ImapServer>();
  const watching = new Map<string, Watching>();
  const gate = loginGate(ports.loginSlot);
  let replicas: string[] = [ports.replica];
  let stopped = false;
  let firstRound = true;
  let turn: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const aliveMs = Math.max(2_000, settings.leaseMs * 0.8);
  const tickMs = Math.max(200, Math.min(1_000, settings.leaseMs / 5));
  const renewMs = settings.leaseMs / 4;
  let renewedAt = Number.NEGATIVE_INFINITY;
  // With 1,000 mailboxes, working this out again each second would cost more than watching them.
  let placed = { among: '', replicaOf: new Map<string, string | undefined>() };
  const place = (alive: readonly string[]) => {
    replicas = alive.includes(ports.replica) ? [...alive] : [...alive, ports.replica];
    const among = replicas.toSorted().join('\n');
    if (placed.among !== among) placed = { among, replicaOf: new Map() };
  };
  const isMine = (id: string): boolean => {
    if (!placed.replicaOf.has(id)) placed.replicaOf.set(id, preferredReplica(id, replicas));
    return placed.replicaOf.get(id) === ports.replica;
  };
  const differs = (one: ImapServer, other: ImapServer) =>
    one !== other && JSON.stringify(one) !== JSON.stringify(other);

  async function stopOne(id: string, reason: string): Promise<void> {
    const entry = watching.get(id);
    if (entry === undefined) return;
    await entry.supervised.stop(reason);
    watching.delete(id);
    await leases.release(id, entry.token).catch(() => {}); // it expires on its own
  }

  function startOne(id: string, server: ImapServer, token: string): void {
    // Spread over time only at start-up of the process; a take-over is wanted at once (the login gate still paces it).
    const delay = firstRound ? Math.round(ports.random() * Math.min(settings.startStaggerMs, wanted.size * 50)) : 0;
    const entry: Watching = {
      token,
      server,
      supervised: supervise(ports, {
        server,
        mailboxId: id,
        leaseToken: () => entry.token,
        gate,
        serverOf: (mailbox) => wanted.get(mailbox),
        firstDelayMs: delay,
      }),
    };
    watching.set(id, entry);
    emit('MailboxStarted', { server: server.name, emailFlow: server.emailFlow });
  }

  /** One round: heartbeat, renew, drop what is not ours any more, take what is ours and free. */
  async function round(): Promise<void> {
    place(await leases.heartbeat(aliveMs));
    const at = ports.monotonic();
    const held = at - renewedAt < renewMs ? [] : [...watching];
    // Known before Redis is asked: a commit may be on its way, and then Redis is ahead, never behind.
    const confirmed = held.map(([id, { supervised }]) => [id, supervised.ledgerVersion()] as const);
    const { lost, versions, marked } = await leases.renew(new Map(held.map(([id, { token }]) => [id, token])));
    if (held.length > 0) renewedAt = at;
    for (const [id, known] of confirmed) {
      const version = versions.get(id);
      if (version !== undefined && version < known) watching.get(id)?.supervised.setBack(version);
    }
    for (const id of marked) watching.get(id)?.supervised.marksWait();
    for (const id of lost) {
      const entry = watching.get(id);
      if (entry === undefined) continue;
      emit('LeaseLost', { server: entry.supervised.server.name });
      // The commit script refuses our token already; the connection goes too, without writing.
      await entry.supervised.stop('lease-lost');
      watching.delete(id);
    }
    const leaving: Promise<void>[] = [];
    for (const [id, entry] of watching) {
      entry.supervised.publish();
      const server = wanted.get(id);
      if (server === undefined) leaving.push(stopOne(id, 'disabled-or-removed'));
      else if (differs(server, entry.server)) leaving.push(stopOne(id, 'definition-changed'));
      else if (!isMine(id)) {
        emit('LeaseHandedOver', { server: server.name });
        leaving.push(stopOne(id, 'handed-over'));
      }
    }
    await Promise.all(leaving);
    const mine: [id: string, server: ImapServer][] = [];
    for (const [id, server] of wanted) if (!watching.has(id) && isMine(id)) mine.push([id, server]);
    const tokens = await Promise.all(mine.map(([id]) => leases.acquire(id)));
    for (const [i, [id, server]] of mine.entries()) {
      const token = tokens[i];
      // Also one that was removed meanwhile: the next round stops it and gives its lease back.
      if (token !== undefined && !stopped) startOne(id, server, token);
    }
    if (mine.length > 0) firstRound = false;
  }

  const failing = lastingState<Error>(
    (err) => emit('LeaseRoundFailed', { code: redisError(err)?.code ?? err.name, err: redisError(err) ?? err }),
    (lasted) => emit('LeaseRoundSucceeded', lasted),
  );
  const runRound = (): Promise<void> => {
    turn = turn.then(round).then(failing.over, (error: unknown) => failing.seen(asError(error)));
    return turn;
  };

  const schedule = () => {
    if (stopped) return;
    timer = setTimeout(() => void runRound().then(schedule), tickMs);
  };
  schedule();

  return {
    async setServers(servers) {
      wanted.clear();
      for (const server of servers) if (server.enabled) wanted.set(idOf(server), server);
      if (!stopped) await runRound();
    },
    status: () => [...watching.values()].map(({ supervised }) => supervised.status()),
    wake(isMeant) {
      for (const { supervised } of watching.values()) if (isMeant(supervised.server)) supervised.wake();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await turn;
      await Promise.all([...watching.keys()].map((id) => stopOne(id, 'shutdown')));
      await leases.leave().catch(() => {});
    },
  };
}
