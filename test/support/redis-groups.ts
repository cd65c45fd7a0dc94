// Redis as production runs it, of real processes on loopback: a primary with a replica and three sentinels, and a cluster of three primaries.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startProcess } from './processes.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { canConnect, freePort, tempDir, waitFor } from './temp.ts';

const SLOTS = 16_384;
/** Milliseconds without an answer after which a node counts as down. */
const DOWN_AFTER_MS = 1_000;

export interface Node extends TestRedis {
  admin: Redis;
}

async function startNode(args: string[] = []): Promise<Node> {
  const node = await startRedis({ aof: 'everysec', args: ['--repl-diskless-sync-delay', '0', ...args] });
  return Object.assign(node, { admin: quiet(new Redis(node.url, { replyMapping: 'legacy' })) });
}

/** Its errors are those of the commands that it is asked. */
function quiet(admin: Redis): Redis {
  admin.on('error', () => {});
  return admin;
}

async function stopNodes(nodes: readonly Node[]): Promise<void> {
  for (const { admin } of nodes) admin.disconnect();
  await Promise.all(nodes.map((node) => node.stop()));
}

/** Makes a node the replica of another, and waits until it has all. */
export async function replicate(replica: Node, primary: Node): Promise<void> {
  await replica.admin.replicaof('127.0.0.1', primary.port);
  await waitFor(async () => /master_link_status:up/.test(await replica.admin.info('replication')));
}

export async function startPair(): Promise<{ nodes: [Node, Node]; stop(): Promise<void> }> {
  const nodes = (await Promise.all([startNode(), startNode()])) as [Node, Node];
  await replicate(nodes[1], nodes[0]);
  return { nodes, stop: () => stopNodes(nodes) };
}

interface Sentinels {
  nodes: readonly [Node, Node];
  /** host:port of each. */
  addresses: string[];
  /** The node that the sentinels name as primary. */
  primary(): Promise<Node | undefined>;
  /** Waits until the sentinels know of a replica that could take over. */
  redundant(): Promise<void>;
  failover(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSentinels(master: string, password: string): Promise<Sentinels> {
  const pair = await startPair();
  const dir = tempDir('sentinels');
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const processes = ports.map((port) => {
    const file = join(dir.path, `${port}.conf`);
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${dir.path}`,
      `requirepass ${password}`,
      `sentinel sentinel-pass ${password}`,
      `sentinel monitor ${master} 127.0.0.1 ${pair.nodes[0].port} 2`,
      `sentinel down-after-milliseconds ${master} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${master} 4000`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return startProcess(`sentinel ${port}`, 'redis-server', [file, '--sentinel'], { logFile: `${file}.log` });
  });
  await waitFor(async () => (await Promise.all(ports.map((port) => canConnect(port)))).every(Boolean));
  const ask = new Redis({ port: ports[0] ?? 0, host: '127.0.0.1', password, replyMapping: 'legacy' });
  const fields = (flat: unknown): Record<string, string> =>
    Object.fromEntries((flat as string[]).flatMap((name, i, all) => (i % 2 === 0 ? [[name, all[i + 1] ?? '']] : [])));
  const sentinels: Sentinels = {
    nodes: pair.nodes,
    addresses: ports.map((port) => `127.0.0.1:${port}`),
    async primary() {
      const [, port] = (await ask.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master)) as unknown as [string, string];
      return pair.nodes.find((node) => node.port === Number(port));
    },
    async redundant() {
      await waitFor(
        async () => {
          const replicas = ((await ask.call('SENTINEL', 'REPLICAS', master)) as unknown[]).map(fields);
          const peers = fields(await ask.call('SENTINEL', 'MASTER', master))['num-other-sentinels'];
          const sound = (one: Record<string, string>) => one.flags === 'slave' && one['master-link-status'] === 'ok';
          return peers === '2' && replicas.some(sound);
        },
        { describe: 'a replica and two further sentinels' },
      );
    },
    async failover() {
      const before = await this.primary();
      await ask.call('SENTINEL', 'FAILOVER', master);
      await waitFor(async () => (await this.primary()) !== before);
    },
    async stop() {
      ask.disconnect();
      await Promise.all(processes.map((one) => one.stop()));
      await pair.stop();
      dir.remove();
    },
  };
  await sentinels.redundant();
  return sentinels;
}

export interface Cluster {
  nodes: readonly Node[];
  /** Slot of a key, and the node that holds it. */
  holderOf(key: string): Promise<{ slot: number; node: Node }>;
  /** Moves a slot with all its keys, key by key while clients use them. @returns keys moved */
  moveSlot(slot: number, from: Node, to: Node): Promise<number>;
  stop(): Promise<void>;
}

export async function startCluster(): Promise<Cluster> {
  const nodes = await Promise.all(
    [0, 1, 2].map(async () =>
      startNode([
        ...['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())],
        ...['--cluster-node-timeout', String(DOWN_AFTER_MS), '--cluster-require-full-coverage', 'no'],
      ]),
    ),
  );
  const [first] = nodes as [Node, Node, Node];
  const share = Math.ceil(SLOTS / nodes.length);
  for (const [i, { admin }] of nodes.entries())
    await admin.cluster('ADDSLOTSRANGE', i * share, Math.min(SLOTS, (i + 1) * share) - 1);
  for (const { admin, port } of nodes) {
    const bus = /@(\d+)/.exec(String(await admin.cluster('NODES')))?.[1] ?? '';
    if (admin !== first.admin) await first.admin.call('CLUSTER', 'MEET', '127.0.0.1', port, bus);
  }
  const isWhole = async ({ admin }: Node) => {
    const info = String(await admin.cluster('INFO'));
    return /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info);
  };
  await waitFor(async () => (await Promise.all(nodes.map(isWhole))).every(Boolean));
  const idOf = async ({ admin }: Node) => String(await admin.cluster('MYID'));
  return {
    nodes,
    async holderOf(key) {
      const slot = Number(await first.admin.cluster('KEYSLOT', key));
      const ranges = (await first.admin.cluster('SLOTS')) as unknown as [number, number, [string, number]][];
      const port = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1];
      const node = nodes.find((one) => one.port === port);
      if (node === undefined) throw new Error(`nobody holds slot ${slot}`);
      return { slot, node };
    },
    async moveSlot(slot, from, to) {
      const [source, target] = [await idOf(from), await idOf(to)];
      await to.admin.cluster('SETSLOT', slot, 'IMPORTING', source);
      await from.admin.cluster('SETSLOT', slot, 'MIGRATING', target);
      let moved = 0;
      for (;;) {
        const keys = (await from.admin.cluster('GETKEYSINSLOT', slot, 20)) as string[];
        if (keys.length === 0) break;
        await from.admin.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys);
        moved += keys.length;
      }
      for (const { admin } of [to, from, ...nodes.filter((node) => node !== to && node !== from)])
        await admin.cluster('SETSLOT', slot, 'NODE', target);
      return moved;
    },
    stop: () => stopNodes(nodes),
  };
}
