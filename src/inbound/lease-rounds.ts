// Which mailboxes this process watches: those that are wanted, placed here, and whose lease it holds. Each round brings that up to date.
import { mailboxId as idOf } from '../contract/names.ts';
import type { ImapServer } from '../domain/email-server.ts';
import { within } from '../lib/within.ts';
import { placementOf } from './placement.ts';
import type { InboundPorts } from './ports.ts';
import { type Supervised, supervise } from './supervise.ts';

interface Watching {
  supervised: Supervised;
  token: string;
  /** The definition as it was when the watch began. */
  server: ImapServer;
  /** Resolves when it has stopped; undefined: it is not stopping. */
  stopping?: Promise<void>;
}

export function leaseRounds(ports: InboundPorts) {
  const { settings, leases, emit } = ports;
  const wanted = new Map<string, ImapServer>();
  const watching = new Map<string, Watching>();
  const placement = placementOf(ports.replica);
  const aliveMs = Math.max(2_000, settings.leaseMs * 0.8);
  const renewMs = settings.leaseMs / 4;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let isFirstRound = true;
  let stopped = false;
  /** The round in progress, and those that wait behind it. */
  let turn: Promise<void> = Promise.resolve();

  function start(mailboxId: string, server: ImapServer, token: string): void {
    // Spread over time only when the process starts; a take-over is wanted at once (the sign-in slots still pace it).
    const spreadMs = isFirstRound ? Math.min(settings.startStaggerMs, wanted.size * 50) : 0;
    const supervised = supervise(ports, {
      ...{ server, mailboxId, leaseToken: token },
      serverOf: (mailbox) => wanted.get(mailbox),
      firstDelayMs: Math.round(ports.random() * spreadMs),
    });
    watching.set(mailboxId, { supervised, token, server });
    emit('MailboxStarted', { server: server.name, emailFlow: server.emailFlow });
  }

  function stopOne(id: string, entry: Watching, reason: string): Promise<void> {
    entry.stopping ??= entry.supervised.stop(reason).then(async () => {
      watching.delete(id);
      await leases.release(id, entry.token).catch(() => {}); // it expires on its own
    });
    return entry.stopping;
  }

  /** A server that is silent may delay one stop for longer than a lease lives: it must not cost the leases of the others. */
  const stopMany = (stops: Promise<void>[]) => within(Promise.all(stops), renewMs, () => []);

  async function renew(): Promise<void> {
    const at = ports.monotonic();
    const held = at - renewedAt < renewMs ? [] : [...watching];
    // Read before Redis is: a commit may be on its way, and then Redis is ahead, never behind.
    const confirmed = held.map(([id, { supervised }]) => [id, supervised.ledgerVersion()] as const);
    const { lost, versions, marked } = await leases.renew(new Map(held.map(([id, { token }]) => [id, token])));
    if (held.length > 0) renewedAt = at;
    for (const [id, known] of confirmed) {
      const version = versions.get(id);
      if (version !== undefined && version < known) watching.get(id)?.supervised.setBack(version);
    }
    for (const id of marked) watching.get(id)?.supervised.marksWait();
    const leaving = lost.flatMap((id) => {
      const entry = watching.get(id);
      if (entry === undefined || entry.stopping !== undefined) return [];
      emit('LeaseLost', { server: entry.server.name });
      // The commit script refuses our token already; the connection goes too, without writing.
      return [stopOne(id, entry, 'lease-lost')];
    });
    await stopMany(leaving);
  }

  async function stopOthers(): Promise<void> {
    const leaving: Promise<void>[] = [];
    for (const [id, entry] of watching) {
      if (entry.stopping !== undefined) continue;
      entry.supervised.publish();
      const server = wanted.get(id);
      if (server === undefined) leaving.push(stopOne(id, entry, 'disabled-or-removed'));
      else if (differs(server, entry.server)) leaving.push(stopOne(id, entry, 'definition-changed'));
      else if (!placement.isMine(id)) {
        emit('LeaseHandedOver', { server: server.name });
        leaving.push(stopOne(id, entry, 'handed-over'));
      }
    }
    await stopMany(leaving);
  }

  async function startMine(): Promise<void> {
    const mine = [...wanted].filter(([id]) => !watching.has(id) && placement.isMine(id));
    const tokens = await Promise.all(mine.map(([id]) => leases.acquire(id)));
    for (const [i, [id, server]] of mine.entries()) {
      const token = tokens[i];
      // Also one that was removed meanwhile: the next round stops it and gives its lease back.
      if (token !== undefined) await (stopped ? leases.release(id, token) : start(id, server, token));
    }
    if (mine.length > 0) isFirstRound = false;
  }

  async function oneRound(): Promise<void> {
    placement.update(await leases.heartbeat(aliveMs));
    await renew();
    await stopOthers();
    await startMine();
  }

  return {
    /** The enabled IMAP servers, from the next round on. */
    want(servers: readonly ImapServer[]): void {
      wanted.clear();
      for (const server of servers) if (server.enabled) wanted.set(idOf(server), server);
    },
    /** Heartbeat, renew, stop what is not ours any more, start what is ours and free; one round after another. @throws Error of Redis */
    round(): Promise<void> {
      const mine = turn.then(oneRound);
      turn = mine.catch(() => {});
      return mine;
    },
    supervised: () => [...watching.values()].map(({ supervised }) => supervised),
    /** Starts nothing more, stops all that is watched, and gives the leases back. */
    async stop(): Promise<void> {
      stopped = true;
      await turn;
      await Promise.all([...watching].map(([id, entry]) => stopOne(id, entry, 'shutdown')));
      await leases.leave().catch(() => {});
    },
  };
}

const differs = (one: ImapServer, other: ImapServer): boolean =>
  one !== other && JSON.stringify(one) !== JSON.stringify(other);
