// Where Redis is, as options of ioredis: one address, the primary that sentinels name, or the node of a cluster that has our slot.
import type { ConnectionOptions } from 'node:tls';
import type { Redis, RedisOptions } from 'ioredis';
import type { Config, Endpoint } from '../../config/config.ts';
import { PREFIX } from '../../contract/names.ts';
import { type InstallationOption, writeProbeKey } from '../../domain/keys.ts';
import { createSlotFinder, type SlotFinder } from './cluster-slot.ts';

/** Redis is at `url`, behind `sentinels`, or a `cluster`. */
export type RedisSettings = Partial<Config['redis']>;

/** Options of ours, which duplicate() copies. */
export interface OwnOptions extends RedisOptions, InstallationOption {
  /** Where Redis is, in an administrator's words. */
  place?: string;
}

export const isClusterClient = (client: Redis): boolean => client.options.Connector !== undefined;

/** Time for a sentinel or node to accept a connection, ms: another one may answer in the meantime. */
const CONNECT_MS = 2_000;

export function placeOf(settings: RedisSettings): { options: OwnOptions; slot?: SlotFinder } {
  const { sentinels = [], sentinel, cluster = [], prefix = PREFIX } = settings;
  const files = tlsFiles(settings);
  // With a URL, any setting of TLS switches it on, as rediss:// does.
  const withTls = settings.tls?.enabled === true || (settings.url !== undefined && Object.keys(files).length > 0);
  const access = {
    ...(settings.user === undefined ? {} : { username: settings.user }),
    ...(settings.password === undefined ? {} : { password: settings.password }),
    ...(withTls ? { tls: files } : {}),
  };
  const list = (nodes: readonly Endpoint[]) => nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
  if (cluster.length > 0) {
    const slot = createSlotFinder({ nodes: cluster, key: writeProbeKey(prefix), access });
    const { Connector } = slot;
    return { options: { ...access, place: `cluster ${list(cluster)}`, Connector, connectTimeout: CONNECT_MS }, slot };
  }
  if (sentinels.length === 0) return { options: access };
  return {
    options: {
      ...access,
      place: `${sentinel?.master} of sentinels ${list(sentinels)}`,
      sentinels: [...sentinels],
      name: sentinel?.master ?? '',
      db: settings.database ?? 0,
      ...(sentinel?.user === undefined ? {} : { sentinelUsername: sentinel.user }),
      ...(sentinel?.password === undefined ? {} : { sentinelPassword: sentinel.password }),
      ...(sentinel?.tls === true ? { sentinelTLS: files } : {}),
      enableTLSForSentinelMode: withTls,
      sentinelCommandTimeout: CONNECT_MS,
      connectTimeout: CONNECT_MS,
      // ioredis 6.0: its messages end a client for good while it is looking for the new primary.
      failoverDetector: false,
    },
  };
}

const tlsFiles = ({ tls }: RedisSettings): ConnectionOptions => ({
  ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
  ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
  ...(tls?.cert === undefined ? {} : { cert: tls.cert, key: tls.key }),
});
