// Connects an installation, all of whose keys are in one hash slot, to a Redis Cluster: a plain connection to the primary of the slot, which is looked
// up again with each (re)connection. Blocking reads, subscriptions, scripts and WAITAOF are therefore on the node that has the data.
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import type { Endpoint } from '../../config/config.ts';

/** Time for a node to list the nodes of the cluster, ms. */
const ANSWER_MS = 2_000;
/** Pause after a round in which no node knew the primary of the slot, ms. */
const ROUND_MS = 250;

interface ClusterAddress {
  /** Nodes of the configuration. */
  nodes: readonly Endpoint[];
  /** A key of the installation: all keys are in its slot. */
  key: string;
  /** User, password, TLS. */
  access: Pick<RedisOptions, 'username' | 'password' | 'tls'>;
}

export interface SlotFinder {
  Connector: NonNullable<RedisOptions['Connector']>;
  /** Records where `MOVED <slot> <host>:<port>` leads. */
  moved(answer: string): void;
}

export function createSlotFinder({ nodes, key, access }: ClusterAddress): SlotFinder {
  /** Nodes that the cluster named. */
  let known: readonly Endpoint[] = [];
  let hint: Endpoint | undefined;

  /** @throws what the node, or its connection, answered */
  async function ask(node: Endpoint): Promise<Endpoint | undefined> {
    const client = new Redis({
      ...node,
      ...access,
      ...tlsFor(node.host, nodes, access),
      lazyConnect: true,
      enableReadyCheck: false,
      retryStrategy: () => null,
      connectTimeout: ANSWER_MS,
      commandTimeout: ANSWER_MS,
      replyMapping: 'legacy',
    });
    let why: unknown; // connect() rejects only with "closed"
    client.on('error', (error) => {
      why ??= error;
    });
    try {
      await client.connect();
      const [slot, ranges] = await Promise.all([client.cluster('KEYSLOT', key), client.cluster('SLOTS')]);
      const table = (ranges as SlotRange[]).map(([from, to, ...holders]) => ({
        holds: from <= slot && slot <= to,
        // A node that does not know its own host answers '' or '?': it is where it was reached.
        holders: holders.map(([host, port]) => ({ host: host && host !== '?' ? host : node.host, port })),
      }));
      known = table.flatMap(({ holders }) => holders);
      return table.find(({ holds }) => holds)?.holders[0];
    } catch (error) {
      throw why ?? error;
    } finally {
      client.disconnect();
    }
  }

  /** The primary of the slot, by the first node that knows it. @throws the last error when none does */
  async function find(): Promise<Endpoint> {
    const moved = hint;
    hint = undefined;
    if (moved !== undefined) return moved;
    let last: unknown = new Error('CLUSTERDOWN no node of the cluster knows who holds the slot');
    const candidates = new Map(
      [...shuffled(known), ...shuffled(nodes)].map((node) => [`${node.host} ${node.port}`, node]),
    );
    for (const node of candidates.values()) {
      try {
        const found = await ask(node);
        if (found !== undefined) return found;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  class SlotConnector extends AbstractConnector {
    #closed = false;
    readonly #options: RedisOptions;
    constructor(options: unknown) {
      super((options as RedisOptions).disconnectTimeout ?? 200);
      this.#options = options as RedisOptions;
    }
    // A replica that is being promoted, or a primary that was demoted: ioredis connects again.
    override check(info: { role?: string }): boolean {
      return info.role === undefined || info.role === 'master';
    }
    override disconnect(): void {
      this.#closed = true;
      super.disconnect();
    }
    async connect(emit: (type: string, error: Error) => void) {
      this.#closed = false;
      for (;;) {
        const node = await find().catch((error: unknown) => emit('error', error as Error));
        if (this.#closed) throw new Error('Connection is closed.');
        if (node !== undefined) {
          const { tls } = { ...this.#options, ...tlsFor(node.host, nodes, this.#options) };
          this.stream = tls ? connectTls({ ...node, ...tls }) : connectTcp(node);
          this.stream.once('error', (error) => {
            this.firstError = error;
          });
          return this.stream;
        }
        await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
      }
    }
  }
  return {
    Connector: SlotConnector,
    moved(answer) {
      const [, host = '', port = ''] = /^MOVED \d+ (.*):(\d+)/.exec(answer) ?? [];
      if (host !== '') hint = { host, port: Number(port) };
    },
  };
}

/** Of CLUSTER SLOTS: first and last slot, then the primary and its replicas. */
type SlotRange = [from: number, to: number, ...holders: [host: string | null, port: number, ...unknown[]][]];

/** The certificate of a node that is named by its address is checked against the name in the configuration: certificates contain no addresses. */
function tlsFor(
  host: string,
  nodes: readonly Endpoint[],
  { tls }: Pick<RedisOptions, 'tls'>,
): Pick<RedisOptions, 'tls'> {
  if (tls === undefined || tls.servername !== undefined) return {};
  const named = [host, ...nodes.map((node) => node.host)].find((name) => !/^[\d.]+$|:/.test(name));
  return named === undefined ? {} : { tls: { ...tls, servername: named } };
}

const shuffled = <T>(list: readonly T[]): T[] =>
  list
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
